#include "providers/aws/wire/serialize.h"

#include <fmt/format.h>

#include <set>

#include "providers/aws/wire/body_writers.h"
#include "providers/aws/wire/encoding.h"
#include "tandem/schema/api_params.h"

namespace tandem::aws {
namespace {

std::string_view NameOf(const ApiMember& member) {
  return member.traits.name.empty() ? member.name : member.traits.name;
}

const ApiMember* MemberNamed(const ApiShape& shape, WireLocation location, std::string_view name) {
  for (const ApiMember& member : shape.members)
    if (member.traits.location == location && NameOf(member) == name) return &member;
  return nullptr;
}

/// The body of a rest request, and the content type that goes with it ("" for none).
struct RestBody {
  std::string text;
  std::string content_type;
};

class RequestWriter {
 public:
  RequestWriter(const ApiModel& model, const ApiOperation& operation, const Value& params)
      : model_(model), operation_(operation), params_(params) {}

  Status Write(const SerializeOptions& options) {
    request.method = std::string(operation_.method);
    const std::string_view protocol = model_.metadata().protocol;
    if (protocol == "query" || protocol == "ec2") {
      TANDEM_RETURN_IF_ERROR(
          WriteForm(protocol == "ec2" ? FormStyle::kEc2 : FormStyle::kQuery));
    } else if (protocol == "json") {
      TANDEM_RETURN_IF_ERROR(WriteJson());
    } else {
      TANDEM_RETURN_IF_ERROR(WriteRest(protocol == "rest-xml"));
    }
    return WriteHost(options);
  }

  WireRequest request;

