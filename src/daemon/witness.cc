#include "daemon/witness.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>

#include "tandem/base/hash.h"
#include "tandem/codec/json.h"

namespace tandem {
namespace {

// Two slots, a block of a disk each, written in turns: a torn write damages the older mark alone, and one sync
// of data is all that a write takes.
constexpr size_t kSlot = 4096;

struct Entry {
  WitnessMark mark;
  int64_t turn = 0;  // which of the two was written last
};
using Entries = std::array<std::optional<Entry>, 2>;

std::string CheckOf(const Value& value) { return Hex(Sha256(ToCanonicalJson(value))).substr(0, 16); }

std::string Encode(const Entry& entry) {
  Value value;
  value.Set("number", entry.mark.number);
  value.Set("turn", entry.turn);
  value.Set("uid", entry.mark.uid);
  value.Set("check", CheckOf(value));
  std::string slot = ToCanonicalJson(value);
  slot.resize(kSlot - 1, ' ');
  return slot + "\n";
}

std::optional<Entry> Decode(std::string_view slot) {
  Result<Value> value = ParseJson(slot.substr(0, slot.find_last_not_of(" \n") + 1));
  if (!value.ok() || !value->is_map()) return std::nullopt;
  const std::string check = value->StringOr("check", "");
  value->edit_map().erase("check");
  Entry entry{{value->StringOr("uid", ""), value->IntOr("number", 0)}, value->IntOr("turn", 0)};
  if (entry.mark.uid.empty() || entry.mark.number <= 0 || check != CheckOf(*value)) return std::nullopt;
  return entry;
}

// nullopt when there is no such file.
Result<std::optional<Entries>> Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == ENOENT) return std::optional<Entries>();
    return Unavailable(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  }
  // A folder of that name throws when it is read through iterators.
  std::ostringstream all;
  all << file.rdbuf();
  const std::string text = all.str();
  Entries entries;
  if (text.size() == kSlot * entries.size())
    for (size_t i = 0; i < entries.size(); ++i)
      entries[i] = Decode(std::string_view(text).substr(i * kSlot, kSlot));
  return std::optional<Entries>(std::move(entries));
}

size_t LatestOf(const Entries& entries) {
  const auto turn = [&](size_t i) { return entries[i] ? entries[i]->turn : -1; };
  return turn(1) > turn(0) ? 1 : 0;
}

Status Failed(const std::string& path) {
  return Unavailable(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
}

// The first time, or when nothing in the file can be read: a whole file takes its place.
Status WriteWhole(const std::string& path, const WitnessMark& mark) {
  std::string text = Encode({mark, 1});
  text.resize(kSlot * 2 - 1, ' ');
  text += '\n';
  const std::string draft = path + ".new";
  const int fd = open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Unavailable(fmt::format("cannot make {}: {}", draft, std::strerror(errno)));
  const bool written =
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  const Status status = written ? OkStatus() : Failed(draft);
  close(fd);
  if (!written) return status;
  if (rename(draft.c_str(), path.c_str()) != 0) return Failed(path);
  // The new name too; without it a power cut shows no witness, which is merely less strict.
  const size_t slash = path.rfind('/');
  const std::string in = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int folder = open(in.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    (void)fsync(folder);
    close(folder);
  }
  return OkStatus();
}

}  // namespace

Result<std::optional<WitnessMark>> ReadWitness(const std::string& path) {
  TANDEM_ASSIGN_OR_RETURN(const std::optional<Entries> entries, Read(path));
  if (!entries) return std::optional<WitnessMark>();
  const std::optional<Entry>& latest = (*entries)[LatestOf(*entries)];
  if (!latest)
    return DataLoss(fmt::format("{} is damaged; it tells whether the store is an old one. If you are sure "
                                "that it is not, remove the file",
                                path));
  return std::optional<WitnessMark>(latest->mark);
}

Status WriteWitness(const std::string& path, const WitnessMark& mark) {
  TANDEM_ASSIGN_OR_RETURN(const std::optional<Entries> entries, Read(path));
  if (!entries || !(*entries)[LatestOf(*entries)]) return WriteWhole(path, mark);
  const size_t latest = LatestOf(*entries);
  const std::string slot = Encode({mark, (*entries)[latest]->turn + 1});
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return Failed(path);
  const off_t at = static_cast<off_t>((1 - latest) * kSlot);
  const bool written = pwrite(fd, slot.data(), slot.size(), at) == static_cast<ssize_t>(slot.size()) &&
                       fdatasync(fd) == 0;
  const Status status = written ? OkStatus() : Failed(path);
  close(fd);
  return status;
}

}  // namespace tandem
