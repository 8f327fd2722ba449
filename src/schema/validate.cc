// Whether a document's spec is what its kind takes. Paths are spelled out only for what is wrong.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <set>

#include "schema/file_kind.h"
#include "schema/shown_text.h"
#include "tandem/base/clock.h"
#include "tandem/base/spelling.h"
#include "tandem/codec/json.h"
#include "tandem/expr/template.h"
#include "tandem/schema/identity.h"

namespace tandem {
namespace {

std::string_view WithArticle(ShapeType type) {
  switch (type) {
    case ShapeType::kStructure:
    case ShapeType::kMap:
      return "a map";
    case ShapeType::kList:
      return "a list";
    case ShapeType::kString:
      return "a string";
    case ShapeType::kBoolean:
      return "true or false";
    case ShapeType::kInteger:
      return "a whole number";
    case ShapeType::kFloat:
      return "a number";
    case ShapeType::kTimestamp:
      return "a time such as 2026-01-31T12:00:00Z";
    case ShapeType::kBlob:
      return "a string, or {$base64: …}";
    case ShapeType::kDocument:
      break;
  }
  return "a value";
}

bool CanBe(Type known, ShapeType wanted) {
  if (known == Type::kAny) return true;
  switch (wanted) {
    case ShapeType::kStructure:
    case ShapeType::kMap:
      return known == Type::kMap;
    case ShapeType::kList:
      return known == Type::kList;
    case ShapeType::kString:
      return known == Type::kString;
    case ShapeType::kBoolean:
      return known == Type::kBool;
    case ShapeType::kInteger:
      return known == Type::kInt;
    case ShapeType::kBlob:
      return known == Type::kString || known == Type::kMap;
    case ShapeType::kFloat:
    case ShapeType::kTimestamp:
      return known == Type::kInt || known == Type::kDouble || known == Type::kString;
    case ShapeType::kDocument:
      return true;
  }
  return false;
}

bool IsCidr(const std::string& text) {
  const size_t slash = text.find('/');
  if (slash == std::string::npos) return false;
  const std::string address = text.substr(0, slash);
  const std::string bits = text.substr(slash + 1);
  unsigned char bytes[16];
  const bool six = address.find(':') != std::string::npos;
  if (inet_pton(six ? AF_INET6 : AF_INET, address.c_str(), bytes) != 1) return false;
  if (bits.empty() || bits.size() > 3 || bits.find_first_not_of("0123456789") != std::string::npos)
    return false;
  return std::stoi(bits) <= (six ? 128 : 32);
}

/// A step of the path to where the check stands, spelled out only when something is wrong there.
struct Step {
  const Step* parent = nullptr;
  std::string_view key;
  int64_t index = -1;

  std::string Text() const {
    const std::string base = parent == nullptr ? "" : parent->Text();
    return index >= 0 ? JoinPath(base, index) : JoinPath(base, key);
  }
};

class SpecCheck {
 public:
  SpecCheck(const FileKind& kind, const Document& document, Diagnostics& found)
      : kind_(kind), document_(document), found_(found) {}

  void Run(const Value& spec) {
    const Step root{nullptr, "spec"};
    if (spec.is_unknown()) return;
    if (spec.is_null()) {
      static const Value kEmpty = Map{};
      CheckNode(kind_.tree().root(), kEmpty, root, 0);
    } else {
      CheckNode(kind_.tree().root(), spec, root, 0);
    }
    CheckName(spec);
    CheckIdentity(spec);
    CheckConstraints(spec);
    Finish();
  }

 private:
  void Report(const Step& at, std::string summary, std::string detail = "", bool of_key = false) {
    Report(at.Text(), std::move(summary), std::move(detail), of_key);
  }
  void Report(const std::string& path, std::string summary, std::string detail, bool of_key) {
    // A document without a spec lacks it where its kind stands.
    const bool whole = document_.Body().Find("spec") == nullptr && path.rfind("spec", 0) == 0;
    mine_.Error(whole ? document_.RangeOf("kind") : document_.RangeOf(path, of_key),
                std::move(summary), std::move(detail), document_.address().ToString());
  }

  void WrongType(const TypeNode& node, const Value& value, const Step& at) {
    const bool quote =
        node.type == ShapeType::kString && (value.is_int() || value.is_double() || value.is_bool());
    Report(at, fmt::format("must be {}, not {}", WithArticle(node.type), TypeName(value.type())),
           quote ? "quote it" : "");
  }

