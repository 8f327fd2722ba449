// The calls that a step needs, as the world is now.
#include <fmt/format.h>

#include <algorithm>

#include "providers/aws/kinds/entries.h"
#include "providers/aws/kinds/step.h"
#include "tandem/base/hash.h"
#include "tandem/codec/json.h"

namespace tandem::aws {
namespace {

CallError Terminal(const Status& status) {
  const bool impossible = status.code() == Code::kFailedPrecondition;
  return MakeCallError(ErrorClass::kTerminal, impossible ? "Immutable" : "InvalidKindFile",
                       status.message());
}

Value WaitOf(const Value& form) {
  const Value* wait = form.Find("wait");
  return wait == nullptr ? Value() : *wait;
}

/// Another call of the step gets another token, the same one whenever it is made again.
std::string TokenFor(const std::string& token, const Value& call, const Value& key) {
  if (token.empty()) return "";
  return Hex(Sha256(token + "\n" + call.StringOr("call", "") + "\n" + ToCanonicalJson(key)))
      .substr(0, 32);
}

/// $added, $removed and $removedKeys of a delta.
void SetDelta(const EntryChanges& changes, bool map, Variables& variables) {
  const auto gather = [&](std::initializer_list<const std::vector<Entry>*> groups) {
    Map members;
    List items;
    for (const std::vector<Entry>* group : groups) {
      for (const Entry& entry : *group) {
        if (map) members[entry.key.as_string()] = entry.item;
        items.push_back(entry.item);
      }
    }
    if (items.empty()) return Value();
    return map ? Value(std::move(members)) : Value(std::move(items));
  };
  variables.values["added"] = gather({&changes.added, &changes.changed});
  variables.values["removed"] = gather({&changes.removed});
  List keys;
  for (const Entry& entry : changes.removed) keys.push_back(entry.key);
  variables.values["removedKeys"] = keys.empty() ? Value() : Value(std::move(keys));
}

/// Newest first by `member`; entries without it are the oldest.
void SortNewestFirst(const std::string& member, List& items) {
  const auto when = [&](const Value& item) {
    const Value* value = item.At(member);
    if (value != nullptr && value->is_int()) return static_cast<double>(value->as_int());
    if (value != nullptr && value->is_double()) return value->as_double();
    return 0.0;
  };
  const bool texts = std::any_of(items.begin(), items.end(), [&](const Value& item) {
    return item.At(member) != nullptr && item.At(member)->is_string();
  });
  std::stable_sort(items.begin(), items.end(), [&](const Value& a, const Value& b) {
    if (texts) return a.StringOr(member, "") > b.StringOr(member, "");
    return when(a) > when(b);
  });
}

/// Log types that are on and no longer wanted are switched off by name.
void SwitchOffLogging(const Value& observed, Value& params) {
  const auto types = [](const Value& form, bool enabled) {
    std::vector<Value> names;
    const Value* groups = form.At("logging.clusterLogging");
    if (groups == nullptr || !groups->is_list()) return names;
    for (const Value& group : groups->as_list()) {
      const Value* listed = group.Find("types");
      if (group.BoolOr("enabled", false) != enabled || listed == nullptr) continue;
      names.insert(names.end(), listed->as_list().begin(), listed->as_list().end());
    }
    return names;
  };
  const std::vector<Value> wanted = types(params, true);
  const std::vector<Value> refused = types(params, false);
  List off;
  for (const Value& name : types(observed, true)) {
    const bool said = std::find(wanted.begin(), wanted.end(), name) != wanted.end() ||
                      std::find(refused.begin(), refused.end(), name) != refused.end();
    if (!said) off.push_back(name);
  }
  if (off.empty()) return;
  const Value* groups = params.At("logging.clusterLogging");
  List all = groups != nullptr && groups->is_list() ? groups->as_list() : List{};
  all.push_back(Map{{"types", std::move(off)}, {"enabled", false}});
  SetAt(params, ParsePath("logging.clusterLogging"), std::move(all));
}

}  // namespace

Variables KindCalls::VariablesOf(const Step& step) const {
  Variables variables = BaseVariables(step.identity);
  const std::string& name_field = kind_.name_field();
  variables.texts["name"] =
      name_field.empty() ? step.name : step.desired.StringOr(name_field, step.name);
  variables.texts["intent"] = step.intent;
  variables.texts["token"] = step.token;
  variables.values["spec"] = step.desired;
  variables.values["observed"] = step.observed;
  variables.values["recorded"] = step.recorded;
  return variables;
}

CallError KindCalls::Refresh(Step& step) {
  if (step.fresh) return {};
  ReadAnswer read = Read(step.identity);
  if (!read.error.ok) return read.error;
  step.observed = read.object.fields.Unpack();
  step.fresh = true;
  return {};
}

Value KindCalls::TagsWithMark(const Step& step) const {
  const Value rules = TagsOf(kind_);
  if (rules.is_null()) return Value();
  const bool map = rules.StringOr("style", "") == "map";
  const Value* given = step.call == "mark" ? nullptr : step.desired.At(rules.StringOr("field", ""));
  const std::pair<std::string, const std::string&> mark[] = {
      {"tandem:platform", step.mark.platform},
      {"tandem:address", step.mark.address},
      {"tandem:intent", step.mark.intent},
  };
  const bool marks = step.call == "mark" || MarksAtCreate(kind_);
  if (map) {
    Map tags = given != nullptr && given->is_map() ? given->as_map() : Map{};
    for (const auto& [key, text] : mark)
      if (marks && !text.empty()) tags[key] = text;
    return tags;
  }
  List tags = given != nullptr && given->is_list() ? given->as_list() : List{};
  for (const auto& [key, text] : mark)
    if (marks && !text.empty()) tags.push_back(Map{{"Key", key}, {"Value", text}});
  return tags;
}

KindCalls::Next KindCalls::CreateCalls(Step& step) {
  const std::string& name_field = kind_.name_field();
  if (!name_field.empty() && !step.name.empty() && step.desired.At(name_field) == nullptr)
    step.desired.Set(name_field, step.name);
  Result<PreparedCall> call = CreateCall(kind_, *api_, VariablesOf(step), TagsWithMark(step));
  if (!call.ok()) return {Terminal(call.status()), {}};
  return {{}, {{std::move(*call), std::nullopt, WaitOf(OperationForm("create")), step.token}}};
}

KindCalls::Next KindCalls::MarkCalls(Step& step, const Value& form) {
  const Value* request = form.Find("request");
  if (request != nullptr && Uses(*request, {"observed"}) && step.observed.as_map().empty())
    if (CallError error = Refresh(step); !error.ok) return {std::move(error), {}};
  Variables variables = VariablesOf(step);
  variables.values["added"] = TagsWithMark(step);
  Result<PreparedCall> call = FillCall(*api_, form, variables);
  if (!call.ok()) return {Terminal(call.status()), {}};
  return {{}, {{std::move(*call), std::nullopt, Value(), step.token}}};
}

KindCalls::Next KindCalls::EachCalls(Step& step, const Value& form) {
  if (CallError error = Refresh(step); !error.ok) return {std::move(error), {}};
  const std::string field = form.StringOr("each", "");
  EntryChanges changes = ChangesOf(kind_, field, step.desired, step.observed, step.recorded);
  const Value* recreate = form.Find("recreate");
  std::vector<Entry> kept;
  for (Entry& entry : changes.changed) {
    bool anew = form.Find("change") == nullptr;
    if (recreate != nullptr && recreate->is_list()) {
      for (const Value& path : recreate->as_list()) {
        const Value* wanted = entry.canonical.At(path.as_string());
        const Value* live = entry.observed.At(path.as_string());
        anew |= wanted != nullptr && (live == nullptr || !Covers(*live, *wanted));
      }
    }
    if (!anew) {
      kept.push_back(std::move(entry));
      continue;
    }
    Entry old = entry;
    old.item = entry.observed;
    changes.removed.push_back(std::move(old));
    changes.added.push_back(std::move(entry));
  }
  changes.changed = std::move(kept);

  Next next;
  Variables variables = VariablesOf(step);
  const auto add = [&](const std::string& part, const std::vector<Entry>& entries) -> CallError {
    const Value* call = form.Find(part);
    if (call == nullptr) return {};
    for (const Entry& entry : entries) {
      variables.values["item"] = entry.item;
      const std::string token = TokenFor(step.token, *call, entry.key);
      variables.texts["token"] = token;
      Result<PreparedCall> prepared = FillCall(*api_, *call, variables);
      if (!prepared.ok()) return Terminal(prepared.status());
      std::optional<ErrorClass> done_by;
      if (part == "add") done_by = ErrorClass::kExists;
      if (part == "remove") done_by = ErrorClass::kGone;
      next.calls.push_back({std::move(*prepared), done_by, WaitOf(form), token});
    }
    return {};
  };
  static const Value kOrder = List{"remove", "change", "add"};
  const Value* given = form.Find("order");
  for (const Value& part : (given == nullptr ? kOrder : *given).as_list()) {
    const std::string& word = part.as_string();
    const std::vector<Entry>& entries = word == "add"      ? changes.added
                                        : word == "change" ? changes.changed
                                                           : changes.removed;
    next.error = add(word, entries);
    if (!next.error.ok) return next;
  }
  return next;
}

KindCalls::Next KindCalls::DeltaCalls(Step& step, const Value& form) {
  if (CallError error = Refresh(step); !error.ok) return {std::move(error), {}};
  const std::string field = form.StringOr("delta", "");
  const EntryChanges changes =
      ChangesOf(kind_, field, step.desired, step.observed, step.recorded);
  const bool map = kind_.TypeOf(ParsePath(field)) == Type::kMap;
  Variables variables = VariablesOf(step);
  SetDelta(changes, map, variables);
  Next next;
  const auto add = [&](const Value& call) -> CallError {
    const Value* request = call.Find("request");
    if (request != nullptr && AllEmpty(*request, variables, {"added", "removed", "removedKeys"}))
      return {};
    Result<PreparedCall> prepared = FillCall(*api_, call, variables);
    if (!prepared.ok()) return Terminal(prepared.status());
    next.calls.push_back({std::move(*prepared), std::nullopt, WaitOf(form), step.token});
    return {};
  };
  if (form.Find("call") != nullptr) {
    next.error = add(form);
    return next;
  }
  for (const char* part : {"remove", "add"}) {
    const Value* call = form.Find(part);
    if (call == nullptr) continue;
    next.error = add(*call);
    if (!next.error.ok) return next;
  }
  return next;
}

KindCalls::Next KindCalls::FieldCalls(Step& step, const Value& form) {
  const std::string hook = form.StringOr("hook", "");
  const bool looks = form.StringOr("carry", "") == "whole" || !hook.empty() ||
                     Uses(form, {"observed"});
  if (looks && (step.observed.as_map().empty() || !hook.empty()))
    if (CallError error = Refresh(step); !error.ok) return {std::move(error), {}};
  const Variables variables = VariablesOf(step);
  Result<std::optional<PreparedCall>> call =
      FieldsCall(kind_, *api_, form, variables, step.changed);
  if (!call.ok()) return {Terminal(call.status()), {}};
  Next next;
  if (!call->has_value()) return next;
  PreparedCall prepared = std::move(**call);
  if (hook == "eks-logging") SwitchOffLogging(step.observed, prepared.params);
  if (hook == "dynamodb-stream") {
    const Value* wanted = prepared.params.Find("StreamSpecification");
    const Value* live = step.observed.Find("StreamSpecification");
    if (wanted != nullptr && live != nullptr) {
      if (Covers(*live, *wanted)) return next;
      if (live->BoolOr("StreamEnabled", false) && wanted->BoolOr("StreamEnabled", false)) {
        PreparedCall off = prepared;
        off.params.Set("StreamSpecification", Map{{"StreamEnabled", false}});
        next.calls.push_back({std::move(off), std::nullopt, WaitOf(form), step.token});
      }
    }
  }
  next.calls.push_back({std::move(prepared), std::nullopt, WaitOf(form), step.token});
  return next;
}

KindCalls::Next KindCalls::UpdateCalls(Step& step, const CallRule& rule) {
  Next next;
  if (CallError error = FirstCalls(step, rule.body, next.calls); !error.ok)
    return {std::move(error), {}};
  Next own = rule.body.Find("each") != nullptr    ? EachCalls(step, rule.body)
             : rule.body.Find("delta") != nullptr ? DeltaCalls(step, rule.body)
                                                  : FieldCalls(step, rule.body);
  if (!own.error.ok || own.calls.empty()) return own;
  next.calls.insert(next.calls.end(), std::make_move_iterator(own.calls.begin()),
                    std::make_move_iterator(own.calls.end()));
  return next;
}

KindCalls::Next KindCalls::DeleteCalls(Step& step, const Value& form) {
  Next next;
  if (CallError error = FirstCalls(step, form, next.calls); !error.ok)
    return {std::move(error), {}};
  if (Uses(form, {"observed"}) && step.observed.as_map().empty())
    if (CallError error = Refresh(step); !error.ok) return {std::move(error), {}};
  Result<PreparedCall> call = FillCall(*api_, form, VariablesOf(step));
  if (!call.ok()) return {Terminal(call.status()), {}};
  next.calls.push_back({std::move(*call), std::nullopt, WaitOf(form), step.token});
  return next;
}

CallError KindCalls::FirstCalls(Step& step, const Value& form, std::vector<StepCall>& calls) {
  const Value* firsts = form.Find("first");
  if (firsts == nullptr || !firsts->is_list()) return {};
  for (const Value& first : firsts->as_list()) {
    Value items;
    if (const std::string field = first.StringOr("each", ""); !field.empty()) {
      if (CallError error = Refresh(step); !error.ok) return error;
      if (const Value* found = step.observed.At(field)) items = *found;
    } else if (const Value* list = first.Find("list")) {
      Answered answered = FetchAll(*list, VariablesOf(step), kMostPages);
      if (!answered.error.ok) return answered.error;
      items = std::move(answered.value);
    }
    if (!items.is_list()) continue;
    List left;
    const Value* unless = first.Find("unless");
    for (const Value& item : items.as_list())
      if (unless == nullptr || !Covers(item, *unless)) left.push_back(item);
    if (const std::string oldest = first.StringOr("oldest", ""); !oldest.empty()) {
      SortNewestFirst(oldest, left);
      const auto beyond = static_cast<size_t>(std::max<int64_t>(0, first.IntOr("beyond", 0)));
      left.erase(left.begin(), left.begin() + static_cast<ptrdiff_t>(std::min(beyond, left.size())));
    }
    Variables variables = VariablesOf(step);
    for (const Value& item : left) {
      variables.values["item"] = item;
      const std::string token = TokenFor(step.token, first, item);
      variables.texts["token"] = token;
      Result<PreparedCall> call = FillCall(*api_, first, variables);
      if (!call.ok()) return Terminal(call.status());
      calls.push_back({std::move(*call), ErrorClass::kGone, WaitOf(first), token});
    }
  }
  return {};
}

KindCalls::Next KindCalls::CallsOf(Step& step) {
  const std::optional<CallRule> rule = FindCall(kind_, step.call);
  if (!rule)
    return {MakeCallError(ErrorClass::kTerminal, "UnknownOperation",
                          fmt::format("{} has no call '{}'", kind_.name().ToString(), step.call)),
            {}};
  if (step.call == "create") return CreateCalls(step);
  if (step.call == "delete") return DeleteCalls(step, rule->body);
  if (step.call == "mark") return MarkCalls(step, rule->body);
  return UpdateCalls(step, *rule);
}

}  // namespace tandem::aws
