// What starting costs at least: the libraries of the command line, and nothing to do.
int main() { return 0; }
