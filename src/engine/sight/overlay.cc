#include "engine/sight/overlay.h"

#include <utility>

namespace tandem {
namespace {

// At path `at`. `wrote` and `shows` are canonical, `written` and `read` are not.
bool Lay(const Kind& kind, Path& at, const Value& written, const Value& wrote, const Value& shows,
         Value& read) {
  bool all = true;
  for (const auto& [member, value] : written.as_map()) {
    const Value* put = wrote.Find(member);
    if (put == nullptr || value.HasUnknown()) continue;
    const Value* there = shows.Find(member);
    if (there != nullptr && *there == *put) continue;
    const Value* raw = read.Find(member);
    const auto map = [](const Value* form) { return form != nullptr && form->is_map(); };
    if (map(&value) && map(put) && map(there) && map(raw)) {
      at.push_back({member, -1});
      const bool shared = !kind.RuleFor(at).exclusive;
      Value inner = *raw;
      const bool shown = shared && Lay(kind, at, value, *put, *there, inner);
      at.pop_back();
      if (shown) continue;
      all = false;
      read.Set(member, shared ? std::move(inner) : value);
      continue;
    }
    if (value.HasSensitive() && (there == nullptr || !there->HasSensitive())) continue;
    read.Set(member, value);
    all = false;
  }
  return all;
}

}  // namespace

bool LayOver(const Kind& kind, const Value& written, Value& read) {
  if (!written.is_map() || !read.is_map()) return true;
  const Value wrote = kind.Canonical(written);
  const Value shows = kind.Canonical(read);
  Path at;
  return Lay(kind, at, written, wrote, shows, read);
}

}  // namespace tandem