 private:
  const Value* Given(const ApiMember& member) const {
    const Value* value = params_.Find(member.name);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  Status WriteForm(FormStyle style) {
    request.uri = "/";
    FormFields fields = {{"Action", std::string(operation_.name)},
                         {"Version", std::string(model_.metadata().api_version)}};
    if (operation_.input)
      TANDEM_RETURN_IF_ERROR(AppendFormFields(operation_.input, params_, style, "", fields));
    request.body = FormText(fields);
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    return OkStatus();
  }

  Status WriteJson() {
    const ApiMetadata& metadata = model_.metadata();
    request.uri = "/";
    request.headers.emplace_back("Content-Type",
                                 fmt::format("application/x-amz-json-{}", metadata.json_version));
    request.headers.emplace_back("X-Amz-Target",
                                 fmt::format("{}.{}", metadata.target_prefix, operation_.name));
    if (metadata.query_compatible) request.headers.emplace_back("x-amzn-query-mode", "true");
    if (!operation_.input) {
      request.body = "{}";
      return OkStatus();
    }
    return AppendJsonBody(operation_.input, params_, request.body);
  }

  Status WriteRest(bool xml) {
    TANDEM_RETURN_IF_ERROR(WriteUri());
    if (!operation_.input) return OkStatus();
    for (const ApiMember& member : operation_.input.shape->members) {
      const Value* value = Given(member);
      if (value == nullptr) continue;
      if (member.traits.location == WireLocation::kHeader) {
        TANDEM_RETURN_IF_ERROR(WriteHeader(member, *value));
      } else if (member.traits.location == WireLocation::kHeaderMap) {
        for (const auto& [key, text] : value->as_map()) {
          if (text.is_null()) continue;
          TANDEM_RETURN_IF_ERROR(
              AddHeader(std::string(member.traits.name) + key, ScalarText(text)));
        }
      }
    }
    TANDEM_ASSIGN_OR_RETURN(RestBody body, xml ? XmlBody() : JsonBody());
    request.body = std::move(body.text);
    if (!body.content_type.empty() && FindHeader(request.headers, "Content-Type") == nullptr)
      request.headers.emplace_back("Content-Type", std::move(body.content_type));
    return OkStatus();
  }

  Status WriteUri() {
    const std::string_view whole = operation_.request_uri;
    const size_t question = whole.find('?');
    std::string_view path = whole.substr(0, question);
    while (!path.empty()) {
      const size_t open = path.find('{');
      request.uri += path.substr(0, open);
      if (open == std::string_view::npos) break;
      const size_t close = path.find('}', open);
      if (close == std::string_view::npos)
        return InvalidArgument(fmt::format("request URI '{}' is malformed", whole));
      TANDEM_RETURN_IF_ERROR(WriteLabel(path.substr(open + 1, close - open - 1)));
      path = path.substr(close + 1);
    }
    if (request.uri.empty() || request.uri[0] != '/') request.uri.insert(0, "/");
    TANDEM_ASSIGN_OR_RETURN(const FormFields fields, QueryFields());
    std::string query;
    if (question != std::string_view::npos) query = whole.substr(question + 1);
    if (!fields.empty()) query += (query.empty() ? "" : "&") + FormText(fields);
    if (!query.empty()) request.uri += "?" + query;
    return OkStatus();
  }

  Status WriteLabel(std::string_view label) {
    const bool greedy = !label.empty() && label.back() == '+';
    if (greedy) label.remove_suffix(1);
    const ApiMember* member = operation_.input
                                  ? MemberNamed(*operation_.input.shape, WireLocation::kUri, label)
                                  : nullptr;
    const Value* value = member == nullptr ? nullptr : Given(*member);
    if (value == nullptr)
      return InvalidArgument(fmt::format("'{}' is part of the URI and missing", label));
    TANDEM_ASSIGN_OR_RETURN(const std::string text,
                            ScalarField(*member, *value, TimestampFormat::kIso8601));
    // "" and dots would name another resource: the one above.
    if (text.empty() || text == "." || text == "..")
      return InvalidArgument(fmt::format("'{}' is part of the URI and cannot be '{}'", label, text));
    request.uri += PercentEncode(text, greedy ? "/" : "");
    return OkStatus();
  }

  Result<FormFields> QueryFields() {
    FormFields fields;
    if (!operation_.input) return fields;
    std::set<std::string, std::less<>> named;
    for (const ApiMember& member : operation_.input.shape->members) {
      const Value* value = Given(member);
      if (value == nullptr || member.traits.location != WireLocation::kQuery) continue;
      if (member.shape->type == ShapeType::kMap) continue;
      const std::string name(NameOf(member));
      named.insert(name);
      if (member.shape->type != ShapeType::kList) {
        TANDEM_ASSIGN_OR_RETURN(std::string text,
                                ScalarField(member, *value, TimestampFormat::kIso8601));
        fields.emplace_back(name, std::move(text));
        continue;
      }
      for (const Value& item : value->as_list()) {
        if (item.is_null()) continue;
        TANDEM_ASSIGN_OR_RETURN(
            std::string text,
            ScalarField(member.shape->element, item, TimestampFormat::kIso8601));
        fields.emplace_back(name, std::move(text));
      }
    }
    // A map adds what no member names.
    for (const ApiMember& member : operation_.input.shape->members) {
      const Value* value = Given(member);
      if (value == nullptr || member.traits.location != WireLocation::kQuery) continue;
      if (member.shape->type != ShapeType::kMap) continue;
      for (const auto& [key, item] : value->as_map()) {
        if (named.count(key) > 0 || item.is_null()) continue;
        if (!item.is_list()) {
          fields.emplace_back(key, ScalarText(item));
          continue;
        }
        for (const Value& element : item.as_list()) fields.emplace_back(key, ScalarText(element));
      }
    }
    return fields;
  }

  Status WriteHeader(const ApiMember& member, const Value& value) {
    std::string text;
    if (member.shape->type == ShapeType::kList) {
      if (value.as_list().empty()) return OkStatus();
      const char* comma = "";
      for (const Value& item : value.as_list()) {
        if (item.is_null()) continue;
        ShapeRef shape = member.shape->element;
        shape.traits.location = WireLocation::kHeader;
        TANDEM_ASSIGN_OR_RETURN(std::string element,
                                ScalarField(shape, item, TimestampFormat::kRfc822));
        if (shape.shape->type == ShapeType::kString && !shape.traits.json_value &&
            element.find_first_of(",\"") != std::string::npos)
          element = Quoted(element);
        text += comma + element;
        comma = ",";
      }
    } else {
      TANDEM_ASSIGN_OR_RETURN(text, ScalarField(member, value, TimestampFormat::kRfc822));
    }
    return AddHeader(std::string(NameOf(member)), std::move(text));
  }

  /// Nothing that a model says may start another header.
  Status AddHeader(std::string name, std::string text) {
    constexpr std::string_view kBreaks("\r\n\0", 3);
    if (name.empty() || name.find_first_of(": \t") != std::string::npos ||
        name.find_first_of(kBreaks) != std::string::npos)
      return InvalidArgument(fmt::format("'{}' is no header name", name));
    if (text.find_first_of(kBreaks) != std::string::npos)
      return InvalidArgument(fmt::format("header '{}' cannot hold a line break", name));
    request.headers.emplace_back(std::move(name), std::move(text));
    return OkStatus();
  }

  static std::string Quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    return out + '"';
  }

