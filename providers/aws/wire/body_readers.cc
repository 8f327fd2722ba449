#include "providers/aws/wire/body_readers.h"

#include <fmt/format.h>

#include <cmath>

#include "providers/aws/wire/encoding.h"
#include "providers/aws/wire/json_text.h"
#include "tandem/base/hash.h"

namespace tandem::aws {
namespace {

Status Contradicts(const ShapeRef& shape) {
  return InvalidArgument(fmt::format("the answer holds no {}", ShapeTypeName(shape.shape->type)));
}

/// base64 with or without padding and line breaks.
bool DecodeBlob(std::string_view text, std::string* bytes) {
  std::string clean;
  clean.reserve(text.size() + 3);
  for (const char c : text)
    if (c != '\n' && c != '\r' && c != ' ' && c != '\t') clean += c;
  while (clean.size() % 4 != 0) clean += '=';
  return FromBase64(clean, bytes);
}

Result<Value> ReadJsonScalar(const ShapeRef& shape, const Value& json) {
  switch (shape.shape->type) {
    case ShapeType::kBoolean:
      if (json.is_bool()) return json;
      break;
    case ShapeType::kInteger:
      if (json.is_int()) return json;
      if (json.is_double() && json.as_double() == std::floor(json.as_double()) &&
          std::abs(json.as_double()) < 9.2e18)
        return Value(static_cast<int64_t>(json.as_double()));
      break;
    case ShapeType::kFloat:
      if (json.is_double() || json.is_int()) return json;
      break;
    case ShapeType::kTimestamp:
      if (json.is_int()) return json;
      if (json.is_double()) {
        if (const auto time = TimestampFromSeconds(json.as_double())) return *time;
      }
      break;
    default: break;
  }
  if (json.is_string()) return ReadText(shape, json.as_string());
  // A text where the service writes something else: a number as it would stand there, the rest as it is.
  if (shape.shape->type == ShapeType::kString)
    return json.is_scalar() ? Value(ScalarText(json)) : json;
  return Contradicts(shape);
}

/// What stands for a union whose member is newer than the description.
Value UnknownUnionMember(std::string_view name) {
  return Map{{"SDK_UNKNOWN_MEMBER", Map{{"name", name}}}};
}

Result<Value> ReadJsonStructure(const ApiShape& shape, const Value& json) {
  Map out;
  for (const ApiMember& member : shape.members) {
    if (member.traits.location != WireLocation::kBody) continue;
    const Value* given = json.Find(TextOr(member.traits.name, member.name));
    if (given == nullptr || given->is_null()) continue;
    auto value = ReadJson(member, *given);
    if (!value.ok()) return value.status().Annotate(member.name);
    out.emplace(member.name, std::move(*value));
  }
  if (shape.is_union && out.empty()) {
    for (const auto& [name, value] : json.as_map())
      if (!value.is_null() && name != "__type") return UnknownUnionMember(name);
  }
  return Value(std::move(out));
}

Result<Value> ReadXmlStructure(const ApiShape& shape, const XmlElement& element) {
  Map out;
  for (const ApiMember& member : shape.members) {
    if (member.traits.location != WireLocation::kBody) continue;
    if (member.traits.xml_attribute) {
      const std::string* text = element.Attribute(TextOr(member.traits.name, member.name));
      if (text == nullptr) continue;
      auto value = ReadText(member, *text);
      if (!value.ok()) return value.status().Annotate(member.name);
      out.emplace(member.name, std::move(*value));
      continue;
    }
    std::string_view name = TextOr(member.traits.name, member.name);
    if (member.shape->type == ShapeType::kList && member.traits.flattened)
      name = TextOr(member.shape->element.traits.name, name);
    const std::vector<const XmlElement*> found = element.Children(name);
    if (found.empty()) continue;
    // An element that should hold a number and is empty says nothing.
    const ShapeType type = member.shape->type;
    if (found[0]->text.empty() && found[0]->children.empty() &&
        (type == ShapeType::kInteger || type == ShapeType::kFloat ||
         type == ShapeType::kTimestamp || type == ShapeType::kBoolean))
      continue;
    auto value = ReadXml(member, found);
    if (!value.ok()) return value.status().Annotate(member.name);
    out.emplace(member.name, std::move(*value));
  }
  if (shape.is_union && out.empty() && !element.children.empty())
    return UnknownUnionMember(element.children[0].local_name());
  return Value(std::move(out));
}

Result<Value> ReadXmlList(const ShapeRef& shape, const std::vector<const XmlElement*>& elements) {
  List out;
  const ShapeRef& item = shape.shape->element;
  const auto add = [&](const XmlElement* element) -> Status {
    TANDEM_ASSIGN_OR_RETURN(Value value, ReadXml(item, {element}));
    out.push_back(std::move(value));
    return OkStatus();
  };
  if (shape.traits.flattened) {
    for (const XmlElement* element : elements) TANDEM_RETURN_IF_ERROR(add(element));
  } else {
    for (const XmlElement& child : elements[0]->children) TANDEM_RETURN_IF_ERROR(add(&child));
  }
  return Value(std::move(out));
}

Result<Value> ReadXmlMap(const ShapeRef& shape, const std::vector<const XmlElement*>& elements) {
  Map out;
  const ShapeRef& key_shape = shape.shape->key;
  const ShapeRef& value_shape = shape.shape->value;
  std::vector<const XmlElement*> entries;
  if (shape.traits.flattened) {
    entries = elements;
  } else {
    for (const XmlElement& child : elements[0]->children) entries.push_back(&child);
  }
  for (const XmlElement* entry : entries) {
    const XmlElement* key = entry->Child(TextOr(key_shape.traits.name, "key"));
    const XmlElement* value = entry->Child(TextOr(value_shape.traits.name, "value"));
    if (key == nullptr) return InvalidArgument("an entry of a map has no key");
    if (value == nullptr) continue;
    TANDEM_ASSIGN_OR_RETURN(Value read, ReadXml(value_shape, {value}));
    out.insert_or_assign(key->text, std::move(read));
  }
  return Value(std::move(out));
}

/// The elements of a header's list: separated by commas, those with commas in double quotes. Dates of
/// the RFC 822 form hold a comma themselves.
std::vector<std::string> SplitHeader(std::string_view text, bool dates) {
  std::vector<std::string> items;
  std::string item;
  bool quoted = false;
  bool was_quoted = false;
  int commas = 0;
  const auto end = [&] {
    items.push_back(was_quoted ? item : std::string(Trimmed(item)));
    item.clear();
    was_quoted = false;
    commas = 0;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\' && i + 1 < text.size()) {
      item += text[++i];
    } else if (c == '"' && (quoted || Trimmed(item).empty())) {
      if (!quoted) item.clear();
      quoted = !quoted;
      was_quoted = true;
    } else if (c == ',' && !quoted && !(dates && commas == 0 && ++commas == 1)) {
      end();
    } else if (!(was_quoted && !quoted)) {
      item += c;
    }
  }
  end();
  return items;
}

}  // namespace

