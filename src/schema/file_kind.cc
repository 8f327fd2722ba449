#include "schema/file_kind.h"

#include <fmt/format.h>

#include <algorithm>

#include "tandem/base/hash.h"

namespace tandem {
namespace {

/// One path is the other, or lies in it.
bool Touch(const Path& a, const Path& b) {
  const size_t common = std::min(a.size(), b.size());
  return std::equal(a.begin(), a.begin() + static_cast<ptrdiff_t>(common), b.begin());
}

Duration DurationAt(const Value& body, std::string_view path) {
  const Value* value = body.At(path);
  if (value == nullptr || !value->is_string()) return Duration(0);
  const auto parsed = ParseDuration(value->as_string());
  return parsed.ok() ? *parsed : Duration(0);
}

}  // namespace

std::shared_ptr<const FileKind> FileKind::Make(KindText text, std::shared_ptr<const ApiModel> api,
                                               std::string_view api_digest, Diagnostics& found) {
  const int before = found.errors();
  std::shared_ptr<FileKind> kind(new FileKind(std::move(text), std::move(api)));
  const std::string& file = kind->text_.tree.source->text;
  kind->digest_ = "sha256:" + Hex(Sha256(Hex(Sha256(file)) + std::string(api_digest)));
  kind->ReadHead();
  kind->members_ = GatherMembers(kind->text_, *kind->api_, found);
  static const Value kNoFields = Map{};
  const Value* fields = kind->body().Find("fields");
  kind->tree_ = std::make_unique<TypeTree>(kind->members_, kind->text_.rules,
                                           fields == nullptr ? kNoFields : *fields);
  if (const Value* read = kind->body().At("operations.read")) {
    const ApiOperation* operation = kind->api_->FindOperation(read->StringOr("call", ""));
    if (operation != nullptr && operation->output)
      kind->answer_ = ShapeAt(
          operation->output.shape,
          ParsePath(read->StringOr("result", "") + (read->Find("where") == nullptr ? "" : "[0]")));
  } else if (const Value* list = kind->body().At("operations.list")) {
    const ApiOperation* operation = kind->api_->FindOperation(list->StringOr("call", ""));
    if (operation != nullptr && operation->output)
      kind->answer_ =
          ShapeAt(operation->output.shape, ParsePath(list->StringOr("result", "") + "[0]"));
  }
  kind->ReadCalls();
  if (found.errors() != before) return nullptr;
  return kind;
}

void FileKind::ReadHead() {
  const Value& file = body();
  const std::string letter = file.StringOr("createClass", "D");
  create_class_ = letter.empty() ? 'D' : letter[0];
  const Value* identity = file.Find("identity");
  identity_field_ = identity->StringOr("field", "");
  const std::string form = identity->StringOr("kind", "assigned");
  composed_ = form == "composed";
  name_field_ = identity->StringOr("name", form == "named" ? identity_field_ : "");
  can_mark_ = file.Find("tags") != nullptr || file.At("operations.mark") != nullptr;
  if (const Value* parent = file.Find("parent")) {
    parent_field_ = parent->StringOr("field", "");
    if (const auto ref = ParseKindRef(parent->StringOr("kind", ""))) parent_kind_ = ref->first;
  }
  consistency_ = DurationAt(file, "consistency");
  timeout_ = DurationAt(file, "limits.timeout");
  if (const Value* limits = file.Find("limits")) bucket_ = limits->StringOr("bucket", "");
  if (const Value* cascades = file.Find("cascades"))
    for (const Value& kind : cascades->as_list())
      if (const auto ref = ParseKindRef(kind.as_string())) cascades_.push_back(ref->first);
}

void FileKind::AddUpdate(std::string name, const std::vector<std::string>& fields, Value form) {
  CallRule rule;
  rule.name = "update:" + std::move(name);
  Reach reach;
  for (const std::string& field : fields) {
    reach.paths.push_back(ParsePath(field));
    const std::string top = reach.paths.back().empty() ? field : reach.paths.back()[0].key;
    if (std::find(rule.fields.begin(), rule.fields.end(), top) == rule.fields.end())
      rule.fields.push_back(top);
  }
  rule.body = std::move(form);
  update_calls_.push_back(std::move(rule));
  reaches_.push_back(std::move(reach));
}

void FileKind::ReadCalls() {
  const Value* operations = body().Find("operations");
  create_.name = "create";
  create_.body = *operations->Find("create");
  for (const TopMember& member : members_)
    if (member.created) create_.fields.push_back(member.name);
  delete_.name = "delete";
  delete_.body = *operations->Find("delete");
  if (const Value* updates = operations->Find("update")) {
    for (const Value& update : updates->as_list()) {
      std::vector<std::string> fields;
      if (const Value* given = update.Find("fields"))
        for (const Value& field : given->as_list()) fields.push_back(field.as_string());
      for (const char* key : {"each", "delta"})
        if (const std::string field = update.StringOr(key, ""); !field.empty())
          fields.push_back(field);
      const std::string name = update.StringOr("name", update.StringOr("call", ""));
      if (!update.BoolOr("single", false)) {
        AddUpdate(name, fields, update);
        continue;
      }
      for (const std::string& field : fields) {
        Value one = update;
        one.Set("fields", List{field});
        AddUpdate(name + "." + field, {field}, std::move(one));
      }
    }
  }
  const Value tags = SpellOutTags(body());
  if (tags.is_null()) return;
  const std::string field = tags.StringOr("field", "");
  Value change = Map{{"name", "tags"}, {"delta", field}};
  Value mark;
  for (const char* part : {"add", "remove"})
    if (const Value* call = tags.Find(part)) change.Set(part, *call);
  if (const Value* both = tags.Find("both")) {
    change.Set("call", both->StringOr("call", ""));
    if (const Value* request = both->Find("request")) change.Set("request", *request);
    mark = *both;
  } else if (const Value* add = tags.Find("add")) {
    mark = *add;
  }
  AddUpdate("tags", {field}, std::move(change));
  if (const Value* given = operations->Find("mark")) mark = *given;
  mark_ = CallRule{"mark", {}, mark};
}

bool FileKind::list_names_only() const {
  const Value* completeness = body().At("operations.list.completeness");
  return completeness != nullptr && *completeness == Value("names");
}

FieldRule FileKind::RuleFor(const Path& path) const {
  if (const TypeNode* node = tree_->Find(path)) return node->rule;
  const std::string pattern = PatternOf(path);
  if (const FieldRule* rule = tree_->RuleOf(pattern)) return *rule;
  FieldRule rule;
  rule.path = pattern;
  rule.computed = AnswerAt(path) != nullptr;
  return rule;
}

const ApiShape* FileKind::AnswerAt(const Path& path) const {
  if (const Value* answers = body().Find("answer")) {
    for (size_t length = path.size(); length > 0; --length) {
      const Path head(path.begin(), path.begin() + static_cast<ptrdiff_t>(length));
      const Value* rule = answers->Find(FormatPath(head));
      if (rule == nullptr) continue;
      if (rule->BoolOr("drop", false)) return nullptr;
      const std::string from = rule->StringOr("from", FormatPath(head));
      const Path rest(path.begin() + static_cast<ptrdiff_t>(length), path.end());
      return ShapeAt(ShapeAt(answer_, ParsePath(from)), rest);
    }
  }
  return ShapeAt(answer_, path);
}

std::optional<Type> FileKind::TypeOf(const Path& path) const {
  if (path.empty()) return Type::kMap;
  if (const TypeNode* node = tree_->Find(path)) return TypeOfShape(node->type);
  if (const ApiShape* shape = AnswerAt(path)) return TypeOfShape(shape->type);
  // A composed identity is no member of any answer.
  if (path.size() == 1 && path[0].key == identity_field_) return Type::kString;
  return std::nullopt;
}

std::vector<CallRule> FileKind::CreateCalls(const Value& desired) const {
  std::vector<CallRule> calls = {create_};
  const Value tags = SpellOutTags(body());
  if (mark_) {
    const std::string field = tags.StringOr("field", "");
    const bool marked =
        std::find(create_.fields.begin(), create_.fields.end(), field) != create_.fields.end();
    if (!marked) calls.push_back(*mark_);
  }
  for (const CallRule& update : update_calls_) {
    bool wanted = false;
    for (const std::string& field : update.fields) {
      const bool created =
          std::find(create_.fields.begin(), create_.fields.end(), field) != create_.fields.end();
      const Value* value = desired.Find(field);
      wanted |= !created && value != nullptr && !value->is_null();
    }
    if (wanted) calls.push_back(update);
  }
  return calls;
}

std::vector<CallRule> FileKind::UpdateCalls(const std::vector<std::string>& changed) const {
  std::vector<Path> paths;
  for (const std::string& path : changed) paths.push_back(ParsePath(path));
  std::vector<CallRule> calls;
  for (size_t i = 0; i < update_calls_.size(); ++i) {
    const bool carries =
        std::any_of(reaches_[i].paths.begin(), reaches_[i].paths.end(), [&](const Path& reached) {
          return std::any_of(paths.begin(), paths.end(),
                             [&](const Path& path) { return Touch(reached, path); });
        });
    if (carries) calls.push_back(update_calls_[i]);
  }
  return calls;
}

}  // namespace tandem
