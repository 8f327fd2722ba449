#include "tandem/model/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "tandem/base/check.h"

namespace tandem {

std::string_view TypeName(Type type) {
  switch (type) {
    case Type::kNull: return "null";
    case Type::kBool: return "bool";
    case Type::kInt: return "int";
    case Type::kDouble: return "double";
    case Type::kString: return "string";
    case Type::kList: return "list";
    case Type::kMap: return "map";
    case Type::kAny: return "any";
  }
  return "any";
}

namespace {
template <typename T, typename V>
auto& Get(V& data) {
  auto* held = std::get_if<T>(&data);
  TANDEM_CHECK(held != nullptr);
  return *held;
}
}  // namespace

bool Value::as_bool() const { return Get<bool>(data_); }
int64_t Value::as_int() const { return Get<int64_t>(data_); }
double Value::as_double() const { return Get<double>(data_); }
const std::string& Value::as_string() const { return *Get<Text>(data_); }
const List& Value::as_list() const { return *Get<Shared<List>>(data_); }
const Map& Value::as_map() const { return *Get<Shared<Map>>(data_); }
const Unknown& Value::as_unknown() const { return *Get<Shared<Unknown>>(data_); }
const Sensitive& Value::as_sensitive() const { return *Get<Shared<Sensitive>>(data_); }
List& Value::edit_list() { return Get<Shared<List>>(data_).Edit(); }
Map& Value::edit_map() { return Get<Shared<Map>>(data_).Edit(); }

Type Value::type() const {
  if (is_unknown()) return as_unknown().type;
  if (is_sensitive()) return Type::kString;
  return static_cast<Type>(data_.index());
}

const Value* Value::Find(std::string_view key) const {
  if (!is_map()) return nullptr;
  const Map& map = as_map();
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

const Value* Value::At(std::string_view path) const {
  if (path.empty()) return this;
  const Path steps = ParsePath(path);
  return steps.empty() ? nullptr : FindAt(*this, steps);
}

std::string Value::StringOr(std::string_view key, std::string_view otherwise) const {
  const Value* found = Find(key);
  return found != nullptr && found->is_string() ? found->as_string() : std::string(otherwise);
}

int64_t Value::IntOr(std::string_view key, int64_t otherwise) const {
  const Value* found = Find(key);
  return found != nullptr && found->is_int() ? found->as_int() : otherwise;
}

bool Value::BoolOr(std::string_view key, bool otherwise) const {
  const Value* found = Find(key);
  return found != nullptr && found->is_bool() ? found->as_bool() : otherwise;
}

Value& Value::Set(std::string_view key, Value value) {
  if (is_null()) *this = Map();
  edit_map().insert_or_assign(std::string(key), std::move(value));
  return *this;
}

namespace {
template <typename Test>
bool Any(const Value& value, Test test) {
  if (test(value)) return true;
  if (value.is_list())
    return std::any_of(value.as_list().begin(), value.as_list().end(),
                       [&](const Value& item) { return Any(item, test); });
  if (value.is_map())
    return std::any_of(value.as_map().begin(), value.as_map().end(),
                       [&](const auto& member) { return Any(member.second, test); });
  return false;
}
}  // namespace

bool Value::HasUnknown() const {
  return Any(*this, [](const Value& v) { return v.is_unknown(); });
}

bool Value::HasSensitive() const {
  return Any(*this, [](const Value& v) { return v.is_sensitive(); });
}

bool operator==(const Value& a, const Value& b) { return a.data_ == b.data_; }

namespace {
bool IsPlainKey(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}
}  // namespace

std::string JoinPath(std::string_view base, std::string_view key) {
  std::string path(base);
  if (IsPlainKey(key)) {
    if (!path.empty()) path += '.';
    path += key;
    return path;
  }
  path += "[\"";
  for (const char c : key) {
    if (c == '"' || c == '\\') path += '\\';
    path += c;
  }
  return path + "\"]";
}

std::string JoinPath(std::string_view base, int64_t index) {
  return std::string(base) + "[" + std::to_string(index) + "]";
}

std::string FormatPath(const Path& path) {
  std::string text;
  for (const PathStep& step : path)
    text = step.index >= 0 ? JoinPath(text, step.index) : JoinPath(text, step.key);
  return text;
}

Path ParsePath(std::string_view text) {
  Path path;
  size_t at = 0;
  while (at < text.size()) {
    if (text[at] == '[') {
      ++at;
      if (at < text.size() && text[at] == '"') {
        PathStep step;
        for (++at; at < text.size() && text[at] != '"'; ++at) {
          if (text[at] == '\\' && at + 1 < text.size()) ++at;
          step.key += text[at];
        }
        if (at + 1 >= text.size() || text[at + 1] != ']') return {};
        at += 2;
        path.push_back(std::move(step));
      } else {
        PathStep step;
        const auto [after, error] =
            std::from_chars(text.data() + at, text.data() + text.size(), step.index);
        if (error != std::errc() || step.index < 0) return {};
        at = after - text.data();
        if (at >= text.size() || text[at] != ']') return {};
        ++at;
        path.push_back(std::move(step));
      }
    } else {
      if (!path.empty()) {
        if (text[at] != '.') return {};
        ++at;
      }
      const size_t end = std::min(text.find_first_of(".[", at), text.size());
      if (end == at) return {};
      path.push_back({std::string(text.substr(at, end - at)), -1});
      at = end;
    }
  }
  return path;
}

const Value* FindAt(const Value& root, const Path& path) {
  const Value* at = &root;
  for (const PathStep& step : path) {
    if (step.index >= 0) {
      if (!at->is_list() || step.index >= static_cast<int64_t>(at->as_list().size())) return nullptr;
      at = &at->as_list()[step.index];
    } else {
      at = at->Find(step.key);
      if (at == nullptr) return nullptr;
    }
  }
  return at;
}

bool SetAt(Value& root, const Path& path, Value value) {
  Value* at = &root;
  for (const PathStep& step : path) {
    if (step.index >= 0) {
      if (at->is_null()) *at = List();
      if (!at->is_list()) return false;
      List& list = at->edit_list();
      if (step.index > static_cast<int64_t>(list.size())) return false;
      if (step.index == static_cast<int64_t>(list.size())) list.emplace_back();
      at = &list[step.index];
    } else {
      if (at->is_null()) *at = Map();
      if (!at->is_map()) return false;
      at = &at->edit_map()[step.key];
    }
  }
  *at = std::move(value);
  return true;
}

Value* EditAt(Value& root, const Path& path) {
  if (FindAt(root, path) == nullptr) return nullptr;
  Value* at = &root;
  for (const PathStep& step : path)
    at = step.index >= 0 ? &at->edit_list()[step.index] : &at->edit_map().find(step.key)->second;
  return at;
}

bool EraseAt(Value& root, const Path& path) {
  if (path.empty() || FindAt(root, path) == nullptr) return false;
  Value& owner = *EditAt(root, {path.begin(), path.end() - 1});
  if (const PathStep& last = path.back(); last.index >= 0)
    owner.edit_list().erase(owner.edit_list().begin() + last.index);
  else
    owner.edit_map().erase(last.key);
  return true;
}

}  // namespace tandem
