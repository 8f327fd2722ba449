#include "providers/aws/kinds/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace tandem::aws {
namespace {

const Value& FormOf(const Variables& variables, std::string_view name) {
  static const Value kNone = Map{};
  const auto found = variables.values.find(name);
  return found == variables.values.end() || !found->second.is_map() ? kNone : found->second;
}

const Value* Given(const Value& form, const Path& path) {
  const Value* value = FindAt(form, path);
  return value == nullptr || value->is_null() ? nullptr : value;
}

bool Touch(const Path& a, const Path& b) {
  const size_t common = std::min(a.size(), b.size());
  return std::equal(a.begin(), a.begin() + static_cast<ptrdiff_t>(common), b.begin());
}

Path Joined(const Path& base, const Path& more) {
  Path path = base;
  path.insert(path.end(), more.begin(), more.end());
  return path;
}

void PlacedFields(const Value& request, std::set<std::string>& out) {
  if (request.is_string()) {
    const auto variable = ParseVariable(request.as_string());
    if (variable && variable->name == "spec") out.insert(variable->path);
  } else if (request.is_map()) {
    for (const auto& [key, item] : request.as_map()) PlacedFields(item, out);
  } else if (request.is_list()) {
    for (const Value& item : request.as_list()) PlacedFields(item, out);
  }
}

/// Structures are laid over each other; everything else is whole.
Value Over(const Value& base, const Value& top) {
  if (!base.is_map() || !top.is_map()) return top;
  Value merged = base;
  for (const auto& [key, item] : top.as_map()) {
    const Value* below = base.Find(key);
    merged.Set(key, below == nullptr ? item : Over(*below, item));
  }
  return merged;
}

/// What recorded has and desired lacks, inside one field, as its `unset` wants it sent.
void FillGivenUp(const Kind& kind, const Path& at, const Value& recorded, const Value* desired,
                 Value& sent) {
  if (!recorded.is_map()) return;
  for (const auto& [key, item] : recorded.as_map()) {
    Path path = at;
    path.push_back({key, -1});
    const Value* still = desired == nullptr ? nullptr : desired->Find(key);
    if (still != nullptr && !still->is_null()) {
      if (Value* inner = EditAt(sent, {{key, -1}}))
        FillGivenUp(kind, path, item, still, *inner);
      continue;
    }
    const FieldRule rule = kind.RuleFor(path);
    if (rule.unset == UnsetMode::kValue)
      sent.Set(key, rule.unset_value);
    else if (rule.unset != UnsetMode::kRelease && sent.is_map())
      sent.edit_map().erase(key);
  }
}

/// What one fields call sends, field by field.
class FieldsWriter {
 public:
  FieldsWriter(const Kind& kind, const Value& form, const Variables& variables,
               const std::vector<std::string>& changed)
      : kind_(kind),
        form_(form),
        desired_(FormOf(variables, "spec")),
        observed_(FormOf(variables, "observed")),
        recorded_(FormOf(variables, "recorded")) {
    for (const std::string& path : changed) changed_.push_back(ParsePath(path));
  }

  struct Sent {
    Path path;   // of the field
    Path place;  // in the request, below `at`
    Value value;
  };

  Status Gather(const ApiShape* shape) {
    const bool spread = form_.BoolOr("spread", false);
    for (const Value& field : form_.Find("fields")->as_list()) {
      const Path path = ParsePath(field.as_string());
      if (!spread) {
        TANDEM_RETURN_IF_ERROR(Take(path, path));
        continue;
      }
      std::set<std::string> members;
      for (const Value* source : {&desired_, &observed_, &recorded_})
        if (const Value* whole = FindAt(*source, path); whole != nullptr && whole->is_map())
          for (const auto& [key, item] : whole->as_map()) members.insert(key);
      for (const std::string& member : members) {
        const Path inner = Joined(path, {{member, -1}});
        const bool carried = ShapeAt(shape, {{member, -1}}) != nullptr;
        if (carried) TANDEM_RETURN_IF_ERROR(Take(inner, {{member, -1}}));
      }
    }
    return OkStatus();
  }

