#include "schema/lint_calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tandem/base/spelling.h"

namespace tandem {
namespace {

bool StartsWith(std::string_view text, std::string_view head) {
  return text.substr(0, head.size()) == head;
}
bool EndsWith(std::string_view text, std::string_view tail) {
  return text.size() >= tail.size() && text.substr(text.size() - tail.size()) == tail;
}

class CallLint {
 public:
  CallLint(const FileKind& kind, Diagnostics& found)
      : kind_(kind), body_(kind.body()), tags_(SpellOutTags(kind.body())), found_(found) {}

  void Run() {
    for (const CallForm& call : AllCalls(body_, kind_.api())) Check(call);
    // The ec2 style's calls are not in the file; the enum of what they tag is.
    if (tags_.StringOr("style", "") == "ec2") CheckEc2Tags();
    CheckList();
    CheckWhere();
    CheckAlso();
    CheckWaits();
  }

 private:
  void Error(const std::string& path, std::string summary, std::string detail = "",
             bool at_key = false) {
    kind_.text().Error(found_, path, std::move(summary), std::move(detail), at_key);
  }

  void Check(const CallForm& call) {
    const std::string name = call.body->StringOr("call", "");
    if (call.operation == nullptr) {
      std::vector<std::string> known;
      for (const std::string_view each : kind_.api().operation_names()) known.emplace_back(each);
      const std::string near = NearestWord(name, known);
      return Error(call.place + ".call", fmt::format("the API has no operation '{}'", name),
                   near.empty() ? "" : fmt::format("did you mean '{}'?", near));
    }
    std::set<std::string> given;
    const ApiShape* input = call.operation->input.shape;
    if (const Value* request = call.body->Find("request")) {
      for (const auto& [key, value] : request->as_map()) given.insert(key);
      WalkTemplate(
          *request, input, "",
          [&](const Variable& variable, const ApiShape* shape, const std::string& place) {
            CheckVariable(call, variable, shape, JoinRequest(call.place, place));
          },
          [&](const std::string& place, const std::string& why) {
            Error(JoinRequest(call.place, place), fmt::format("{} has no member '{}'", name, place),
                  why, true);
          });
    }
    CheckToken(call);
    CheckCarried(call, given);
    if (input != nullptr)
      for (const ApiMember& member : input->members)
        if (member.required && given.count(std::string(member.name)) == 0 &&
            !member.traits.idempotency_token)
          Error(call.place,
                fmt::format("{} needs '{}', and nothing here gives it", name, member.name));
    if (const Value* result = call.body->Find("result")) {
      const ApiShape* output = call.operation->output.shape;
      if (result->is_string() && ShapeAt(output, ParsePath(result->as_string())) == nullptr)
        Error(call.place + ".result",
              fmt::format("the answer of {} has no '{}'", name, result->as_string()));
    }
  }

  static std::string JoinRequest(const std::string& call, const std::string& place) {
    return call + ".request" + (place.empty() || place[0] == '[' ? "" : ".") + place;
  }

  void CheckToken(const CallForm& call) {
    const Value* token = call.body->Find("token");
    if (token == nullptr) return;
    if (ShapeAt(call.operation->input.shape, {{token->as_string(), -1}}) == nullptr)
      Error(call.place + ".token",
            fmt::format("{} has no member '{}'", call.operation->name, token->as_string()));
  }

  /// Adds what the call sends beside its template to `given`.
  void CheckCarried(const CallForm& call, std::set<std::string>& given) {
    const ApiShape* input = call.operation->input.shape;
    if (call.place == "operations.create") {
      const std::string at = call.body->StringOr("at", "");
      if (!at.empty()) given.insert(ParsePath(at)[0].key);
      if (at.empty() && input != nullptr)
        for (const TopMember& member : kind_.members())
          if (member.created) given.insert(member.name);
      return;
    }
    if (!StartsWith(call.place, "operations.update") || !EndsWith(call.place, "]") ||
        call.place.find(".first") != std::string::npos)
      return;
    for (const char* key : {"each", "delta"})
      if (const std::string field = call.body->StringOr(key, "");
          !field.empty() && kind_.tree().Find(ParsePath(field)) == nullptr)
        Error(call.place + "." + key, fmt::format("'{}' is no member", field));
    const Value* fields = call.body->Find("fields");
    if (fields == nullptr) return;
    const std::string at = call.body->StringOr("at", "");
    if (!at.empty()) given.insert(ParsePath(at)[0].key);
    for (const Value& field : fields->as_list()) {
      if (kind_.tree().Find(ParsePath(field.as_string())) == nullptr)
        Error(call.place + ".fields", fmt::format("'{}' is no member", field.as_string()));
      if (at.empty()) given.insert(ParsePath(field.as_string())[0].key);
      if (call.body->BoolOr("spread", false)) CheckSpread(call, field.as_string());
    }
    if (const std::string reset = call.body->StringOr("reset", ""); !reset.empty()) {
      const ApiShape* list = ShapeAt(input, {{reset, -1}});
      if (list == nullptr || list->type != ShapeType::kList)
        Error(call.place + ".reset",
              fmt::format("{} has no list '{}'", call.operation->name, reset));
    }
    const std::string carry = call.body->StringOr("carry", "changed");
    if (carry == "whole" && call.body->BoolOr("single", false))
      Error(call.place + ".carry", "'single' sends one field, 'whole' all of them");
  }

