// How names, references and secrets of an expression are resolved: a port that the compiler, the
// planner and the runner implement each in their own way.
//
// Called on the evaluating thread, within Evaluate. An evaluation asks for each name at most once.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tandem/base/status.h"
#include "tandem/model/value.h"

namespace tandem {

class Scope {
 public:
  virtual ~Scope() = default;

  /// The value of a top-level name (`site`, `sites`, `platform`, `values`, `each`, …), or nothing:
  /// the expression then fails with "unknown name".
  virtual std::optional<Value> Name(std::string_view name) const = 0;

  /// What to say to somebody who used a name that is not known here; "" when there is nothing to say.
  virtual std::string NameHint(std::string_view) const { return ""; }

  /// What `ref('address').path` is worth. An Unknown when it is not known yet; a failure when it
  /// never can be (no such resource, no such field).
  virtual Result<Value> Ref(const std::string& address, const Path& path) const = 0;

  /// What `secret('uri')` is worth: a Sensitive, never a plain text.
  virtual Result<Value> Secret(const std::string& uri) const = 0;
};

/// Named values only: ref() and secret() fail.
class NamedValues final : public Scope {
 public:
  explicit NamedValues(Map names = {}) : names_(std::move(names)) {}

  std::optional<Value> Name(std::string_view name) const override;
  Result<Value> Ref(const std::string& address, const Path& path) const override;
  Result<Value> Secret(const std::string& uri) const override;

 private:
  Map names_;
};

}  // namespace tandem
