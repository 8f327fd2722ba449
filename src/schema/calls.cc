#include "tandem/schema/calls.h"

#include <fmt/format.h>

#include <algorithm>

#include "schema/call_forms.h"
#include "schema/file_kind.h"

namespace tandem {
namespace {

/// Only what `shape` has members for.
Value Cut(const Value& value, const ApiShape* shape) {
  if (shape == nullptr) return value;
  if (value.is_map() && shape->type == ShapeType::kStructure) {
    Map map;
    for (const auto& [key, item] : value.as_map())
      if (const ApiMember* member = shape->Find(key)) map[key] = Cut(item, member->shape);
    return map;
  }
  if (value.is_list() && shape->type == ShapeType::kList) {
    List list;
    for (const Value& item : value.as_list()) list.push_back(Cut(item, shape->element.shape));
    return list;
  }
  return value;
}

std::optional<Value> Fill(const Value& request, const ApiShape* shape,
                          const VariableLookup& lookup) {
  if (request.is_string()) {
    const std::string& text = request.as_string();
    if (const auto variable = ParseVariable(text)) {
      std::optional<Value> value = lookup(*variable);
      if (!value || value->is_null()) return std::nullopt;
      return Cut(*value, shape);
    }
    if (text.size() > 1 && text[0] == '$' && text[1] == '$') return Value(text.substr(1));
    return request;
  }
  if (request.is_map()) {
    Map map;
    for (const auto& [key, item] : request.as_map())
      if (auto value = Fill(item, ShapeAt(shape, {{key, -1}}), lookup))
        map[key] = std::move(*value);
    if (map.empty() && !request.as_map().empty()) return std::nullopt;
    return map;
  }
  if (request.is_list()) {
    List list;
    for (const Value& item : request.as_list())
      if (auto value = Fill(item, ShapeAt(shape, {{"", 0}}), lookup))
        list.push_back(std::move(*value));
    if (list.empty() && !request.as_list().empty()) return std::nullopt;
    return list;
  }
  return request;
}

std::string Compose(const Kind& kind) {
  const Value* identity = kind.body().Find("identity");
  return identity == nullptr ? "" : identity->StringOr("compose", "");
}

std::string EscapedPart(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '%')
      out += "%25";
    else if (c == '/')
      out += "%2F";
    else
      out += c;
  }
  return out;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string PercentDecoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
    if (low < 0) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string OctalDecoded(std::string_view text) {
  std::string out;
  const auto digit = [&](size_t at) {
    return at < text.size() && text[at] >= '0' && text[at] <= '7';
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || !digit(i + 1) || !digit(i + 2) || !digit(i + 3)) {
      out += text[i];
      continue;
    }
    out +=
        static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
    i += 3;
  }
  return out;
}

/// One rule of `answer` on the value found for it; null pointer when there is none.
std::optional<Value> Transformed(const Value& rule, const Value* found) {
  if (const Value* words = rule.Find("is")) {
    bool is = false;
    if (found != nullptr)
      for (const Value& word : words->as_list()) is |= *found == word;
    return Value(is);
  }
  if (found == nullptr || found->is_null()) {
    const Value* absent = rule.Find("absent");
    return absent == nullptr ? std::nullopt : std::optional<Value>(*absent);
  }
  if (const std::string pick = rule.StringOr("pick", ""); !pick.empty() && found->is_list()) {
    List list;
    for (const Value& item : found->as_list())
      if (const Value* member = item.Find(pick)) list.push_back(*member);
    return Value(std::move(list));
  }
  if (!found->is_string()) return *found;
  std::string text = found->as_string();
  if (rule.BoolOr("url", false)) text = PercentDecoded(text);
  if (rule.BoolOr("octal", false)) text = OctalDecoded(text);
  if (const std::string prefix = rule.StringOr("prefix", ""); text.rfind(prefix, 0) == 0)
    text.erase(0, prefix.size());
  if (const std::string suffix = rule.StringOr("suffix", "");
      text.size() >= suffix.size() &&
      text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0)
    text.erase(text.size() - suffix.size());
  return Value(std::move(text));
}

