// What a kind takes, told to people: `tandem explain`, and the pages under docs/kinds.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "schema/file_kind.h"
#include "tandem/base/spelling.h"
#include "tandem/codec/json.h"
#include "tandem/schema/page.h"

namespace tandem {
namespace {

constexpr int kTreeDepth = 6;

std::string TypeText(const TypeNode& node) {
  switch (node.type) {
    case ShapeType::kStructure:
      return "object";
    case ShapeType::kList:
      return "list of " + TypeText(*node.element);
    case ShapeType::kMap:
      return "map of " + TypeText(*node.element);
    case ShapeType::kInteger:
      return "integer";
    case ShapeType::kFloat:
      return "number";
    case ShapeType::kDocument:
      return "any";
    default:
      return std::string(ShapeTypeName(node.type));
  }
}

std::string Shown(const Value& value) {
  return value.is_string() ? "\"" + value.as_string() + "\"" : ToCanonicalJson(value);
}

std::string_view CompareName(CompareMode mode) {
  switch (mode) {
    case CompareMode::kExact:
      return "exact";
    case CompareMode::kSet:
      return "set";
    case CompareMode::kOrdered:
      return "ordered";
    case CompareMode::kKeyed:
      return "keyed";
    case CompareMode::kJson:
      return "json";
    case CompareMode::kCidr:
      return "cidr";
    case CompareMode::kDomain:
      return "domain";
    case CompareMode::kCaseless:
      return "caseless";
  }
  return "";
}

std::string UnsetText(const FieldRule& rule) {
  switch (rule.unset) {
    case UnsetMode::kRelease:
      return "the value stays and is no longer looked after";
    case UnsetMode::kNull:
      return "it is removed";
    case UnsetMode::kValue:
      return "it becomes " + Shown(rule.unset_value);
    case UnsetMode::kCall:
      return "a call of its own removes it";
    case UnsetMode::kReplace:
      return "the object is replaced";
  }
  return "";
}

std::string BlastText(const FieldRule& rule) {
  std::string text(BlastClassName(rule.blast));
  if (rule.blast_up) text += fmt::format(", upwards {}", BlastClassName(*rule.blast_up));
  if (rule.blast_down) text += fmt::format(", downwards {}", BlastClassName(*rule.blast_down));
  return text;
}

/// "required, immutable" … for one line.
std::vector<std::string> Marks(const TypeNode& node, bool required) {
  std::vector<std::string> marks;
  const FieldRule& rule = node.rule;
  if (required) marks.emplace_back("required");
  if (rule.computed) marks.emplace_back("set by the server");
  if (rule.replace && !rule.computed) marks.emplace_back("forces replacement");
  if (node.secret) marks.emplace_back("secret");
  if (rule.write_only) marks.emplace_back("write-only");
  if (rule.server_default) marks.emplace_back("the server's default is kept");
  return marks;
}

std::string Limits(const ApiShape& shape) {
  const bool text = shape.type == ShapeType::kString || shape.type == ShapeType::kBlob;
  const bool many = shape.type == ShapeType::kList || shape.type == ShapeType::kMap;
  const std::string what = text ? "length" : many ? "entries" : "value";
  if (shape.min && shape.max) return fmt::format("{} {} to {}", what, *shape.min, *shape.max);
  if (shape.min) return fmt::format("{} at least {}", what, *shape.min);
  if (shape.max) return fmt::format("{} at most {}", what, *shape.max);
  return "";
}

void Tree(const TypeNode& node, int depth, std::string indent, std::string_view name_field,
          std::string& out) {
  const TypeNode* inner = &node;
  while (inner->element != nullptr && inner->type != ShapeType::kStructure) inner = inner->element;
  for (const TypeNode::Member& member : inner->members) {
    auto marks = Marks(*member.node, member.required && member.name != name_field);
    if (member.name == name_field) marks.emplace_back("metadata.name when left out");
    out += fmt::format("{}{}  <{}>{}{}\n", indent, member.name, TypeText(*member.node),
                       marks.empty() ? "" : "  ", fmt::join(marks, ", "));
    if (depth > 1) Tree(*member.node, depth - 1, indent + "  ", "", out);
  }
}

/// Everything about one path except its members.
std::string Facts(const TypeNode& node, bool required) {
  std::string out = fmt::format("type:      {}\n", TypeText(node));
  if (const auto marks = Marks(node, required); !marks.empty())
    out += fmt::format("           {}\n", fmt::join(marks, ", "));
  const FieldRule& rule = node.rule;
  if (!rule.computed) out += fmt::format("class:     {}\n", BlastText(rule));
  if (!rule.computed && !rule.replace && !required)
    out += fmt::format("left out:  {}\n", UnsetText(rule));
  if (rule.default_value) out += fmt::format("default:   {}\n", Shown(*rule.default_value));
  if (rule.compare != CompareMode::kExact) {
    out += fmt::format("compared:  {}", CompareName(rule.compare));
    if (!rule.keys.empty()) out += fmt::format(" by {}", fmt::join(rule.keys, ", "));
    out += rule.exclusive ? ", entries of others are removed\n" : "\n";
  }
  if (rule.opaque) out += "opaque:    expressions only where tandem/expressions-at names it\n";
  if (rule.ref)
    out += fmt::format("names:     {}{}\n", rule.ref->ToString(),
                       rule.ref_field.empty() ? "" : "." + rule.ref_field);
  if (node.shape != nullptr) {
    if (!node.shape->enum_values.empty())
      out += fmt::format("values:    {}\n", fmt::join(node.shape->enum_values, ", "));
    if (const std::string limits = Limits(*node.shape); !limits.empty())
      out += fmt::format("limits:    {}\n", limits);
  }
  for (const auto& [value, why] : node.refuse)
    out += fmt::format("not:       {} ({})\n", value, why);
  return out;
}

std::string Sentence(std::string_view call, const Value& body) {
  const std::string operation = body.StringOr("call", "");
  std::string text = fmt::format("{}", call);
  if (!operation.empty()) text += ": " + operation;
  std::vector<std::string> parts;
  for (const char* part : {"add", "change", "remove", "unset"})
    if (const Value* inner = body.Find(part); inner != nullptr && inner->is_map())
      if (const std::string name = inner->StringOr("call", "");
          !name.empty() && std::find(parts.begin(), parts.end(), name) == parts.end())
        parts.push_back(name);
  if (!parts.empty())
    text += fmt::format("{} {}", operation.empty() ? ":" : ",", fmt::join(parts, ", "));
  return text;
}

std::string YamlText(const Value& value) {
  if (value.is_string()) {
    const std::string& text = value.as_string();
    const bool plain =
        !text.empty() &&
        text.find_first_not_of(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
            "0123456789-_./") == std::string::npos &&
        text.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == 0 &&
        text != "true" && text != "false" && text != "null";
    if (plain) return text;
    return ToCanonicalJson(value);  // JSON's quoting is YAML's
  }
  return ToCanonicalJson(value);
}

/// Block style, two spaces.
void Yaml(const Value& value, const std::string& indent, std::string& out) {
  if (value.is_map() && !value.as_map().empty()) {
    for (const auto& [key, item] : value.as_map()) {
      const bool nests =
          (item.is_map() && !item.as_map().empty()) || (item.is_list() && !item.as_list().empty());
      const bool block = item.is_string() && item.as_string().find('\n') != std::string::npos;
      if (block) {
        out += fmt::format("{}{}: |\n", indent, key);
        std::string line;
        for (const char c : item.as_string()) {
          line += c;
          if (c != '\n') continue;
          out += indent + "  " + line;
          line.clear();
        }
        if (!line.empty()) out += indent + "  " + line + "\n";
      } else if (nests) {
        out += fmt::format("{}{}:\n", indent, key);
        Yaml(item, indent + "  ", out);
      } else {
        out += fmt::format("{}{}: {}\n", indent, key, YamlText(item));
      }
    }
  } else if (value.is_list()) {
    for (const Value& item : value.as_list()) {
      if ((item.is_map() && !item.as_map().empty()) || item.is_list()) {
        std::string inner;
        Yaml(item, indent + "  ", inner);
        inner.replace(indent.size(), 2, "- ");
        out += inner;
      } else {
        out += fmt::format("{}- {}\n", indent, YamlText(item));
      }
    }
  } else {
    out += indent + YamlText(value) + "\n";
  }
}

std::string ExampleDocument(const FileKind& kind) {
  const Value* example = kind.body().Find("example");
  if (example == nullptr) return "";
  std::string out = fmt::format("apiVersion: {}/v1\nkind: {}\nmetadata:\n  name: {}\nspec:\n",
                                kind.name().group, kind.name().kind, example->StringOr("name", ""));
  Yaml(*example->Find("spec"), "  ", out);
  return out;
}

std::string IdentityText(const FileKind& kind) {
  const Value& identity = *kind.body().Find("identity");
  std::string text = kind.identity_field();
  const std::string form = identity.StringOr("kind", "");
  if (form == "assigned") text += ", given by the server";
  if (form == "composed") text = identity.StringOr("compose", "");
  if (!kind.name_field().empty())
    text += fmt::format("; {} is metadata.name unless it is given", kind.name_field());
  return text;
}

std::string_view CreateClassText(char letter) {
  switch (letter) {
    case 'A':
      return "A: a repeated create with the same token makes nothing twice";
    case 'B':
      return "B: the mark goes with the create call, and a lost reply is settled by it";
    case 'C':
      return "C: the name is unique, so a lost reply is settled by reading it";
    default:
      return "D: a lost reply is settled by the difference of lists, or by a person";
  }
}

std::vector<std::string> OperationLines(const FileKind& kind) {
  std::vector<std::string> lines;
  const Value& operations = *kind.body().Find("operations");
  for (const char* name : {"create", "read", "list"})
    if (const Value* call = operations.Find(name)) lines.push_back(Sentence(name, *call));
  for (const CallRule& call : kind.updates())
    lines.push_back(
        fmt::format("{} ({})", Sentence(call.name, call.body), fmt::join(call.fields, ", ")));
  if (const Value* call = operations.Find("delete")) lines.push_back(Sentence("delete", *call));
  return lines;
}

std::vector<std::pair<std::string, std::string>> Traits(const FileKind& kind) {
  std::vector<std::pair<std::string, std::string>> traits;
  const Value& file = kind.body();
  traits.emplace_back("API", fmt::format("{} {}", file.At("api.service")->as_string(),
                                         file.At("api.version")->as_string()));
  traits.emplace_back("Identity", IdentityText(kind));
  if (kind.parent_kind())
    traits.emplace_back(
        "Parent", fmt::format("{} ({})", kind.parent_kind()->ToString(), kind.parent_field()));
  traits.emplace_back("Create class", CreateClassText(kind.create_class()));
  traits.emplace_back("Mark", kind.can_mark() ? "tags" : "none: the object carries no tags");
  traits.emplace_back("Protected by default", kind.protected_by_default() ? "yes" : "no");
  if (!kind.cascades().empty()) {
    std::vector<std::string> names;
    for (const KindName& name : kind.cascades()) names.push_back(name.ToString());
    traits.emplace_back("Dies with it", fmt::format("{}", fmt::join(names, ", ")));
  }
  traits.emplace_back("Replaced", kind.create_first() ? "the new one first" : "the old one first");
  if (const Value* states = file.Find("states")) {
    std::string text = states->StringOr("field", "");
    for (const char* key : {"ready", "busy", "failed", "deleting"})
      if (const Value* words = states->Find(key)) {
        std::vector<std::string> each;
        for (const Value& word : words->as_list()) each.push_back(word.as_string());
        text += fmt::format("; {}: {}", key, fmt::join(each, ", "));
      }
    traits.emplace_back("States", text);
  }
  traits.emplace_back("Time limit", FormatDuration(kind.timeout()));
  traits.emplace_back("Consistent after", FormatDuration(kind.consistency()));
  return traits;
}

/// Fields that only reads give, by name.
std::vector<std::string> ComputedFields(const FileKind& kind) {
  std::vector<std::string> names;
  for (const FieldRule& rule : kind.rules())
    if (rule.computed && rule.path.find('[') == std::string::npos &&
        kind.tree().Find(ParsePath(rule.path)) == nullptr)
      names.push_back(rule.path);
  return names;
}

void FieldRows(const TypeNode& node, int depth, std::string_view name_field, bool in_set,
               std::string& out, std::set<const TypeNode*>& seen) {
  const TypeNode* inner = &node;
  while (inner->element != nullptr && inner->type != ShapeType::kStructure) inner = inner->element;
  for (const TypeNode::Member& member : inner->members) {
    const TypeNode& child = *member.node;
    if (child.rule.computed || !seen.insert(&child).second) continue;
    auto notes = Marks(child, member.required && member.name != name_field);
    if (member.name == name_field) notes.emplace_back("`metadata.name` when left out");
    if (child.rule.compare == CompareMode::kKeyed)
      notes.push_back(fmt::format("keyed by {}", fmt::join(child.rule.keys, ", ")));
    else if (child.rule.compare != CompareMode::kExact)
      notes.push_back(fmt::format("compared as {}", CompareName(child.rule.compare)));
    if (child.rule.ref) notes.push_back("names " + child.rule.ref->ToString());
    if (child.shape != nullptr) {
      const auto& values = child.shape->enum_values;
      if (!values.empty() && values.size() <= 8)
        notes.push_back(fmt::format("one of {}", fmt::join(values, ", ")));
      else if (!values.empty())
        notes.push_back(fmt::format("one of {} values", values.size()));
      if (const std::string limits = Limits(*child.shape); !limits.empty()) notes.push_back(limits);
    }
    const bool mutates = !child.rule.replace;
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", child.rule.path, TypeText(child),
                       mutates ? BlastText(child.rule) : "replace",
                       mutates && !member.required && !in_set ? UnsetText(child.rule) : "",
                       fmt::join(notes, "; "));
    if (depth > 1)
      FieldRows(child, depth - 1, "", in_set || child.rule.compare == CompareMode::kSet, out, seen);
  }
}

}  // namespace

