#include "providers/aws/wire/parse.h"

#include <fmt/format.h>

#include "providers/aws/wire/body_readers.h"
#include "providers/aws/wire/encoding.h"
#include "providers/aws/wire/json_text.h"
#include "providers/aws/wire/xml.h"
#include "tandem/base/status.h"

namespace tandem::aws {
namespace {

bool IsXml(std::string_view protocol) {
  return protocol == "query" || protocol == "ec2" || protocol == "rest-xml";
}

bool IsRest(std::string_view protocol) {
  return protocol == "rest-json" || protocol == "rest-xml";
}

/// "com.example#FooError:http://…" → "FooError".
std::string BareCode(std::string_view code) {
  code = Trimmed(code.substr(0, code.find(':')));
  if (const size_t hash = code.rfind('#'); hash != std::string_view::npos)
    code = code.substr(hash + 1);
  return std::string(code);
}

std::string FirstText(const Value& json, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const Value* found = json.Find(name);
    if (found != nullptr && found->is_scalar() && !found->is_null()) return ScalarText(*found);
  }
  return {};
}

/// The body of an error, as far as it could be decoded.
struct ErrorBody {
  Value json;
  XmlElement xml;
  const XmlElement* element = nullptr;  // in `xml`: where Code and Message stand
};

/// <Error>, <ErrorResponse><Error>, <Response><Errors><Error>.
const XmlElement* ErrorElement(const XmlElement& root) {
  if (root.local_name() == "Error") return &root;
  if (const XmlElement* error = root.Child("Error")) return error;
  if (const XmlElement* errors = root.Child("Errors")) return errors->Child("Error");
  // Some services answer with the bare shape: <ErrorResponse><Code>…
  return root.Child("Code") != nullptr ? &root : nullptr;
}

class AnswerReader {
 public:
  AnswerReader(const ApiModel& model, const ApiOperation& operation, const WireResponse& response)
      : model_(model),
        protocol_(model.metadata().protocol),
        operation_(operation),
        response_(response) {}

  WireAnswer Read() {
    for (const char* name : {"x-amzn-requestid", "x-amz-request-id"}) {
      const std::string* id = Header(name);
      if (id != nullptr && answer_.request_id.empty()) answer_.request_id = *id;
    }
    if (response_.status < 200 || response_.status >= 300) {
      ReadError();
      return std::move(answer_);
    }
    auto result = ReadResult();
    if (result.ok()) {
      answer_.result = std::move(*result);
    } else {
      answer_.error = WireError{response_.status, "", result.status().message(), false, {}};
    }
    return std::move(answer_);
  }

 private:
  /// Null pointer also for bytes that no text may hold.
  const std::string* Header(std::string_view name) const {
    const std::string* text = FindHeader(response_.headers, name);
    return text != nullptr && IsUtf8(*text) ? text : nullptr;
  }

  Result<Value> ReadResult() {
    if (!operation_.output) {
      NoteRequestId();
      return Value(Map());
    }
    const ApiShape& shape = *operation_.output.shape;
    for (const ApiMember& member : shape.members) {
      if (member.traits.event_stream)
        return Unimplemented(fmt::format("'{}' is an event stream", member.name));
    }
    if (!IsRest(protocol_)) return IsXml(protocol_) ? ReadFormAnswer() : ReadJsonBody(operation_.output);
    Map out;
    TANDEM_RETURN_IF_ERROR(ReadHeaders(shape, response_, out));
    TANDEM_RETURN_IF_ERROR(ReadRestBody(shape, out));
    return Value(std::move(out));
  }

  Result<Value> ReadJsonBody(const ShapeRef& shape) {
    if (Trimmed(response_.body).empty()) return Value(Map());
    TANDEM_ASSIGN_OR_RETURN(const Value json, ParseWireJson(response_.body));
    return ReadJson(shape, json);
  }

  /// query and ec2: the answer stands in a wrapper, except ec2's.
  Result<Value> ReadFormAnswer() {
    if (Trimmed(response_.body).empty()) {
      if (operation_.output.shape->members.empty()) return Value(Map());
      return InvalidArgument("the answer is empty");
    }
    TANDEM_ASSIGN_OR_RETURN(const XmlElement root, ParseXml(response_.body));
    NoteRequestId(root);
    std::string wrapper(operation_.output.traits.result_wrapper);
    if (wrapper.empty()) wrapper = std::string(operation_.name) + "Result";
    const XmlElement* start = protocol_ == "query" ? root.Child(wrapper) : nullptr;
    return ReadXml(operation_.output, {start == nullptr ? &root : start});
  }

