// Long requests and answers cut into messages.
#include <algorithm>

#include "provider_wire/checked.h"
#include "provider_wire/text.h"
#include "tandem/provider_wire/wire.h"

namespace tandem {

namespace v1 = provider::v1;

namespace {

// Names, marks and numbers of one object, so that many small objects count too.
size_t HeadBytes(const LiveObject& object) {
  return 64 + object.identity.size() + object.name.size() + object.state_message.size() +
         object.mark.platform.size() + object.mark.address.size() + object.mark.intent.size();
}

}  // namespace

std::vector<v1::ListReply> Split(const ListAnswer& answer, size_t bytes) {
  std::vector<v1::ListReply> messages(1);
  size_t used = 0;
  const auto next = [&] {
    messages.emplace_back();
    used = 0;
  };
  bool complete = answer.complete;
  for (const LiveObject& object : answer.objects) {
    if (!CrossesWhole(object.identity)) {  // it is there, but nobody can say what it is
      complete = false;
      continue;
    }
    const size_t head = HeadBytes(object);
    if (used > 0 && used + head + object.fields.json().size() > bytes) next();
    v1::LiveObject* wire = messages.back().add_objects();
    ToWireHead(object, wire);
    std::string_view rest = object.fields.json();
    wire->set_fields(std::string(rest.substr(0, bytes)));
    used += head + std::min(rest.size(), bytes);
    rest.remove_prefix(std::min(rest.size(), bytes));
    while (!rest.empty()) {
      wire->set_more(true);
      next();
      wire = messages.back().add_objects();
      wire->set_fields(std::string(rest.substr(0, bytes)));
      used = std::min(rest.size(), bytes);
      rest.remove_prefix(used);
    }
  }
  v1::ListReply& last = messages.back();
  if (!answer.error.ok) ToWire(answer.error, last.mutable_error());
  last.set_next_page_token(answer.next_page_token);
  last.set_completeness(complete ? v1::COMPLETENESS_COMPLETE : v1::COMPLETENESS_INCOMPLETE);
  last.set_names_only(answer.names_only);
  last.set_last(true);
  return messages;
}

std::vector<v1::ReadReply> Split(const ReadAnswer& answer, uint32_t index, size_t bytes) {
  std::vector<v1::ReadReply> messages(1);
  messages.back().set_index(index);
  if (!answer.error.ok) {
    ToWire(answer.error, messages.back().mutable_error());
    return messages;
  }
  if (!CrossesWhole(answer.object.identity)) {
    ToWire(MakeCallError(ErrorClass::kNotDone, "InvalidAnswer",
                         "the identity is no text, or too long"),
           messages.back().mutable_error());
    return messages;
  }
  ToWireHead(answer.object, messages.back().mutable_object());
  std::string_view rest = answer.object.fields.json();
  for (;;) {
    v1::LiveObject* wire = messages.back().mutable_object();
    wire->set_fields(std::string(rest.substr(0, bytes)));
    rest.remove_prefix(std::min(rest.size(), bytes));
    if (rest.empty()) return messages;
    wire->set_more(true);
    messages.emplace_back().set_index(index);
  }
}

std::vector<v1::ApplyRequest> Split(const ApplyRequest& request, size_t bytes) {
  std::vector<v1::ApplyRequest> messages(1);
  v1::ApplyRequest& head = messages.back();
  head.set_intent(request.intent);
  head.set_token(request.token);
  head.set_account(request.account);
  head.set_address(request.address.ToString());
  ToWireKind(request.kind, head.mutable_kind());
  head.set_call(request.call);
  head.set_identity(request.identity);
  for (const std::string& path : request.changed) head.add_changed(path);
  if (!request.mark.empty()) ToWireMark(request.mark, head.mutable_mark());
  head.set_deadline_unix_micros(request.deadline.time_since_epoch().count());
  size_t room = bytes;
  const auto put = [&](std::string_view rest, std::string* (v1::ApplyRequest::*field)()) {
    while (!rest.empty()) {
      if (room == 0) {
        messages.back().set_more(true);
        messages.emplace_back();
        room = bytes;
      }
      const size_t part = std::min(rest.size(), room);
      (messages.back().*field)()->assign(rest.substr(0, part));
      rest.remove_prefix(part);
      room -= part;
    }
  };
  put(request.desired.json(), &v1::ApplyRequest::mutable_desired);
  put(request.observed.json(), &v1::ApplyRequest::mutable_observed);
  put(request.recorded.json(), &v1::ApplyRequest::mutable_recorded);
  return messages;
}

std::vector<v1::ApplyReply> Split(const ApplyAnswer& answer, const std::string& intent,
                                  size_t bytes) {
  std::vector<v1::ApplyReply> messages(1);
  messages.back().set_intent(intent);
  if (!CrossesWhole(answer.identity) || !CrossesWhole(answer.handle)) {
    // Something was done, and nobody can be told what: it is looked for.
    ToWire(MakeCallError(ErrorClass::kPerhapsDone, "InvalidAnswer",
                         "the identity or the handle is no text, or too long"),
           messages.back().mutable_error());
    return messages;
  }
  if (!answer.error.ok) ToWire(answer.error, messages.back().mutable_error());
  messages.back().set_handle(answer.handle);
  messages.back().set_poll_after_micros(answer.poll_after.count());
  messages.back().set_identity(answer.identity);
  std::string_view rest = answer.fields.json();
  for (;;) {
    messages.back().set_fields(std::string(rest.substr(0, bytes)));
    rest.remove_prefix(std::min(rest.size(), bytes));
    if (rest.empty()) return messages;
    messages.back().set_more(true);
    messages.emplace_back();
  }
}

}  // namespace tandem
