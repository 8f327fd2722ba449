#include "schema/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "schema/lint_calls.h"
#include "tandem/base/spelling.h"
#include "tandem/schema/lint.h"

namespace tandem {
namespace {

/// Codes that every service of the vendor may answer with, modelled or not.
const std::set<std::string, std::less<>> kCommonCodes = {"AccessDenied",
                                                         "AccessDeniedException",
                                                         "RequestLimitExceeded",
                                                         "Throttling",
                                                         "ThrottlingException",
                                                         "TooManyRequestsException",
                                                         "UnauthorizedOperation",
                                                         "ValidationError",
                                                         "ValidationException",
                                                         "ServiceUnavailable",
                                                         "InternalFailure",
                                                         "RequestTimeout",
                                                         "ProvisionedThroughputExceededException"};

class KindLint {
 public:
  KindLint(const FileKind& kind, Diagnostics& found)
      : kind_(kind), body_(kind.body()), found_(found) {}

  void Run() {
    CheckHead();
    CheckFields();
    CheckChanges();
    CheckAnswers();
    CheckStates();
    CheckErrors();
    CheckConstraints();
    CheckSandbox();
    CheckExample();
  }

 private:
  void Error(const std::string& path, std::string summary, std::string detail = "",
             bool at_key = false) {
    kind_.text().Error(found_, path, std::move(summary), std::move(detail), at_key);
  }
  void NoField(const std::string& at, std::string_view field, bool at_key = false) {
    std::vector<std::string> known;
    for (const TopMember& member : kind_.members()) known.push_back(member.name);
    if (kind_.answer() != nullptr)
      for (const ApiMember& member : kind_.answer()->members) known.emplace_back(member.name);
    const std::string near = NearestWord(field, known);
    Error(at, fmt::format("there is no field '{}'", field),
          near.empty() ? "" : fmt::format("did you mean '{}'?", near), at_key);
  }
  bool InSpec(std::string_view field) const { return kind_.tree().Find(AnyPath(field)) != nullptr; }

  void CheckHead() {
    if (const std::string version = body_.At("api.version")->as_string();
        version != kind_.api().metadata().api_version)
      Error("api.version",
            fmt::format("the description is of version {}", kind_.api().metadata().api_version));
    const Value& identity = *body_.Find("identity");
    const std::string form = identity.StringOr("kind", "");
    if (form != "composed" && !HasField(kind_, kind_.identity_field()))
      NoField("identity.field", kind_.identity_field());
    if (!kind_.name_field().empty() && !InSpec(kind_.name_field()))
      NoField("identity", kind_.name_field());
    if ((form == "composed") != (identity.Find("compose") != nullptr))
      Error("identity", "'compose' goes with 'kind: composed', and it with that");
    for (const std::string& part : Placeholders(identity.StringOr("compose", "")))
      if (!InSpec(part)) NoField("identity.compose", part);
    if (!kind_.parent_field().empty() && !InSpec(kind_.parent_field()))
      NoField("parent.field", kind_.parent_field());
    CheckCreateClass();
    if (kind_.create_first() && !kind_.name_field().empty())
      Error("createFirst", "a kind with a natural name cannot make the new one first");
    if (body_.At("operations.read") == nullptr && body_.At("operations.list") == nullptr)
      Error("operations", "'read' or 'list' is needed");
  }

  static std::vector<std::string> Placeholders(const std::string& text) {
    std::vector<std::string> names;
    for (size_t open = text.find('{'); open != std::string::npos; open = text.find('{', open + 1)) {
      const size_t close = text.find('}', open);
      if (close == std::string::npos) break;
      names.push_back(text.substr(open + 1, close - open - 1));
    }
    return names;
  }

  void CheckCreateClass() {
    const Value& create = *body_.At("operations.create");
    const ApiOperation* operation = kind_.api().FindOperation(create.StringOr("call", ""));
    if (operation == nullptr) return;
    bool token = !TokenMember(create, *operation).empty();
    if (const Value* request = create.Find("request"))
      WalkTemplate(
          *request, operation->input.shape, "",
          [&](const Variable& variable, const ApiShape*, const std::string&) {
            token |= variable.name == "token";
          },
          [](const std::string&, const std::string&) {});
    if (const std::string echo = create.StringOr("echo", ""); !echo.empty()) {
      if (kind_.create_class() != 'A' || !kind_.RuleFor(ParsePath(echo)).computed)
        Error("operations.create.echo", "names the computed field of class A that shows the token");
    }
    const Value tags = SpellOutTags(body_);
    bool tagged = false;
    for (const TopMember& member : kind_.members())
      tagged |= member.created && member.name == tags.StringOr("field", "");
    switch (kind_.create_class()) {
      case 'A':
        if (!token) Error("createClass", "class A needs a token in the create call");
        break;
      case 'B':
        if (!tagged) Error("createClass", "class B needs tags in the create call");
        break;
      case 'C':
        if (!kind_.named()) Error("createClass", "class C needs a natural name");
        break;
      default:
        break;
    }
  }

