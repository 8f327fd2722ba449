// Level-triggered care for one address that no run works on: what its conditions are, whether it has
// drifted, and what policy says about that. Never mutates by itself: a heal is a one-step plan (DESIGN.md
// section 6).
#pragma once

#include <map>
#include <optional>
#include <string>

#include "engine/context.h"
#include "engine/run/runner.h"
#include "engine/run/starter.h"
#include "tandem/diff/diff.h"

namespace tandem {

class Reconciler {
 public:
  Reconciler(Context* context, Runner* runner, Starter* starter)
      : context_(*context), runner_(*runner), starter_(*starter) {}

  /// Works on `address`; `busy` when a step has it, and only its conditions are looked after.
  void Work(const std::string& address, bool busy);
  int64_t heals() const { return heals_; }

 private:
  struct Drift;

  void Judge(Resource& resource);
  void Drifted(Resource& resource, const Kind& kind);
  std::optional<Drift> FindDrift(Resource& resource, const Kind& kind, const PolicySet& policies);
  static void MakeAgain(const Record& record, const Kind& kind, const Value& desired, Step& step);
  static ResourceDiff Differences(const Resource& resource, const Kind& kind, const PolicySet& policies,
                                  const Drift& drift);
  DriftAction AnswerTo(const Drift& drift, const Record& record, const PolicySet& policies) const;
  bool MustWait(Resource& resource, DriftAction action);
  bool Stands(const Resource& resource) const;
  bool SeesNeeds(const Resource& resource) const;
  KnownPlan PlanOf(const Drift& drift, const Kind& kind, const PolicySet& policies, bool asks);
  void Ask(Resource& resource, KnownPlan known);
  void Heal(const Resource& resource, KnownPlan known);
  Value DesiredOf(const Resource& resource);
  void CatchUp(Resource& resource);
  void SetConditions(Resource& resource, bool busy);

  Context& context_;
  Runner& runner_;
  Starter& starter_;
  std::map<std::string, Time> next_heal_;
  int64_t heals_ = 0;
};

}  // namespace tandem
