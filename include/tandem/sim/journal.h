// Where the simulated clouds remember what happened: an append-only list of lines.
//
// The world is a fold over it, so nothing else is ever written. One writer at a time: the plugin
// lock sees to that. Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/base/status.h"

namespace tandem {

class Journal {
 public:
  virtual ~Journal() = default;
  /// Every line there is, oldest first. Stops at, and returns, the first failure of `each`.
  virtual Status Replay(const std::function<Status(std::string_view)>& each) = 0;
  /// Adds one line, which holds no line feed. When this returns, killing the process cannot lose
  /// it.
  virtual Status Append(std::string_view line) = 0;
};

class MemoryJournal final : public Journal {
 public:
  Status Replay(const std::function<Status(std::string_view)>& each) override;
  Status Append(std::string_view line) override;

 private:
  std::vector<std::string> lines_;
};

/// Opens or makes the file, mode 0600. A torn last line is cut off: its effect was never answered.
Result<std::unique_ptr<Journal>> OpenJournalFile(const std::string& path);

/// The whole lines of a journal file that somebody else may be writing. kNotFound if there is none.
Status ReadJournalFile(const std::string& path,
                       const std::function<Status(std::string_view)>& each);

}  // namespace tandem