  void CheckFields() {
    for (const std::string& path : kind_.tree().astray()) {
      const FieldRule* rule = kind_.tree().RuleOf(path);
      if (!HasField(kind_, path))
        NoField(JoinPath("fields", path), path, true);
      else if (!rule->computed)
        Error(JoinPath("fields", path),
              fmt::format("no call carries '{}': it can only be computed", path), "", true);
    }
    for (const FieldRule& rule : kind_.rules()) {
      const TypeNode* node = kind_.tree().Find(AnyPath(rule.path));
      if (node != nullptr) CheckRule(rule, *node);
    }
    for (const TypeNode::Member& member : kind_.tree().root().members) {
      CheckTop(member);
      CheckLists(*member.node);
    }
  }

  /// Every list that a document may hold says how it is compared.
  void CheckLists(const TypeNode& node) {
    if (node.rule.computed || !seen_.insert(&node).second) return;
    if (node.type == ShapeType::kList && !node.ruled)
      Error("fields", fmt::format("'{}' is a list and must say how it is compared", node.rule.path),
            "set, ordered or keyed");
    for (const TypeNode::Member& member : node.members) CheckLists(*member.node);
    if (node.element != nullptr) CheckLists(*node.element);
  }

  void CheckRule(const FieldRule& rule, const TypeNode& node) {
    const std::string at = JoinPath("fields", rule.path);
    const bool list = node.type == ShapeType::kList;
    const bool text = node.type == ShapeType::kString;
    switch (rule.compare) {
      case CompareMode::kSet:
      case CompareMode::kOrdered:
      case CompareMode::kKeyed:
        if (!list) Error(at + ".compare", "only a list can be compared so");
        break;
      case CompareMode::kJson:
      case CompareMode::kCidr:
      case CompareMode::kDomain:
      case CompareMode::kCaseless:
        if (!text) Error(at + ".compare", "only a string can be compared so");
        break;
      case CompareMode::kExact:
        if (list) Error(at, "a list must say how it is compared", "set, ordered or keyed");
        break;
    }
    if (list)
      for (const std::string& key : rule.keys)
        if (kind_.tree().Find(AnyPath(rule.path + "[]." + key)) == nullptr)
          Error(at + ".keys", fmt::format("the entries have no member '{}'", key));
    if (!node.explode.empty() && rule.compare != CompareMode::kSet)
      Error(at + ".explode", "goes with 'compare: set'");
    for (const std::string& name : node.explode) {
      const TypeNode* inner = kind_.tree().Find(AnyPath(rule.path + "[]." + name));
      if (inner == nullptr || inner->type != ShapeType::kList)
        Error(at + ".explode", fmt::format("the entries have no list '{}'", name));
    }
    const bool ordered = node.type == ShapeType::kInteger || node.type == ShapeType::kFloat ||
                         node.type == ShapeType::kBoolean;
    if ((rule.blast_up || rule.blast_down) && !ordered)
      Error(at + ".class", "'up' and 'down' are for numbers and switches");
    if (rule.replace && rule.computed) Error(at, "'replace' and 'computed' exclude each other");
    if (rule.exclusive && rule.compare != CompareMode::kKeyed && node.type != ShapeType::kMap)
      Error(at + ".exclusive", "only maps and keyed lists have entries of others");
    for (const auto& [value, why] : node.refuse)
      if (node.shape != nullptr && !node.shape->enum_values.empty() &&
          std::find(node.shape->enum_values.begin(), node.shape->enum_values.end(), value) ==
              node.shape->enum_values.end())
        Error(at + ".refuse", fmt::format("'{}' is no value of it anyway", value));
    if (rule.default_value && node.shape != nullptr &&
        TypeOfShape(node.type) != rule.default_value->type())
      Error(at + ".default", fmt::format("must be a {}", ShapeTypeName(node.type)));
  }

