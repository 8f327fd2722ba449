#include "schema/call_forms.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "tandem/base/spelling.h"

namespace tandem {
namespace {

const std::set<std::string, std::less<>> kNever = {"DryRun"};

std::set<std::string, std::less<>> Texts(const Value* list) {
  std::set<std::string, std::less<>> texts;
  if (list != nullptr && list->is_list())
    for (const Value& item : list->as_list())
      if (item.is_string()) texts.insert(item.as_string());
  return texts;
}

/// "SecurityGroup" → "security-group", "VPC" → "vpc".
std::string Dashed(std::string_view kind) {
  std::string text;
  for (size_t i = 0; i < kind.size(); ++i) {
    const bool upper = std::isupper(static_cast<unsigned char>(kind[i])) != 0;
    const bool after_lower = i > 0 && std::islower(static_cast<unsigned char>(kind[i - 1])) != 0;
    if (upper && after_lower) text += '-';
    text += static_cast<char>(std::tolower(static_cast<unsigned char>(kind[i])));
  }
  return text;
}

void AddCall(std::vector<CallForm>& calls, const ApiModel& api, std::string place,
             const Value* call) {
  if (call == nullptr || !call->is_map()) return;
  const Value* name = call->Find("call");
  if (name == nullptr || !name->is_string()) return;
  calls.push_back({std::move(place), call, api.FindOperation(name->as_string())});
}

class Gatherer {
 public:
  Gatherer(const KindText& text, const ApiModel& api, Diagnostics& found)
      : text_(text),
        body_(text.body()),
        tags_(SpellOutTags(text.body())),
        api_(api),
        found_(found) {}

  std::vector<TopMember> Gather() {
    Declared();
    Tags();
    Create();
    Updates();
    for (const CallForm& call : AllCalls(body_, api_)) FromTemplate(call);
    return std::move(members_);
  }

 private:
  TopMember* Known(std::string_view name) {
    for (TopMember& member : members_)
      if (member.name == name) return &member;
    return nullptr;
  }

  void Add(std::string_view name, const ApiShape* shape, bool required, bool created) {
    if (shape == nullptr) return;
    if (TopMember* known = Known(name)) {
      known->required |= required;
      known->created |= created;
      return;
    }
    members_.push_back({std::string(name), shape, false, required, {}, created});
  }

  void Declared() {
    const Value* declared = body_.Find("members");
    if (declared == nullptr || !declared->is_map()) return;
    for (const auto& [name, member] : declared->as_map()) {
      const std::string list = member.StringOr("listOf", "");
      const std::string plain = member.StringOr("shape", "");
      const ApiShape* shape = api_.FindShape(list.empty() ? plain : list);
      if (list.empty() == plain.empty() || shape == nullptr) {
        text_.Error(found_, JoinPath("members", name),
                    "a member needs 'shape' or 'listOf', naming a shape of the API");
        continue;
      }
      members_.push_back({name, shape, !list.empty(), false, Texts(member.Find("without")), false});
    }
  }

  void Tags() {
    if (tags_.is_null()) return;
    const std::string field = tags_.StringOr("field", "");
    for (const char* part : {"add", "both"}) {
      const Value* call = tags_.Find(part);
      if (call == nullptr || !call->is_map()) continue;
      const ApiOperation* operation = api_.FindOperation(call->StringOr("call", ""));
      const Value* request = call->Find("request");
      if (operation == nullptr || !operation->input || request == nullptr) continue;
      WalkTemplate(
          *request, operation->input.shape, "",
          [&](const Variable& variable, const ApiShape* shape, const std::string&) {
            if (variable.name == "added" && variable.path.empty()) Add(field, shape, false, false);
          },
          [](const std::string&, const std::string&) {});
    }
  }

