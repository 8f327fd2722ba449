#include "tandem/codec/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "codec/plain_text.h"
#include "codec/quick_json.h"
#include "tandem/base/hash.h"

namespace tandem {
namespace {

constexpr std::string_view kReserved = "$tandem";

/// True for one or more '$' followed by "tandem…": such a user's key is escaped by one more '$'.
bool IsReserved(std::string_view key) {
  const size_t name = key.find_first_not_of('$');
  return name != std::string_view::npos && name > 0 &&
         key.substr(name - 1, kReserved.size()) == kReserved;
}

void WriteString(std::string_view text, std::string& out) {
  out += '"';
  while (true) {
    const size_t plain = PlainBytes(text, false);
    out.append(text, 0, plain);
    if (plain == text.size()) break;
    const char c = text[plain];
    text.remove_prefix(plain + 1);
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      default: out += fmt::format("\\u{:04x}", static_cast<int>(c));
    }
  }
  out += '"';
}

void WriteDouble(double number, std::string& out) {
  TANDEM_CHECK(std::isfinite(number));
  if (number == std::floor(number) && std::abs(number) < 9007199254740992.0) {
    out += std::to_string(static_cast<int64_t>(number));
    return;
  }
  // A whole number of more than 64 bits would be read as an integer that is too large.
  const bool large = std::abs(number) >= 9223372036854775808.0;
  char buffer[40];
  const auto [end, error] = large ? std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::scientific)
                                  : std::to_chars(buffer, buffer + sizeof buffer, number);
  TANDEM_CHECK(error == std::errc());
  out.append(buffer, end);
}

/// The object that stands for an unknown or sensitive value; null for any other.
Map Marker(const Value& value) {
  Map marker;
  if (value.is_unknown()) {
    marker["$tandem"] = "unknown";
    marker["type"] = std::string(TypeName(value.as_unknown().type));
    marker["source"] = value.as_unknown().source;
  } else {
    marker["$tandem"] = "sensitive";
    List parts;
    for (const Sensitive::Part& part : value.as_sensitive().parts)
      parts.push_back(Map{{part.secret ? "secret" : "text", part.text}});
    marker["parts"] = std::move(parts);
    if (!value.as_sensitive().digest.empty()) marker["digest"] = value.as_sensitive().digest;
    if (!value.as_sensitive().version.empty()) marker["version"] = value.as_sensitive().version;
  }
  return marker;
}

// `indent` < 0: no white space.
void Write(const Value& value, int indent, bool escape, std::string& out) {
  const auto newline = [&](int depth) {
    if (indent >= 0) out += '\n' + std::string(depth * 2, ' ');
  };
  const int inner = indent < 0 ? -1 : indent + 1;
  if (value.is_null()) {
    out += "null";
  } else if (value.is_bool()) {
    out += value.as_bool() ? "true" : "false";
  } else if (value.is_int()) {
    char digits[24];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value.as_int()).ptr);
  } else if (value.is_double()) {
    WriteDouble(value.as_double(), out);
  } else if (value.is_string()) {
    WriteString(value.as_string(), out);
  } else if (value.is_list()) {
    out += '[';
    bool first = true;
    for (const Value& item : value.as_list()) {
      if (!first) out += ',';
      first = false;
      newline(inner);
      Write(item, inner, true, out);
    }
    if (!first) newline(indent);
    out += ']';
  } else if (value.is_map()) {
    out += '{';
    bool first = true;
    for (const auto& [key, member] : value.as_map()) {
      if (!first) out += ',';
      first = false;
      newline(inner);
      if (escape && IsReserved(key)) WriteString("$" + key, out);
      else WriteString(key, out);
      out += indent < 0 ? ":" : ": ";
      Write(member, inner, true, out);
    }
    if (!first) newline(indent);
    out += '}';
  } else {
    Write(Value(Marker(value)), indent, false, out);
  }
}

Type TypeFromName(std::string_view name) {
  for (const Type type : {Type::kNull, Type::kBool, Type::kInt, Type::kDouble, Type::kString,
                          Type::kList, Type::kMap})
    if (TypeName(type) == name) return type;
  return Type::kAny;
}

/// Turns a decoded object into what it stands for: a marker, or a map with its escapes undone.
Value FromObject(Map map) {
  if (const auto found = map.find(kReserved); found != map.end() && found->second.is_string()) {
    const Value object(std::move(map));
    if (object.StringOr(kReserved, "") == "unknown")
      return Unknown{TypeFromName(object.StringOr("type", "any")), object.StringOr("source", "")};
    Sensitive sensitive;
    if (const Value* parts = object.Find("parts"); parts != nullptr && parts->is_list()) {
      for (const Value& part : parts->as_list()) {
        const bool secret = part.Find("secret") != nullptr;
        sensitive.parts.push_back({secret, part.StringOr(secret ? "secret" : "text", "")});
      }
    }
    sensitive.digest = object.StringOr("digest", "");
    sensitive.version = object.StringOr("version", "");
    return sensitive;
  }
  const bool escaped = std::any_of(map.begin(), map.end(),
                                   [](const auto& member) { return IsReserved(member.first); });
  if (!escaped) return map;
  Map unescaped;
  for (auto member = map.begin(); member != map.end();) {
    auto next = std::next(member);
    if (IsReserved(member->first)) {
      auto node = map.extract(member);
      node.key().erase(0, 1);
      unescaped.insert(std::move(node));
    }
    member = next;
  }
  map.merge(unescaped);
  return map;
}

