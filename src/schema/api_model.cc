#include "tandem/schema/api_model.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace tandem {

using Json = nlohmann::ordered_json;

std::string_view ShapeTypeName(ShapeType type) {
  switch (type) {
    case ShapeType::kStructure: return "structure";
    case ShapeType::kList: return "list";
    case ShapeType::kMap: return "map";
    case ShapeType::kString: return "string";
    case ShapeType::kBoolean: return "boolean";
    case ShapeType::kInteger: return "integer";
    case ShapeType::kFloat: return "number";
    case ShapeType::kTimestamp: return "timestamp";
    case ShapeType::kBlob: return "blob";
    case ShapeType::kDocument: return "document";
  }
  return "";
}

const ApiMember* ApiShape::Find(std::string_view member) const {
  for (const ApiMember& candidate : members)
    if (candidate.name == member) return &candidate;
  return nullptr;
}

const ApiShape* ApiOperation::FindError(std::string_view code) const {
  for (const ApiShape* error : errors)
    if (error->error_code == code || error->name == code) return error;
  return nullptr;
}

namespace {

template <typename T>
const T* FindIn(const std::map<std::string_view, T, std::less<>>& map, std::string_view name) {
  const auto found = map.find(name);
  return found == map.end() ? nullptr : &found->second;
}

constexpr std::pair<std::string_view, ShapeType> kTypes[] = {
    {"structure", ShapeType::kStructure}, {"list", ShapeType::kList},
    {"map", ShapeType::kMap},             {"string", ShapeType::kString},
    {"character", ShapeType::kString},    {"boolean", ShapeType::kBoolean},
    {"integer", ShapeType::kInteger},     {"long", ShapeType::kInteger},
    {"short", ShapeType::kInteger},       {"byte", ShapeType::kInteger},
    {"biginteger", ShapeType::kInteger},  {"float", ShapeType::kFloat},
    {"double", ShapeType::kFloat},        {"bigdecimal", ShapeType::kFloat},
    {"timestamp", ShapeType::kTimestamp}, {"blob", ShapeType::kBlob},
};

bool Speaks(std::string_view protocol) {
  for (const std::string_view known : {"json", "query", "ec2", "rest-json", "rest-xml"})
    if (known == protocol) return true;
  return false;
}

WireLocation LocationNamed(std::string_view text) {
  if (text == "uri") return WireLocation::kUri;
  if (text == "querystring") return WireLocation::kQuery;
  if (text == "header") return WireLocation::kHeader;
  if (text == "headers") return WireLocation::kHeaderMap;
  if (text == "statusCode") return WireLocation::kStatusCode;
  return WireLocation::kBody;
}

TimestampFormat FormatNamed(std::string_view text) {
  if (text == "iso8601") return TimestampFormat::kIso8601;
  if (text == "rfc822") return TimestampFormat::kRfc822;
  if (text == "unixTimestamp" || text == "unixtimestamp") return TimestampFormat::kUnix;
  return TimestampFormat::kDefault;
}

Value ToValue(const Json& json) {
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return json.get<int64_t>();
  if (json.is_number()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  return {};
}

bool Flag(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

const Json& Section(const Json& object, const char* name) {
  static const Json kEmpty = Json::object();
  const auto found = object.find(name);
  if (found == object.end()) return kEmpty;
  if (!found->is_object()) throw std::runtime_error(fmt::format("'{}' is no object", name));
  return *found;
}

}  // namespace

const ApiOperation* ApiModel::FindOperation(std::string_view name) const {
  return FindIn(operations_, name);
}
const ApiShape* ApiModel::FindShape(std::string_view name) const { return FindIn(shapes_, name); }
const ApiShape* ApiModel::FindError(std::string_view code) const {
  const auto found = errors_.find(code);
  return found == errors_.end() ? nullptr : found->second;
}
const ApiPaginator* ApiModel::FindPaginator(std::string_view operation) const {
  return FindIn(paginators_, operation);
}
const ApiWaiter* ApiModel::FindWaiter(std::string_view name) const { return FindIn(waiters_, name); }

std::vector<std::string_view> ApiModel::operation_names() const {
  std::vector<std::string_view> names;
  for (const auto& [name, operation] : operations_) names.push_back(name);
  return names;
}

/// Fills a model from its JSON. Throws what nlohmann throws, and std::runtime_error for a description
/// that contradicts itself; Load catches both.
class ApiModelReader {
 public:
  explicit ApiModelReader(ApiModel& model) : model_(model) {}

  void Read(const Json& root) {
    ReadMetadata(root);
    // Names first, so that references may point forward and in circles.
    const Json& shapes = Section(root, "shapes");
    for (const auto& [name, json] : shapes.items()) {
      ApiShape& shape = model_.shapes_[Text(name)];
      shape.name = Text(name);
      raw_.emplace(shape.name, &json);
      ReadOwn(json, shape);
    }
    for (auto& [name, shape] : model_.shapes_) ReadParts(*raw_.at(name), shape);
    for (const auto& [name, shape] : model_.shapes_) {
      if (!shape.error) continue;
      model_.errors_.emplace(shape.error_code, &shape);
      model_.errors_.emplace(name, &shape);
    }
    for (const auto& [name, operation] : Section(root, "operations").items())
      ReadOperation(Text(name), operation);
    for (const auto& [name, paginator] : Section(root, "pagination").items())
      ReadPaginator(model_.paginators_[Text(name)], paginator);
    for (const auto& [name, waiter] : Section(root, "waiters").items())
      ReadWaiter(model_.waiters_[Text(name)], waiter);
  }

 private:
  std::string_view Text(std::string_view text) {
    if (text.empty()) return {};
    auto found = model_.texts_.find(text);
    if (found == model_.texts_.end()) found = model_.texts_.emplace(text).first;
    return *found;
  }

  std::string_view Text(const Json& object, const char* name, std::string_view otherwise = "") {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_string()) return otherwise;
    return Text(found->get_ref<const std::string&>());
  }

  /// One text, or a list of texts.
  std::vector<std::string_view> Texts(const Json& object, const char* name) {
    std::vector<std::string_view> texts;
    const auto found = object.find(name);
    if (found == object.end()) return texts;
    if (found->is_string()) return {Text(found->get_ref<const std::string&>())};
    for (const Json& item : *found) texts.push_back(Text(item.get_ref<const std::string&>()));
    return texts;
  }

  void ReadMetadata(const Json& root) {
    const Json& metadata = Section(root, "metadata");
    const Json& endpoint = Section(root, "endpoint");
    ApiMetadata& out = model_.metadata_;
    out.protocol = Text(metadata, "protocol");
    for (const std::string_view offered : Texts(metadata, "protocols"))
      if (!Speaks(out.protocol)) out.protocol = offered;
    if (!Speaks(out.protocol))
      throw std::runtime_error(fmt::format("protocol '{}' is not supported", out.protocol));
    out.api_version = Text(metadata, "apiVersion");
    out.json_version = Text(metadata, "jsonVersion", "1.0");
    out.target_prefix = Text(metadata, "targetPrefix");
    out.endpoint_prefix = Text(metadata, "endpointPrefix");
    out.service_id = Text(metadata, "serviceId");
    out.xml_namespace = Text(metadata, "xmlNamespace");
    out.query_compatible = metadata.contains("awsQueryCompatible");
    out.signing_name =
        Text(endpoint, "signingName", Text(metadata, "signingName", out.endpoint_prefix));
    out.hostname = Text(endpoint, "hostname");
    out.signing_region = Text(endpoint, "signingRegion");
  }

  /// Lays the traits that `json` states over `traits`.
  void MergeTraits(const Json& json, WireTraits& traits) {
    for (const auto& [name, stated] : json.items()) {
      if (stated.is_string()) {
        MergeText(name, stated.get_ref<const std::string&>(), traits);
      } else if (stated.is_boolean()) {
        MergeFlag(name, stated.get<bool>(), traits);
      } else if (name == "xmlNamespace" && stated.is_object()) {
        traits.xml_namespace = Text(stated, "uri");
        traits.xml_prefix = Text(stated, "prefix");
      }
    }
  }

  void MergeText(std::string_view name, std::string_view text, WireTraits& traits) {
    if (name == "location") traits.location = LocationNamed(text);
    if (name == "locationName") traits.name = Text(text);
    if (name == "queryName") traits.query_name = Text(text);
    if (name == "timestampFormat") traits.timestamp = FormatNamed(text);
    if (name == "payload") traits.payload = Text(text);
    if (name == "resultWrapper") traits.result_wrapper = Text(text);
    if (name == "xmlNamespace") traits.xml_namespace = Text(text);
  }

  static void MergeFlag(std::string_view name, bool on, WireTraits& traits) {
    if (name == "flattened") traits.flattened = on;
    if (name == "xmlAttribute") traits.xml_attribute = on;
    if (name == "jsonvalue") traits.json_value = on;
    if (name == "idempotencyToken") traits.idempotency_token = on;
    if (name == "hostLabel") traits.host_label = on;
    if (name == "streaming") traits.streaming = on;
    if (name == "eventstream") traits.event_stream = on;
  }

  /// What a shape says of itself, without its parts.
  void ReadOwn(const Json& json, ApiShape& shape) {
    const std::string_view type = Text(json, "type");
    bool known = false;
    for (const auto& [name, value] : kTypes) {
      if (name != type) continue;
      shape.type = value;
      known = true;
    }
    if (!known) throw std::runtime_error(fmt::format("shape '{}' has type '{}'", shape.name, type));
    if (Flag(json, "document")) shape.type = ShapeType::kDocument;
    shape.enum_values = Texts(json, "enum");
    for (const auto& [name, bound] : {std::pair("min", &shape.min), std::pair("max", &shape.max)}) {
      const auto found = json.find(name);
      if (found != json.end() && found->is_number()) *bound = found->get<double>();
    }
    shape.pattern = Text(json, "pattern");
    shape.is_union = Flag(json, "union");
    shape.sensitive = Flag(json, "sensitive");
    shape.error = Flag(json, "exception") || json.contains("error");
    const Json& error = Section(json, "error");
    shape.error_code = Text(error, "code", shape.name);
    const auto status = error.find("httpStatusCode");
    if (status != error.end() && status->is_number_integer())
      shape.http_status = status->get<int>();
  }

  ShapeRef Ref(const Json& json, std::string_view where) {
    const std::string_view name = Text(json, "shape");
    const auto found = model_.shapes_.find(name);
    if (found == model_.shapes_.end())
      throw std::runtime_error(fmt::format("{} names the shape '{}', which is missing", where, name));
    ShapeRef ref;
    ref.shape = &found->second;
    MergeTraits(*raw_.at(name), ref.traits);
    MergeTraits(json, ref.traits);
    return ref;
  }

  void ReadParts(const Json& json, ApiShape& shape) {
    if (shape.type == ShapeType::kStructure) {
      const std::vector<std::string_view> names = Texts(json, "required");
      const std::set<std::string_view> required(names.begin(), names.end());
      for (const auto& [name, ref] : Section(json, "members").items()) {
        ApiMember member;
        static_cast<ShapeRef&>(member) = Ref(ref, shape.name);
        member.name = Text(name);
        member.required = required.count(member.name) > 0;
        member.deprecated = Flag(ref, "deprecated");
        shape.members.push_back(member);
      }
    } else if (shape.type == ShapeType::kList) {
      shape.element = Ref(Section(json, "member"), shape.name);
    } else if (shape.type == ShapeType::kMap) {
      shape.key = Ref(Section(json, "key"), shape.name);
      shape.value = Ref(Section(json, "value"), shape.name);
    }
  }

  void ReadOperation(std::string_view name, const Json& json) {
    ApiOperation& operation = model_.operations_[name];
    operation.name = Text(json, "name", name);
    const Json& http = Section(json, "http");
    operation.method = Text(http, "method", "POST");
    operation.request_uri = Text(http, "requestUri", "/");
    operation.host_prefix = Text(Section(json, "endpoint"), "hostPrefix");
    if (json.contains("input")) operation.input = Ref(json.at("input"), name);
    if (json.contains("output")) operation.output = Ref(json.at("output"), name);
    for (const ShapeRef* ref : {&operation.input, &operation.output}) {
      if (*ref && ref->shape->type != ShapeType::kStructure)
        throw std::runtime_error(
            fmt::format("{} takes or returns '{}', which is no structure", name, ref->shape->name));
    }
    if (json.contains("errors")) {
      for (const Json& error : json.at("errors"))
        operation.errors.push_back(Ref(error, name).shape);
    }
    operation.idempotent = Flag(json, "idempotent");
    operation.unsigned_request = Text(json, "authtype") == "none";
    operation.deprecated = Flag(json, "deprecated");
  }

  void ReadPaginator(ApiPaginator& paginator, const Json& json) {
    paginator.input_tokens = Texts(json, "input_token");
    paginator.output_tokens = Texts(json, "output_token");
    paginator.results = Texts(json, "result_key");
    paginator.limit = Text(json, "limit_key");
    paginator.more_results = Text(json, "more_results");
  }

  void ReadWaiter(ApiWaiter& waiter, const Json& json) {
    waiter.operation = Text(json, "operation");
    waiter.delay_seconds = json.value("delay", 0);
    waiter.max_attempts = json.value("maxAttempts", 0);
    for (const Json& acceptor : json.at("acceptors")) {
      waiter.acceptors.push_back({Text(acceptor, "state"), Text(acceptor, "matcher"),
                                  Text(acceptor, "argument"), ToValue(acceptor.at("expected"))});
    }
  }

  ApiModel& model_;
  std::map<std::string_view, const Json*, std::less<>> raw_;
};

Result<std::shared_ptr<const ApiModel>> ApiModel::Load(std::string_view json) {
  std::shared_ptr<ApiModel> model(new ApiModel);
  try {
    ApiModelReader(*model).Read(Json::parse(json));
  } catch (const std::exception& error) {
    return InvalidArgument(fmt::format("not an API description: {}", error.what()));
  }
  return std::shared_ptr<const ApiModel>(std::move(model));
}

}  // namespace tandem
