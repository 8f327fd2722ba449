// A plan for which few resources were decided is, bit for bit, the plan of everything.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/sim/seeds/garden.h"
#include "tests/support/engine_rig.h"

namespace tandem::testing {
namespace {

using Files = std::map<std::string, std::string>;

PlanRequest RequestOf(const Files& files) {
  PlanRequest request;
  request.actor = "uid:1";
  request.refresh = false;
  for (const auto& [name, text] : files)
    request.sources.push_back(std::make_shared<SourceText>(SourceText{name, text}));
  return request;
}

class Pair {
 public:
  explicit Pair(uint64_t seed) : random_(seed), garden_(&random_, 10 + random_.Below(50)) {}

  void Run() {
    accepted_ = garden_.Files();
    PlanRequest first = RequestOf(accepted_);
    first.refresh = true;
    if (!Apply(rig_.Plan(std::move(first)))) return;
    for (int round = 0; round < 12; ++round) {
      Meddle();
      Files next = accepted_;
      if (random_.Below(3) == 0) {
        seeds::Garden changed = garden_;
        changed.Change();
        next = changed.Files();
      } else {
        for (uint64_t i = 0; i <= random_.Below(3); ++i) EditOne(next);
      }
      const PlanAnswer whole = Compare(next);
      if (whole.plan == nullptr || random_.Below(3) > 0) continue;
      if (!Apply(whole)) return;
      accepted_ = next;
    }
  }

  /// How many plans were compared, and how many of them were made by deciding few resources.
  int compared = 0;
  double few = 0;

 private:
  double FewSoFar() {
    rig_.Settle();
    for (const Engine::Metric& metric : rig_.engine->Metrics())
      if (metric.name == "tandem_plans_of_few_total") return metric.value;
    return 0;
  }
  bool Apply(const PlanAnswer& plan) {
    if (plan.refusal != Refusal::kNone) return false;
    if (plan.plan->steps.empty() && plan.plan->to == plan.plan->from) return true;
    StartAnswer started = rig_.Start(plan.plan->hash);
    if (started.pending) started = rig_.Approve(plan.plan->hash, "uid:2");
    if (started.run.empty()) return false;
    rig_.Wait(started.run);
    over_ = plan.plan->proposed_digest;
    if (random_.Below(2) == 0) rig_.Pass(std::chrono::minutes(1 + random_.Below(30)));
    return true;
  }

  /// Another value of one member, or one document that is not there.
  void EditOne(Files& files) {
    auto file = std::next(files.begin(), static_cast<std::ptrdiff_t>(random_.Below(files.size())));
    if (file->first == "own.yaml") return;
    for (const char* member : {"  Note: ", "  Depth: ", "  Size: ", "  Policy: ", "  Value: "}) {
      const size_t at = file->second.find(member);
      if (at == std::string::npos) continue;
      const size_t value = at + std::string(member).size();
      const size_t end = file->second.find('\n', value);
      if (file->second.compare(value, 1, "\"") == 0) continue;
      file->second.replace(value, end - value, std::to_string(1 + random_.Below(9)));
    }
    if (random_.Below(8) == 0)
      files["new" + std::to_string(random_.Below(3))] =
          "apiVersion: net.sim/v1\nkind: Network\nmetadata: {name: more" +
          std::to_string(random_.Below(3)) +
          ", annotations: {tandem/account: acc0}}\nspec: {CidrBlock: 10.0.0.0/16}\n";
  }

  /// What happens outside, or by a person's hand.
  void Meddle() {
    const std::vector<std::string> live = rig_.Live();
    if (live.empty()) return;
    const std::string address = live[random_.Below(live.size())];
    switch (random_.Below(8)) {
      case 0:
        (void)rig_.cloud->Delete(address);
        break;
      case 1:
        for (const char* member : {"Note", "Depth", "Size", "Policy", "Value"})
          if (rig_.cloud->Mutate(address, member, "outside").ok()) break;
        break;
      case 2:
        (void)rig_.Ask([&](auto done) {
          rig_.engine->Pause(address, random_.Below(2) == 0 ? "uid:1" : "", done);
        });
        break;
      case 3:
        rig_.Boot();
        break;
      default:
        break;
    }
    // Seen, or not yet.
    if (random_.Below(2) == 0) rig_.Pass(std::chrono::minutes(random_.Below(25)));
  }

  PlanAnswer Compare(const Files& next) {
    Files changed;
    std::vector<std::string> removed;
    for (const auto& [name, text] : next)
      if (accepted_.count(name) == 0 || accepted_[name] != text) changed[name] = text;
    for (const auto& [name, text] : accepted_)
      if (next.count(name) == 0) removed.push_back(name);
    PlanRequest request = RequestOf(changed);
    request.over = over_;
    request.removed = removed;
    rig_.Plan(request);  // what is quiet is looked for behind it
    rig_.Settle();
    const double before = FewSoFar();
    const PlanAnswer some = rig_.Plan(request);
    ++compared;
    few += FewSoFar() - before;
    const PlanAnswer whole = rig_.Plan(RequestOf(next));
    EXPECT_EQ(some.refusal, whole.refusal) << some.message << "\n" << whole.message;
    EXPECT_EQ(some.message, whole.message);
    EXPECT_EQ(some.plan == nullptr, whole.plan == nullptr);
    if (some.plan != nullptr && whole.plan != nullptr) {
      EXPECT_EQ(some.plan->hash, whole.plan->hash);
      EXPECT_EQ(PlanToMarkdown(*some.plan), PlanToMarkdown(*whole.plan));
      Value a = PlanToValue(*some.plan), b = PlanToValue(*whole.plan);
      a.Set("created", "");
      b.Set("created", "");
      EXPECT_EQ(ToCanonicalJson(a), ToCanonicalJson(b));
    }
    return whole;
  }

  SeededRandom random_;
  seeds::Garden garden_;
  EngineRig rig_;
  Files accepted_;
  std::string over_;
};

TEST(EngineFew, PlansAreThoseOfEverything) {
  double few = 0;
  int compared = 0;
  for (uint64_t seed = 1; seed <= 300 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Pair pair(seed);
    pair.Run();
    few += pair.few;
    compared += pair.compared;
  }
  EXPECT_GT(few, 300) << "of " << compared;
}

}  // namespace
}  // namespace tandem::testing
