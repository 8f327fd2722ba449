#include "schema/kind_text.h"

#include <fmt/format.h>

#include <initializer_list>

#include "tandem/base/spelling.h"

namespace tandem {
namespace {

enum class Form { kText, kBool, kInt, kDuration, kTexts, kMap, kList, kAny, kTextOrMap };

struct Key {
  std::string_view name;
  Form form;
  bool required = false;
};
using Keys = std::initializer_list<Key>;

constexpr std::string_view FormName(Form form) {
  switch (form) {
    case Form::kText:
      return "a text";
    case Form::kBool:
      return "true or false";
    case Form::kInt:
      return "a whole number";
    case Form::kDuration:
      return "a duration such as 30s";
    case Form::kTexts:
      return "a list of texts";
    case Form::kMap:
      return "a map";
    case Form::kList:
      return "a list";
    case Form::kTextOrMap:
      return "a text or a map";
    case Form::kAny:
      break;
  }
  return "a value";
}

bool Fits(const Value& value, Form form) {
  switch (form) {
    case Form::kText:
      return value.is_string();
    case Form::kBool:
      return value.is_bool();
    case Form::kInt:
      return value.is_int();
    case Form::kDuration:
      return value.is_string() && ParseDuration(value.as_string()).ok();
    case Form::kMap:
      return value.is_map();
    case Form::kList:
      return value.is_list();
    case Form::kTextOrMap:
      return value.is_string() || value.is_map();
    case Form::kAny:
      return true;
    case Form::kTexts:
      if (!value.is_list()) return false;
      for (const Value& item : value.as_list())
        if (!item.is_string()) return false;
      return true;
  }
  return false;
}

const Keys kRoot = {{"kind", Form::kText, true},  {"version", Form::kInt, true},
                    {"api", Form::kMap, true},    {"identity", Form::kMap, true},
                    {"parent", Form::kMap},       {"createClass", Form::kText, true},
                    {"createFirst", Form::kBool}, {"protect", Form::kBool},
                    {"cascades", Form::kTexts},   {"operations", Form::kMap, true},
                    {"answer", Form::kMap},       {"members", Form::kMap},
                    {"fields", Form::kMap, true}, {"constraints", Form::kList},
                    {"states", Form::kMap},       {"errors", Form::kMap, true},
                    {"tags", Form::kMap},         {"consistency", Form::kDuration, true},
                    {"limits", Form::kMap, true}, {"sandbox", Form::kMap, true},
                    {"example", Form::kMap}};
const Keys kApi = {{"service", Form::kText, true}, {"version", Form::kText, true}};
const Keys kIdentity = {{"field", Form::kText, true},
                        {"kind", Form::kText, true},
                        {"name", Form::kText},
                        {"compose", Form::kText}};
const Keys kParent = {{"field", Form::kText, true}, {"kind", Form::kText, true}};
const Keys kOperations = {{"create", Form::kMap, true}, {"read", Form::kMap},
                          {"list", Form::kMap},         {"update", Form::kList},
                          {"delete", Form::kMap, true}, {"mark", Form::kMap}};
const Keys kCreate = {
    {"call", Form::kText, true}, {"request", Form::kMap},    {"at", Form::kText},
    {"fields", Form::kTexts},    {"without", Form::kTexts},  {"token", Form::kText},
    {"result", Form::kText},     {"wait", Form::kTextOrMap}, {"echo", Form::kText},
    {"hook", Form::kText}};
const Keys kRead = {{"call", Form::kText, true}, {"request", Form::kMap}, {"result", Form::kText},
                    {"where", Form::kMap},       {"also", Form::kList},   {"pages", Form::kInt},
                    {"hook", Form::kText}};
const Keys kAlso = {{"call", Form::kText, true}, {"request", Form::kMap}, {"result", Form::kText},
                    {"field", Form::kText},      {"each", Form::kMap},    {"pick", Form::kText},
                    {"absent", Form::kTexts}};
const Keys kList = {{"call", Form::kText, true},   {"request", Form::kMap},
                    {"result", Form::kText, true}, {"completeness", Form::kText},
                    {"id", Form::kText},           {"skip", Form::kList},
                    {"hook", Form::kText}};
const Keys kUpdate = {
    {"name", Form::kText},    {"call", Form::kText},      {"request", Form::kMap},
    {"fields", Form::kTexts}, {"at", Form::kText},        {"wrap", Form::kText},
    {"spread", Form::kBool},  {"single", Form::kBool},    {"carry", Form::kText},
    {"token", Form::kText},   {"wait", Form::kTextOrMap}, {"reset", Form::kText},
    {"unset", Form::kMap},    {"first", Form::kList},     {"each", Form::kText},
    {"delta", Form::kText},   {"add", Form::kMap},        {"change", Form::kMap},
    {"remove", Form::kMap},   {"order", Form::kTexts},    {"recreate", Form::kTexts},
    {"hook", Form::kText}};
const Keys kPart = {{"call", Form::kText, true}, {"request", Form::kMap}, {"token", Form::kText}};
const Keys kFirst = {{"call", Form::kText, true}, {"request", Form::kMap},
                     {"each", Form::kText},       {"list", Form::kMap},
                     {"unless", Form::kMap},      {"oldest", Form::kText},
                     {"beyond", Form::kInt},      {"wait", Form::kTextOrMap}};
const Keys kDelete = {{"call", Form::kText, true},
                      {"request", Form::kMap},
                      {"first", Form::kList},
                      {"wait", Form::kTextOrMap},
                      {"hook", Form::kText}};
const Keys kWait = {{"call", Form::kText, true},  {"request", Form::kMap},
                    {"field", Form::kText, true}, {"ready", Form::kTexts, true},
                    {"busy", Form::kTexts, true}, {"failed", Form::kTexts},
                    {"message", Form::kText}};
const Keys kAnswer = {{"from", Form::kText},   {"url", Form::kBool},   {"prefix", Form::kText},
                      {"suffix", Form::kText}, {"octal", Form::kBool}, {"pick", Form::kText},
                      {"is", Form::kTexts},    {"absent", Form::kAny}, {"drop", Form::kBool}};
const Keys kMember = {{"shape", Form::kText}, {"listOf", Form::kText}, {"without", Form::kTexts}};
const Keys kField = {
    {"replace", Form::kBool},    {"computed", Form::kBool}, {"writeOnly", Form::kBool},
    {"secret", Form::kBool},     {"opaque", Form::kBool},   {"exclusive", Form::kBool},
    {"required", Form::kBool},   {"compare", Form::kText},  {"keys", Form::kTexts},
    {"explode", Form::kTexts},   {"default", Form::kAny},   {"unset", Form::kAny},
    {"class", Form::kTextOrMap}, {"ref", Form::kText},      {"refuse", Form::kMap}};
const Keys kConstraint = {{"exactlyOne", Form::kTexts}, {"atMostOne", Form::kTexts},
                          {"atLeastOne", Form::kTexts}, {"when", Form::kText},
                          {"is", Form::kAny},           {"needs", Form::kTexts},
                          {"refuses", Form::kTexts}};
const Keys kStates = {{"field", Form::kText, true}, {"ready", Form::kTexts, true},
                      {"busy", Form::kTexts, true}, {"failed", Form::kTexts},
                      {"deleting", Form::kTexts},   {"message", Form::kText},
                      {"also", Form::kList}};
const Keys kStateAlso = {{"each", Form::kText, true},
                         {"field", Form::kText, true},
                         {"busy", Form::kTexts, true},
                         {"failed", Form::kTexts}};
const Keys kTags = {
    {"field", Form::kText},    {"style", Form::kText, true}, {"create", Form::kText},
    {"resource", Form::kText}, {"add", Form::kMap},          {"remove", Form::kMap},
    {"both", Form::kMap},      {"read", Form::kMap},         {"from", Form::kText}};
const Keys kTagRead = {
    {"call", Form::kText, true}, {"request", Form::kMap}, {"result", Form::kText, true}};
const Keys kLimits = {
    {"timeout", Form::kDuration, true}, {"bucket", Form::kText, true}, {"page", Form::kInt}};
const Keys kSandbox = {
    {"create", Form::kDuration}, {"update", Form::kDuration}, {"delete", Form::kDuration},
    {"computed", Form::kMap},    {"defaults", Form::kMap},    {"references", Form::kList},
    {"errors", Form::kMap},      {"lag", Form::kDuration},    {"handle", Form::kBool},
    {"rate", Form::kAny},        {"outside", Form::kTexts}};
const Keys kReference = {{"field", Form::kText, true}, {"kind", Form::kText, true}};
const Keys kSandboxErrors = {{"gone", Form::kText},
                             {"exists", Form::kText},
                             {"inUse", Form::kText},
                             {"invalid", Form::kText},
                             {"throttled", Form::kText}};
const Keys kExample = {{"name", Form::kText, true}, {"spec", Form::kMap, true}};

constexpr std::string_view kErrorWords[] = {"not-done", "perhaps-done", "waiting",   "throttled",
                                            "conflict", "sign-in",      "exhausted", "terminal",
                                            "gone",     "exists"};
constexpr std::string_view kCompareWords[] = {"exact", "set",  "ordered", "keyed",
                                              "json",  "cidr", "domain",  "caseless"};

class Reader {
 public:
  Reader(const KindText& text, Diagnostics& found) : text_(text), found_(found) {}

