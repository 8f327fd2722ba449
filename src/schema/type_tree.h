// The members of a kind: the shapes of its API description with the rules of its kind file on them.
// Built once a kind, then only read.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/model/value.h"
#include "tandem/schema/api_model.h"
#include "tandem/schema/kind.h"

namespace tandem {

struct TypeNode {
  struct Member {
    std::string_view name;
    const TypeNode* node = nullptr;
    bool required = false;
  };

  ShapeType type = ShapeType::kStructure;
  const ApiShape* shape = nullptr;    // null pointer for the root
  std::vector<Member> members;        // by name
  const TypeNode* element = nullptr;  // of a list; the value of a map
  FieldRule rule;                     // with what parents hand down; rule.path is the pattern
  bool ruled = false;                 // the file has a rule for exactly this path
  std::vector<std::string> explode;
  std::map<std::string, std::string, std::less<>> refuse;  // value → why
  bool secret = false;                                     // rule.secret
  bool plain = true;  // neither this nor anything below has another canonical form

  const Member* Find(std::string_view name) const;
};

/// A member at the top of `spec`, as one of the calls has it.
struct TopMember {
  std::string name;
  const ApiShape* shape = nullptr;  // of the list's element when list_of
  bool list_of = false;
  bool required = false;
  std::set<std::string, std::less<>> without;
  bool created = false;  // the create call carries it
};

class TypeTree {
 public:
  /// `fields` is the kind file's section. Paths in it that lead nowhere are put in `astray`.
  TypeTree(const std::vector<TopMember>& members, const std::vector<FieldRule>& rules,
           const Value& fields);
  TypeTree(const TypeTree&) = delete;
  TypeTree& operator=(const TypeTree&) = delete;

  const TypeNode& root() const { return *root_; }
  /// Null pointer when there is no such member.
  const TypeNode* Find(const Path& path) const;
  /// The rule for a pattern such as "Rules[].Cidr", also for paths outside of `spec`.
  const FieldRule* RuleOf(std::string_view pattern) const;
  const std::vector<std::string>& astray() const { return astray_; }
  /// Patterns of secret paths, in no order.
  const std::vector<std::string>& secrets() const { return secrets_; }

 private:
  TypeNode* Make(const ApiShape& shape, const std::string& pattern, const FieldRule* parent,
                 const std::set<std::string, std::less<>>& without);
  void Settle(TypeNode& node, const std::string& pattern, const FieldRule* parent);

  const std::vector<FieldRule>& rules_;
  const Value& fields_;
  std::map<std::string, const FieldRule*, std::less<>> by_pattern_;
  std::set<std::string, std::less<>> met_;
  std::vector<std::string> astray_;
  std::vector<std::string> secrets_;
  std::map<const ApiShape*, TypeNode*> open_;  // shapes being made: a shape inside itself is itself
  std::deque<TypeNode> nodes_;
  TypeNode* root_ = nullptr;
};

/// "Rules[3].Cidr" → "Rules[].Cidr".
std::string PatternOf(const Path& path);

/// The shape at `path` below `shape`, or null pointer.
const ApiShape* ShapeAt(const ApiShape* shape, const Path& path);
Type TypeOfShape(ShapeType type);

}  // namespace tandem