Result<Value> ReadText(const ShapeRef& shape, std::string_view text) {
  if (shape.traits.json_value) {
    std::string json(text);
    if (shape.traits.location == WireLocation::kHeader && !DecodeBlob(text, &json))
      return Contradicts(shape);
    return ParseWireJson(json);
  }
  switch (shape.shape->type) {
    case ShapeType::kBoolean:
      text = Trimmed(text);
      if (EqualsIgnoringCase(text, "true")) return Value(true);
      if (EqualsIgnoringCase(text, "false")) return Value(false);
      return Contradicts(shape);
    case ShapeType::kInteger:
      if (const auto number = ParseInt(text)) return Value(*number);
      return Contradicts(shape);
    case ShapeType::kFloat:
      if (auto number = ParseFloat(text)) return std::move(*number);
      return Contradicts(shape);
    case ShapeType::kTimestamp:
      if (auto time = ParseTimestamp(text)) return std::move(*time);
      return Contradicts(shape);
    case ShapeType::kBlob: {
      std::string bytes;
      if (!DecodeBlob(text, &bytes)) return Contradicts(shape);
      return BlobValue(std::move(bytes));
    }
    case ShapeType::kList: {
      List items;
      const bool dates = shape.shape->element.shape->type == ShapeType::kTimestamp &&
                         (shape.shape->element.traits.timestamp == TimestampFormat::kDefault ||
                          shape.shape->element.traits.timestamp == TimestampFormat::kRfc822);
      for (const std::string& item : SplitHeader(text, dates)) {
        TANDEM_ASSIGN_OR_RETURN(Value value, ReadText(shape.shape->element, item));
        items.push_back(std::move(value));
      }
      return Value(std::move(items));
    }
    case ShapeType::kString:
    case ShapeType::kDocument:
      if (!IsUtf8(text)) return Contradicts(shape);
      return Value(text);
    case ShapeType::kStructure:
    case ShapeType::kMap: return Contradicts(shape);
  }
  return Contradicts(shape);
}

