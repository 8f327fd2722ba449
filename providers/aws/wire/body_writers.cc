#include "providers/aws/wire/body_writers.h"

#include "providers/aws/wire/encoding.h"
#include "providers/aws/wire/json_text.h"
#include "tandem/base/hash.h"

namespace tandem::aws {
namespace {

TimestampFormat FormatOf(const ShapeRef& shape, TimestampFormat otherwise) {
  return shape.traits.timestamp == TimestampFormat::kDefault ? otherwise : shape.traits.timestamp;
}

std::string FieldName(const ApiMember& member, FormStyle style) {
  if (style == FormStyle::kQuery) return std::string(TextOr(member.traits.name, member.name));
  if (!member.traits.query_name.empty()) return std::string(member.traits.query_name);
  std::string name(TextOr(member.traits.name, member.name));
  // ec2 capitalises a stated name; a member without one keeps its own.
  if (!member.traits.name.empty() && name[0] >= 'a' && name[0] <= 'z')
    name[0] = static_cast<char>(name[0] - 32);
  return name;
}

std::string Below(const std::string& prefix, std::string_view name) {
  return prefix.empty() ? std::string(name) : prefix + "." + std::string(name);
}

Status AppendFormList(const ShapeRef& shape, const List& items, FormStyle style,
                      const std::string& prefix, FormFields& out) {
  const ShapeRef& element = shape.shape->element;
  std::string base = prefix;
  if (style == FormStyle::kQuery) {
    if (items.empty()) {
      out.emplace_back(prefix, "");
      return OkStatus();
    }
    if (!shape.traits.flattened) {
      base = Below(prefix, TextOr(element.traits.name, "member"));
    } else if (!element.traits.name.empty()) {
      // A flattened list goes by the name of its element.
      const size_t dot = prefix.rfind('.');
      base = Below(dot == std::string::npos ? "" : prefix.substr(0, dot), element.traits.name);
    }
  }
  int number = 0;
  for (const Value& item : items) {
    if (item.is_null()) continue;
    TANDEM_RETURN_IF_ERROR(AppendFormFields(
        element, item, style, base + "." + std::to_string(++number), out));
  }
  return OkStatus();
}

Status AppendFormMap(const ShapeRef& shape, const Map& map, FormStyle style,
                     const std::string& prefix, FormFields& out) {
  const ShapeRef& key_shape = shape.shape->key;
  const ShapeRef& value_shape = shape.shape->value;
  const std::string base = shape.traits.flattened ? prefix : prefix + ".entry";
  int number = 0;
  for (const auto& [key, value] : map) {
    if (value.is_null()) continue;
    const std::string entry = base + "." + std::to_string(++number);
    out.emplace_back(Below(entry, TextOr(key_shape.traits.name, "key")), key);
    TANDEM_RETURN_IF_ERROR(AppendFormFields(
        value_shape, value, style, Below(entry, TextOr(value_shape.traits.name, "value")), out));
  }
  return OkStatus();
}

Status AppendJsonMembers(const ApiShape& shape, const Value& value, std::string& out) {
  out += '{';
  const char* comma = "";
  for (const ApiMember& member : shape.members) {
    const Value* given = value.Find(member.name);
    if (given == nullptr || given->is_null()) continue;
    out += comma;
    comma = ",";
    AppendJsonString(TextOr(member.traits.name, member.name), out);
    out += ':';
    TANDEM_RETURN_IF_ERROR(AppendJsonBody(member, *given, out));
  }
  out += '}';
  return OkStatus();
}

void AddNamespace(const WireTraits& traits, XmlElement& element) {
  if (traits.xml_namespace.empty()) return;
  std::string name = "xmlns";
  if (!traits.xml_prefix.empty()) name += ":" + std::string(traits.xml_prefix);
  element.attributes.emplace_back(std::move(name), traits.xml_namespace);
}

Status AppendXmlMembers(const ApiShape& shape, const Value& value, XmlElement& element) {
  for (const ApiMember& member : shape.members) {
    const Value* given = value.Find(member.name);
    if (given == nullptr || given->is_null()) continue;
    if (member.traits.location != WireLocation::kBody) continue;
    const std::string_view name = TextOr(member.traits.name, member.name);
    if (member.traits.xml_attribute) {
      TANDEM_ASSIGN_OR_RETURN(std::string text,
                              ScalarField(member, *given, TimestampFormat::kIso8601));
      element.attributes.emplace_back(name, std::move(text));
    } else {
      TANDEM_RETURN_IF_ERROR(AppendXmlBody(member, *given, name, element));
    }
  }
  return OkStatus();
}

Status AppendXmlList(const ShapeRef& shape, const List& items, std::string_view name,
                     XmlElement& parent) {
  const ShapeRef& element = shape.shape->element;
  if (shape.traits.flattened) {
    for (const Value& item : items)
      if (!item.is_null()) TANDEM_RETURN_IF_ERROR(AppendXmlBody(element, item, name, parent));
    return OkStatus();
  }
  XmlElement list{std::string(name), {}, {}, {}};
  AddNamespace(shape.traits, list);
  for (const Value& item : items) {
    if (item.is_null()) continue;
    TANDEM_RETURN_IF_ERROR(AppendXmlBody(element, item, TextOr(element.traits.name, "member"), list));
  }
  parent.children.push_back(std::move(list));
  return OkStatus();
}

Status AppendXmlMap(const ShapeRef& shape, const Map& map, std::string_view name,
                    XmlElement& parent) {
  const ShapeRef& key_shape = shape.shape->key;
  const ShapeRef& value_shape = shape.shape->value;
  XmlElement whole{std::string(name), {}, {}, {}};
  AddNamespace(shape.traits, whole);
  for (const auto& [key, value] : map) {
    if (value.is_null()) continue;
    XmlElement entry{std::string(shape.traits.flattened ? name : "entry"), {}, {}, {}};
    TANDEM_RETURN_IF_ERROR(
        AppendXmlBody(key_shape, Value(key), TextOr(key_shape.traits.name, "key"), entry));
    TANDEM_RETURN_IF_ERROR(
        AppendXmlBody(value_shape, value, TextOr(value_shape.traits.name, "value"), entry));
    (shape.traits.flattened ? parent : whole).children.push_back(std::move(entry));
  }
  if (!shape.traits.flattened) parent.children.push_back(std::move(whole));
  return OkStatus();
}

}  // namespace

Result<std::string> ScalarField(const ShapeRef& shape, const Value& value, TimestampFormat format) {
  if (shape.traits.json_value) {
    std::string json;
    AppendWireJson(value, json);
    return shape.traits.location == WireLocation::kHeader ? Base64(json) : json;
  }
  switch (shape.shape->type) {
    case ShapeType::kTimestamp: {
      TANDEM_ASSIGN_OR_RETURN(const int64_t micros, TimeMicros(value));
      return FormatTimestamp(micros, FormatOf(shape, format));
    }
    case ShapeType::kBlob: {
      TANDEM_ASSIGN_OR_RETURN(const std::string bytes, BlobBytes(value));
      return Base64(bytes);
    }
    case ShapeType::kInteger:
      if (value.is_double()) return std::to_string(static_cast<int64_t>(value.as_double()));
      return ScalarText(value);
    case ShapeType::kDocument:
    case ShapeType::kStructure:
    case ShapeType::kList:
    case ShapeType::kMap:
      if (!value.is_scalar()) return InvalidArgument("a scalar is needed here");
      return ScalarText(value);
    default: return ScalarText(value);
  }
}

Status AppendFormFields(const ShapeRef& shape, const Value& value, FormStyle style,
                        const std::string& prefix, FormFields& out) {
  switch (shape.shape->type) {
    case ShapeType::kStructure:
      for (const ApiMember& member : shape.shape->members) {
        const Value* given = value.Find(member.name);
        if (given == nullptr || given->is_null()) continue;
        TANDEM_RETURN_IF_ERROR(
            AppendFormFields(member, *given, style, Below(prefix, FieldName(member, style)), out));
      }
      return OkStatus();
    case ShapeType::kList: return AppendFormList(shape, value.as_list(), style, prefix, out);
    case ShapeType::kMap: return AppendFormMap(shape, value.as_map(), style, prefix, out);
    default: {
      TANDEM_ASSIGN_OR_RETURN(std::string text,
                              ScalarField(shape, value, TimestampFormat::kIso8601));
      out.emplace_back(prefix, std::move(text));
      return OkStatus();
    }
  }
}

std::string FormText(const FormFields& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    if (!text.empty()) text += '&';
    text += PercentEncode(name);
    text += '=';
    text += PercentEncode(value);
  }
  return text;
}

