// How the daemon's memory is kept together.
#pragma once

namespace tandem {

/// Makes all threads allocate from one heap, each through a store of free pieces of its own. By itself the C library
/// gives threads heaps that do not grow into each other's free memory: what a plan leaves behind stays unused by the
/// run that it was made for (a quarter more memory, by chance). One heap alone is waited for (a fifth more time); with
/// larger stores it is not. Their size is told by the environment only, so this starts the program `argv` once more
/// where that says nothing of the kind. Call first of all.
void UseOneHeap(char** argv);

}  // namespace tandem