  void Create() {
    const Value* create = body_.At("operations.create");
    if (create == nullptr || !create->is_map()) return;
    const ApiOperation* operation = api_.FindOperation(create->StringOr("call", ""));
    if (operation == nullptr || !operation->input) return;  // the lint says so
    const std::string at = create->StringOr("at", "");
    const ApiShape* shape = ShapeAt(operation->input.shape, ParsePath(at));
    if (shape == nullptr || shape->type != ShapeType::kStructure)
      return text_.Error(found_, "operations.create.at",
                         fmt::format("{} has no structure at '{}'", operation->name, at));
    std::set<std::string, std::less<>> without = Texts(create->Find("without"));
    for (const std::string& name : without)
      if (shape->Find(name) == nullptr)
        text_.Error(found_, "operations.create.without",
                    fmt::format("{} has no member '{}'", operation->name, name));
    without.insert(kNever.begin(), kNever.end());
    if (const std::string token = TokenMember(*create, *operation); !token.empty())
      without.insert(token);
    const std::string field = tags_.StringOr("field", "");
    if (const std::string carrier = tags_.StringOr("create", field); carrier != field) {
      without.insert(carrier);
      if (TopMember* tags = Known(field); tags != nullptr && shape->Find(carrier) != nullptr)
        tags->created = true;
    }
    const Value* request = create->Find("request");
    if (request != nullptr && !at.empty()) request = request->At(at);
    if (request != nullptr && request->is_map())
      for (const auto& [name, value] : request->as_map())
        if (!value.is_string() || value.as_string() != "$spec." + name) without.insert(name);
    const auto only = Texts(create->Find("fields"));
    for (const ApiMember& member : shape->members) {
      if (without.count(member.name) != 0) continue;
      if (!only.empty() && only.count(member.name) == 0) continue;
      Add(member.name, member.shape, member.required, true);
    }
  }

  void Updates() {
    const Value* updates = body_.At("operations.update");
    if (updates == nullptr || !updates->is_list()) return;
    for (size_t i = 0; i < updates->as_list().size(); ++i) {
      const Value& update = updates->as_list()[i];
      const Value* fields = update.Find("fields");
      if (fields == nullptr || !fields->is_list() || update.BoolOr("spread", false)) continue;
      const ApiOperation* operation = api_.FindOperation(update.StringOr("call", ""));
      if (operation == nullptr || !operation->input) continue;
      std::string at = update.StringOr("at", "");
      const ApiShape* shape = ShapeAt(operation->input.shape, ParsePath(at));
      const std::set<std::string, std::less<>> placed = Placed(update, *operation);
      for (const Value& field : fields->as_list()) {
        if (!field.is_string() || placed.count(field.as_string()) != 0) continue;
        Path path = ParsePath(field.as_string());
        if (const std::string wrap = update.StringOr("wrap", ""); !wrap.empty())
          path.push_back({wrap, -1});
        const ApiShape* inner = ShapeAt(shape, path);
        if (inner == nullptr)
          text_.Error(found_, JoinPath("operations.update", static_cast<int64_t>(i)) + ".fields",
                      fmt::format("{} has no member '{}'", operation->name, FormatPath(path)),
                      Near(shape, path));
        else if (path.size() == (update.Find("wrap") != nullptr ? 2U : 1U))
          Add(field.as_string(), inner, false, false);
      }
    }
  }

  static std::string Near(const ApiShape* shape, const Path& path) {
    if (shape == nullptr || path.empty()) return "";
    std::vector<std::string> known;
    for (const ApiMember& member : shape->members) known.emplace_back(member.name);
    const std::string near = NearestWord(path[0].key, known);
    return near.empty() ? "" : fmt::format("did you mean '{}'?", near);
  }

  /// The members of spec that the request template places itself.
  static std::set<std::string, std::less<>> Placed(const Value& call,
                                                   const ApiOperation& operation) {
    std::set<std::string, std::less<>> placed;
    if (const Value* request = call.Find("request"))
      WalkTemplate(
          *request, operation.input.shape, "",
          [&](const Variable& variable, const ApiShape*, const std::string&) {
            if (variable.name == "spec") placed.insert(variable.path);
          },
          [](const std::string&, const std::string&) {});
    return placed;
  }

  void FromTemplate(const CallForm& call) {
    const Value* request = call.body->Find("request");
    if (request == nullptr || call.operation == nullptr || !call.operation->input) return;
    const bool mutates = call.place.rfind("operations.create", 0) == 0 ||
                         call.place.rfind("operations.update", 0) == 0;
    if (!mutates) return;
    WalkTemplate(
        *request, call.operation->input.shape, "",
        [&](const Variable& variable, const ApiShape* shape, const std::string& place) {
          if (variable.name != "spec" || ParsePath(variable.path).size() != 1) return;
          bool required = false;
          const bool created = call.place == "operations.create";
          if (created) {
            const Path path = ParsePath(place);
            const ApiMember* member =
                path.size() == 1 ? call.operation->input.shape->Find(path[0].key) : nullptr;
            required = member != nullptr && member->required;
          }
          Add(variable.path, shape, required, created);
        },
        [](const std::string&, const std::string&) {});
  }