void ApplyRule(Value& object, const std::string& target, const std::string& from,
               const Value& rule) {
  // "[]" stands for every index, on both sides: one list is walked.
  const size_t any = target.find("[]");
  if (any != std::string::npos) {
    const std::string list = target.substr(0, any);
    if (from.compare(0, any + 2, list + "[]") != 0) return;
    Value* items = EditAt(object, ParsePath(list));
    if (items == nullptr || !items->is_list()) return;
    const auto rest = [&](const std::string& path) {
      const size_t begin = any + 2 + (path.size() > any + 2 && path[any + 2] == '.' ? 1 : 0);
      return path.substr(begin);
    };
    for (Value& item : items->edit_list()) ApplyRule(item, rest(target), rest(from), rule);
    return;
  }
  const Path path = ParsePath(target);
  if (path.empty()) {
    if (const auto value = Transformed(rule, &object)) object = *value;
    return;
  }
  if (rule.BoolOr("drop", false)) {
    EraseAt(object, path);
    return;
  }
  const Value* found = object.At(from);
  const std::optional<Value> value = Transformed(rule, found);
  if (!value) return;
  // A rule into a structure that is not there would make one up out of nothing, except by `from`.
  if (path.size() > 1 && found == nullptr &&
      FindAt(object, Path(path.begin(), path.end() - 1)) == nullptr &&
      rule.Find("from") == nullptr && rule.Find("absent") == nullptr)
    return;
  // The member may be of another form in the answer (a structure where the kind has a text).
  EraseAt(object, path);
  SetAt(object, path, *value);
}

}  // namespace

std::optional<CallRule> FindCall(const Kind& kind, std::string_view name) {
  const auto* file = dynamic_cast<const FileKind*>(&kind);
  if (name == "delete") return kind.DeleteCall();
  if (name == "create") return kind.CreateCalls(Value(Map{})).front();
  if (file == nullptr) return std::nullopt;
  if (name == "mark") return file->mark();
  for (const CallRule& call : file->updates())
    if (call.name == name) return call;
  return std::nullopt;
}

Value TagsOf(const Kind& kind) { return SpellOutTags(kind.body()); }

bool MarksAtCreate(const Kind& kind) {
  if (!kind.can_mark()) return false;
  const std::vector<CallRule> calls = kind.CreateCalls(Value(Map{}));
  return std::none_of(calls.begin(), calls.end(),
                      [](const CallRule& call) { return call.name == "mark"; });
}

Value FillTemplate(const Value& request, const ApiShape* shape, const VariableLookup& lookup) {
  std::optional<Value> filled = Fill(request, shape, lookup);
  return filled ? std::move(*filled) : Value(Map{});
}

Result<std::string> IdentityOf(const Kind& kind, const Value& fields) {
  const Value canonical = kind.Canonical(fields);
  const auto text_of = [&](const std::string& field) -> Result<std::string> {
    const Value* value = canonical.At(field);
    if (value == nullptr || value->is_null()) return std::string();
    if (value->is_string()) return value->as_string();
    return InvalidArgument(
        fmt::format("'{}' is {}", field, value->is_unknown() ? "not known yet" : "no text"));
  };
  const std::string form = Compose(kind);
  if (form.empty()) {
    TANDEM_ASSIGN_OR_RETURN(std::string text, text_of(kind.identity_field()));
    if (text.empty()) return InvalidArgument(fmt::format("'{}' is missing", kind.identity_field()));
    return text;
  }
  std::string identity;
  size_t at = 0;
  while (at < form.size()) {
    if (form[at] != '{') {
      identity += form[at++];
      continue;
    }
    const size_t close = form.find('}', at);
    if (close == std::string::npos) return InvalidArgument("'compose' has no '}'");
    const std::string field = form.substr(at + 1, close - at - 1);
    TANDEM_ASSIGN_OR_RETURN(const std::string text, text_of(field));
    identity += EscapedPart(text);
    at = close + 1;
  }
  return identity;
}

Result<Map> IdentityParts(const Kind& kind, std::string_view identity) {
  const std::string form = Compose(kind);
  Map parts;
  if (form.empty()) return parts;
  const auto split = [](std::string_view text) {
    std::vector<std::string> pieces(1);
    for (const char c : text) {
      if (c == '/')
        pieces.emplace_back();
      else
        pieces.back() += c;
    }
    return pieces;
  };
  const std::vector<std::string> names = split(form);
  const std::vector<std::string> texts = split(identity);
  if (names.size() != texts.size())
    return InvalidArgument(fmt::format("'{}' is no identity of the form {}", identity, form));
  for (size_t i = 0; i < names.size(); ++i) {
    if (texts[i].empty() || names[i].size() < 2) continue;
    parts[names[i].substr(1, names[i].size() - 2)] = PercentDecoded(texts[i]);
  }
  return parts;
}

Value FromAnswer(const Kind& kind, Value object) {
  const Value* rules = kind.body().Find("answer");
  if (rules == nullptr || !rules->is_map()) return object;
  for (const auto& [target, rule] : rules->as_map())
    ApplyRule(object, target, rule.StringOr("from", target), rule);
  return object;
}

}  // namespace tandem
