// The form in which two values of a kind are compared.
#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "schema/file_kind.h"
#include "tandem/codec/json.h"

namespace tandem {
namespace {

std::string Lowered(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// "10.0.1.9/16" → "10.0.0.0/16", "2001:DB8::/32" → "2001:db8::/32". Other text stays as it is.
std::string CanonicalCidr(const std::string& text) {
  const size_t slash = text.find('/');
  if (slash == std::string::npos || slash + 1 == text.size()) return text;
  int bits = 0;
  for (size_t i = slash + 1; i < text.size(); ++i) {
    if (text[i] < '0' || text[i] > '9' || bits > 128) return text;
    bits = bits * 10 + (text[i] - '0');
  }
  const std::string address = text.substr(0, slash);
  unsigned char bytes[16] = {};
  const bool six = address.find(':') != std::string::npos;
  const int family = six ? AF_INET6 : AF_INET;
  const int size = six ? 16 : 4;
  if (bits > size * 8 || inet_pton(family, address.c_str(), bytes) != 1) return text;
  for (int i = 0; i < size; ++i) {
    const int kept = std::clamp(bits - i * 8, 0, 8);
    bytes[i] = static_cast<unsigned char>(bytes[i] & (0xFF00 >> kept));
  }
  char shown[INET6_ADDRSTRLEN] = {};
  inet_ntop(family, bytes, shown, sizeof shown);
  return std::string(shown) + "/" + std::to_string(bits);
}

/// Lower case, no final dot, "\052" as "*".
std::string CanonicalDomain(const std::string& text) {
  std::string name;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto octal = [&](size_t at) {
      return at < text.size() && text[at] >= '0' && text[at] <= '7';
    };
    if (text[i] == '\\' && octal(i + 1) && octal(i + 2) && octal(i + 3)) {
      name += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                (text[i + 3] - '0'));
      i += 3;
    } else {
      name += text[i];
    }
  }
  if (name.size() > 1 && name.back() == '.') name.pop_back();
  return Lowered(std::move(name));
}

Value CanonicalText(const FieldRule& rule, const std::string& text) {
  switch (rule.compare) {
    case CompareMode::kJson: {
      const Result<Value> parsed = ParseJson(text);
      return parsed.ok() ? Value(ToCanonicalJson(*parsed)) : Value(text);
    }
    case CompareMode::kCidr:
      return CanonicalCidr(text);
    case CompareMode::kDomain:
      return CanonicalDomain(text);
    case CompareMode::kCaseless:
      return Lowered(text);
    default:
      return text;
  }
}

class Canonicalizer {
 public:
  Value Of(const TypeNode& node, const Value& value, bool in_set) const {
    if (node.plain && !in_set) return value;
    if (value.is_string()) return CanonicalText(node.rule, value.as_string());
    if (value.is_double() && node.type == ShapeType::kInteger &&
        value.as_double() == std::floor(value.as_double()) && std::fabs(value.as_double()) < 9e15)
      return static_cast<int64_t>(value.as_double());
    if (value.is_list() && node.type == ShapeType::kList)
      return OfList(node, value.as_list(), in_set);
    if (!value.is_map()) return value;
    Map map;
    for (const auto& [key, item] : value.as_map()) {
      const TypeNode* child = node.element;
      if (node.type == ShapeType::kStructure) {
        const TypeNode::Member* member = node.Find(key);
        child = member == nullptr ? nullptr : member->node;
        // An element of a set is compared whole, so it must not hold what only the server knows.
        if (in_set && (child == nullptr || child->rule.computed || child->rule.server_default))
          continue;
      }
      if (in_set && item.is_null()) continue;
      map[key] = child == nullptr ? item : Of(*child, item, in_set);
      if (in_set && item.is_list() && item.as_list().empty()) map.erase(key);
    }
    return map;
  }

 private:
  Value OfList(const TypeNode& node, const List& items, bool in_set) const {
    const bool set = node.rule.compare == CompareMode::kSet;
    List list;
    for (const Value& item : items) {
      Value whole = Of(*node.element, item, in_set || set);
      if (node.explode.empty() || !whole.is_map())
        list.push_back(std::move(whole));
      else
        Explode(node.explode, whole, list);
    }
    if (set)
      Sort(
          list, [](const Value& item) { return ToCanonicalJson(item); }, true);
    else if (node.rule.compare == CompareMode::kKeyed)
      Sort(
          list, [&](const Value& item) { return KeyOf(node.rule, item); }, false);
    return list;
  }

  /// An entry with several members in the lists `names` becomes one entry for each of them.
  static void Explode(const std::vector<std::string>& names, const Value& whole, List& out) {
    Map rest = whole.as_map();
    std::vector<std::pair<std::string, Value>> parts;
    for (const std::string& name : names) {
      const auto at = rest.find(name);
      if (at == rest.end()) continue;
      if (!at->second.is_list()) return out.push_back(whole);  // not known yet
      for (const Value& part : at->second.as_list()) parts.emplace_back(name, part);
      rest.erase(at);
    }
    if (parts.empty()) out.push_back(rest);
    for (auto& [name, part] : parts) {
      Map one = rest;
      one[name] = List{std::move(part)};
      out.push_back(std::move(one));
    }
  }

  static std::string KeyOf(const FieldRule& rule, const Value& item) {
    std::string text;
    for (const std::string& key : rule.keys) {
      const Value* part = item.At(key);
      text += (part == nullptr ? "" : ToCanonicalJson(*part)) + "\n";
    }
    return text;
  }

  template <typename KeyFunction>
  static void Sort(List& list, const KeyFunction& key_of, bool unique) {
    std::vector<std::pair<std::string, Value>> keyed;
    keyed.reserve(list.size());
    for (Value& item : list) {
      std::string key = key_of(item);
      keyed.emplace_back(std::move(key), std::move(item));
    }
    std::stable_sort(keyed.begin(), keyed.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    list.clear();
    for (size_t i = 0; i < keyed.size(); ++i) {
      if (unique && i > 0 && keyed[i].first == keyed[i - 1].first) continue;
      list.push_back(std::move(keyed[i].second));
    }
  }
};

}  // namespace

Value FileKind::Canonical(const Value& fields) const {
  return Canonicalizer().Of(tree_->root(), fields, false);
}

}  // namespace tandem