  void Read() {
    const Value& root = text_.body();
    Check("", root, kRoot);
    Section("api", kApi);
    Section("identity", kIdentity);
    Section("parent", kParent);
    Word("identity.kind", {"assigned", "named", "composed"});
    Word("createClass", {"A", "B", "C", "D"});
    ReadOperations();
    EachOf("answer", kAnswer);
    EachOf("members", kMember);
    EachOf("fields", kField);
    Items("constraints", kConstraint);
    Section("states", kStates);
    Items("states.also", kStateAlso);
    ReadErrors();
    Section("tags", kTags);
    Word("tags.style", {"ec2", "list", "map"});
    Section("tags.read", kTagRead);
    for (const char* part : {"tags.add", "tags.remove", "tags.both"}) Section(part, kPart);
    Section("limits", kLimits);
    Section("sandbox", kSandbox);
    Section("sandbox.errors", kSandboxErrors);
    Items("sandbox.references", kReference);
    Section("example", kExample);
  }

 private:
  const Value* At(const std::string& path) const { return text_.body().At(path); }
  void Error(const std::string& path, std::string summary, std::string detail = "",
             bool at_key = false) {
    text_.Error(found_, path, std::move(summary), std::move(detail), at_key);
  }

  void Check(const std::string& path, const Value& value, const Keys& keys) {
    if (!value.is_map())
      return Error(path, fmt::format("'{}' must be a map", path.empty() ? "kind file" : path));
    for (const auto& [name, item] : value.as_map()) {
      const std::string inner = JoinPath(path, name);
      const Key* key = nullptr;
      for (const Key& known : keys)
        if (known.name == name) key = &known;
      if (key == nullptr) {
        std::vector<std::string> known;
        for (const Key& each : keys) known.emplace_back(each.name);
        const std::string near = NearestWord(name, known);
        Error(inner, fmt::format("unknown key '{}'", name),
              near.empty() ? "" : fmt::format("did you mean '{}'?", near), true);
      } else if (!Fits(item, key->form)) {
        Error(inner, fmt::format("'{}' must be {}", name, FormName(key->form)));
      }
    }
    for (const Key& key : keys)
      if (key.required && value.Find(key.name) == nullptr)
        Error(path, fmt::format("'{}' is missing", key.name));
  }