  void CheckNode(const TypeNode& node, const Value& value, const Step& at, int depth) {
    if (depth > kMaxDepth) return Report(at, "nested too deeply");
    if (value.is_unknown()) {
      if (!CanBe(value.as_unknown().type, node.type)) WrongType(node, value, at);
      return;
    }
    if (value.is_sensitive()) {
      if (!node.secret && node.type != ShapeType::kString && node.type != ShapeType::kBlob &&
          node.type != ShapeType::kDocument)
        Report(at,
               fmt::format("a secret cannot be given here; must be {}", WithArticle(node.type)));
      return;
    }
    if (node.secret && value.is_scalar() && !value.is_null()) {
      secrets_.push_back(at.Text());
      return Report(at, "a secret must not be written out",
                    "use \"${secret('…')}\" with the place where it is kept");
    }
    switch (node.type) {
      case ShapeType::kStructure:
        return CheckStructure(node, value, at, depth);
      case ShapeType::kList:
        return CheckList(node, value, at, depth);
      case ShapeType::kMap:
        return CheckMap(node, value, at, depth);
      case ShapeType::kString:
        if (!value.is_string()) return WrongType(node, value, at);
        return CheckText(node, value.as_string(), at);
      case ShapeType::kBoolean:
        if (!value.is_bool()) WrongType(node, value, at);
        return;
      case ShapeType::kInteger:
      case ShapeType::kFloat:
        return CheckNumber(node, value, at);
      case ShapeType::kTimestamp:
        if (value.is_int() || value.is_double()) return;
        if (!value.is_string() || !ParseTime(value.as_string()).ok()) WrongType(node, value, at);
        return;
      case ShapeType::kBlob: {
        const Value* encoded = value.Find("$base64");
        if (!value.is_string() && (encoded == nullptr || !encoded->is_string()))
          WrongType(node, value, at);
        return;
      }
      case ShapeType::kDocument:
        return;
    }
  }

  void CheckStructure(const TypeNode& node, const Value& value, const Step& at, int depth) {
    if (!value.is_map()) return WrongType(node, value, at);
    int present = 0;
    for (const auto& [key, item] : value.as_map()) {
      const Step inner{&at, key};
      const TypeNode::Member* member = node.Find(key);
      if (member == nullptr) {
        Unknown(node, key, inner, depth);
      } else if (member->node->rule.computed) {
        SetByServer(key, inner);
      } else if (!item.is_null()) {
        ++present;
        CheckNode(*member->node, item, inner, depth + 1);
      }
    }
    for (const TypeNode::Member& member : node.members) {
      if (!member.required) continue;
      const Value* given = value.Find(member.name);
      if (given != nullptr && !given->is_null()) continue;
      if (depth == 0 && member.name == kind_.name_field()) continue;
      if (member.node->rule.default_value || member.node->rule.computed) continue;
      Report(at, fmt::format("required member '{}' is missing", member.name), "", true);
    }
    if (node.shape != nullptr && node.shape->is_union && present != 1)
      Report(at, fmt::format("must have exactly one member, has {}", present));
  }

  void SetByServer(const std::string& key, const Step& at) {
    Report(at, fmt::format("'{}' is set by the server", key), "leave it out; read it with ref()",
           true);
  }

  void Unknown(const TypeNode& node, const std::string& key, const Step& at, int depth) {
    if (depth == 0) {
      const FieldRule* rule = kind_.tree().RuleOf(key);
      if ((rule != nullptr && rule->computed) || kind_.AnswerAt({{key, -1}}) != nullptr)
        return SetByServer(key, at);
    }
    std::vector<std::string> known;
    for (const TypeNode::Member& member : node.members)
      if (!member.node->rule.computed) known.emplace_back(member.name);
    const std::string near = NearestWord(key, known);
    Report(at, fmt::format("unknown member '{}'", Shortened(key)),
           near.empty() ? fmt::format("list them with: tandem explain {}", kind_.name().ToString())
                        : fmt::format("did you mean '{}'?", near),
           true);
  }

  void CheckList(const TypeNode& node, const Value& value, const Step& at, int depth) {
    if (!value.is_list()) return WrongType(node, value, at);
    CheckLimits(node, static_cast<double>(value.as_list().size()), "number of entries", at);
    int64_t index = 0;
    std::set<std::string> met;
    for (const Value& item : value.as_list()) {
      const Step inner{&at, {}, index++};
      CheckNode(*node.element, item, inner, depth + 1);
      if (node.rule.compare != CompareMode::kKeyed || !item.is_map()) continue;
      std::string key;
      bool whole = true;
      for (const std::string& name : node.rule.keys) {
        const Value* part = item.At(name);
        if (part != nullptr && part->HasSensitive())
          Report(inner, fmt::format("a secret cannot be the key of an entry ('{}')", name),
                 "keys are shown and stored as they are");
        whole &= part == nullptr || (!part->HasUnknown() && !part->HasSensitive());
        if (whole) key += (part == nullptr ? "" : ToCanonicalJson(*part)) + "\n";
      }
      if (whole && !met.insert(key).second)
        Report(inner,
               fmt::format("another entry has the same {}", fmt::join(node.rule.keys, ", ")));
    }
  }

