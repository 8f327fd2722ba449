// A disk in memory under SQLite that keeps apart what was written and what is durable.
//
// Every write, truncation, sync and deletion is an effect with a number, from 1. One of them can be made to fail,
// to be short, to be lost though it is reported as done, or to be the instant at which the power goes. After a power
// cut or the death of the process every open file is dead: whatever still holds one gets errors and changes nothing.
//
// Registered as an SQLite VFS under a name of its own for as long as it lives. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tandem::testing {

enum class DiskFault {
  kNone,
  kError,  // EIO. What a failed sync was to make durable never is, though reads still show it
  kFull,   // ENOSPC; a sync has no such answer in SQLite, so there it is EIO
  kShort,  // half of the bytes, then "the disk is full"; a sync makes every other write durable, then EIO
  kLost,   // reported as done; a write is not there, a sync makes nothing durable
  kCut,    // the power goes just before it
};
const char* DiskFaultName(DiskFault fault);

/// Which of the bytes that no sync has covered are there after a power cut.
enum class Survival { kNone, kAll, kSectors };

class MemoryDisk {
 public:
  MemoryDisk();
  ~MemoryDisk();
  MemoryDisk(const MemoryDisk&) = delete;
  MemoryDisk& operator=(const MemoryDisk&) = delete;

  /// For SqliteOptions::vfs.
  const std::string& vfs() const { return name_; }

  /// Effects so far.
  int64_t effects() const { return effects_; }
  int64_t syncs() const { return syncs_; }
  /// Effect number `effect` meets `fault`; with `lasting`, so do all after it until ClearFault.
  void FailAt(int64_t effect, DiskFault fault, bool lasting = false);
  void ClearFault() { fault_ = DiskFault::kNone; }
  bool struck() const { return struck_; }
  /// "write tandem.db-wal", of the effect that was struck.
  const std::string& struck_effect() const { return struck_effect_; }
  /// What is left of unsynced bytes when the power goes by a fault; `seed` chooses the sectors.
  void SurviveBy(Survival survival, uint64_t seed);

  /// kill -9: open files are dead, what was written stays.
  void KillProcess();
  /// The power goes: also what was not synced, as SurviveBy says.
  void CutPower();
  /// True from a power cut by a fault until Revive.
  bool dark() const { return dark_; }
  /// The power is back. Files can be opened again.
  void Revive() { dark_ = false; }

  /// What would be there if the power went now and no unsynced byte survived.
  std::map<std::string, std::string> Durable() const;
  /// What a process reads.
  std::map<std::string, std::string> Files() const;
  /// Replaces the whole disk; all of it is durable. No file may be open.
  void Replace(const std::map<std::string, std::string>& files);

  struct File;
  /// SQLite's side; of the adapter in memory_disk.cc.
  struct Open;

 private:
  friend struct Open;
  friend struct Adapter;

  DiskFault Next(const char* what, const std::string& path);

  std::string name_;
  std::unique_ptr<struct Registration> registration_;
  std::map<std::string, std::shared_ptr<File>> files_;
  int64_t generation_ = 0;  // handles of an earlier one are dead
  int64_t effects_ = 0;
  int64_t syncs_ = 0;
  int64_t fail_at_ = 0;
  DiskFault fault_ = DiskFault::kNone;
  bool lasting_ = false;
  bool struck_ = false;
  std::string struck_effect_;
  Survival survival_ = Survival::kSectors;
  uint64_t seed_ = 1;
  bool dark_ = false;
};

}  // namespace tandem::testing
