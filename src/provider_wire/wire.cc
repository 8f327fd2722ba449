#include "tandem/provider_wire/wire.h"

#include <cmath>

#include "provider_wire/checked.h"
#include "provider_wire/text.h"
#include "tandem/provider/v1/provider.pb.h"

namespace tandem {

namespace v1 = provider::v1;

namespace {


}  // namespace

Result<Packed> CheckedPacked(const std::string& json, std::string_view what) {
  if (json.empty()) return Packed{};
  Result<Value> value = ParseJson(json);
  if (!value.ok()) {
    return DataLoss(std::string(what) + " is not canonical JSON: " + value.status().message());
  }
  return Packed::From(*value);
}

void ToWire(const CallError& error, v1::CallError* wire) {
  if (error.ok) return;
  wire->set_error_class(static_cast<v1::ErrorClass>(error.error_class));
  wire->set_code(CleanText(error.code, 256));
  wire->set_message(CleanText(error.message));
  wire->set_retry_after_micros(error.retry_after.count());
}

CallError FromWire(const v1::CallError& wire) {
  CallError error;
  error.ok = false;
  switch (wire.error_class()) {
    case v1::ERROR_CLASS_NOT_DONE:
    case v1::ERROR_CLASS_PERHAPS_DONE:
    case v1::ERROR_CLASS_WAITING:
    case v1::ERROR_CLASS_THROTTLED:
    case v1::ERROR_CLASS_CONFLICT:
    case v1::ERROR_CLASS_SIGN_IN:
    case v1::ERROR_CLASS_EXHAUSTED:
    case v1::ERROR_CLASS_TERMINAL:
    case v1::ERROR_CLASS_GONE:
    case v1::ERROR_CLASS_EXISTS:
      error.error_class = static_cast<ErrorClass>(wire.error_class());
      break;
    default:
      error.error_class = ErrorClass::kPerhapsDone;
  }
  error.code = wire.code();
  error.message = wire.message();
  error.retry_after = Duration(wire.retry_after_micros() < 0 ? 0 : wire.retry_after_micros());
  return error;
}

void ToWireMark(const Mark& mark, v1::Mark* wire) {
  wire->set_platform(mark.platform);
  wire->set_address(mark.address);
  wire->set_intent(mark.intent);
}

Mark FromWireMark(const v1::Mark& wire) { return {wire.platform(), wire.address(), wire.intent()}; }

void ToWireKind(const KindName& kind, v1::KindName* wire) {
  wire->set_group(kind.group);
  wire->set_kind(kind.kind);
}

KindName FromWireKind(const v1::KindName& wire) { return {wire.group(), wire.kind()}; }

void ToWireHead(const LiveObject& object, v1::LiveObject* wire) {
  ToWireKind(object.kind, wire->mutable_kind());
  wire->set_identity(CleanText(object.identity, kIdentityBytes));
  wire->set_name(CleanText(object.name, kIdentityBytes));
  if (object.state == "ready") {
    wire->set_state(v1::OBJECT_STATE_READY);
  } else if (object.state == "busy") {
    wire->set_state(v1::OBJECT_STATE_BUSY);
  } else if (object.state == "failed") {
    wire->set_state(v1::OBJECT_STATE_FAILED);
  }
  wire->set_state_message(CleanText(object.state_message));
  if (!object.mark.empty()) ToWireMark(object.mark, wire->mutable_mark());
}

LiveObject FromWireHead(const v1::LiveObject& wire) {
  LiveObject object;
  object.kind = FromWireKind(wire.kind());
  object.identity = wire.identity();
  object.name = wire.name();
  switch (wire.state()) {
    case v1::OBJECT_STATE_UNSPECIFIED:
      break;
    case v1::OBJECT_STATE_READY:
      object.state = "ready";
      break;
    case v1::OBJECT_STATE_FAILED:
      object.state = "failed";
      break;
    default:
      object.state = "busy";
  }
  object.state_message = wire.state_message();
  if (wire.has_mark()) object.mark = FromWireMark(wire.mark());
  return object;
}

void ToWire(const ProviderDescription& description, v1::DescribeReply* wire) {
  wire->set_name(description.name);
  wire->set_version(description.version);
  for (const std::string& group : description.groups) wire->add_groups(group);
}

Result<ProviderDescription> FromWire(const v1::DescribeReply& wire) {
  if (wire.name().empty()) return DataLoss("the provider's description has no name");
  ProviderDescription description;
  description.name = wire.name();
  description.version = wire.version();
  description.groups.assign(wire.groups().begin(), wire.groups().end());
  return description;
}

void ToWire(const AccountRequest& request, v1::OpenRequest* wire) {
  wire->set_account(request.account);
  wire->set_spec(request.spec.json());
}

Result<AccountRequest> FromWire(const v1::OpenRequest& wire) {
  AccountRequest request;
  request.account = wire.account();
  TANDEM_ASSIGN_OR_RETURN(request.spec, CheckedPacked(wire.spec(), "the account's spec"));
  return request;
}

void ToWire(const AccountAnswer& answer, v1::OpenReply* wire) {
  if (!answer.error.ok) ToWire(answer.error, wire->mutable_error());
  wire->set_principal(CleanText(answer.principal));
  wire->set_verified_id(CleanText(answer.verified_id));
}

Result<AccountAnswer> FromWire(const v1::OpenReply& wire) {
  AccountAnswer answer;
  if (wire.has_error()) answer.error = FromWire(wire.error());
  answer.principal = wire.principal();
  answer.verified_id = wire.verified_id();
  return answer;
}

void ToWire(const ListRequest& request, v1::ListRequest* wire) {
  wire->set_account(request.account);
  ToWireKind(request.kind, wire->mutable_kind());
  for (const std::string& parent : request.parents) wire->add_parents(parent);
  wire->set_page_token(request.page_token);
}

Result<ListRequest> FromWire(const v1::ListRequest& wire) {
  ListRequest request;
  request.account = wire.account();
  request.kind = FromWireKind(wire.kind());
  request.parents.assign(wire.parents().begin(), wire.parents().end());
  request.page_token = wire.page_token();
  return request;
}

void ToWire(const PollAnswer& answer, v1::PollReply_Answer* wire) {
  if (!CrossesWhole(answer.identity)) {
    ToWire(MakeCallError(ErrorClass::kNotDone, "InvalidAnswer",
                         "the identity is no text, or too long"),
           wire->mutable_error());
    return;
  }
  if (!answer.error.ok) ToWire(answer.error, wire->mutable_error());
  wire->set_done(answer.done);
  wire->set_identity(answer.identity);
  wire->set_poll_after_micros(answer.poll_after.count());
}

Result<PollAnswer> FromWire(const v1::PollReply_Answer& wire) {
  PollAnswer answer;
  if (wire.has_error()) answer.error = FromWire(wire.error());
  if (wire.identity().size() > kIdentityBytes) return DataLoss("the identity is too long");
  answer.done = wire.done();
  answer.identity = wire.identity();
  answer.poll_after = Duration(wire.poll_after_micros() < 0 ? 0 : wire.poll_after_micros());
  return answer;
}

void ToWire(const MeasureAnswer& answer, v1::MeasureReply_Signal* wire) {
  if (!answer.error.ok) {
    ToWire(answer.error, wire->mutable_error());
  } else if (!std::isfinite(answer.value)) {
    ToWire(MakeCallError(ErrorClass::kNotDone, "InvalidAnswer",
                         "the signal's value is no finite number"),
           wire->mutable_error());
  } else {
    wire->set_value(answer.value);
    wire->set_at_unix_micros(answer.at.time_since_epoch().count());
  }
}

Result<MeasureAnswer> FromWire(const v1::MeasureReply_Signal& wire) {
  MeasureAnswer answer;
  if (wire.has_error()) answer.error = FromWire(wire.error());
  if (!std::isfinite(wire.value())) return DataLoss("the signal's value is no finite number");
  answer.value = wire.value();
  answer.at = Time(Duration(wire.at_unix_micros()));
  return answer;
}

}  // namespace tandem