  /// Whatever may be given must say whether it can change, and what giving it up means (R4).
  void CheckTop(const TypeNode::Member& member) {
    const TypeNode& node = *member.node;
    const std::string name(member.name);
    if (node.rule.computed) return;
    std::vector<std::string> carriers;
    for (const CallRule& call : kind_.updates())
      if (std::find(call.fields.begin(), call.fields.end(), name) != call.fields.end())
        carriers.push_back(call.name);
    if (node.rule.replace) {
      if (!carriers.empty())
        Error(JoinPath("fields", name),
              fmt::format("'{}' is replaced, yet {} carries it", name, carriers[0]));
      return;
    }
    if (carriers.empty())
      return Error("fields", fmt::format("no update call carries '{}': mark it replace", name));
    const Value* body = body_.Find("fields")->Find(name);
    const bool tags = SpellOutTags(body_).StringOr("field", "") == name;
    if (!member.required && !tags && (body == nullptr || body->Find("unset") == nullptr))
      return Error("fields", fmt::format("'{}' must say how it is unset", name),
                   "null, release, replace, call, a value or {value: …}");
    if (node.rule.unset == UnsetMode::kCall) {
      bool can = false;
      for (const CallRule& call : kind_.updates())
        can |= (call.body.Find("unset") != nullptr || call.body.Find("reset") != nullptr ||
                call.body.Find("each") != nullptr || call.body.Find("delta") != nullptr) &&
               std::find(call.fields.begin(), call.fields.end(), name) != call.fields.end();
      if (!can) Error(JoinPath("fields", name), "'unset: call' needs an update call with 'unset'");
    }
  }

  void CheckChanges() {
    std::set<std::string> names;
    for (const CallRule& call : kind_.updates()) {
      if (!names.insert(call.name).second)
        Error("operations.update", fmt::format("two calls are named '{}'", call.name),
              "give each a 'name'");
      if (call.fields.empty())
        Error("operations.update", fmt::format("'{}' carries nothing", call.name),
              "give 'fields', 'each' or 'delta'");
    }
    const Value* updates = body_.At("operations.update");
    if (updates == nullptr) return;
    for (size_t i = 0; i < updates->as_list().size(); ++i) {
      const Value& update = updates->as_list()[i];
      const std::string at = JoinPath("operations.update", static_cast<int64_t>(i));
      const bool parts = update.Find("add") != nullptr || update.Find("remove") != nullptr ||
                         update.Find("change") != nullptr;
      const bool each = update.Find("each") != nullptr;
      const bool delta = update.Find("delta") != nullptr;
      if (parts && !each && !delta)
        Error(at, "'add', 'change' and 'remove' go with 'each' or 'delta'");
      if (each && (update.Find("add") == nullptr || update.Find("remove") == nullptr))
        Error(at, "'each' needs 'add' and 'remove'");
      if (delta && !parts && update.Find("call") == nullptr)
        Error(at, "'delta' needs 'call', or 'add' and 'remove'");
      if (!each && !delta && update.Find("call") == nullptr) Error(at, "'call' is missing");
    }
  }

  void CheckAnswers() {
    const Value* answers = body_.Find("answer");
    if (answers == nullptr) return;
    for (const auto& [path, rule] : answers->as_map()) {
      const std::string at = JoinPath("answer", path);
      if (rule.BoolOr("drop", false)) continue;
      const ApiShape* from = ShapeAt(kind_.answer(), AnyPath(rule.StringOr("from", path)));
      const TypeNode* target = kind_.tree().Find(AnyPath(path));
      const bool also = FilledByAlso(path);
      if (from == nullptr && !also) {
        Error(at, fmt::format("the answer has no '{}'", rule.StringOr("from", path)));
        continue;
      }
      const bool computed = kind_.tree().RuleOf(path) != nullptr;
      if (target == nullptr && !computed && kind_.identity_field() != path)
        Error(at, fmt::format("'{}' is no field", path), "", true);
      if (rule.Find("is") != nullptr && target != nullptr && target->type != ShapeType::kBoolean)
        Error(at + ".is", "makes true or false, and the field is neither");
      if (const std::string pick = rule.StringOr("pick", "");
          !pick.empty() && from != nullptr && ShapeAt(from, {{"", 0}, {pick, -1}}) == nullptr)
        Error(at + ".pick", fmt::format("the entries have no '{}'", pick));
      if (from != nullptr && target != nullptr && rule.Find("is") == nullptr &&
          rule.Find("pick") == nullptr && TypeOfShape(from->type) != TypeOfShape(target->type))
        Error(at, fmt::format("a {} cannot become a {}", ShapeTypeName(from->type),
                              ShapeTypeName(target->type)));
    }
  }