  /// The one member that is the whole body, or null pointer.
  const ApiMember* Payload() const {
    const ShapeRef& input = operation_.input;
    return input.traits.payload.empty() ? nullptr : input.shape->Find(input.traits.payload);
  }

  bool HasBodyMembers() const {
    for (const ApiMember& member : operation_.input.shape->members)
      if (member.traits.location == WireLocation::kBody) return true;
    return false;
  }

  /// The members that go into the body.
  Value BodyParams() const {
    Map body;
    for (const ApiMember& member : operation_.input.shape->members) {
      const Value* value = Given(member);
      if (value != nullptr && member.traits.location == WireLocation::kBody)
        body.emplace(member.name, *value);
    }
    return body;
  }

  /// A blob or a text is sent as it is.
  Result<RestBody> RawPayload(const ApiMember& payload) const {
    const bool blob = payload.shape->type == ShapeType::kBlob;
    RestBody body{"", blob ? "application/octet-stream" : "text/plain"};
    if (const Value* value = Given(payload)) {
      TANDEM_ASSIGN_OR_RETURN(body.text, BlobBytes(*value));
    } else if (!blob) {
      body.content_type.clear();
    }
    return body;
  }

  Result<RestBody> JsonBody() const {
    RestBody body{"", "application/json"};
    if (const ApiMember* payload = Payload()) {
      if (payload->shape->type == ShapeType::kBlob || payload->shape->type == ShapeType::kString)
        return RawPayload(*payload);
      const Value* value = Given(*payload);
      if (value == nullptr) {
        body.text = "{}";
      } else {
        TANDEM_RETURN_IF_ERROR(AppendJsonBody(*payload, *value, body.text));
      }
      return body;
    }
    if (!HasBodyMembers()) return RestBody{};
    TANDEM_RETURN_IF_ERROR(AppendJsonBody(operation_.input, BodyParams(), body.text));
    return body;
  }

  Result<RestBody> XmlBody() const {
    XmlElement holder;
    if (const ApiMember* payload = Payload()) {
      if (payload->shape->type == ShapeType::kBlob || payload->shape->type == ShapeType::kString)
        return RawPayload(*payload);
      const Value* value = Given(*payload);
      if (value == nullptr) return RestBody{};
      TANDEM_RETURN_IF_ERROR(AppendXmlBody(*payload, *value, NameOf(*payload), holder));
    } else {
      const Value value = BodyParams();
      if (value.as_map().empty()) return RestBody{};
      const std::string_view root = operation_.input.traits.name;
      TANDEM_RETURN_IF_ERROR(AppendXmlBody(operation_.input, value,
                                           root.empty() ? operation_.input.shape->name : root,
                                           holder));
    }
    RestBody body{"", "application/xml"};
    for (const XmlElement& element : holder.children) AppendXml(element, body.text);
    return body;
  }