Result<Value> ReadJson(const ShapeRef& shape, const Value& json) {
  switch (shape.shape->type) {
    case ShapeType::kDocument: return json;
    case ShapeType::kStructure:
      if (!json.is_map()) return Contradicts(shape);
      return ReadJsonStructure(*shape.shape, json);
    case ShapeType::kList: {
      if (!json.is_list()) return Contradicts(shape);
      List out;
      for (const Value& item : json.as_list()) {
        if (item.is_null()) {
          out.emplace_back();
          continue;
        }
        TANDEM_ASSIGN_OR_RETURN(Value value, ReadJson(shape.shape->element, item));
        out.push_back(std::move(value));
      }
      return Value(std::move(out));
    }
    case ShapeType::kMap: {
      if (!json.is_map()) return Contradicts(shape);
      Map out;
      for (const auto& [key, item] : json.as_map()) {
        if (item.is_null()) {
          out.emplace(key, Value());
          continue;
        }
        TANDEM_ASSIGN_OR_RETURN(Value value, ReadJson(shape.shape->value, item));
        out.emplace(key, std::move(value));
      }
      return Value(std::move(out));
    }
    default: return ReadJsonScalar(shape, json);
  }
}

Result<Value> ReadXml(const ShapeRef& shape, const std::vector<const XmlElement*>& elements) {
  switch (shape.shape->type) {
    case ShapeType::kStructure: return ReadXmlStructure(*shape.shape, *elements[0]);
    case ShapeType::kList: return ReadXmlList(shape, elements);
    case ShapeType::kMap: return ReadXmlMap(shape, elements);
    default: return ReadText(shape, elements[0]->text);
  }
}

Status ReadHeaders(const ApiShape& shape, const WireResponse& response, Map& out) {
  for (const ApiMember& member : shape.members) {
    const std::string_view name = TextOr(member.traits.name, member.name);
    if (member.traits.location == WireLocation::kStatusCode) {
      out.insert_or_assign(std::string(member.name), response.status);
    } else if (member.traits.location == WireLocation::kHeaderMap) {
      Map found;
      const std::string_view prefix = member.traits.name;
      for (const auto& [key, value] : response.headers) {
        if (key.size() >= prefix.size() &&
            EqualsIgnoringCase(std::string_view(key).substr(0, prefix.size()), prefix) &&
            IsUtf8(key) && IsUtf8(value))
          found.emplace(key.substr(prefix.size()), value);
      }
      out.insert_or_assign(std::string(member.name), std::move(found));
    } else if (member.traits.location == WireLocation::kHeader) {
      const std::string* text = FindHeader(response.headers, name);
      if (text == nullptr) continue;
      auto value = ReadText(member, *text);
      if (!value.ok()) return value.status().Annotate(member.name);
      out.insert_or_assign(std::string(member.name), std::move(*value));
    }
  }
  return OkStatus();
}

}  // namespace tandem::aws
