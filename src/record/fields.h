// One list of members a type, read in both directions: by a writer that makes a Value of it and by
// a reader that fills it from one; by those of fields_text.h without a Value. docs/state.md lists the stored forms.
//
//   template <> struct Fields<Approval> {
//     static constexpr std::string_view kName = "approval";
//     static void Visit(auto& row, auto& field) { field("hash", row.hash); … }
//   };
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tandem/base/clock.h"
#include "tandem/base/status.h"
#include "tandem/codec/json.h"
#include "tandem/model/address.h"
#include "tandem/model/value.h"

namespace tandem::fields {

template <typename T>
struct Fields;

/// An enumeration's stored words; every value of it has one.
template <typename E>
struct Names;

template <typename E>
std::string_view NameOf(E value) {
  for (const auto& [known, name] : Names<E>::kAll)
    if (known == value) return name;
  TANDEM_CHECK(false);
  return {};
}

template <typename E>
std::optional<E> Named(std::string_view name) {
  for (const auto& [value, known] : Names<E>::kAll)
    if (known == name) return value;
  return std::nullopt;
}

template <typename T>
Value Write(const T& row);

inline Value Put(const std::string& v) { return v; }
inline Value Put(const Interned& v) { return v; }
inline Value Put(int64_t v) { return v; }
inline Value Put(bool v) { return v; }
inline Value Put(const Time& v) { return static_cast<int64_t>(v.time_since_epoch().count()); }
inline Value Put(const Address& v) { return v.ToString(); }
template <typename E>
requires std::is_enum_v<E> Value Put(E v) { return NameOf(v); }
template <typename T>
requires requires { Fields<T>::kName; }
Value Put(const T& v) { return Write(v); }
template <typename T>
Value Put(const std::vector<T>& v) {
  List list;
  list.reserve(v.size());
  for (const T& item : v) list.push_back(Put(item));
  return list;
}

class Writer {
 public:
  template <typename T>
  void operator()(std::string_view name, const T& member) {
    map_.emplace(name, Put(member));
  }
  /// A Packed that is empty has no member: null is a value of its own.
  void operator()(std::string_view name, const Packed& member) {
    if (!member.empty()) map_.emplace(name, member.Unpack());
  }
  /// A list that most rows have nothing in: no member then, as in rows from before there was one.
  template <typename T>
  void Rare(std::string_view name, const std::vector<T>& member) {
    if (!member.empty()) map_.emplace(name, Put(member));
  }
  Map Take() { return std::move(map_); }

 private:
  Map map_;
};

template <typename T>
Value Write(const T& row) {
  Writer writer;
  Fields<T>::Visit(row, writer);
  return writer.Take();
}

/// Fills a row member by member; the first problem is kept and names the member's path.
class Reader {
 public:
  Reader(const Value& value, std::string path) : value_(value), path_(std::move(path)) {
    asked_.reserve(24);  // more than most rows have
    if (!value_.is_map()) Fail("", "is not an object");
  }

  template <typename T>
  void operator()(std::string_view name, T& member) {
    const Value* found = Find(name);
    if (!status_.ok()) return;
    if (found == nullptr) return Fail(name, "is missing");
    Take(*found, std::string(name), member);
  }
  void operator()(std::string_view name, Packed& member) {
    const Value* found = Find(name);
    member = found == nullptr ? Packed() : Packed::From(*found);
  }
  template <typename T>
  void Rare(std::string_view name, std::vector<T>& member) {
    member.clear();
    if (const Value* found = Find(name); found != nullptr && status_.ok())
      Take(*found, std::string(name), member);
  }

  /// Call last: members that nobody asked for are refused too.
  Status Finish() {
    if (!status_.ok()) return status_;
    if (found_ == value_.as_map().size()) return status_;
    for (const auto& [key, member] : value_.as_map())
      if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) {
        Fail(key, "is not known to this version");
        break;
      }
    return status_;
  }

 private:
  const Value* Find(std::string_view name) {
    asked_.push_back(name);
    const Value* found = value_.Find(name);
    found_ += found != nullptr ? 1 : 0;
    return found;
  }
  void Fail(std::string_view name, std::string_view problem) {
    if (!status_.ok()) return;
    std::string path = path_;
    if (!name.empty()) path += fmt::format("{}{}", path.empty() ? "" : ".", name);
    status_ = path.empty() ? DataLoss(fmt::format("the row {}", problem))
                           : DataLoss(fmt::format("member '{}' {}", path, problem));
  }

  void Take(const Value& v, const std::string& name, std::string& out) {
    if (!v.is_string()) return Fail(name, "is not a string");
    out = v.as_string();
  }
  void Take(const Value& v, const std::string& name, Interned& out) {
    if (!v.is_string()) return Fail(name, "is not a string");
    out = v.as_string();
  }
  void Take(const Value& v, const std::string& name, int64_t& out) {
    if (!v.is_int()) return Fail(name, "is not an integer");
    out = v.as_int();
  }
  void Take(const Value& v, const std::string& name, bool& out) {
    if (!v.is_bool()) return Fail(name, "is not a bool");
    out = v.as_bool();
  }
  void Take(const Value& v, const std::string& name, Time& out) {
    if (!v.is_int()) return Fail(name, "is not a time in microseconds");
    out = Time(Duration(v.as_int()));
  }
  void Take(const Value& v, const std::string& name, Address& out) {
    if (!v.is_string()) return Fail(name, "is not an address");
    auto parsed = Address::Parse(v.as_string());
    if (!parsed.ok()) return Fail(name, "is not an address: " + parsed.status().message());
    out = std::move(*parsed);
  }
  template <typename E>
  requires std::is_enum_v<E>
  void Take(const Value& v, const std::string& name, E& out) {
    if (!v.is_string()) return Fail(name, "is not a word");
    const std::optional<E> named = Named<E>(v.as_string());
    if (!named) return Fail(name, fmt::format("has the unknown word '{}'", v.as_string()));
    out = *named;
  }
  template <typename T>
  requires requires { Fields<T>::kName; }
  void Take(const Value& v, const std::string& name, T& out) {
    Reader inner(v, path_.empty() ? name : path_ + "." + name);
    Fields<T>::Visit(out, inner);
    status_ = inner.Finish();
  }
  template <typename T>
  void Take(const Value& v, const std::string& name, std::vector<T>& out) {
    if (!v.is_list()) return Fail(name, "is not a list");
    out.clear();
    for (size_t i = 0; i < v.as_list().size() && status_.ok(); ++i)
      Take(v.as_list()[i], name + "[" + std::to_string(i) + "]", out.emplace_back());
  }

  const Value& value_;
  std::string path_;
  std::vector<std::string_view> asked_;
  size_t found_ = 0;
  Status status_;
};

template <typename T>
Result<T> Read(const Value& value) {
  T row;
  Reader reader(value, "");
  Fields<T>::Visit(row, reader);
  if (Status status = reader.Finish(); !status.ok()) return status.Annotate(Fields<T>::kName);
  return row;
}

}  // namespace tandem::fields