  Status ReadRestBody(const ApiShape& shape, Map& out) {
    if (operation_.output.traits.payload.empty()) {
      TANDEM_ASSIGN_OR_RETURN(Value body, ReadWhole(operation_.output));
      if (body.is_map()) out.merge(body.edit_map());
      return OkStatus();
    }
    const ApiMember* payload = shape.Find(operation_.output.traits.payload);
    if (payload == nullptr) return Internal("the payload is no member of the output");
    const std::string name(payload->name);
    if (payload->shape->type == ShapeType::kBlob) {
      out.emplace(name, BlobValue(response_.body));
      return OkStatus();
    }
    if (payload->shape->type == ShapeType::kString) {
      if (!IsUtf8(response_.body)) return InvalidArgument("the answer is not UTF-8");
      out.emplace(name, response_.body);
      return OkStatus();
    }
    if (Trimmed(response_.body).empty()) return OkStatus();
    TANDEM_ASSIGN_OR_RETURN(Value body, ReadWhole(*payload));
    out.emplace(name, std::move(body));
    return OkStatus();
  }

  /// The body as one value of `shape`.
  Result<Value> ReadWhole(const ShapeRef& shape) {
    if (!IsXml(protocol_)) return ReadJsonBody(shape);
    if (Trimmed(response_.body).empty() || !HasBody(shape)) return Value(Map());
    TANDEM_ASSIGN_OR_RETURN(const XmlElement root, ParseXml(response_.body));
    return ReadXml(shape, {&root});
  }

  static bool HasBody(const ShapeRef& shape) {
    if (shape.shape->type != ShapeType::kStructure) return true;
    for (const ApiMember& member : shape.shape->members)
      if (member.traits.location == WireLocation::kBody) return true;
    return false;
  }

  void NoteRequestId() {
    if (!answer_.request_id.empty() || !IsXml(protocol_) || response_.body.empty()) return;
    const auto root = ParseXml(response_.body);
    if (root.ok()) NoteRequestId(*root);
  }

  void NoteRequestId(const XmlElement& root) {
    const XmlElement* metadata = root.Child("ResponseMetadata");
    for (const XmlElement* place : {&root, metadata}) {
      if (place == nullptr) continue;
      for (const char* name : {"RequestId", "RequestID", "requestId"})
        if (answer_.request_id.empty()) answer_.request_id = place->ChildText(name);
    }
  }

  void ReadError() {
    WireError error;
    error.status = response_.status;
    ErrorBody body;
    if (IsXml(protocol_)) {
      ReadXmlError(body, error);
    } else {
      ReadJsonError(body, error);
    }
    if (const std::string* query = Header("x-amzn-query-error")) {
      const std::string code = query->substr(0, query->find(';'));
      if (!code.empty() && query->find(';') != std::string::npos) error.code = code;
    }
    error.understood = error.understood && !error.code.empty();
    if (error.understood) {
      ReadErrorMembers(body, error);
    } else {
      error.code.clear();
    }
    answer_.error = std::move(error);
  }

  void ReadXmlError(ErrorBody& body, WireError& error) {
    auto root = ParseXml(response_.body);
    if (!root.ok()) {
      error.understood = false;
      return;
    }
    body.xml = std::move(*root);
    NoteRequestId(body.xml);
    body.element = ErrorElement(body.xml);
    if (body.element == nullptr) {
      error.understood = false;
      return;
    }
    error.code = Trimmed(body.element->ChildText("Code"));
    error.message = body.element->ChildText("Message");
    if (error.message.empty()) error.message = body.element->ChildText("message");
    for (const char* name : {"RequestId", "RequestID"})
      if (answer_.request_id.empty()) answer_.request_id = body.element->ChildText(name);
  }

  void ReadJsonError(ErrorBody& body, WireError& error) {
    const std::string* stated = Header("x-amzn-errortype");
    if (stated != nullptr) error.code = BareCode(*stated);
    if (Trimmed(response_.body).empty()) return;
    auto json = ParseWireJson(response_.body);
    if (!json.ok() || !json->is_map()) {
      // A code in the header stands even where the body says nothing.
      error.understood = stated != nullptr;
      return;
    }
    body.json = std::move(*json);
    if (error.code.empty()) error.code = BareCode(FirstText(body.json, {"__type", "code", "Code"}));
    error.message = FirstText(body.json, {"message", "Message", "errorMessage"});
  }

  void ReadErrorMembers(const ErrorBody& body, WireError& error) {
    const ApiShape* shape = operation_.FindError(error.code);
    if (shape == nullptr) shape = model_.FindError(error.code);
    if (shape == nullptr) return;
    Map members;
    if (IsRest(protocol_) && !ReadHeaders(*shape, response_, members).ok()) return;
    const ShapeRef whole{shape, {}};
    Result<Value> read = Value(Map());
    if (body.element != nullptr) {
      read = ReadXml(whole, {body.element});
    } else if (body.json.is_map()) {
      read = ReadJson(whole, body.json);
    }
    if (!read.ok()) return;
    members.merge(read->edit_map());
    error.members = std::move(members);
  }

  const ApiModel& model_;
  const std::string_view protocol_;
  const ApiOperation& operation_;
  const WireResponse& response_;
  WireAnswer answer_;
};

}  // namespace

WireAnswer Parse(const ApiModel& model, const ApiOperation& operation,
                 const WireResponse& response) {
  return AnswerReader(model, operation, response).Read();
}

}  // namespace tandem::aws
