// Messages joined into requests and answers. Nothing here trusts its input.
#include <algorithm>

#include "provider_wire/checked.h"
#include "provider_wire/text.h"
#include "tandem/provider_wire/wire.h"

namespace tandem {

namespace v1 = provider::v1;

namespace {

Status TooLong() {
  return DataLoss("the answer is longer than " + std::to_string(kWireAnswerBytes >> 20) + " MiB");
}

Status Early() { return DataLoss("the stream ended in the middle of an answer"); }

}  // namespace

Status ListJoin::Add(const v1::ListReply& message) {
  if (done_) return DataLoss("a message after the last one of a page");
  bool continued = open_;
  for (const v1::LiveObject& wire : message.objects()) {
    bytes_ += wire.ByteSizeLong();
    if (bytes_ > kWireAnswerBytes) return TooLong();
    if (open_ && !continued)
      return DataLoss("an object that goes on is not the last of its message");
    if (!continued) {
      answer_.objects.push_back(FromWireHead(wire));
      fields_.clear();
    }
    continued = false;
    fields_ += wire.fields();
    open_ = wire.more();
    if (!open_) {
      LiveObject& object = answer_.objects.back();
      TANDEM_ASSIGN_OR_RETURN(object.fields,
                              CheckedPacked(fields_, "object '" + object.identity + "'"));
    }
  }
  if (continued) return DataLoss("an object that goes on is missing from the next message");
  if (!message.last()) return OkStatus();
  if (open_) return Early();
  if (message.has_error()) answer_.error = FromWire(message.error());
  answer_.next_page_token = message.next_page_token();
  answer_.complete = message.completeness() == v1::COMPLETENESS_COMPLETE;
  answer_.names_only = message.names_only();
  done_ = true;
  return OkStatus();
}

Result<ListAnswer> ListJoin::Take() {
  if (!done_) return Early();
  ListAnswer answer = std::move(answer_);
  *this = ListJoin();
  return answer;
}

Status ReadJoin::Add(const v1::ReadReply& message) {
  if (done_) return DataLoss("a message after the last one about an object");
  if (message.has_error()) {
    answer_.error = FromWire(message.error());
    done_ = true;
    return OkStatus();
  }
  if (!message.has_object()) return DataLoss("neither an object nor an error");
  if (!open_) answer_.object = FromWireHead(message.object());
  fields_ += message.object().fields();
  if (fields_.size() > kWireAnswerBytes) return TooLong();
  open_ = message.object().more();
  if (open_) return OkStatus();
  TANDEM_ASSIGN_OR_RETURN(answer_.object.fields,
                          CheckedPacked(fields_, "object '" + answer_.object.identity + "'"));
  done_ = true;
  return OkStatus();
}

Result<ReadAnswer> ReadJoin::Take() {
  if (!done_) return Early();
  ReadAnswer answer = std::move(answer_);
  *this = ReadJoin();
  return answer;
}

Status ApplyRequestJoin::Add(const v1::ApplyRequest& message) {
  if (!open_) {
    request_ = ApplyRequest();
    desired_.clear();
    observed_.clear();
    recorded_.clear();
    done_ = false;
    request_.intent = message.intent();
    request_.token = message.token();
    request_.account = message.account();
    address_ = message.address();
    request_.kind = FromWireKind(message.kind());
    request_.call = message.call();
    request_.identity = message.identity();
    request_.changed.assign(message.changed().begin(), message.changed().end());
    if (message.has_mark()) request_.mark = FromWireMark(message.mark());
    request_.deadline = Time(Duration(message.deadline_unix_micros()));
  }
  desired_ += message.desired();
  observed_ += message.observed();
  recorded_ += message.recorded();
  if (desired_.size() + observed_.size() + recorded_.size() > kWireAnswerBytes) return TooLong();
  open_ = message.more();
  done_ = !open_;
  return OkStatus();
}

Result<ApplyRequest> ApplyRequestJoin::Take() {
  if (!done_) return Early();
  done_ = false;
  Result<Address> address = Address::Parse(address_);
  if (!address.ok()) return address.status().Annotate("the step's address");
  request_.address = *address;
  TANDEM_ASSIGN_OR_RETURN(request_.desired, CheckedPacked(desired_, "the desired form"));
  TANDEM_ASSIGN_OR_RETURN(request_.observed, CheckedPacked(observed_, "the observed form"));
  TANDEM_ASSIGN_OR_RETURN(request_.recorded, CheckedPacked(recorded_, "the recorded form"));
  return std::move(request_);
}

Status ApplyReplyJoin::Add(const v1::ApplyReply& message) {
  if (!open_) {
    answer_ = ApplyAnswer();
    fields_.clear();
    intent_ = message.intent();
    if (message.has_error()) answer_.error = FromWire(message.error());
    if (message.identity().size() > kIdentityBytes || message.handle().size() > kIdentityBytes)
      return DataLoss("the identity or the handle is too long");
    answer_.handle = message.handle();
    answer_.poll_after = Duration(std::max<int64_t>(0, message.poll_after_micros()));
    answer_.identity = message.identity();
  }
  fields_ += message.fields();
  if (fields_.size() > kWireAnswerBytes) return TooLong();
  open_ = message.more();
  done_ = !open_;
  return OkStatus();
}

Result<ApplyAnswer> ApplyReplyJoin::Take() {
  if (!done_) return Early();
  done_ = false;
  TANDEM_ASSIGN_OR_RETURN(answer_.fields, CheckedPacked(fields_, "the answer"));
  return std::move(answer_);
}

}  // namespace tandem
