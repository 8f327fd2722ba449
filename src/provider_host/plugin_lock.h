// STATE_DIR/plugins/NAME.lock: held by a plugin and all it started.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "provider_host/descriptor.h"
#include "tandem/base/status.h"

namespace tandem {

/// A process, such that a later one with the same pid is told apart.
struct ProcessName {
  int pid = 0;
  uint64_t started = 0;  // clock ticks since boot
};
/// nullopt when there is no such process.
std::optional<ProcessName> NameProcess(int pid);
/// Resident bytes, or 0.
uint64_t ResidentBytes(int pid);

/// `wait(d)` returns false when waiting should stop; otherwise after at most `d`.
using Pause = std::function<bool(std::chrono::milliseconds)>;

/// A locked descriptor of `path`, of an open file of its own. Whoever else holds the lock gets half
/// a second to end by itself, then is killed: the recorded process group if its leader is still the
/// one recorded, and whatever process has the file open. kUnavailable: not in `patience`.
Result<Descriptor> TakePluginLock(const std::string& path, std::chrono::milliseconds patience,
                                  const Pause& pause);

/// Writes who holds it and where its socket lies, for the next daemon. `leader` may not be there yet.
Status RecordHolder(const Descriptor& lock, const ProcessName& leader, const std::string& folder);

/// Removes the folder that an earlier daemon recorded and did not come to remove.
void RemoveRecordedFolder(const Descriptor& lock);

/// Starts the names of such folders; what is named otherwise is not removed.
inline constexpr char kFolderPrefix[] = "tandem-";
void RemoveSocketFolder(const std::string& folder);

}  // namespace tandem
