// The one data type of documents, requests and answers.
//
// A Value is a tree only while something works on it. At rest (memory, store, wire) it is a Packed:
// canonical JSON bytes (codec/json.h) and their fingerprint; compare fingerprints before decoding.
// Positions are never in a Value. Copies share what they hold until one of them is edited, so a copy
// costs nothing; a Value is sixteen bytes. Each belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tandem/base/copy_on_write.h"
#include "tandem/base/interned.h"

namespace tandem {

class Value;
using List = std::vector<Value>;
/// Keys are unique and sorted by bytes.
using Map = std::map<std::string, Value, std::less<>>;

enum class Type { kNull, kBool, kInt, kDouble, kString, kList, kMap, kAny };

/// "null", "bool", "int", "double", "string", "list", "map", "any".
std::string_view TypeName(Type type);

/// A value that will be known only later: "(known after SOURCE)".
struct Unknown {
  Type type = Type::kAny;
  /// The address (and field path) that will tell: "ec2.aws/VPC/main.VpcId".
  std::string source;
  friend bool operator==(const Unknown&, const Unknown&) = default;
};

/// A text that holds a secret, as the recipe to make it: literal parts and secret URIs, joined just
/// before the call. The plaintext is never in a Value that is stored, shown or logged.
struct Sensitive {
  struct Part {
    bool secret = false;  // text is a URI such as "env:DB_PASSWORD"; otherwise literal text
    std::string text;
    friend bool operator==(const Part&, const Part&) = default;
  };
  std::vector<Part> parts;
  /// Keyed digest and version of what the secrets were worth when last looked at; "" before that.
  std::string digest;
  std::string version;
  friend bool operator==(const Sensitive&, const Sensitive&) = default;
};

class Value {
 public:
  Value() = default;  // null
  Value(bool v) : data_(v) {}                                // NOLINT: implicit by design
  Value(int v) : data_(static_cast<int64_t>(v)) {}           // NOLINT
  Value(int64_t v) : data_(v) {}                             // NOLINT
  Value(double v) : data_(v) {}                              // NOLINT
  Value(const char* v) : Value(std::string(v)) {}            // NOLINT
  Value(std::string_view v) : Value(std::string(v)) {}       // NOLINT
  Value(const Interned& v) : Value(v.str()) {}               // NOLINT
  Value(std::string v) : data_(Text(std::move(v))) {}        // NOLINT
  Value(List v) : data_(Shared<List>(std::move(v))) {}       // NOLINT
  Value(Map v) : data_(Shared<Map>(std::move(v))) {}         // NOLINT
  Value(Unknown v) : data_(Shared<Unknown>(std::move(v))) {}      // NOLINT
  Value(Sensitive v) : data_(Shared<Sensitive>(std::move(v))) {}  // NOLINT

  Value(const Value&) = default;
  /// `other` may be inside this value.
  Value& operator=(const Value& other) { return *this = Value(other); }
  /// What is moved from is null.
  Value(Value&& other) noexcept : data_(std::exchange(other.data_, std::monostate())) {}
  Value& operator=(Value&& other) noexcept {
    data_ = std::exchange(other.data_, std::monostate());
    return *this;
  }
  ~Value() = default;

  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  bool is_bool() const { return std::holds_alternative<bool>(data_); }
  bool is_int() const { return std::holds_alternative<int64_t>(data_); }
  bool is_double() const { return std::holds_alternative<double>(data_); }
  bool is_string() const { return std::holds_alternative<Text>(data_); }
  bool is_list() const { return std::holds_alternative<Shared<List>>(data_); }
  bool is_map() const { return std::holds_alternative<Shared<Map>>(data_); }
  bool is_unknown() const { return std::holds_alternative<Shared<Unknown>>(data_); }
  bool is_sensitive() const { return std::holds_alternative<Shared<Sensitive>>(data_); }
  bool is_scalar() const { return !is_list() && !is_map(); }

  // Each aborts when the value is of another type: test first.
  bool as_bool() const;
  int64_t as_int() const;
  double as_double() const;
  const std::string& as_string() const;
  const List& as_list() const;
  const Map& as_map() const;
  const Unknown& as_unknown() const;
  const Sensitive& as_sensitive() const;
  /// To write to; good until this value is copied, moved or edited again.
  List& edit_list();
  Map& edit_map();

  /// The type; that of the placeholder for an unknown, string for a sensitive value.
  Type type() const;

  /// The member of a map, or null pointer if this is no map or lacks it.
  const Value* Find(std::string_view key) const;
  /// The value at a dotted path ("a.b[0].c", keys with other characters as a["k.x"]), or null pointer.
  const Value* At(std::string_view path) const;
  /// The string member `key`, or `otherwise` when absent or not a string.
  std::string StringOr(std::string_view key, std::string_view otherwise) const;
  int64_t IntOr(std::string_view key, int64_t otherwise) const;
  bool BoolOr(std::string_view key, bool otherwise) const;
  /// Makes this a map if it is null, and sets a member.
  Value& Set(std::string_view key, Value value);

  /// True if this or anything below is unknown / sensitive.
  bool HasUnknown() const;
  bool HasSensitive() const;

  friend bool operator==(const Value& a, const Value& b);
  friend bool operator!=(const Value& a, const Value& b) { return !(a == b); }

 private:
  template <typename T>
  using Shared = CopyOnWrite<T>;
  using Text = Shared<std::string>;

  std::variant<std::monostate, bool, int64_t, double, Text, Shared<List>, Shared<Map>,
               Shared<Unknown>, Shared<Sensitive>>
      data_;
};

/// One step of a path into a Value: a map key or a list index.
struct PathStep {
  std::string key;
  int64_t index = -1;  // ≥ 0: an index, and `key` is empty
  friend bool operator==(const PathStep&, const PathStep&) = default;
};
using Path = std::vector<PathStep>;

/// "Tags[0].Key"; a key outside [A-Za-z0-9_-] is written ["…"].
std::string FormatPath(const Path& path);
/// The inverse. Empty on a malformed text.
Path ParsePath(std::string_view text);
/// `base` "." `key`, with the quoting of FormatPath; just `key` when base is empty.
std::string JoinPath(std::string_view base, std::string_view key);
std::string JoinPath(std::string_view base, int64_t index);
const Value* FindAt(const Value& root, const Path& path);
/// The value at `path` to write to, or null pointer if there is none.
Value* EditAt(Value& root, const Path& path);
/// Sets the value at `path`, making maps on the way. False if a step meets a scalar or a list bound.
bool SetAt(Value& root, const Path& path, Value value);
/// Removes it; maps that become empty on the way stay. False if there was none.
bool EraseAt(Value& root, const Path& path);

}  // namespace tandem