  const std::vector<Sent>& sent() const { return sent_; }
  /// Fields given up whose `unset` is a call.
  const std::vector<Path>& by_call() const { return by_call_; }
  /// A changed field is still sent.
  bool sends_changed() const { return sends_changed_; }

 private:
  bool Changed(const Path& path) const {
    return std::any_of(changed_.begin(), changed_.end(),
                       [&](const Path& other) { return Touch(path, other); });
  }

  Status Take(const Path& path, const Path& place) {
    const std::string carry = form_.StringOr("carry", "changed");
    const Value* wanted = Given(desired_, path);
    const Value* before = Given(recorded_, path);
    const Value* live = Given(observed_, path);
    const bool changed = Changed(path);
    if (wanted != nullptr) {
      if (!changed && carry == "changed") return OkStatus();
      Value value = carry == "whole" && live != nullptr ? Over(*live, *wanted) : *wanted;
      if (before != nullptr) FillGivenUp(kind_, path, *before, wanted, value);
      sent_.push_back({path, place, std::move(value)});
      sends_changed_ |= changed;
      return OkStatus();
    }
    if (before != nullptr) {
      const FieldRule rule = kind_.RuleFor(path);
      switch (rule.unset) {
        case UnsetMode::kRelease:
          break;  // as if it had never been ours
        case UnsetMode::kNull:
          sends_changed_ |= changed;
          return OkStatus();
        case UnsetMode::kValue:
          if (changed || carry != "changed") {
            sent_.push_back({path, place, rule.unset_value});
            sends_changed_ |= changed;
          }
          return OkStatus();
        case UnsetMode::kCall:
          if (changed) by_call_.push_back(path);
          return OkStatus();
        case UnsetMode::kReplace:
          return FailedPrecondition(fmt::format("{} cannot be taken back", FormatPath(path)));
      }
    }
    if (carry == "whole" && live != nullptr) sent_.push_back({path, place, *live});
    return OkStatus();
  }

  const Kind& kind_;
  const Value& form_;
  const Value& desired_;
  const Value& observed_;
  const Value& recorded_;
  std::vector<Path> changed_;
  std::vector<Sent> sent_;
  std::vector<Path> by_call_;
  bool sends_changed_ = false;
};

}  // namespace

Result<const ApiOperation*> OperationOf(const ApiModel& api, const Value& call) {
  const std::string name = call.StringOr("call", "");
  const ApiOperation* operation = api.FindOperation(name);
  if (operation == nullptr)
    return InvalidArgument(fmt::format("the API has no operation '{}'", name));
  return operation;
}

namespace {

/// Fills `request`, with `extra` variables besides: "$send.N" is the N-th of `sent`.
Value Fill(const Value& request, const ApiShape* shape, const Variables& variables,
           const List& sent) {
  return FillTemplate(request, shape, [&](const Variable& variable) -> std::optional<Value> {
    if (variable.name != "send") return variables.Lookup(variable);
    return sent[static_cast<size_t>(std::stoul(variable.path))];
  });
}

void AddToken(const Value& call, const Variables& variables, PreparedCall& prepared) {
  const std::string member = call.StringOr("token", "");
  const auto token = variables.texts.find("token");
  if (!member.empty() && token != variables.texts.end() && !token->second.empty())
    prepared.params.Set(member, token->second);
}

}  // namespace

Result<PreparedCall> FillCall(const ApiModel& api, const Value& call, const Variables& variables) {
  PreparedCall prepared;
  TANDEM_ASSIGN_OR_RETURN(prepared.operation, OperationOf(api, call));
  const Value* request = call.Find("request");
  prepared.params = FillTemplate(request == nullptr ? Value(Map{}) : *request,
                                 prepared.operation->input.shape, variables.lookup());
  AddToken(call, variables, prepared);
  return prepared;
}