  /// The members of a spread field that the call does not have must be immutable.
  void CheckSpread(const CallForm& call, const std::string& field) {
    const TypeNode* node = kind_.tree().Find(ParsePath(field));
    if (node == nullptr || node->type != ShapeType::kStructure)
      return Error(call.place + ".spread", fmt::format("'{}' is no structure", field));
    for (const TypeNode::Member& member : node->members) {
      if (member.node->rule.replace || member.node->rule.computed) continue;
      if (ShapeAt(call.operation->input.shape, {{std::string(member.name), -1}}) == nullptr)
        Error(call.place + ".spread", fmt::format("{} does not carry '{}.{}': mark it replace",
                                                  call.operation->name, field, member.name));
    }
  }

  void CheckVariable(const CallForm& call, const Variable& variable, const ApiShape* shape,
                     const std::string& at) {
    const std::string& place = call.place;
    const bool batch = StartsWith(place, "tags.") || DeltaOf(place) != nullptr;
    const bool entry =
        place.find(".first") != std::string::npos || EachOf(place) || EndsWith(place, ".each");
    const std::string& name = variable.name;
    if (name == "spec" || name == "observed" || name == "recorded") {
      if (variable.path.empty()) return;
      const bool known = name == "spec" ? kind_.tree().Find(AnyPath(variable.path)) != nullptr
                                        : HasField(kind_, variable.path);
      if (!known) return Error(at, fmt::format("there is no '{}'", variable.path));
      const ApiShape* given = ShapeOfField(kind_, variable.path);
      if (given != nullptr && shape != nullptr &&
          TypeOfShape(given->type) != TypeOfShape(shape->type))
        Error(at, fmt::format("'{}' is of type {}, and {} is asked for", variable.path,
                              ShapeTypeName(given->type), ShapeTypeName(shape->type)));
      return;
    }
    if (name == "id") {
      if (!variable.path.empty() &&
          body_.Find("identity")->StringOr("compose", "").find("{" + variable.path + "}") ==
              std::string::npos)
        Error(at, fmt::format("the identity has no part '{}'", variable.path));
      return;
    }
    const std::set<std::string> anywhere = {"name", "token", "account", "region", "intent"};
    if (anywhere.count(name) != 0) return;
    if (name == "parent" && place == "operations.list") return;
    if (name == "answer" && EndsWith(place, ".wait")) {
      const Value* waited = body_.At(place.substr(0, place.size() - 5));
      const ApiOperation* operation =
          waited == nullptr ? nullptr : kind_.api().FindOperation(waited->StringOr("call", ""));
      if (operation != nullptr &&
          ShapeAt(operation->output.shape, ParsePath(variable.path)) == nullptr)
        Error(at, fmt::format("the answer of {} has no '{}'", operation->name, variable.path));
      return;
    }
    if (name == "item" && entry) return;
    if ((name == "added" || name == "removed" || name == "removedKeys") && batch) return;
    if (name == "reset" && StartsWith(place, "operations.update")) return;
    Error(at, fmt::format("'${}' has no meaning here", name));
  }

  const Value* UpdateOf(const std::string& place) const {
    if (!StartsWith(place, "operations.update[")) return nullptr;
    return body_.At(place.substr(0, place.find(']') + 1));
  }
  const Value* DeltaOf(const std::string& place) const {
    const Value* update = UpdateOf(place);
    return update == nullptr ? nullptr : update->Find("delta");
  }
  bool EachOf(const std::string& place) const {
    const Value* update = UpdateOf(place);
    return update != nullptr && update->Find("each") != nullptr;
  }

  void CheckEc2Tags() {
    const ApiOperation* create =
        kind_.api().FindOperation(body_.At("operations.create")->StringOr("call", ""));
    if (create == nullptr) return;
    const ApiShape* type = ShapeAt(
        create->input.shape, {{tags_.StringOr("create", ""), -1}, {"", 0}, {"ResourceType", -1}});
    const std::string resource = tags_.StringOr("resource", "");
    if (type == nullptr)
      return Error("tags.style", fmt::format("{} takes no TagSpecifications", create->name));
    if (std::find(type->enum_values.begin(), type->enum_values.end(), resource) ==
        type->enum_values.end())
      Error("tags", fmt::format("'{}' is no ResourceType of tags", resource), "give 'resource'");
  }