  void Section(const std::string& path, const Keys& keys) {
    if (const Value* value = At(path)) Check(path, *value, keys);
  }
  void Items(const std::string& path, const Keys& keys) {
    const Value* value = At(path);
    if (value == nullptr || !value->is_list()) return;
    for (size_t i = 0; i < value->as_list().size(); ++i)
      Check(JoinPath(path, static_cast<int64_t>(i)), value->as_list()[i], keys);
  }
  void EachOf(const std::string& path, const Keys& keys) {
    const Value* value = At(path);
    if (value == nullptr || !value->is_map()) return;
    for (const auto& [name, item] : value->as_map()) Check(JoinPath(path, name), item, keys);
  }
  void Word(const std::string& path, std::initializer_list<std::string_view> words) {
    const Value* value = At(path);
    if (value == nullptr || !value->is_string()) return;
    std::vector<std::string> known;
    for (const std::string_view word : words) {
      if (word == value->as_string()) return;
      known.emplace_back(word);
    }
    Error(path, fmt::format("'{}' is none of {}", value->as_string(), fmt::join(known, ", ")));
  }
  void Wait(const std::string& path) {
    const Value* value = At(path);
    if (value == nullptr) return;
    if (value->is_string()) return Word(path, {"ready", "gone"});
    Section(path, kWait);
  }
  void First(const std::string& path) {
    Items(path, kFirst);
    const Value* value = At(path);
    if (value == nullptr || !value->is_list()) return;
    for (size_t i = 0; i < value->as_list().size(); ++i) {
      const std::string item = JoinPath(path, static_cast<int64_t>(i));
      Section(item + ".list", kTagRead);
      Wait(item + ".wait");
    }
  }