Result<PreparedCall> CreateCall(const Kind& kind, const ApiModel& api, const Variables& variables,
                                const Value& tags) {
  const std::optional<CallRule> rule = FindCall(kind, "create");
  TANDEM_CHECK(rule.has_value());
  const Value& form = rule->body;
  PreparedCall prepared;
  TANDEM_ASSIGN_OR_RETURN(prepared.operation, OperationOf(api, form));
  const ApiShape* input = prepared.operation->input.shape;
  const Path at = ParsePath(form.StringOr("at", ""));
  const ApiShape* shape = ShapeAt(input, at);
  const Value* given = form.Find("request");
  Value request = given == nullptr ? Value(Map{}) : *given;
  const Value tag_rules = TagsOf(kind);
  const std::string field = tag_rules.StringOr("field", "");
  const std::string carrier = tag_rules.StringOr("create", field);
  List sent;
  const auto send = [&](const std::string& member, Value value) {
    SetAt(request, Joined(at, {{member, -1}}), fmt::format("$send.{}", sent.size()));
    sent.push_back(std::move(value));
  };
  for (const auto& [member, value] : FormOf(variables, "spec").as_map()) {
    if (value.is_null() || (!tag_rules.is_null() && member == field)) continue;
    const bool carried =
        std::find(rule->fields.begin(), rule->fields.end(), member) != rule->fields.end();
    // A member that the template places is only there.
    if (carried && shape != nullptr && shape->Find(member) != nullptr) send(member, value);
  }
  const bool any_tags = (tags.is_list() && !tags.as_list().empty()) ||
                        (tags.is_map() && !tags.as_map().empty());
  if (any_tags && shape != nullptr && carrier != "none" && shape->Find(carrier) != nullptr) {
    if (tag_rules.StringOr("style", "") == "ec2" && carrier != field)
      send(carrier,
           List{Map{{"ResourceType", tag_rules.StringOr("resource", "")}, {"Tags", tags}}});
    else
      send(carrier, tags);
  }
  prepared.params = Fill(request, input, variables, sent);
  AddToken(form, variables, prepared);
  return prepared;
}

Result<std::optional<PreparedCall>> FieldsCall(const Kind& kind, const ApiModel& api,
                                               const Value& form, const Variables& variables,
                                               const std::vector<std::string>& changed) {
  using Prepared = std::optional<PreparedCall>;
  PreparedCall prepared;
  TANDEM_ASSIGN_OR_RETURN(prepared.operation, OperationOf(api, form));
  const ApiShape* input = prepared.operation->input.shape;
  const Path at = ParsePath(form.StringOr("at", ""));
  FieldsWriter writer(kind, form, variables, changed);
  TANDEM_RETURN_IF_ERROR(writer.Gather(ShapeAt(input, at)));
  const std::string reset = form.StringOr("reset", "");
  const Value* unset = form.Find("unset");
  if (!writer.by_call().empty() && !writer.sends_changed() && unset != nullptr) {
    TANDEM_ASSIGN_OR_RETURN(PreparedCall instead, FillCall(api, *unset, variables));
    AddToken(form, variables, instead);
    return Prepared(std::move(instead));
  }
  if (!writer.by_call().empty() && reset.empty() && unset == nullptr)
    return FailedPrecondition(
        fmt::format("{} cannot be taken back", FormatPath(writer.by_call()[0])));
  if (!writer.sends_changed() && writer.by_call().empty()) return Prepared();

  const Value* given = form.Find("request");
  Value request = given == nullptr ? Value(Map{}) : *given;
  std::set<std::string> placed;
  PlacedFields(request, placed);
  const std::string wrap = form.StringOr("wrap", "");
  List sent;
  Variables own = variables;
  for (const FieldsWriter::Sent& field : writer.sent()) {
    if (placed.count(FormatPath(field.path)) != 0) {
      // The template places it as $spec.FIELD: what is sent is what it finds there.
      SetAt(own.values["spec"], field.path, field.value);
      continue;
    }
    Path place = Joined(at, field.place);
    if (!wrap.empty()) place.push_back({wrap, -1});
    SetAt(request, place, fmt::format("$send.{}", sent.size()));
    sent.push_back(field.value);
  }
  if (!reset.empty() && !writer.by_call().empty()) {
    List names;
    for (const Path& path : writer.by_call()) names.emplace_back(path.back().key);
    SetAt(request, Joined(at, {{reset, -1}}), fmt::format("$send.{}", sent.size()));
    sent.emplace_back(std::move(names));
  }
  prepared.params = Fill(request, input, own, sent);
  AddToken(form, variables, prepared);
  return Prepared(std::move(prepared));
}

}  // namespace tandem::aws