  Status WriteHost(const SerializeOptions& options) {
    std::string_view rest = options.endpoint;
    if (const size_t scheme = rest.find("://"); scheme != std::string_view::npos)
      rest.remove_prefix(scheme + 3);
    const size_t slash = rest.find('/');
    request.host = std::string(rest.substr(0, slash));
    if (slash != std::string_view::npos) {
      std::string_view base = rest.substr(slash);
      while (!base.empty() && base.back() == '/') base.remove_suffix(1);
      request.uri.insert(0, base);
    }
    if (!options.host_prefix || operation_.host_prefix.empty()) return OkStatus();
    TANDEM_ASSIGN_OR_RETURN(const std::string prefix, HostPrefix());
    request.host.insert(0, prefix);
    return OkStatus();
  }

  Result<std::string> HostPrefix() const {
    std::string prefix;
    std::string_view rest = operation_.host_prefix;
    while (!rest.empty()) {
      const size_t open = rest.find('{');
      prefix += rest.substr(0, open);
      if (open == std::string_view::npos) break;
      const size_t close = rest.find('}', open);
      if (close == std::string_view::npos) return InvalidArgument("host prefix is malformed");
      const std::string_view label = rest.substr(open + 1, close - open - 1);
      const Value* value = params_.Find(label);
      const std::string text = value == nullptr ? "" : ScalarText(*value);
      constexpr std::string_view kAllowed =
          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";
      if (text.empty() || text.find_first_not_of(kAllowed) != std::string::npos) {
        return InvalidArgument(fmt::format(
            "'{}' is part of the host name: letters, digits, hyphens and dots only", label));
      }
      prefix += text;
      rest = rest.substr(close + 1);
    }
    return prefix;
  }

  const ApiModel& model_;
  const ApiOperation& operation_;
  const Value& params_;
};

/// `params` with `token` in every idempotency token that is left out.
Value WithTokens(const ShapeRef& input, const Value& params, const std::string& token) {
  Value filled = params;
  for (const ApiMember& member : input.shape->members) {
    if (!member.traits.idempotency_token) continue;
    const Value* given = params.Find(member.name);
    if (given == nullptr || given->is_null()) filled.Set(member.name, token);
  }
  return filled;
}

}  // namespace

Result<WireRequest> Serialize(const ApiModel& model, const ApiOperation& operation,
                              const Value& params, const SerializeOptions& options) {
  const Value given = params.is_null() ? Value(Map()) : params;
  if (given.HasUnknown())
    return InvalidArgument(fmt::format("{}: a value is not known yet", operation.name));
  if (given.HasSensitive())
    return InvalidArgument(fmt::format("{}: a secret is not resolved", operation.name));
  const auto problems = ValidateParams(operation.input, given,
                                       {.required = false, .enums = false, .limits = false});
  if (!problems.empty()) {
    const ParamProblem& first = problems.front();
    return InvalidArgument(first.path.empty()
                               ? fmt::format("{}: {}", operation.name, first.message)
                               : fmt::format("{}: {}: {}", operation.name, first.path,
                                             first.message));
  }
  const Value filled = operation.input && !options.idempotency_token.empty()
                           ? WithTokens(operation.input, given, options.idempotency_token)
                           : given;
  RequestWriter writer(model, operation, filled);
  if (const Status status = writer.Write(options); !status.ok())
    return status.Annotate(operation.name);
  return std::move(writer.request);
}

Result<std::string> DefaultEndpoint(const ApiModel& model, std::string_view region) {
  std::string host(model.metadata().hostname);
  if (host.empty())
    return FailedPrecondition(
        fmt::format("no endpoint is known for '{}'", model.metadata().endpoint_prefix));
  constexpr std::string_view kRegion = "{region}";
  if (const size_t at = host.find(kRegion); at != std::string::npos)
    host.replace(at, kRegion.size(), region);
  return "https://" + host;
}

}  // namespace tandem::aws