  void ReadOperations() {
    Section("operations", kOperations);
    Section("operations.create", kCreate);
    Section("operations.read", kRead);
    Items("operations.read.also", kAlso);
    Section("operations.list", kList);
    Word("operations.list.completeness", {"full", "names"});
    Section("operations.delete", kDelete);
    Section("operations.mark", kPart);
    Wait("operations.create.wait");
    Wait("operations.delete.wait");
    First("operations.delete.first");
    Items("operations.update", kUpdate);
    const Value* updates = At("operations.update");
    if (updates == nullptr || !updates->is_list()) return;
    for (size_t i = 0; i < updates->as_list().size(); ++i) {
      const std::string path = JoinPath("operations.update", static_cast<int64_t>(i));
      for (const char* part : {"add", "change", "remove", "unset"})
        Section(path + "." + part, kPart);
      First(path + ".first");
      Wait(path + ".wait");
      Word(path + ".carry", {"changed", "all", "whole"});
    }
    const Value* also = At("operations.read.also");
    if (also == nullptr || !also->is_list()) return;
    for (size_t i = 0; i < also->as_list().size(); ++i)
      Section(JoinPath("operations.read.also", static_cast<int64_t>(i)) + ".each", kAlso);
  }

  void ReadErrors() {
    const Value* errors = At("errors");
    if (errors == nullptr || !errors->is_map()) return;
    for (const auto& [code, word] : errors->as_map()) {
      const std::string path = JoinPath("errors", code);
      if (code.find_first_not_of(
              "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-") !=
          std::string::npos)
        Error(path, fmt::format("'{}' is no error code", code), "", true);
      if (!word.is_map()) {
        ErrorClass(path, word);
        continue;
      }
      // A code that means several things, told apart by a part of its message.
      for (const auto& [part, inner] : word.as_map()) ErrorClass(JoinPath(path, part), inner);
      if (word.Find("otherwise") == nullptr) Error(path, "'otherwise' is missing");
    }
  }

  void ErrorClass(const std::string& path, const Value& word) {
    for (const std::string_view known : kErrorWords)
      if (word.is_string() && word.as_string() == known) return;
    Error(path, "unknown error class", fmt::format("one of {}", fmt::join(kErrorWords, ", ")));
  }