  const KindText& text_;
  const Value& body_;
  const Value tags_;
  const ApiModel& api_;
  Diagnostics& found_;
  std::vector<TopMember> members_;
};

}  // namespace

std::optional<Variable> ParseVariable(std::string_view text) {
  if (text.size() < 2 || text[0] != '$' || text[1] == '$') return std::nullopt;
  const size_t dot = text.find_first_of(".[");
  if (dot == std::string_view::npos) return Variable{std::string(text.substr(1)), ""};
  const size_t from = text[dot] == '.' ? dot + 1 : dot;
  return Variable{std::string(text.substr(1, dot - 1)), std::string(text.substr(from))};
}

void WalkTemplate(const Value& request, const ApiShape* shape, const std::string& place,
                  const TemplateLeaf& leaf, const TemplateWrong& wrong) {
  if (request.is_string()) {
    if (const auto variable = ParseVariable(request.as_string())) leaf(*variable, shape, place);
  } else if (request.is_map()) {
    for (const auto& [name, item] : request.as_map()) {
      const std::string inner = JoinPath(place, name);
      const ApiShape* member = ShapeAt(shape, {{name, -1}});
      if (member == nullptr) {
        std::vector<std::string> known;
        if (shape != nullptr)
          for (const ApiMember& each : shape->members) known.emplace_back(each.name);
        const std::string near = NearestWord(name, known);
        wrong(inner, near.empty() ? "" : fmt::format("did you mean '{}'?", near));
        continue;
      }
      WalkTemplate(item, member, inner, leaf, wrong);
    }
  } else if (request.is_list()) {
    for (size_t i = 0; i < request.as_list().size(); ++i) {
      const std::string inner = JoinPath(place, static_cast<int64_t>(i));
      const ApiShape* element = ShapeAt(shape, {{"", 0}});
      if (element == nullptr) return wrong(inner, "");
      WalkTemplate(request.as_list()[i], element, inner, leaf, wrong);
    }
  }
}

std::vector<CallForm> AllCalls(const Value& body, const ApiModel& api) {
  std::vector<CallForm> calls;
  const auto add = [&](const std::string& place) { AddCall(calls, api, place, body.At(place)); };
  const auto items = [&](const std::string& place, const auto& each) {
    const Value* list = body.At(place);
    if (list == nullptr || !list->is_list()) return;
    for (size_t i = 0; i < list->as_list().size(); ++i)
      each(JoinPath(place, static_cast<int64_t>(i)));
  };
  const auto first = [&](const std::string& place) {
    items(place + ".first", [&](const std::string& item) {
      add(item);
      add(item + ".list");
      add(item + ".wait");
    });
  };
  add("operations.create");
  add("operations.create.wait");
  add("operations.read");
  items("operations.read.also", [&](const std::string& item) {
    add(item);
    add(item + ".each");
  });
  add("operations.list");
  items("operations.update", [&](const std::string& item) {
    add(item);
    for (const char* part : {".add", ".change", ".remove", ".unset", ".wait"}) add(item + part);
    first(item);
  });
  add("operations.delete");
  add("operations.delete.wait");
  first("operations.delete");
  add("operations.mark");
  for (const char* part : {"tags.add", "tags.remove", "tags.both", "tags.read"}) add(part);
  return calls;
}

std::string TokenMember(const Value& call, const ApiOperation& operation) {
  if (const std::string given = call.StringOr("token", ""); !given.empty()) return given;
  if (!operation.input) return "";
  for (const ApiMember& member : operation.input.shape->members)
    if (member.traits.idempotency_token) return std::string(member.name);
  return "";
}

std::vector<TopMember> GatherMembers(const KindText& text, const ApiModel& api,
                                     Diagnostics& found) {
  return Gatherer(text, api, found).Gather();
}

Value SpellOutTags(const Value& body) {
  const Value* given = body.Find("tags");
  if (given == nullptr || !given->is_map()) return Value();
  Value tags = *given;
  if (tags.Find("field") == nullptr) tags.Set("field", "Tags");
  if (tags.StringOr("style", "") != "ec2") return tags;
  const std::string kind = body.StringOr("kind", "");
  if (tags.Find("resource") == nullptr)
    tags.Set("resource", Dashed(kind.substr(kind.find('/') + 1)));
  if (tags.Find("create") == nullptr) tags.Set("create", "TagSpecifications");
  if (tags.Find("add") == nullptr)
    tags.Set("add", Map{{"call", "CreateTags"},
                        {"request", Map{{"Resources", List{"$id"}}, {"Tags", "$added"}}}});
  if (tags.Find("remove") == nullptr)
    tags.Set("remove", Map{{"call", "DeleteTags"},
                           {"request", Map{{"Resources", List{"$id"}}, {"Tags", "$removed"}}}});
  return tags;
}

}  // namespace tandem
