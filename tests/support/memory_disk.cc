#include "tests/support/memory_disk.h"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "tandem/base/check.h"

namespace tandem::testing {

/// A truncation is a change without bytes.
struct DiskChange {
  size_t at = 0;
  std::string bytes;
  bool truncates = false;
  size_t size = 0;
};

namespace {

constexpr size_t kSector = 512;

void Put(std::string& content, size_t at, std::string_view bytes) {
  if (content.size() < at + bytes.size()) content.resize(at + bytes.size(), '\0');
  std::copy(bytes.begin(), bytes.end(), content.begin() + static_cast<ptrdiff_t>(at));
}

void Make(std::string& content, const DiskChange& change) {
  if (change.truncates) {
    content.resize(change.size, '\0');
  } else {
    Put(content, change.at, change.bytes);
  }
}

uint64_t NextRandom(uint64_t& state) {  // splitmix64
  uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace

struct MemoryDisk::File {
  std::string content;          // as read
  std::string durable;          // as synced
  bool on_disk = false;         // its entry in the folder is durable
  std::vector<DiskChange> pending;  // since the last sync
};

const char* DiskFaultName(DiskFault fault) {
  switch (fault) {
    case DiskFault::kNone: return "nothing";
    case DiskFault::kError: return "error";
    case DiskFault::kFull: return "full";
    case DiskFault::kShort: return "short";
    case DiskFault::kLost: return "lost";
    case DiskFault::kCut: return "cut";
  }
  return "?";
}

struct Registration {
  sqlite3_vfs vfs{};
};

// What SQLite holds of an open file; it allocates szOsFile bytes for it.
struct MemoryDisk::Open {
  sqlite3_file base;
  MemoryDisk* disk;
  File* file;
  std::shared_ptr<File>* owner;
  std::string* path;
  int64_t generation;

  bool dead() const { return disk->dark_ || generation != disk->generation_; }
};

struct Adapter {
  using Open = MemoryDisk::Open;
  static Open& Of(sqlite3_file* file) { return *reinterpret_cast<Open*>(file); }

  static int Close(sqlite3_file* file) {
    delete Of(file).owner;
    delete Of(file).path;
    return SQLITE_OK;
  }
  static int Read(sqlite3_file* file, void* to, int amount, sqlite3_int64 from) {
    Open& open = Of(file);
    if (open.dead()) return SQLITE_IOERR_READ;
    const std::string& content = open.file->content;
    const size_t at = static_cast<size_t>(from), wanted = static_cast<size_t>(amount);
    const size_t there = at >= content.size() ? 0 : std::min(wanted, content.size() - at);
    std::memcpy(to, content.data() + std::min(at, content.size()), there);
    if (there == wanted) return SQLITE_OK;
    std::memset(static_cast<char*>(to) + there, 0, wanted - there);
    return SQLITE_IOERR_SHORT_READ;
  }
  static int Write(sqlite3_file* file, const void* from, int amount, sqlite3_int64 to) {
    Open& open = Of(file);
    if (open.dead()) return SQLITE_IOERR_WRITE;
    DiskChange change;
    change.at = static_cast<size_t>(to);
    change.bytes.assign(static_cast<const char*>(from), static_cast<size_t>(amount));
    switch (open.disk->Next("write", *open.path)) {
      case DiskFault::kNone: break;
      case DiskFault::kError:
      case DiskFault::kCut: return SQLITE_IOERR_WRITE;
      case DiskFault::kFull: return SQLITE_FULL;
      case DiskFault::kLost:
        // The file is as long as it would be: what is missing reads as zeroes or as what was there.
        if (open.file->content.size() < change.at + change.bytes.size()) {
          change.truncates = true;
          change.size = change.at + change.bytes.size();
          Apply(open, std::move(change));
        }
        return SQLITE_OK;
      case DiskFault::kShort:
        change.bytes.resize(change.bytes.size() / 2);
        Apply(open, std::move(change));
        return SQLITE_FULL;
    }
    Apply(open, std::move(change));
    return SQLITE_OK;
  }
  static int Truncate(sqlite3_file* file, sqlite3_int64 size) {
    Open& open = Of(file);
    if (open.dead()) return SQLITE_IOERR_TRUNCATE;
    switch (open.disk->Next("truncate", *open.path)) {
      case DiskFault::kNone: break;
      case DiskFault::kLost: return SQLITE_OK;
      default: return SQLITE_IOERR_TRUNCATE;
    }
    DiskChange change;
    change.truncates = true;
    change.size = static_cast<size_t>(size);
    Apply(open, std::move(change));
    return SQLITE_OK;
  }
  static int Sync(sqlite3_file* file, int) {
    Open& open = Of(file);
    if (open.dead()) return SQLITE_IOERR_FSYNC;
    MemoryDisk::File& synced = *open.file;
    switch (open.disk->Next("sync", *open.path)) {
      case DiskFault::kNone: break;
      case DiskFault::kLost: return SQLITE_OK;
      case DiskFault::kCut: return SQLITE_IOERR_FSYNC;
      case DiskFault::kError:
      case DiskFault::kFull:
        // The system marks the pages clean all the same: no later sync writes them.
        synced.pending.clear();
        return SQLITE_IOERR_FSYNC;
      case DiskFault::kShort:
        for (size_t i = 0; i < synced.pending.size(); i += 2) Make(synced.durable, synced.pending[i]);
        synced.pending.clear();
        synced.on_disk = true;
        return SQLITE_IOERR_FSYNC;
    }
    for (const DiskChange& change : synced.pending) Make(synced.durable, change);
    synced.pending.clear();
    synced.on_disk = true;
    return SQLITE_OK;
  }
  static int FileSize(sqlite3_file* file, sqlite3_int64* size) {
    Open& open = Of(file);
    if (open.dead()) return SQLITE_IOERR_FSTAT;
    *size = static_cast<sqlite3_int64>(open.file->content.size());
    return SQLITE_OK;
  }
  static int Lock(sqlite3_file*, int) { return SQLITE_OK; }
  static int CheckReservedLock(sqlite3_file*, int* held) {
    *held = 0;
    return SQLITE_OK;
  }
  static int FileControl(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int SectorSize(sqlite3_file*) { return 4096; }
  // As the system's own VFS.
  static int DeviceCharacteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  static void Apply(Open& open, DiskChange change) {
    Make(open.file->content, change);
    open.file->pending.push_back(std::move(change));
  }

  static MemoryDisk& Disk(sqlite3_vfs* vfs) { return *static_cast<MemoryDisk*>(vfs->pAppData); }

  static int OpenFile(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
    static const sqlite3_io_methods kMethods = [] {
      sqlite3_io_methods methods{};
      methods.iVersion = 1;
      methods.xClose = Close;
      methods.xRead = Read;
      methods.xWrite = Write;
      methods.xTruncate = Truncate;
      methods.xSync = Sync;
      methods.xFileSize = FileSize;
      methods.xLock = Lock;
      methods.xUnlock = Lock;
      methods.xCheckReservedLock = CheckReservedLock;
      methods.xFileControl = FileControl;
      methods.xSectorSize = SectorSize;
      methods.xDeviceCharacteristics = DeviceCharacteristics;
      return methods;
    }();
    MemoryDisk& disk = Disk(vfs);
    file->pMethods = nullptr;
    if (disk.dark_) return SQLITE_IOERR;
    TANDEM_CHECK(name != nullptr);  // temp_store=MEMORY: no nameless files
    std::shared_ptr<MemoryDisk::File>& found = disk.files_[name];
    if (!found) {
      if ((flags & SQLITE_OPEN_CREATE) == 0) {
        disk.files_.erase(name);
        return SQLITE_CANTOPEN;
      }
      found = std::make_shared<MemoryDisk::File>();
    }
    Open& open = Of(file);
    open.disk = &disk;
    open.owner = new std::shared_ptr<MemoryDisk::File>(found);
    open.file = found.get();
    open.path = new std::string(name);
    open.generation = disk.generation_;
    if (out != nullptr) *out = flags;
    file->pMethods = &kMethods;
    return SQLITE_OK;
  }
  static int Delete(sqlite3_vfs* vfs, const char* name, int) {
    MemoryDisk& disk = Disk(vfs);
    if (disk.dark_) return SQLITE_IOERR_DELETE;
    if (disk.files_.count(name) == 0) return SQLITE_IOERR_DELETE_NOENT;
    switch (disk.Next("delete", name)) {
      case DiskFault::kNone: break;
      case DiskFault::kLost: return SQLITE_OK;
      default: return SQLITE_IOERR_DELETE;
    }
    disk.files_.erase(name);
    return SQLITE_OK;
  }
  static int Access(sqlite3_vfs* vfs, const char* name, int, int* there) {
    MemoryDisk& disk = Disk(vfs);
    if (disk.dark_) return SQLITE_IOERR_ACCESS;
    const auto found = disk.files_.find(name);
    *there = found != disk.files_.end() && !found->second->content.empty();
    return SQLITE_OK;
  }
  static int FullPathname(sqlite3_vfs*, const char* name, int most, char* out) {
    sqlite3_snprintf(most, out, "%s", name);
    return SQLITE_OK;
  }
  static int Randomness(sqlite3_vfs*, int amount, char* out) {
    // The same every time: salts of the write-ahead log are all that comes of it.
    for (int i = 0; i < amount; ++i) out[i] = static_cast<char>(37 * i + 11);
    return amount;
  }
  static int Sleep(sqlite3_vfs*, int micros) { return micros; }
  static int CurrentTime(sqlite3_vfs*, double* now) {
    *now = 2'461'000.5;
    return SQLITE_OK;
  }
  static int LastError(sqlite3_vfs*, int, char*) { return 0; }
};

MemoryDisk::MemoryDisk() : registration_(std::make_unique<Registration>()) {
  static std::atomic<int> serial{0};
  name_ = "memory-disk-" + std::to_string(++serial);
  sqlite3_vfs& vfs = registration_->vfs;
  vfs.iVersion = 1;
  vfs.szOsFile = sizeof(Open);
  vfs.mxPathname = 256;
  vfs.zName = name_.c_str();
  vfs.pAppData = this;
  vfs.xOpen = Adapter::OpenFile;
  vfs.xDelete = Adapter::Delete;
  vfs.xAccess = Adapter::Access;
  vfs.xFullPathname = Adapter::FullPathname;
  vfs.xRandomness = Adapter::Randomness;
  vfs.xSleep = Adapter::Sleep;
  vfs.xCurrentTime = Adapter::CurrentTime;
  vfs.xGetLastError = Adapter::LastError;
  TANDEM_CHECK(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
}

MemoryDisk::~MemoryDisk() { sqlite3_vfs_unregister(&registration_->vfs); }

void MemoryDisk::FailAt(int64_t effect, DiskFault fault, bool lasting) {
  fail_at_ = effect;
  fault_ = fault;
  lasting_ = lasting;
  struck_ = false;
}

void MemoryDisk::SurviveBy(Survival survival, uint64_t seed) {
  survival_ = survival;
  seed_ = seed;
}

DiskFault MemoryDisk::Next(const char* what, const std::string& path) {
  ++effects_;
  syncs_ += what == std::string_view("sync");
  if (fault_ == DiskFault::kNone || effects_ < fail_at_ || (effects_ > fail_at_ && !lasting_))
    return DiskFault::kNone;
  if (!struck_) struck_effect_ = std::string(what) + " " + path;
  struck_ = true;
  if (fault_ == DiskFault::kCut) {
    CutPower();
    dark_ = true;
  }
  return fault_;
}

void MemoryDisk::KillProcess() { ++generation_; }

void MemoryDisk::CutPower() {
  ++generation_;
  uint64_t random = seed_;
  for (auto entry = files_.begin(); entry != files_.end();) {
    // The dead handles keep the old one.
    const File& old = *entry->second;
    auto file = std::make_shared<File>();
    file->durable = old.durable;
    file->on_disk = old.on_disk;
    for (const DiskChange& change : old.pending) {
      if (survival_ == Survival::kNone) break;
      if (survival_ == Survival::kAll) {
        Make(file->durable, change);
        file->on_disk = true;
        continue;
      }
      if (change.truncates) {
        if ((NextRandom(random) & 1) != 0) Make(file->durable, change);
        continue;
      }
      for (size_t at = 0; at < change.bytes.size();) {
        const size_t end = std::min((change.at + at) / kSector * kSector + kSector - change.at, change.bytes.size());
        if ((NextRandom(random) & 1) != 0) {
          Put(file->durable, change.at + at, std::string_view(change.bytes).substr(at, end - at));
          file->on_disk = true;
        }
        at = end;
      }
    }
    file->content = file->durable;
    if (!file->on_disk) {
      entry = files_.erase(entry);
      continue;
    }
    entry->second = std::move(file);
    ++entry;
  }
}

std::map<std::string, std::string> MemoryDisk::Durable() const {
  std::map<std::string, std::string> files;
  for (const auto& [path, file] : files_)
    if (file->on_disk) files[path] = file->durable;
  return files;
}

std::map<std::string, std::string> MemoryDisk::Files() const {
  std::map<std::string, std::string> files;
  for (const auto& [path, file] : files_) files[path] = file->content;
  return files;
}

void MemoryDisk::Replace(const std::map<std::string, std::string>& files) {
  ++generation_;
  files_.clear();
  for (const auto& [path, content] : files) {
    auto file = std::make_shared<File>();
    file->content = file->durable = content;
    file->on_disk = true;
    files_[path] = std::move(file);
  }
}

}  // namespace tandem::testing
