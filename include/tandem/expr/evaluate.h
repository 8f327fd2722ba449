// What an expression is worth in a Scope, and what it refers to.
//
// Pure and bounded: an evaluation stops with an error after a fixed number of steps, where copying
// and comparing count by size, so that no input hangs or fills the memory. Deterministic: a macro
// visits the keys of a map in the order of their bytes.
//
// Unknown operands make the result Unknown, typed as well as can be told, with the source of the
// first;
// `&&`, `||`, `?:` and the macros all() and exists() absorb unknowns and errors as CEL does. A list
// or map that holds an Unknown stays a list or map. A Sensitive value may be passed on (`?:`, list
// and map literals, indexing, string()), and joined with other strings by `+` or by a Template: the
// result is Sensitive. Anything else done with it is an error.
#pragma once

#include <string>
#include <vector>

#include "tandem/expr/error.h"
#include "tandem/expr/expression.h"
#include "tandem/expr/scope.h"
#include "tandem/expr/template.h"
#include "tandem/model/value.h"

namespace tandem {

ExprResult<Value> Evaluate(const Expression& expression, const Scope& scope);
ExprResult<Value> Evaluate(const Template& text, const Scope& scope);

/// `ref('rds.aws/DBCluster/orders').Endpoint.Port`: the address as written, and the path as far as
/// it is spelled with literal names, keys and indexes.
struct Reference {
  std::string address;
  Path path;
  size_t offset = 0;  // of "ref"
  friend bool operator==(const Reference&, const Reference&) = default;
};

struct SecretUse {
  std::string uri;
  size_t offset = 0;  // of "secret"
  friend bool operator==(const SecretUse&, const SecretUse&) = default;
};

/// Every ref() in the text, also in branches that are not taken: edges do not depend on values.
/// Fails where an argument cannot be computed, or is no known string, in `scope` (whose Ref and
/// Secret are never called).
ExprResult<std::vector<Reference>> References(const Expression& expression, const Scope& scope);
ExprResult<std::vector<Reference>> References(const Template& text, const Scope& scope);
ExprResult<std::vector<SecretUse>> Secrets(const Expression& expression, const Scope& scope);
ExprResult<std::vector<SecretUse>> Secrets(const Template& text, const Scope& scope);

}  // namespace tandem
