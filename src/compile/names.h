// What the names in a resource's expressions stand for: site, sites, platform, each.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tandem/compile/compile.h"
#include "tandem/expr/evaluate.h"

namespace tandem {

/// `{name, activeSite, values, objectives}` and `{NAME: {active, …}}` of a platform, made once a
/// model.
Value PlatformName(const CompiledModel& model);
Value SitesName(const CompiledModel& model);

class Names final : public Scope {
 public:
  Names(const CompiledModel& model, std::string site, const Value* each, ReferenceLookup lookup);

  std::optional<Value> Name(std::string_view name) const override;
  std::string NameHint(std::string_view name) const override;
  Result<Value> Ref(const std::string& address, const Path& path) const override;
  Result<Value> Secret(const std::string& uri) const override;

 private:
  const CompiledModel& model_;
  std::string site_;
  const Value* each_;
  ReferenceLookup lookup_;
};

/// A failure inside one scalar.
struct ScalarProblem {
  std::string path;
  size_t offset = 0;  // bytes into the scalar's own text
  std::string message;
  std::string hint;
};

/// A string of a tree that may hold an expression, parsed.
struct PlacedTemplate {
  std::string path;
  size_t ordinal = 0;  // how many strings of the tree come before it
  ExprResult<Template> parsed;
};

/// Those below `value`, which lies at `path`, but for the ones for which `opaque` is true.
std::vector<PlacedTemplate> ParseTemplates(const Value& value, const std::string& path,
                                           const std::function<bool(const std::string&)>& opaque);

/// `value` with its templates, as ParseTemplates gave them, evaluated; what fails is told and becomes
/// null. What lies beside them is shared with `value`.
Value EvaluateTree(const Value& value, const std::vector<PlacedTemplate>& templates,
                   const Scope& scope, std::vector<ScalarProblem>& problems);
/// Both.
Value EvaluateTree(const Value& value, const std::string& path, const Scope& scope,
                   const std::function<bool(const std::string&)>& opaque,
                   std::vector<ScalarProblem>& problems);

/// Where `problem` is in the text of its document.
SourceRange RangeOfProblem(const Document& document, const ScalarProblem& problem);

/// The paths of `resource` whose `${` is not ours (R17).
std::function<bool(const std::string&)> OpaquePaths(const Kind& kind, const Document& document);

/// `spec` with the name field filled from tandem/external-name or metadata.name where it is absent.
Value FillName(const ModelResource& resource, Value spec);

}  // namespace tandem
