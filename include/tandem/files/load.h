// The files of a model, read whole: `-f FILE|DIR|-`, `-R`.
//
// All or nothing: one file that cannot be read aborts the load (R2), because a model that lacks a
// file looks like one whose resources were removed. Blocks on the disk; keep it off the engine's
// thread.
#pragma once

#include <cstddef>
#include <istream>
#include <memory>
#include <string>
#include <vector>

#include "tandem/base/status.h"
#include "tandem/model/source.h"

namespace tandem {

struct LoadLimits {
  size_t file_bytes = 64u << 20;
  size_t total_bytes = 1u << 30;
  size_t files = 100'000;
  int depth = 64;  // folders within one another
};

struct LoadOptions {
  bool recursive = false;         // into the folders of a folder
  std::istream* input = nullptr;  // what "-" reads; null: "-" is refused
  LoadLimits limits;
};

/// The texts of `paths` in the order given, those of a folder sorted by path. A file that is named
/// is read whatever its name; of a folder only *.yaml, *.yml and *.json that do not start with a
/// dot are. Symbolic links are followed; a loop of them is an error, and a file reached twice is
/// read once.
///
/// kNotFound: a path is not there, or a folder holds no such file. kPermissionDenied: it may not be
/// read. kInvalidArgument: it is no text or no file. kResourceExhausted: past a limit. Every
/// message starts with the path and says what to do.
Result<std::vector<std::shared_ptr<const SourceText>>> LoadSources(
    const std::vector<std::string>& paths, const LoadOptions& options);

}  // namespace tandem