  bool FilledByAlso(const std::string& path) const {
    const Value* also = body_.At("operations.read.also");
    if (also == nullptr) return false;
    for (const Value& call : also->as_list()) {
      const std::string field = call.StringOr("field", "");
      if (!field.empty() && path.substr(0, field.size()) == field) return true;
    }
    return false;
  }

  void CheckStates() {
    const Value* states = body_.Find("states");
    if (states == nullptr) return;
    const std::string field = states->StringOr("field", "");
    const ApiShape* shape = ShapeAt(kind_.answer(), ParsePath(field));
    if (shape == nullptr) return NoField("states.field", field);
    for (const char* key : {"ready", "busy", "failed", "deleting"}) {
      const Value* words = states->Find(key);
      if (words != nullptr) CheckWords(*words, *shape, std::string("states.") + key);
    }
    if (const std::string message = states->StringOr("message", "");
        !message.empty() && ShapeAt(kind_.answer(), ParsePath(message)) == nullptr)
      NoField("states.message", message);
    const Value* also = states->Find("also");
    if (also == nullptr) return;
    for (size_t i = 0; i < also->as_list().size(); ++i) {
      const Value& part = also->as_list()[i];
      const std::string at = JoinPath("states.also", static_cast<int64_t>(i));
      Path path = ParsePath(part.StringOr("each", ""));
      path.push_back({"", 0});
      for (const PathStep& step : ParsePath(part.StringOr("field", ""))) path.push_back(step);
      const ApiShape* inner = ShapeAt(kind_.answer(), path);
      if (inner == nullptr) {
        NoField(at, part.StringOr("each", ""));
        continue;
      }
      for (const char* key : {"busy", "failed"})
        if (const Value* words = part.Find(key)) CheckWords(*words, *inner, at + "." + key);
    }
  }

  void CheckWords(const Value& words, const ApiShape& shape, const std::string& at) {
    if (shape.enum_values.empty()) return;
    for (const Value& word : words.as_list())
      if (std::find(shape.enum_values.begin(), shape.enum_values.end(), word.as_string()) ==
          shape.enum_values.end())
        Error(at, fmt::format("'{}' is no state", word.as_string()));
  }

  void CheckErrors() {
    std::set<std::string, std::less<>> modelled;
    for (const CallForm& call : AllCalls(body_, kind_.api())) {
      if (call.operation == nullptr) continue;
      for (const ApiShape* error : call.operation->errors) {
        modelled.emplace(error->name);
        if (!error->error_code.empty()) modelled.emplace(error->error_code);
      }
    }
    bool gone = false;
    bool exists = false;
    for (const auto& [code, word] : body_.Find("errors")->as_map()) {
      const auto note = [&](const Value& each) {
        gone |= each == Value("gone");
        exists |= each == Value("exists");
      };
      note(word);
      if (word.is_map())
        for (const auto& [part, each] : word.as_map()) note(each);
      if (modelled.empty() || modelled.count(code) != 0 || kCommonCodes.count(code) != 0) continue;
      const std::string near = NearestWord(code, {modelled.begin(), modelled.end()});
      Error(JoinPath("errors", code), fmt::format("no call here answers with '{}'", code),
            near.empty() ? "" : fmt::format("did you mean '{}'?", near), true);
    }
    if (!gone && body_.At("operations.read") != nullptr)
      Error("errors", "no code says that an object is gone");
    if (!exists && kind_.create_class() == 'C')
      Error("errors", "class C needs a code that says that the name is taken");
  }

  void CheckConstraints() {
    const Value* constraints = body_.Find("constraints");
    if (constraints == nullptr) return;
    for (size_t i = 0; i < constraints->as_list().size(); ++i) {
      const Value& rule = constraints->as_list()[i];
      const std::string at = JoinPath("constraints", static_cast<int64_t>(i));
      for (const char* key : {"exactlyOne", "atMostOne", "atLeastOne", "needs", "refuses"})
        if (const Value* list = rule.Find(key))
          for (const Value& path : list->as_list())
            if (!InSpec(path.as_string())) NoField(at + "." + key, path.as_string());
      if (const Value* when = rule.Find("when"); when != nullptr && !InSpec(when->as_string()))
        NoField(at + ".when", when->as_string());
    }
  }