  void CheckList() {
    const Value* list = body_.At("operations.list");
    if (list == nullptr) return;
    const ApiOperation* operation = kind_.api().FindOperation(list->StringOr("call", ""));
    if (operation == nullptr) return;
    const ApiShape* items =
        ShapeAt(operation->output.shape, ParsePath(list->StringOr("result", "")));
    if (items == nullptr) return;
    if (items->type != ShapeType::kList)
      return Error("operations.list.result", "a list's result must be a list");
    const ApiShape* item = items->element.shape;
    if (const std::string id = list->StringOr("id", ""); !id.empty()) {
      if (ShapeAt(item, ParsePath(id)) == nullptr)
        Error("operations.list.id",
              fmt::format("the items of {} have no '{}'", operation->name, id));
    } else if (item->type != ShapeType::kStructure && !kind_.list_names_only()) {
      Error("operations.list", "the items are names: say 'completeness: names'");
    }
    const Value* skips = list->Find("skip");
    if (skips == nullptr) return;
    for (size_t i = 0; i < skips->as_list().size(); ++i) {
      const std::string at = JoinPath("operations.list.skip", static_cast<int64_t>(i));
      if (!skips->as_list()[i].is_map()) {
        Error(at, "must be a map from members to values");
        continue;
      }
      for (const auto& [path, value] : skips->as_list()[i].as_map())
        if (ShapeAt(item, ParsePath(path)) == nullptr)
          Error(at, fmt::format("the items of {} have no '{}'", operation->name, path));
    }
  }

  void CheckWhere() {
    const Value* read = body_.At("operations.read");
    const Value* where = read == nullptr ? nullptr : read->Find("where");
    if (where == nullptr) return;
    for (const auto& [path, value] : where->as_map()) {
      if (kind_.AnswerAt(ParsePath(path)) == nullptr)
        Error("operations.read.where", fmt::format("the answer has no '{}'", path));
      if (!value.is_string()) Error("operations.read.where", "must map members to texts");
    }
  }

  void CheckAlso() {
    const Value* also = body_.At("operations.read.also");
    if (also == nullptr) return;
    for (size_t i = 0; i < also->as_list().size(); ++i) {
      const std::string at = JoinPath("operations.read.also", static_cast<int64_t>(i));
      const std::string field = also->as_list()[i].StringOr("field", "");
      if (field.empty() || !HasField(kind_, field))
        Error(at, "'field' must name the member that the call fills",
              field.empty() ? "" : fmt::format("there is no '{}'", field));
    }
  }

  void CheckWaits() {
    for (const CallForm& call : AllCalls(body_, kind_.api())) {
      if (!EndsWith(call.place, ".wait") || call.operation == nullptr) continue;
      const std::string field = call.body->StringOr("field", "");
      const ApiShape* shape = ShapeAt(call.operation->output.shape, ParsePath(field));
      if (shape == nullptr) {
        Error(call.place + ".field",
              fmt::format("the answer of {} has no '{}'", call.operation->name, field));
        continue;
      }
      for (const char* key : {"ready", "busy", "failed"}) {
        const Value* words = call.body->Find(key);
        if (words == nullptr) continue;
        for (const Value& word : words->as_list())
          if (!shape->enum_values.empty() &&
              std::find(shape->enum_values.begin(), shape->enum_values.end(), word.as_string()) ==
                  shape->enum_values.end())
            Error(call.place + "." + key,
                  fmt::format("'{}' is no state of '{}'", word.as_string(), field));
      }
      if (const std::string message = call.body->StringOr("message", "");
          !message.empty() && ShapeAt(call.operation->output.shape, ParsePath(message)) == nullptr)
        Error(call.place + ".message",
              fmt::format("the answer of {} has no '{}'", call.operation->name, message));
    }
  }

  const FileKind& kind_;
  const Value& body_;
  const Value tags_;
  Diagnostics& found_;
};

}  // namespace

Path AnyPath(std::string_view pattern) {
  std::string text;
  for (size_t i = 0; i < pattern.size(); ++i) {
    text += pattern[i];
    if (pattern[i] == '[' && i + 1 < pattern.size() && pattern[i + 1] == ']') text += '0';
    if (pattern[i] == '*' && i > 0 && pattern[i - 1] == '.') text.back() = 'x';
  }
  return ParsePath(text);
}

const ApiShape* ShapeOfField(const FileKind& kind, std::string_view pattern) {
  const Path path = AnyPath(pattern);
  if (const TypeNode* node = kind.tree().Find(path)) return node->shape;
  return kind.AnswerAt(path);
}

bool HasField(const FileKind& kind, std::string_view pattern) {
  const Path path = AnyPath(pattern);
  const bool composed = kind.body().Find("identity")->Find("compose") != nullptr;
  return kind.tree().Find(path) != nullptr || kind.AnswerAt(path) != nullptr ||
         (composed && pattern == kind.identity_field());
}

void LintCalls(const FileKind& kind, Diagnostics& found) { CallLint(kind, found).Run(); }

}  // namespace tandem
