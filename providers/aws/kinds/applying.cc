// Apply and Poll: a step's calls made one after another, and what is waited for between them.
#include <fmt/format.h>

#include <algorithm>

#include "providers/aws/kinds/errors.h"
#include "providers/aws/kinds/step.h"
#include "tandem/codec/json.h"

namespace tandem::aws {
namespace {

constexpr Duration kWriteLimit = std::chrono::seconds(60);

Value MapOf(const Packed& packed) {
  if (packed.empty()) return Map{};
  Value value = packed.Unpack();
  return value.is_map() ? value : Value(Map{});
}

/// The members of `form` that a call of these fields looks at.
Value Narrowed(const Value& form, const std::vector<std::string>& fields) {
  Map map;
  for (const std::string& field : fields)
    if (const Value* value = form.Find(field)) map[field] = *value;
  return map;
}

}  // namespace

Duration KindCalls::TimeLeft(const Step& step) const {
  if (step.deadline == Time()) return kWriteLimit;
  return std::min(kWriteLimit, step.deadline - session_.clock().Now());
}

CallError KindCalls::CheckHandle(const Step& step, const std::vector<StepCall>& calls) const {
  const bool waits = std::any_of(calls.begin(), calls.end(),
                                 [](const StepCall& call) { return !call.wait.is_null(); });
  if (!waits || calls.size() < 2 || step.call == "delete") return {};
  const std::optional<CallRule> rule = FindCall(kind_, step.call);
  for (const FieldRule& field : kind_.rules()) {
    if (!field.secret) continue;
    const Path path = ParsePath(field.path.substr(0, field.path.find('[')));
    if (!path.empty() && std::find(rule->fields.begin(), rule->fields.end(), path[0].key) !=
                             rule->fields.end())
      return MakeCallError(ErrorClass::kTerminal, "InvalidKindFile",
                           "a sequence of calls with a secret in it cannot be waited for");
  }
  return {};
}

// {"call", "identity", "wait": "ready" | "gone" | {…}, "request": of the wait, "rest": what the calls
// that are left are found from}
std::string KindCalls::HandleOf(const Step& step, const StepCall& call, const Value& answer,
                                bool more) const {
  Value handle;
  handle.Set("call", step.call);
  handle.Set("identity", step.identity);
  handle.Set("wait", call.wait);
  if (call.wait.is_map()) {
    Variables variables = VariablesOf(step);
    variables.values["answer"] = answer;
    if (Result<PreparedCall> wait = FillCall(*api_, call.wait, variables); wait.ok())
      handle.Set("request", wait->params);
  }
  if (more) {
    Value rest;
    rest.Set("token", step.token);
    rest.Set("intent", step.intent);
    const std::optional<CallRule> rule = FindCall(kind_, step.call);
    rest.Set("desired", Narrowed(step.desired, rule->fields));
    rest.Set("recorded", Narrowed(step.recorded, rule->fields));
    List changed;
    for (const std::string& path : step.changed) changed.emplace_back(path);
    rest.Set("changed", std::move(changed));
    handle.Set("rest", std::move(rest));
  }
  return ToCanonicalJson(handle);
}

ApplyAnswer KindCalls::Apply(const ApplyRequest& request) {
  Step step;
  step.call = request.call;
  step.identity = request.identity;
  step.intent = request.intent;
  step.token = request.token;
  step.name = request.address.name();
  step.desired = MapOf(request.desired);
  step.observed = MapOf(request.observed);
  step.recorded = MapOf(request.recorded);
  step.changed = request.changed;
  step.mark = request.mark;
  step.deadline = request.deadline;
  ApplyAnswer answer = Run(step);
  HideSecrets(kind_, step.desired, answer.error);
  return answer;
}

ApplyAnswer KindCalls::Run(Step& step) {
  ApplyAnswer answer;
  answer.identity = step.identity;
  Next next = CallsOf(step);
  answer.error = next.error.ok ? CheckHandle(step, next.calls) : std::move(next.error);
  if (!answer.error.ok) return answer;
  for (size_t i = 0; i < next.calls.size(); ++i) {
    const StepCall& call = next.calls[i];
    Answered answered = Call(call.call, call.token, true, TimeLeft(step));
    if (!answered.error.ok) {
      if (call.done_by && *call.done_by == answered.error.error_class) continue;
      answer.error = std::move(answered.error);
      return answer;
    }
    if (step.call == "create") {
      const std::string result = OperationForm("create").StringOr("result", "");
      const Value* made = result.empty() ? &answered.value : answered.value.At(result);
      const Value fields =
          FromAnswer(kind_, made != nullptr && made->is_map() ? *made : Value(Map{}));
      // What the answer does not repeat is as it was asked for.
      Value whole = step.desired;
      for (const auto& [member, value] : fields.as_map()) whole.Set(member, value);
      Result<std::string> identity = IdentityOf(kind_, whole);
      if (!identity.ok()) {
        answer.error = MakeCallError(ErrorClass::kPerhapsDone, "UnreadableAnswer",
                                     fmt::format("{}: the answer does not say what was made",
                                                 call.call.operation->name));
        return answer;
      }
      step.identity = answer.identity = *identity;
      if (!result.empty()) answer.fields = Packed::From(fields);
    }
    if (!call.wait.is_null()) {
      Variables said;
      said.values["answer"] = answered.value;
      const Value* follow = call.wait.Find("request");
      if (follow != nullptr && AllEmpty(*follow, said, {"answer"})) {
        answer.error = MakeCallError(ErrorClass::kPerhapsDone, "UnreadableAnswer",
                                     fmt::format("{}: the answer does not say how to follow it",
                                                 call.call.operation->name));
        return answer;
      }
      answer.handle = HandleOf(step, call, answered.value, i + 1 < next.calls.size());
      return answer;
    }
  }
  return answer;
}

PollAnswer KindCalls::Poll(const std::string& handle) {
  PollAnswer answer;
  const Result<Value> read = ParseJson(handle);
  const Value* wait = read.ok() ? read->Find("wait") : nullptr;
  if (wait == nullptr) {
    answer.error = MakeCallError(ErrorClass::kTerminal, "UnknownHandle",
                                 "the handle is none of this provider");
    return answer;
  }
  Step step;
  step.call = read->StringOr("call", "");
  step.identity = answer.identity = read->StringOr("identity", "");
  const Value* rest = read->Find("rest");
  if (rest != nullptr) {
    step.token = rest->StringOr("token", "");
    step.intent = rest->StringOr("intent", "");
    if (const Value* desired = rest->Find("desired")) step.desired = *desired;
    if (const Value* recorded = rest->Find("recorded")) step.recorded = *recorded;
    if (const Value* changed = rest->Find("changed"))
      for (const Value& path : changed->as_list()) step.changed.push_back(path.as_string());
  }
  const Value* request = read->Find("request");
  answer = Waited(step, *wait, request == nullptr ? Value(Map{}) : *request);
  answer.identity = step.identity;
  if (!answer.error.ok || !answer.done || rest == nullptr) return answer;
  if (step.call == "delete" && ReadMain(step.identity).error.error_class == ErrorClass::kGone)
    return answer;
  answer = Continue(step);
  answer.identity = step.identity;
  return answer;
}

PollAnswer KindCalls::Waited(Step& step, const Value& wait, const Value& request) {
  PollAnswer answer;
  const auto fail = [&](std::string message) {
    answer.error = MakeCallError(ErrorClass::kTerminal, "Failed", std::move(message));
    return answer;
  };
  if (wait.is_map()) {
    Result<const ApiOperation*> operation = OperationOf(*api_, wait);
    if (!operation.ok()) return fail(operation.status().message());
    Answered answered = Call({*operation, request}, "", false, kWriteLimit);
    if (!answered.error.ok) {
      answer.error = std::move(answered.error);
      return answer;
    }
    const Value* field = answered.value.At(wait.StringOr("field", ""));
    const Value now = field == nullptr ? Value() : *field;
    if (Listed(wait.Find("failed"), now)) {
      const Value* why = answered.value.At(wait.StringOr("message", "no such member"));
      return fail(fmt::format("{}: {}", (*operation)->name,
                              why != nullptr && why->is_string() ? why->as_string()
                                                                 : ToCanonicalJson(now)));
    }
    answer.done = Listed(wait.Find("ready"), now);
    return answer;
  }
  Answered main = ReadMain(step.identity);
  if (!main.error.ok) {
    if (main.error.error_class != ErrorClass::kGone) {
      answer.error = std::move(main.error);
    } else if (step.call == "delete") {
      answer.done = true;
    } else if (step.call != "create") {
      answer.error = std::move(main.error);
    }  // a new object may not be seen yet
    return answer;
  }
  const State state = StateOf(main.value);
  if (state.name == "failed")
    return fail(fmt::format("{} '{}': {}", kind_.name().ToString(), step.identity, state.message));
  answer.done = wait != Value("gone") && state.name == "ready";
  return answer;
}

// The wait is over and calls are left: which ones is found from the world, so that a crash between a
// call and the knowledge of it does no harm.
PollAnswer KindCalls::Continue(Step& step) {
  PollAnswer answer;
  Next next = CallsOf(step);
  if (!next.error.ok) {
    answer.error = std::move(next.error);
    return answer;
  }
  for (const StepCall& call : next.calls) {
    Answered answered = Call(call.call, call.token, true, kWriteLimit);
    if (!answered.error.ok) {
      const ErrorClass found = answered.error.error_class;
      if (call.done_by && *call.done_by == found) continue;
      // The next poll looks what came of it, and goes on from there.
      const bool later =
          found == ErrorClass::kNotDone || found == ErrorClass::kPerhapsDone ||
          found == ErrorClass::kWaiting || found == ErrorClass::kThrottled;
      if (later)
        answer.poll_after = answered.error.retry_after;
      else
        answer.error = std::move(answered.error);
      HideSecrets(kind_, step.desired, answer.error);
      return answer;
    }
    if (!call.wait.is_null()) return answer;
  }
  answer.done = true;
  return answer;
}

}  // namespace tandem::aws