Result<std::string> FileKind::Explain(std::string_view path) const {
  if (path.empty()) {
    std::string out = name().ToString() + "\n\n";
    size_t width = 0;
    const auto traits = Traits(*this);
    for (const auto& [key, text] : traits) width = std::max(width, key.size());
    for (const auto& [key, text] : traits) out += fmt::format("{:<{}}  {}\n", key, width, text);
    out += "\nOperations:\n";
    for (const std::string& line : OperationLines(*this)) out += "  " + line + "\n";
    out += "\nMembers of spec:\n";
    Tree(tree_->root(), 1, "  ", name_field_, out);
    if (const auto computed = ComputedFields(*this); !computed.empty())
      out +=
          fmt::format("\nSet by the server, readable with ref(): {}\n", fmt::join(computed, ", "));
    if (const std::string example = ExampleDocument(*this); !example.empty())
      out += "\nFor instance:\n\n" + example;
    return out;
  }
  Path steps = ParsePath(path);
  if (!steps.empty() && steps[0].key == "spec" && tree_->root().Find("spec") == nullptr)
    steps.erase(steps.begin());
  const TypeNode* node = &tree_->root();
  bool required = false;
  std::string walked;
  for (size_t i = 0; i < steps.size(); ++i) {
    // Lists and maps may be stepped into without an index or a key.
    while (node->element != nullptr && node->type != ShapeType::kStructure && steps[i].index < 0 &&
           !(node->type == ShapeType::kMap && node->element->type != ShapeType::kStructure))
      node = node->element;
    const TypeNode* next = nullptr;
    if (steps[i].index >= 0 || node->type == ShapeType::kMap) {
      next = node->element;
    } else if (const TypeNode::Member* member = node->Find(steps[i].key)) {
      next = member->node;
      required = member->required;
    }
    if (next == nullptr && i == 0) {
      if (const ApiShape* shape = AnswerAt(steps))
        return fmt::format(
            "{}.{}\n\ntype:      {}\n           set by the server, readable with ref()\n",
            name().ToString(), FormatPath(steps), ShapeTypeName(shape->type));
    }
    if (next == nullptr) {
      std::vector<std::string> known;
      for (const TypeNode::Member& member : node->members) known.emplace_back(member.name);
      const std::string near = NearestWord(steps[i].key, known);
      return NotFound(fmt::format("{}{}{} has no member '{}'{}", name().ToString(),
                                  walked.empty() ? "" : ".", walked, steps[i].key,
                                  near.empty() ? "" : fmt::format(", did you mean '{}'?", near)));
    }
    walked =
        steps[i].index >= 0 ? JoinPath(walked, steps[i].index) : JoinPath(walked, steps[i].key);
    node = next;
  }
  if (steps.empty()) return NotFound(fmt::format("'{}' is no path", path));
  std::string out = fmt::format("{}.{}\n\n{}", name().ToString(), walked, Facts(*node, required));
  std::string tree;
  Tree(*node, kTreeDepth, "  ", "", tree);
  if (!tree.empty()) out += "\nMembers:\n" + tree;
  return out;
}

std::string KindPage(const Kind& any) {
  const auto* kind = dynamic_cast<const FileKind*>(&any);
  TANDEM_CHECK(kind != nullptr);
  std::string out = fmt::format("# {}\n\n", kind->name().ToString());
  out += "| | |\n|---|---|\n";
  for (const auto& [key, text] : Traits(*kind)) out += fmt::format("| {} | {} |\n", key, text);
  if (const std::string example = ExampleDocument(*kind); !example.empty())
    out += "\n```yaml\n" + example + "```\n";
  out +=
      "\n## Members of spec\n\n| member | type | class of a change | when left out | |\n"
      "|---|---|---|---|---|\n";
  std::set<const TypeNode*> seen;
  FieldRows(kind->tree().root(), kTreeDepth, kind->name_field(), false, out, seen);
  if (const auto computed = ComputedFields(*kind); !computed.empty()) {
    out += "\n## Set by the server\n\nReadable with `ref()`:";
    for (const std::string& field : computed) out += fmt::format(" `{}`", field);
    out += "\n";
  }
  out += "\n## Calls\n\n";
  for (const std::string& line : OperationLines(*kind)) out += "- " + line + "\n";
  return out;
}

}  // namespace tandem