  void CheckSandbox() {
    const Value& sandbox = *body_.Find("sandbox");
    static const std::set<std::string> kMade = {"account", "region", "name",     "uuid",
                                                "now",     "parent", "partition"};
    for (const char* key : {"computed", "defaults"}) {
      const Value* section = sandbox.Find(key);
      if (section == nullptr) continue;
      for (const auto& [path, value] : section->as_map()) {
        const std::string at = JoinPath(std::string("sandbox.") + key, path);
        if (!HasField(kind_, path)) NoField(at, path, true);
        if (!value.is_string()) continue;
        for (const std::string& part : Placeholders(value.as_string())) {
          const size_t digits = part.find_last_not_of("0123456789");
          const std::string word = digits == std::string::npos ? part : part.substr(0, digits + 1);
          const bool random =
              digits + 1 < part.size() && (word == "hex" || word == "digits" || word == "upper");
          if (!random && kMade.count(part) == 0 && !HasField(kind_, part))
            Error(at, fmt::format("'{{{}}}' stands for nothing", part));
        }
      }
    }
    if (const Value* references = sandbox.Find("references"))
      for (size_t i = 0; i < references->as_list().size(); ++i)
        if (const std::string field = references->as_list()[i].StringOr("field", "");
            !InSpec(field))
          NoField(JoinPath("sandbox.references", static_cast<int64_t>(i)), field);
    // An object that the server names must get its identity from somewhere.
    const Value* computed = sandbox.Find("computed");
    const bool assigned = body_.At("identity.kind")->as_string() == "assigned";
    if (assigned && (computed == nullptr || computed->Find(kind_.identity_field()) == nullptr))
      Error("sandbox.computed",
            fmt::format("nothing says what '{}' looks like", kind_.identity_field()));
  }

  static Value Evaluated(const Value& value) {
    if (value.is_string() && value.as_string().find("${") != std::string::npos)
      return tandem::Unknown{value.as_string().rfind("${", 0) == 0 ? Type::kAny : Type::kString,
                             ""};
    if (value.is_list()) {
      List list;
      for (const Value& item : value.as_list()) list.push_back(Evaluated(item));
      return list;
    }
    if (!value.is_map()) return value;
    Map map;
    for (const auto& [key, item] : value.as_map()) map[key] = Evaluated(item);
    return map;
  }

  void CheckExample() {
    const Value* example = body_.Find("example");
    if (example == nullptr) return Error("", "'example' is missing");
    Document document;
    document.group = kind_.name().group;
    document.kind = kind_.name().kind;
    document.name = example->StringOr("name", "");
    Diagnostics wrong;
    kind_.Validate(document, Evaluated(*example->Find("spec")), wrong);
    for (const Diagnostic& each : wrong.items())
      Error("example.spec", "the example is wrong: " + each.summary, each.detail);
  }

  const FileKind& kind_;
  const Value& body_;
  Diagnostics& found_;
  std::set<const TypeNode*> seen_;
};

void CheckReference(const Catalog& catalog, const Kind& from, const std::string& what,
                    const KindName& target, const std::string& field, Diagnostics& found) {
  const std::shared_ptr<const Kind> kind = catalog.Find(target);
  std::string summary;
  if (kind == nullptr)
    summary = fmt::format("{} names {}, and there is no such kind", what, target.ToString());
  else if (!field.empty() && !kind->TypeOf(AnyPath(field)))
    summary =
        fmt::format("{} names a field that {} does not have: '{}'", what, target.ToString(), field);
  if (summary.empty()) return;
  const auto* file = dynamic_cast<const FileKind*>(&from);
  const SourceRange range = file == nullptr ? SourceRange() : file->text().tree.RangeOf("kind");
  found.Error(range, std::move(summary), "", from.name().ToString());
}

}  // namespace

bool LintKind(const FileKind& kind, Diagnostics& found) {
  const int before = found.errors();
  KindLint(kind, found).Run();
  LintCalls(kind, found);
  return found.errors() == before;
}

Diagnostics LintKinds(const Catalog& catalog) {
  Diagnostics between;
  for (const KindName& name : catalog.kinds()) {
    const std::shared_ptr<const Kind> kind = catalog.Find(name);
    if (kind == nullptr) continue;  // its own problems say why
    for (const FieldRule& rule : kind->rules())
      if (rule.ref) CheckReference(catalog, *kind, rule.path, *rule.ref, rule.ref_field, between);
    for (const KindName& dies : kind->cascades())
      CheckReference(catalog, *kind, "'cascades'", dies, "", between);
    if (kind->parent_kind())
      CheckReference(catalog, *kind, "'parent'", *kind->parent_kind(), "", between);
  }
  Diagnostics found = catalog.problems();
  found.Append(between);
  found.Sort();
  return found;
}

}  // namespace tandem