  void CheckMap(const TypeNode& node, const Value& value, const Step& at, int depth) {
    if (!value.is_map()) return WrongType(node, value, at);
    CheckLimits(node, static_cast<double>(value.as_map().size()), "number of entries", at);
    for (const auto& [key, item] : value.as_map()) {
      const Step inner{&at, key};
      if (node.shape != nullptr && node.shape->key) {
        const ApiShape& shape = *node.shape->key.shape;
        CheckLimits(shape, static_cast<double>(Length(key)), "length of the key", inner);
        CheckEnum(shape, key, inner);
      }
      if (!item.is_null()) CheckNode(*node.element, item, inner, depth + 1);
    }
  }

  void CheckText(const TypeNode& node, const std::string& text, const Step& at) {
    CheckLimits(node, static_cast<double>(Length(text)), "length", at);
    if (const auto refused = node.refuse.find(text); refused != node.refuse.end())
      Report(at, fmt::format("'{}' is not taken here", text), refused->second);
    if (node.shape != nullptr) CheckEnum(*node.shape, text, at);
    if (node.rule.compare == CompareMode::kCidr && !IsCidr(text))
      Report(at, fmt::format("'{}' is no address range", Shortened(text)),
             "write it like 10.0.0.0/16");
    if (node.rule.compare == CompareMode::kJson) {
      const Result<Value> parsed = ParseJson(text);
      if (!parsed.ok()) Report(at, "must be JSON text", parsed.status().message());
    }
  }

  void CheckEnum(const ApiShape& shape, const std::string& text, const Step& at) {
    if (shape.enum_values.empty()) return;
    std::vector<std::string> known;
    for (const std::string_view word : shape.enum_values) {
      if (word == text) return;
      known.emplace_back(word);
    }
    const std::string near = NearestWord(text, known);
    if (!near.empty())
      return Report(at, fmt::format("'{}' is not allowed", Shortened(text)),
                    fmt::format("did you mean '{}'?", near));
    constexpr size_t kListed = 12;
    const size_t listed = std::min(kListed, known.size());
    std::string words = fmt::format(
        "{}", fmt::join(known.begin(), known.begin() + static_cast<ptrdiff_t>(listed), ", "));
    if (known.size() > listed) words += fmt::format(" and {} more", known.size() - listed);
    Report(at, fmt::format("'{}' is not allowed", Shortened(text)), "allowed are " + words);
  }

  void CheckNumber(const TypeNode& node, const Value& value, const Step& at) {
    if (!value.is_int() && !value.is_double()) return WrongType(node, value, at);
    const double number = value.is_int() ? static_cast<double>(value.as_int()) : value.as_double();
    if (node.type == ShapeType::kInteger && number != std::floor(number))
      return WrongType(node, value, at);
    CheckLimits(node, number, "value", at);
  }

  void CheckLimits(const TypeNode& node, double measured, std::string_view what, const Step& at) {
    if (node.shape != nullptr) CheckLimits(*node.shape, measured, what, at);
  }
  void CheckLimits(const ApiShape& shape, double measured, std::string_view what, const Step& at) {
    if (shape.min && measured < *shape.min)
      Report(at, fmt::format("{} {} is below the minimum of {}", what, measured, *shape.min));
    if (shape.max && measured > *shape.max)
      Report(at, fmt::format("{} {} is above the maximum of {}", what, measured, *shape.max));
  }

  /// The name field is the document's name unless the spec gives it (R11).
  void CheckName(const Value& spec) {
    if (kind_.name_field().empty()) return;
    const Value* given = spec.Find(kind_.name_field());
    const std::string external = document_.Annotation("tandem/external-name");
    if (given != nullptr && given->is_string()) {
      // Where several objects may have the name, the one that is adopted is told by its identity.
      const bool identity = SharesNames(kind_) && !document_.Annotation("tandem/adopt").empty();
      if (!external.empty() && !identity && !Template::Concerns(external) && external != given->as_string())
        Report(
            JoinPath("spec", kind_.name_field()),
            fmt::format("'{}' and the annotation tandem/external-name differ", kind_.name_field()),
            "keep one of them", false);
      return;
    }
    if (given != nullptr && !given->is_null()) return;
    const TypeNode::Member* member = kind_.tree().root().Find(kind_.name_field());
    if (member == nullptr) return;
    const Step metadata{nullptr, "metadata"};
    const Step name{&metadata, "name"};
    CheckText(*member->node, external.empty() ? document_.name.str() : external, name);
  }

