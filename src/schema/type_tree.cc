#include "schema/type_tree.h"

#include <algorithm>

namespace tandem {

const TypeNode::Member* TypeNode::Find(std::string_view name) const {
  const auto at = std::lower_bound(members.begin(), members.end(), name,
                                   [](const Member& m, std::string_view n) { return m.name < n; });
  return at != members.end() && at->name == name ? &*at : nullptr;
}

TypeTree::TypeTree(const std::vector<TopMember>& members, const std::vector<FieldRule>& rules,
                   const Value& fields)
    : rules_(rules), fields_(fields) {
  for (const FieldRule& rule : rules_) by_pattern_[rule.path] = &rule;
  root_ = &nodes_.emplace_back();
  for (const TopMember& member : members) {
    TypeNode* node = nullptr;
    if (member.list_of) {
      node = &nodes_.emplace_back();
      node->type = ShapeType::kList;
      Settle(*node, member.name, nullptr);
      node->element = Make(*member.shape, member.name + "[]", &node->rule, member.without);
      node->plain = node->plain && node->element->plain;
    } else {
      node = Make(*member.shape, member.name, nullptr, member.without);
    }
    bool required = member.required;
    if (const Value* rule = fields_.Find(member.name))
      required = rule->BoolOr("required", required);
    // The tree outlives `members`: names are the patterns that the nodes own.
    root_->members.push_back({node->rule.path, node, required});
    root_->plain = root_->plain && node->plain;
  }
  std::sort(root_->members.begin(), root_->members.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (const FieldRule& rule : rules_)
    if (met_.count(rule.path) == 0) astray_.push_back(rule.path);
}

void TypeTree::Settle(TypeNode& node, const std::string& pattern, const FieldRule* parent) {
  const auto own = by_pattern_.find(pattern);
  if (own != by_pattern_.end()) {
    node.rule = *own->second;
    node.ruled = true;
    met_.insert(pattern);
    const Value* body = fields_.Find(pattern);
    if (const Value* explode = body->Find("explode"))
      for (const Value& list : explode->as_list()) node.explode.push_back(list.as_string());
    if (const Value* refuse = body->Find("refuse"))
      for (const auto& [value, why] : refuse->as_map())
        node.refuse[value] = why.is_string() ? why.as_string() : "";
  }
  node.rule.path = pattern;
  if (parent != nullptr) {
    FieldRule& rule = node.rule;
    rule.replace |= parent->replace;
    rule.computed |= parent->computed;
    rule.secret |= parent->secret;
    rule.opaque |= parent->opaque;
    rule.write_only |= parent->write_only;
    const Value* body = node.ruled ? fields_.Find(pattern) : nullptr;
    if (rule.replace) {
      rule.blast = BlastClass::kReplace;
    } else if (body == nullptr || body->Find("class") == nullptr) {
      rule.blast = parent->blast;
    }
  }
  // What the API description calls sensitive is as secret as what the file does.
  node.rule.secret |= node.shape != nullptr && node.shape->sensitive;
  node.secret = node.rule.secret;
  if (node.secret) secrets_.push_back(pattern);
  node.plain = node.rule.compare == CompareMode::kExact && node.explode.empty() &&
               !node.rule.computed && node.type != ShapeType::kInteger &&
               node.type != ShapeType::kFloat && !node.rule.server_default;
}

TypeNode* TypeTree::Make(const ApiShape& shape, const std::string& pattern, const FieldRule* parent,
                         const std::set<std::string, std::less<>>& without) {
  if (const auto open = open_.find(&shape); open != open_.end()) return open->second;
  TypeNode* node = &nodes_.emplace_back();
  node->type = shape.type;
  node->shape = &shape;
  Settle(*node, pattern, parent);
  const bool nests = shape.type == ShapeType::kStructure || shape.type == ShapeType::kList ||
                     shape.type == ShapeType::kMap;
  if (!nests) return node;
  open_[&shape] = node;
  static const std::set<std::string, std::less<>> kNone;
  if (shape.type == ShapeType::kStructure) {
    for (const ApiMember& member : shape.members) {
      if (without.count(member.name) != 0) continue;
      const TypeNode* child =
          Make(*member.shape, JoinPath(pattern, member.name), &node->rule, kNone);
      bool required = member.required;
      if (const Value* body = fields_.Find(child->rule.path))
        required = body->BoolOr("required", required);
      node->members.push_back({member.name, child, required});
      node->plain = node->plain && child->plain;
    }
    std::sort(node->members.begin(), node->members.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
  } else {
    const bool list = shape.type == ShapeType::kList;
    TypeNode* child = Make(list ? *shape.element.shape : *shape.value.shape,
                           pattern + (list ? "[]" : ".*"), &node->rule, without);
    // An entry of a map or of a keyed list that the model drops is removed.
    if (!child->ruled && (!list || node->rule.compare == CompareMode::kKeyed))
      child->rule.unset = UnsetMode::kNull;
    node->element = child;
    node->plain = node->plain && child->plain;
  }
  open_.erase(&shape);
  return node;
}

const TypeNode* TypeTree::Find(const Path& path) const {
  const TypeNode* node = root_;
  for (const PathStep& step : path) {
    if (step.index >= 0) {
      if (node->type != ShapeType::kList) return nullptr;
      node = node->element;
    } else if (node->type == ShapeType::kStructure) {
      const TypeNode::Member* member = node->Find(step.key);
      if (member == nullptr) return nullptr;
      node = member->node;
    } else if (node->type == ShapeType::kMap) {
      node = node->element;
    } else {
      return nullptr;
    }
  }
  return node;
}

const FieldRule* TypeTree::RuleOf(std::string_view pattern) const {
  const auto at = by_pattern_.find(pattern);
  return at == by_pattern_.end() ? nullptr : at->second;
}

std::string PatternOf(const Path& path) {
  std::string pattern;
  for (const PathStep& step : path) {
    if (step.index >= 0)
      pattern += "[]";
    else
      pattern = JoinPath(pattern, step.key);
  }
  return pattern;
}

const ApiShape* ShapeAt(const ApiShape* shape, const Path& path) {
  for (const PathStep& step : path) {
    if (shape == nullptr) return nullptr;
    if (step.index >= 0) {
      shape = shape->type == ShapeType::kList ? shape->element.shape : nullptr;
    } else if (shape->type == ShapeType::kStructure) {
      const ApiMember* member = shape->Find(step.key);
      shape = member == nullptr ? nullptr : member->shape;
    } else if (shape->type == ShapeType::kMap) {
      shape = shape->value.shape;
    } else {
      return nullptr;
    }
  }
  return shape;
}

Type TypeOfShape(ShapeType type) {
  switch (type) {
    case ShapeType::kStructure:
    case ShapeType::kMap:
      return Type::kMap;
    case ShapeType::kList:
      return Type::kList;
    case ShapeType::kString:
    case ShapeType::kTimestamp:
      return Type::kString;
    case ShapeType::kBlob:
      return Type::kAny;
    case ShapeType::kBoolean:
      return Type::kBool;
    case ShapeType::kInteger:
      return Type::kInt;
    case ShapeType::kFloat:
      return Type::kDouble;
    case ShapeType::kDocument:
      return Type::kAny;
  }
  return Type::kAny;
}

}  // namespace tandem
