// Rows as text: written and read without a Value of them, by the lists of fields.h.
#pragma once

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "record/fields.h"

namespace tandem::fields {

template <typename T>
std::string WriteText(const T& row);

/// What Writer makes, as text, in which packed members go as they are. Members are written behind each other and sorted
/// at the end.
class TextWriter {
 public:
  template <typename T>
  void operator()(std::string_view name, const T& member) {
    Begin(name);
    Append(member);
  }
  void operator()(std::string_view name, const Packed& member) {
    if (member.empty()) return;
    Begin(name);
    json_ += member.json();
  }
  template <typename T>
  void Rare(std::string_view name, const std::vector<T>& member) {
    if (!member.empty()) (*this)(name, member);
  }
  std::string Take() {
    for (size_t i = 0; i < members_.size(); ++i)
      members_[i].end = i + 1 < members_.size() ? members_[i + 1].begin : json_.size();
    std::sort(members_.begin(), members_.end(),
              [](const Member& a, const Member& b) { return a.name < b.name; });
    size_t bytes = json_.size() + 2;
    for (const Member& member : members_) bytes += member.name.size() + 4;
    std::string text;
    text.reserve(bytes);
    for (const Member& member : members_) {
      text += text.empty() ? "{\"" : ",\"";
      text.append(member.name).append("\":").append(json_, member.begin, member.end - member.begin);
    }
    text += text.empty() ? "{}" : "}";
    return text;
  }

 private:
  struct Member {
    std::string_view name;
    size_t begin = 0;  // in json_
    size_t end = 0;
  };

  void Begin(std::string_view name) { members_.push_back({name, json_.size()}); }
  void Append(const std::string& v) { AppendJsonText(v, &json_); }
  void Append(int64_t v) { json_ += std::to_string(v); }
  void Append(bool v) { json_ += v ? "true" : "false"; }
  void Append(const Time& v) { Append(static_cast<int64_t>(v.time_since_epoch().count())); }
  void Append(const Address& v) { Append(v.ToString()); }
  template <typename E>
  requires std::is_enum_v<E> void Append(E v) { AppendJsonText(NameOf(v), &json_); }
  template <typename T>
  requires requires { Fields<T>::kName; }
  void Append(const T& v) { json_ += WriteText(v); }
  template <typename T>
  void Append(const std::vector<T>& v) {
    json_ += '[';
    for (const T& item : v) {
      if (&item != &v.front()) json_ += ',';
      Append(item);
    }
    json_ += ']';
  }

  std::vector<Member> members_;
  std::string json_;
};

template <typename T>
std::string WriteText(const T& row) {
  TextWriter writer;
  Fields<T>::Visit(row, writer);
  return writer.Take();
}

/// Fills a row from canonical JSON. What it does not take is for Reader, which says why.
class TextReader {
 public:
  explicit TextReader(std::string_view text) {
    std::optional<std::vector<JsonMember>> members = JsonMembers(text);
    ok_ = members.has_value();
    if (ok_) members_ = *std::move(members);
  }

  template <typename T>
  void operator()(std::string_view name, T& member) {
    const std::string_view* text = Find(name);
    ok_ = ok_ && text != nullptr && Take(*text, member);
  }
  void operator()(std::string_view name, Packed& member) {
    const std::string_view* text = Find(name);
    member = text == nullptr ? Packed() : Packed::Unread(std::string(*text));
  }
  template <typename T>
  void Rare(std::string_view name, std::vector<T>& member) {
    member.clear();
    if (const std::string_view* text = Find(name)) ok_ = ok_ && Take(*text, member);
  }

  /// Call last. False also for members that nobody asked for.
  bool Finish() const { return ok_ && found_ == members_.size(); }

 private:
  const std::string_view* Find(std::string_view name) {
    const auto at = std::lower_bound(members_.begin(), members_.end(), name,
                                     [](const JsonMember& member, std::string_view n) { return member.key < n; });
    if (at == members_.end() || at->key != name) return nullptr;
    ++found_;
    return &at->text;
  }

  static bool IsPlainText(std::string_view text) {
    return text.front() == '"' && text.find('\\') == std::string_view::npos;
  }
  static bool Take(std::string_view text, std::string& out) {
    if (IsPlainText(text)) {
      out = text.substr(1, text.size() - 2);
      return true;
    }
    if (text.front() != '"') return false;
    Result<Value> value = ParseJson(text);
    if (!value.ok()) return false;
    out = value->as_string();
    return true;
  }
  static bool Take(std::string_view text, Interned& out) {
    if (IsPlainText(text)) {
      out = text.substr(1, text.size() - 2);
      return true;
    }
    std::string spelled;
    if (!Take(text, spelled)) return false;
    out = spelled;
    return true;
  }
  static bool Take(std::string_view text, int64_t& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size();
  }
  static bool Take(std::string_view text, bool& out) {
    out = text == "true";
    return out || text == "false";
  }
  static bool Take(std::string_view text, Time& out) {
    int64_t micros = 0;
    if (!Take(text, micros)) return false;
    out = Time(Duration(micros));
    return true;
  }
  static bool Take(std::string_view text, Address& out) {
    std::string address;
    if (!Take(text, address)) return false;
    Result<Address> parsed = Address::Parse(address);
    if (!parsed.ok()) return false;
    out = *std::move(parsed);
    return true;
  }
  template <typename E>
  requires std::is_enum_v<E>
  static bool Take(std::string_view text, E& out) {
    if (!IsPlainText(text)) return false;
    const std::optional<E> named = Named<E>(text.substr(1, text.size() - 2));
    if (named) out = *named;
    return named.has_value();
  }
  template <typename T>
  requires requires { Fields<T>::kName; }
  static bool Take(std::string_view text, T& out) {
    TextReader inner(text);
    if (inner.ok_) Fields<T>::Visit(out, inner);
    return inner.Finish();
  }
  template <typename T>
  static bool Take(std::string_view text, std::vector<T>& out) {
    const auto items = JsonItems(text);
    if (!items) return false;
    out.clear();
    out.reserve(items->size());
    for (const std::string_view item : *items)
      if (!Take(item, out.emplace_back())) return false;
    return true;
  }

  std::vector<JsonMember> members_;  // sorted
  size_t found_ = 0;
  bool ok_ = false;
};

template <typename T>
Result<T> ReadText(std::string_view text) {
  T row;
  TextReader reader(text);
  Fields<T>::Visit(row, reader);
  if (reader.Finish()) return row;
  const Result<Value> value = ParseJson(text);
  if (!value.ok()) return DataLoss(value.status().message()).Annotate(Fields<T>::kName);
  return Read<T>(*value);
}

}  // namespace tandem::fields