  /// Names and identities are stored, shown and logged as they are (R15).
  void CheckIdentity(const Value& spec) {
    std::set<std::string> members = {kind_.identity_field(), kind_.name_field(), kind_.parent_field()};
    if (const Value* identity = kind_.body().Find("identity")) {
      const std::string form = identity->StringOr("compose", "");
      for (size_t open = form.find('{'); open != std::string::npos; open = form.find('{', open + 1)) {
        const size_t close = std::min(form.find('}', open), form.size());
        members.insert(form.substr(open + 1, close - open - 1));
      }
    }
    for (const std::string& member : members) {
      const Value* value = member.empty() ? nullptr : spec.At(member);
      if (value == nullptr || !value->HasSensitive()) continue;
      Report(JoinPath("spec", member), "a secret cannot be part of an identity",
             "names and identities are shown and stored as they are", false);
    }
  }

  static bool Given(const Value& spec, const std::string& path) {
    const Value* value = spec.At(path);
    return value != nullptr && !value->is_null();
  }

  void CheckConstraints(const Value& spec) {
    const Value* constraints = kind_.body().Find("constraints");
    if (constraints == nullptr || !(spec.is_map() || spec.is_null())) return;
    for (const Value& rule : constraints->as_list()) {
      for (const char* form : {"exactlyOne", "atMostOne", "atLeastOne"}) {
        const Value* list = rule.Find(form);
        if (list == nullptr) continue;
        std::vector<std::string> names;
        std::vector<std::string> given;
        for (const Value& path : list->as_list()) {
          names.push_back(path.as_string());
          if (Given(spec, path.as_string())) given.push_back(path.as_string());
        }
        const bool few = given.empty() && std::string_view(form) != "atMostOne";
        const bool many = given.size() > 1 && std::string_view(form) != "atLeastOne";
        if (few)
          Report("spec", fmt::format("one of {} is required", fmt::join(names, ", ")), "", true);
        if (many)
          Report("spec." + given[1],
                 fmt::format("only one of {} may be given", fmt::join(given, ", ")), "", true);
      }
      if (const std::string when = rule.StringOr("when", ""); !when.empty())
        CheckWhen(spec, rule, when);
    }
  }

  void CheckWhen(const Value& spec, const Value& rule, const std::string& when) {
    if (!Given(spec, when)) return;
    const Value* value = spec.At(when);
    std::string condition = fmt::format("'{}'", when);
    if (const Value* is = rule.Find("is")) {
      if (value->is_unknown()) return;
      bool holds = *value == *is;
      if (is->is_list())
        for (const Value& each : is->as_list()) holds |= *value == each;
      if (!holds) return;
      condition +=
          fmt::format(" {}", value->is_string() ? value->as_string() : ToCanonicalJson(*value));
    }
    if (const Value* needs = rule.Find("needs"))
      for (const Value& path : needs->as_list())
        if (!Given(spec, path.as_string()))
          Report("spec." + when, fmt::format("{} needs '{}'", condition, path.as_string()), "",
                 true);
    if (const Value* refuses = rule.Find("refuses"))
      for (const Value& path : refuses->as_list())
        if (Given(spec, path.as_string()))
          Report("spec." + path.as_string(),
                 fmt::format("'{}' cannot be given with {}", path.as_string(), condition), "",
                 true);
  }

  /// Excerpts must not show a secret that was written out: blanks it in the text that they quote
  /// (R15).
  void Finish() {
    if (secrets_.empty() || document_.source == nullptr) return found_.Append(mine_);
    auto masked = std::make_shared<SourceText>(*document_.source);
    for (const std::string& path : secrets_) {
      const SourceRange range = document_.RangeOf(path);
      for (size_t i = range.begin; i < range.end && i < masked->text.size(); ++i)
        if (masked->text[i] != '\n') masked->text[i] = '*';
    }
    for (Diagnostic diagnostic : mine_.items()) {
      if (diagnostic.range.text != nullptr) diagnostic.range.text = masked;
      found_.Add(std::move(diagnostic));
    }
  }

  const FileKind& kind_;
  const Document& document_;
  Diagnostics& found_;
  Diagnostics mine_;
  std::vector<std::string> secrets_;
};

}  // namespace

void FileKind::Validate(const Document& document, const Value& spec, Diagnostics& found) const {
  SpecCheck(*this, document, found).Run(spec);
}

}  // namespace tandem