Status AppendJsonBody(const ShapeRef& shape, const Value& value, std::string& out) {
  if (value.is_null()) {
    out += "null";
    return OkStatus();
  }
  if (shape.traits.json_value) {
    std::string json;
    AppendWireJson(value, json);
    AppendJsonString(json, out);
    return OkStatus();
  }
  switch (shape.shape->type) {
    case ShapeType::kStructure: return AppendJsonMembers(*shape.shape, value, out);
    case ShapeType::kList: {
      out += '[';
      const char* comma = "";
      for (const Value& item : value.as_list()) {
        out += comma;
        comma = ",";
        TANDEM_RETURN_IF_ERROR(AppendJsonBody(shape.shape->element, item, out));
      }
      out += ']';
      return OkStatus();
    }
    case ShapeType::kMap: {
      out += '{';
      const char* comma = "";
      for (const auto& [key, item] : value.as_map()) {
        out += comma;
        comma = ",";
        AppendJsonString(key, out);
        out += ':';
        TANDEM_RETURN_IF_ERROR(AppendJsonBody(shape.shape->value, item, out));
      }
      out += '}';
      return OkStatus();
    }
    case ShapeType::kTimestamp: {
      TANDEM_ASSIGN_OR_RETURN(const int64_t micros, TimeMicros(value));
      const TimestampFormat format = FormatOf(shape, TimestampFormat::kUnix);
      const std::string text = FormatTimestamp(micros, format);
      if (format == TimestampFormat::kUnix) {
        out += text;
      } else {
        AppendJsonString(text, out);
      }
      return OkStatus();
    }
    case ShapeType::kBlob:
    case ShapeType::kInteger: {
      TANDEM_ASSIGN_OR_RETURN(const std::string text,
                              ScalarField(shape, value, TimestampFormat::kUnix));
      if (shape.shape->type == ShapeType::kBlob) {
        AppendJsonString(text, out);
      } else {
        out += text;
      }
      return OkStatus();
    }
    default: AppendWireJson(value, out); return OkStatus();
  }
}

Status AppendXmlBody(const ShapeRef& shape, const Value& value, std::string_view name,
                     XmlElement& parent) {
  switch (shape.shape->type) {
    case ShapeType::kList: return AppendXmlList(shape, value.as_list(), name, parent);
    case ShapeType::kMap: return AppendXmlMap(shape, value.as_map(), name, parent);
    case ShapeType::kStructure: {
      XmlElement element{std::string(name), {}, {}, {}};
      AddNamespace(shape.traits, element);
      TANDEM_RETURN_IF_ERROR(AppendXmlMembers(*shape.shape, value, element));
      parent.children.push_back(std::move(element));
      return OkStatus();
    }
    default: {
      XmlElement element{std::string(name), {}, {}, {}};
      AddNamespace(shape.traits, element);
      TANDEM_ASSIGN_OR_RETURN(element.text, ScalarField(shape, value, TimestampFormat::kIso8601));
      parent.children.push_back(std::move(element));
      return OkStatus();
    }
  }
}

}  // namespace tandem::aws
