// bench_generate SHAPE COUNT FOLDER [KIND]: writes a model of tests/bench/models.h as files.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/bench/models.h"

int main(int argc, char** argv) {
  tandem::bench::ModelOptions options;
  if (argc < 4 || !tandem::bench::ParseShape(argv[1], &options.shape)) {
    std::fprintf(stderr, "usage: bench_generate flat|near|spread|chain|fan|wide COUNT FOLDER [KIND]\n");
    return 2;
  }
  options.count = std::strtoull(argv[2], nullptr, 10);
  if (argc > 4) options.kind = argv[4];
  const std::filesystem::path folder = argv[3];
  std::filesystem::create_directories(folder);
  size_t bytes = 0;
  for (const auto& source : tandem::bench::MakeModel(options)) {
    std::ofstream(folder / source->name, std::ios::binary) << source->text;
    bytes += source->text.size();
  }
  std::printf("%zu resources, %zu bytes in %s\n", options.count, bytes, folder.c_str());
  return 0;
}