/// Builds a Value from nlohmann's events, so that no second tree is made.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Value root;
  std::string error;

  bool null() override { return Put(Value()); }
  bool boolean(bool v) override { return Put(v); }
  bool number_integer(number_integer_t v) override { return Put(static_cast<int64_t>(v)); }
  bool number_unsigned(number_unsigned_t v) override {
    if (v > static_cast<uint64_t>(INT64_MAX)) return Fail("an integer is outside 64 bits");
    return Put(static_cast<int64_t>(v));
  }
  bool number_float(number_float_t v, const string_t& text) override {
    if (text.find_first_of(".eE") == std::string::npos) return Fail("an integer is outside 64 bits");
    if (!std::isfinite(v)) return Fail("a number is too large");
    return Put(v);
  }
  bool string(string_t& v) override { return Put(std::move(v)); }
  bool binary(binary_t&) override { return Fail("binary data"); }
  bool start_object(size_t) override { return Open(Value(Map())); }
  bool key(string_t& v) override {
    open_.back().key = std::move(v);
    if (open_.back().value.Find(open_.back().key) != nullptr)
      return Fail(fmt::format("the key '{}' appears twice", open_.back().key));
    return true;
  }
  bool end_object() override { return Close(); }
  bool start_array(size_t) override { return Open(Value(List())); }
  bool end_array() override { return Close(); }
  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception& e) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 37: …"
    const std::string_view told = e.what();
    const size_t place = told.find(" at line ");
    return Fail(place == std::string_view::npos
                    ? fmt::format("malformed JSON at byte {}: {}", position, told)
                    : fmt::format("malformed JSON{}", told.substr(place)));
  }

 private:
  struct Frame {
    Value value;
    std::string key;
  };

  bool Fail(std::string why) {
    error = std::move(why);
    return false;
  }
  bool Open(Value value) {
    if (open_.size() >= kMaxJsonDepth) return Fail("nested too deeply");
    open_.push_back({std::move(value), ""});
    return true;
  }
  bool Close() {
    Value done = std::move(open_.back().value);
    open_.pop_back();
    if (done.is_map()) done = FromObject(std::move(done.edit_map()));
    return Put(std::move(done));
  }
  bool Put(Value value) {
    if (open_.empty()) {
      root = std::move(value);
    } else if (open_.back().value.is_list()) {
      open_.back().value.edit_list().push_back(std::move(value));
    } else {
      open_.back().value.edit_map()[open_.back().key] = std::move(value);
    }
    return true;
  }

  std::vector<Frame> open_;
};

}  // namespace

std::string ToCanonicalJson(const Value& value) {
  std::string out;
  Write(value, -1, true, out);
  return out;
}

void AppendJsonText(std::string_view text, std::string* json) { WriteString(text, *json); }

std::string ToPrettyJson(const Value& value) {
  std::string out;
  Write(value, 0, true, out);
  return out;
}

Result<Value> ParseJson(std::string_view text) {
  if (Value value; ParseQuickly(text, FromObject, &value)) return value;
  // The parser below takes it for the end of the text.
  if (text.find('\0') != std::string_view::npos) return InvalidArgument("a NUL byte");
  Builder builder;
  bool parsed = false;
  try {
    parsed = nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  } catch (const nlohmann::json::exception& e) {
    return InvalidArgument(e.what());
  }
  if (!parsed) return InvalidArgument(builder.error);
  return std::move(builder.root);
}

namespace {
Packed::Print Beginning(const Digest& digest) {
  Packed::Print print;
  std::copy_n(digest.begin(), print.size(), print.begin());
  return print;
}
}  // namespace

std::string Fingerprint(std::string_view canonical_json) {
  const Packed::Print print = Beginning(Sha256(canonical_json));
  return Hex(std::string_view(reinterpret_cast<const char*>(print.data()), print.size()));
}

std::string FingerprintOf(const Value& value) { return Fingerprint(ToCanonicalJson(value)); }
std::string DigestOf(const Value& value) { return "sha256:" + Hex(Sha256(ToCanonicalJson(value))); }

Packed Packed::From(const Value& value) {
  std::string json = ToCanonicalJson(value);
  json.shrink_to_fit();  // it is kept
  return Unread(std::move(json));
}

Packed Packed::Unread(std::string json) {
  Held held{std::move(json), {}};
  if (!held.json.empty()) held.fingerprint = Beginning(Sha256(held.json));
  Packed packed;
  packed.held_ = CopyOnWrite<Held>(std::move(held));
  return packed;
}

Value Packed::Unpack() const {
  auto value = ParseJson(json());
  TANDEM_CHECK(value.ok());
  return std::move(value).value();
}

std::optional<Value> Packed::At(const Path& path) const {
  std::optional<Value> found;
  if (FindQuickly(json(), path, FromObject, &found)) return found;
  const Value whole = Unpack();
  if (const Value* at = FindAt(whole, path)) found = *at;
  else found.reset();
  return found;
}

}  // namespace tandem