  const KindText& text_;
  Diagnostics& found_;
};

std::optional<BlastClass> ReadBlast(const KindText& text, const std::string& path,
                                    const Value& value, Diagnostics& found) {
  std::optional<BlastClass> blast;
  if (value.is_string()) blast = ParseBlastClass(value.as_string());
  if (!blast)
    text.Error(found, path, "unknown class",
               "one of role-change, destroy, replace, data-loss, governance, disruptive, safe");
  return blast;
}

void ReadUnset(const KindText& text, const std::string& path, const Value& value, FieldRule& rule,
               Diagnostics& found) {
  rule.unset_value = Value();
  if (value.is_null()) {
    rule.unset = UnsetMode::kNull;
  } else if (value.is_string()) {
    const std::string& word = value.as_string();
    if (word == "release") {
      rule.unset = UnsetMode::kRelease;
    } else if (word == "replace") {
      rule.unset = UnsetMode::kReplace;
    } else if (word == "call") {
      rule.unset = UnsetMode::kCall;
    } else {
      text.Error(found, path, fmt::format("'{}' is no way to unset", word),
                 "null, release, replace, call, a number, true, false or {value: …}");
    }
  } else if (value.is_map()) {
    rule.unset = UnsetMode::kValue;
    const Value* given = value.Find("value");
    if (given == nullptr || value.as_map().size() != 1)
      return text.Error(found, path, "'unset' as a map must be {value: …}");
    rule.unset_value = *given;
  } else {
    rule.unset = UnsetMode::kValue;
    rule.unset_value = value;
  }
}

FieldRule ReadRule(const KindText& text, const std::string& name, const Value& value,
                   Diagnostics& found) {
  const std::string at = JoinPath("fields", name);
  FieldRule rule;
  rule.path = name;
  rule.replace = value.BoolOr("replace", false);
  rule.computed = value.BoolOr("computed", false);
  rule.write_only = value.BoolOr("writeOnly", false);
  rule.secret = value.BoolOr("secret", false);
  rule.opaque = value.BoolOr("opaque", false);
  rule.exclusive = value.BoolOr("exclusive", false);
  if (const Value* compare = value.Find("compare"); compare != nullptr && compare->is_string()) {
    size_t mode = 0;
    while (mode < std::size(kCompareWords) && kCompareWords[mode] != compare->as_string()) ++mode;
    if (mode < std::size(kCompareWords))
      rule.compare = static_cast<CompareMode>(mode);
    else
      text.Error(found, at + ".compare",
                 fmt::format("'{}' is no way to compare", compare->as_string()),
                 fmt::format("one of {}", fmt::join(kCompareWords, ", ")));
  }
  if (const Value* keys = value.Find("keys"); keys != nullptr && keys->is_list())
    for (const Value& key : keys->as_list())
      if (key.is_string()) rule.keys.push_back(key.as_string());
  if ((rule.compare == CompareMode::kKeyed) == rule.keys.empty())
    text.Error(found, at, "'keys' go with 'compare: keyed', and it with them");
  if (const Value* given = value.Find("default")) {
    if (given->is_string() && given->as_string() == "server")
      rule.server_default = true;
    else if (const Value* inner = given->Find("value"))
      rule.default_value = *inner;
    else
      rule.default_value = *given;
  }
  if (const Value* unset = value.Find("unset")) ReadUnset(text, at + ".unset", *unset, rule, found);
  if (const Value* blast = value.Find("class")) {
    if (blast->is_map()) {
      for (const auto& [way, word] : blast->as_map()) {
        const std::string path = at + ".class." + way;
        const auto parsed = ReadBlast(text, path, word, found);
        if (!parsed) continue;
        if (way == "up") rule.blast_up = parsed;
        if (way == "down") rule.blast_down = parsed;
        if (way == "other") rule.blast = *parsed;
        if (way != "up" && way != "down" && way != "other")
          text.Error(found, path, fmt::format("unknown key '{}'", way), "up, down or other", true);
      }
    } else if (const auto parsed = ReadBlast(text, at + ".class", *blast, found)) {
      rule.blast = *parsed;
    }
  }
  if (rule.replace) rule.blast = BlastClass::kReplace;
  if (const Value* ref = value.Find("ref"); ref != nullptr && ref->is_string()) {
    const auto parsed = ParseKindRef(ref->as_string());
    if (parsed) {
      rule.ref = parsed->first;
      rule.ref_field = parsed->second;
    } else {
      text.Error(found, at + ".ref", "must be group/Kind or group/Kind.Field");
    }
  }
  return rule;
}

}  // namespace

void KindText::Error(Diagnostics& found, const std::string& path, std::string summary,
                     std::string detail, bool at_key) const {
  found.Error(tree.RangeOf(path, at_key), std::move(summary), std::move(detail), name.ToString());
}

std::optional<std::pair<KindName, std::string>> ParseKindRef(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  const std::string_view rest = text.substr(slash + 1);
  const size_t dot = rest.find('.');
  const std::string_view kind = rest.substr(0, dot);
  if (kind.empty() || kind.find('/') != std::string_view::npos) return std::nullopt;
  std::string field;
  if (dot != std::string_view::npos) {
    field = rest.substr(dot + 1);
    if (field.empty()) return std::nullopt;
  }
  return std::pair{KindName{std::string(text.substr(0, slash)), std::string(kind)}, field};
}

std::optional<KindText> ReadKindText(const std::shared_ptr<const SourceText>& source,
                                     Diagnostics& found) {
  const int before = found.errors();
  std::optional<YamlTree> tree = ParseYaml(source, ParseLimits(), found);
  if (!tree) {
    if (found.errors() == before) found.Error({source, 0, 0}, "the kind file is empty");
    return std::nullopt;
  }
  KindText text;
  text.tree = std::move(*tree);
  const auto name = ParseKindRef(text.body().StringOr("kind", ""));
  if (name && name->second.empty())
    text.name = name->first;
  else
    text.Error(found, "kind", "'kind' must be group/Kind, for instance ec2.aws/VPC");
  Reader(text, found).Read();
  if (const Value* fields = text.body().Find("fields"); fields != nullptr && fields->is_map())
    for (const auto& [path, rule] : fields->as_map())
      if (rule.is_map()) text.rules.push_back(ReadRule(text, path, rule, found));
  if (found.errors() != before) return std::nullopt;
  return text;
}

}  // namespace tandem
