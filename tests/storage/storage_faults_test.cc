// Every write and sync of whole applies fails once, in each way a disk can fail (R9, promise 2).
//
// A trial runs a workload up to effect n of its disk, where a fault strikes; the process goes on if it can, then it
// dies or the power goes, and a new one starts. Nobody helps: a run that was acknowledged must finish by itself. Then
// a person applies the final model, as one does, and the clouds' ledger, which the engine cannot see, is the judge.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>

#include "tests/storage/storage_rig.h"

namespace tandem::testing {
namespace {

struct Outcome {
  std::vector<std::string> acknowledged;  // runs that the caller was told of
  std::vector<std::string> refusals;      // what else the caller was told
};

struct Workload {
  const char* name;
  std::string before;  // applied on a sound disk
  std::function<void(StorageRig&, Outcome&)> act;
  std::string last;                // the model that everything ends with
  std::map<std::string, int> creates;  // how often each object of it may have been created in all
};

std::string Doc(const std::string& kind, const std::string& name, const std::string& spec) {
  const size_t slash = kind.find('/');
  return "apiVersion: " + kind.substr(0, slash) + "/v1\nkind: " + kind.substr(slash + 1) + "\nmetadata: {name: " +
         name + "}\nspec: " + spec + "\n---\n";
}

constexpr Duration kPatience = std::chrono::minutes(30);

/// Applies a model and waits; stops waiting when the power is gone.
void ApplyAndWait(StorageRig& trial, const std::string& documents, Outcome& outcome) {
  EngineRig& rig = trial.engine();
  const PlanAnswer plan = rig.Plan(documents);
  if (plan.refusal != Refusal::kNone) return;
  const StartAnswer started = rig.Start(plan.plan->hash);
  if (trial.disk().dark()) return;
  if (started.refusal == Refusal::kNone && !started.run.empty()) outcome.acknowledged.push_back(started.run);
  if (started.refusal != Refusal::kNone) outcome.refusals.push_back(started.message);
  if (started.run.empty()) return;
  rig.Until([&] { return trial.disk().dark() || rig.Ended(started.run); }, kPatience);
}

const std::string kCreates =
    Doc("net.sim/Network", "n", "{CidrBlock: 10.0.0.0/16, EnableDns: false}") +
    Doc("net.sim/Subnet", "s", "{NetworkId: \"${ref('net.sim/Network/n').NetworkId}\", CidrBlock: 10.0.1.0/24}") +
    Doc("iam.sim/Role", "r", "{Policy: one}") +
    Doc("queue.sim/Queue", "q", "{Depth: 3, RoleArn: \"${ref('iam.sim/Role/r').Arn}\"}") +
    Doc("db.sim/Cluster", "c", "{Engine: pg}") + Doc("dns.sim/Zone", "z", "{Name: shop.example}") +
    Doc("dns.sim/Record", "w", "{ZoneId: \"${ref('dns.sim/Zone/z').ZoneId}\", Name: www, Value: 203.0.113.1}");

const std::string kBefore =
    Doc("net.sim/Network", "n", "{CidrBlock: 10.0.0.0/16}") +
    Doc("net.sim/Subnet", "s", "{NetworkId: \"${ref('net.sim/Network/n').NetworkId}\", CidrBlock: 10.0.1.0/24}") +
    Doc("iam.sim/Role", "r", "{Policy: one}") + Doc("queue.sim/Queue", "q", "{Depth: 3}") +
    Doc("dns.sim/Zone", "z", "{Name: shop.example}");
const std::string kAfter =
    Doc("net.sim/Network", "n", "{CidrBlock: 10.0.0.0/16, EnableDns: false, Note: two calls}") +
    Doc("net.sim/Subnet", "s", "{NetworkId: \"${ref('net.sim/Network/n').NetworkId}\", CidrBlock: 10.0.2.0/24}") +
    Doc("iam.sim/Role", "r", "{Policy: two}") + Doc("dns.sim/Zone", "z", "{Name: shop.example}");

const std::string kReview = R"(apiVersion: tandem/v1
kind: Policy
metadata: {name: review}
spec:
  approvals: [{classes: [create], count: 1, notAuthor: true}]
---
)";
const std::string kOne = kReview + Doc("iam.sim/Role", "r", "{Policy: one}") + Doc("queue.sim/Queue", "q", "{Depth: 3}");
const std::string kTwo = kOne + Doc("iam.sim/Role", "r2", "{Policy: one}") +
                         Doc("net.sim/Network", "n", "{CidrBlock: 10.0.0.0/16, EnableDns: false}") +
                         Doc("dns.sim/Zone", "z", "{Name: shop.example}");

/// Plans `request`, asks for it, has somebody else approve it. The run, or "".
std::string PlanAndApprove(StorageRig& trial, PlanRequest request, Outcome& outcome) {
  EngineRig& rig = trial.engine();
  const PlanAnswer plan = rig.Plan(std::move(request));
  if (plan.refusal != Refusal::kNone) return "";
  StartAnswer answer = rig.Start(plan.plan->hash, false, "uid:1");
  if (trial.disk().dark()) return "";
  if (answer.pending) answer = rig.Approve(plan.plan->hash, "uid:2");
  if (trial.disk().dark()) return "";
  if (answer.refusal == Refusal::kNone && !answer.run.empty()) outcome.acknowledged.push_back(answer.run);
  if (answer.refusal != Refusal::kNone) outcome.refusals.push_back(answer.message);
  return answer.run;
}

/// Approves one model, cancels the next in the middle, protects nothing, and undoes it.
void ApproveCancelUndo(StorageRig& trial, Outcome& outcome) {
  EngineRig& rig = trial.engine();
  const auto dark = [&] { return trial.disk().dark(); };
  std::string run = PlanAndApprove(trial, EngineRig::Request(kOne), outcome);
  if (run.empty() || dark()) return;
  rig.Until([&] { return dark() || rig.Ended(run); }, kPatience);
  if (dark() || !rig.Ended(run)) return;
  const size_t calls = rig.provider->calls.size();
  run = PlanAndApprove(trial, EngineRig::Request(kTwo), outcome);
  if (run.empty() || dark()) return;
  rig.Until([&] { return dark() || rig.Ended(run) || rig.provider->calls.size() > calls; }, kPatience);
  if (dark()) return;
  const Status cancelled = rig.Ask([&](auto done) { rig.engine->Cancel(run, "uid:1", done); });
  if (dark() || !cancelled.ok()) return;
  rig.Until([&] { return dark() || rig.Ended(run); }, kPatience);
  if (dark() || !rig.Ended(run)) return;
  (void)rig.Ask([&](auto done) { rig.engine->Pause("iam.sim/Role/r", "uid:1", done); });
  if (dark()) return;
  (void)rig.Ask([&](auto done) { rig.engine->Resume("iam.sim/Role/r", "uid:1", done); });
  if (dark()) return;
  PlanRequest undo;
  undo.undo_to = 0;
  undo.actor = "uid:1";
  undo.delete_budget = 3;
  run = PlanAndApprove(trial, std::move(undo), outcome);
  if (run.empty() || dark()) return;
  rig.Until([&] { return dark() || rig.Ended(run); }, kPatience);
}

const std::vector<Workload>& Workloads() {
  static const std::vector<Workload> all = {
      {"creates", "", [](StorageRig& trial, Outcome& outcome) { ApplyAndWait(trial, kCreates, outcome); }, kCreates,
       {{"net.sim/Network/n", 1}, {"net.sim/Subnet/s", 1}, {"iam.sim/Role/r", 1}, {"queue.sim/Queue/q", 1},
        {"db.sim/Cluster/c", 1}, {"dns.sim/Zone/z", 1}, {"dns.sim/Record/w", 1}}},
      {"update, replace, delete", kBefore,
       [](StorageRig& trial, Outcome& outcome) { ApplyAndWait(trial, kAfter, outcome); }, kAfter,
       {{"net.sim/Network/n", 1}, {"net.sim/Subnet/s", 2}, {"iam.sim/Role/r", 1}, {"dns.sim/Zone/z", 1}}},
      {"approve, cancel, undo", "", ApproveCancelUndo, kOne, {{"iam.sim/Role/r", 1}, {"queue.sim/Queue/q", 1}}},
  };
  return all;
}

struct Count {
  int64_t effects = 0;
  int trials = 0, refused = 0, damaged = 0, old = 0, told = 0, by_itself = 0;
};

/// A person applies the last model until nothing is left to do; what stands in the way, or "".
std::string Finish(StorageRig& trial, const Workload& work, DiskFault fault) {
  EngineRig& rig = trial.engine();
  for (int round = 0; round < 3; ++round) {
    PlanRequest request = EngineRig::Request(work.last);
    request.delete_budget = 3;
    PlanAnswer plan = rig.Plan(std::move(request));
    if (plan.refusal != Refusal::kNone) return "the plan is refused: " + plan.message;
    if (plan.plan->steps.empty() && plan.plan->unobserved.empty()) return "";
    StartAnswer answer = rig.Start(plan.plan->hash);
    if (answer.pending) answer = rig.Approve(plan.plan->hash, "uid:2");
    if (answer.run.empty()) return "not started: " + answer.message;
    rig.Wait(answer.run);
    // A store that forgot lets its last write overlay what it reads until the consistency window is over (R4).
    if (fault == DiskFault::kLost) rig.Pass(std::chrono::minutes(1));
  }
  return "not finished: " + EngineRig::Steps(rig.Plan(work.last));
}

/// A disk that says "written" and is not can lose an intent whose call went out; no program can help that. Nothing of the
/// model is missing afterwards, and what the store has forgotten is told: by the witness, or by a mark that it does not
/// know. What carries no mark is not known again.
void JudgeLies(StorageRig& trial, const Workload& work, Count& count) {
  EngineRig& rig = trial.engine();
  rig.Pass(std::chrono::minutes(20));
  std::vector<std::string> found = rig.Live();
  std::string forgotten;
  for (const auto& [address, most] : work.creates)
    EXPECT_EQ(std::count(found.begin(), found.end(), address) == 0, false)
        << address << " is not there\n" << trial.Ledger() << trial.Runs();
  for (const std::string& address : found)
    if (address != "dns.sim/Record/w" &&
        (work.creates.count(address) == 0 || std::count(found.begin(), found.end(), address) > 1))
      forgotten += address + " ";
  if (forgotten.empty()) return;
  ++count.told;
  EXPECT_NE(rig.Events("OldStore"), "") << forgotten << "is there and nobody is told\n"
                                        << trial.Ledger() << trial.Runs();
}

/// One trial. False when the workload has no effect number `n`.
bool Try(const Workload& work, DiskFault fault, int64_t n, Count& count) {
  StorageRig trial;
  EngineRig& rig = trial.engine();
  MemoryDisk& disk = trial.disk();
  if (!work.before.empty()) {
    EXPECT_EQ(rig.Apply(work.before).substr(0, 9), "succeeded");
  }
  rig.Settle();
  const int64_t base = disk.effects();
  // The reference run (n = 0) looks at every call; a trial is the same up to its fault.
  trial.check_intents = n == 0;
  const auto survival = static_cast<Survival>(n % 3);
  disk.SurviveBy(survival, static_cast<uint64_t>(n));
  if (n > 0) disk.FailAt(base + n, fault);
  bool second = false;
  if (fault == DiskFault::kLost && n % 2 == 1) {
    // The power goes some effects after the lie.
    rig.provider->answer_with = nullptr;
    second = true;
  }
  Outcome outcome;
  const auto look = rig.provider->on_apply;
  rig.provider->on_apply = [&, look](const ApplyRequest& request) {
    if (disk.struck() && fault != DiskFault::kLost) trial.check_intents = true;
    if (disk.struck() && second) {
      second = false;
      disk.FailAt(disk.effects() + 1 + n % 7, DiskFault::kCut);
    }
    look(request);
  };
  work.act(trial, outcome);
  if (n == 0) count.effects = disk.effects() - base;
  if (n > 0 && !disk.struck()) {
    if (fault != DiskFault::kLost) return false;
  }
  ++count.trials;
  const std::string where = std::string(work.name) + ", " + DiskFaultName(fault) + " at effect " + std::to_string(n) +
                            " (" + disk.struck_effect() + ")";
  SCOPED_TRACE(where);

  // What is alive answers, clearly.
  if (!disk.dark()) {
    const PlanAnswer plan = rig.Plan(work.last);
    if (plan.refusal != Refusal::kNone) outcome.refusals.push_back(plan.message);
    if (n % 2 == 0) {
      disk.KillProcess();
    } else {
      disk.CutPower();
    }
  }
  count.refused += !outcome.refusals.empty();
  for (const std::string& refusal : outcome.refusals)
    EXPECT_NE(refusal.find("the store"), std::string::npos) << "not clear: " << refusal;
  trial.check_intents = n % 16 == 0;
  rig.provider->on_apply = look;
  const Status restarted = trial.Restart();
  if (!restarted.ok()) {
    EXPECT_EQ(fault, DiskFault::kLost) << restarted.ToString();
    EXPECT_EQ(restarted.code(), Code::kDataLoss) << restarted.ToString();
    ++count.damaged;
    return true;
  }
  const size_t calls = rig.provider->calls.size();
  const bool old = rig.engine->snapshot()->old_store;
  EXPECT_TRUE(rig.Until([&] { return trial.AllEnded(); })) << trial.Runs();
  if (old) {
    EXPECT_EQ(fault, DiskFault::kLost);
    rig.Pass(std::chrono::minutes(20));
    EXPECT_EQ(rig.provider->calls.size(), calls) << "an old store calls nothing until a plan is accepted";
  }
  for (const std::string& run : outcome.acknowledged) {
    const std::optional<Run> found = rig.RunOf(run);
    if (fault == DiskFault::kLost) continue;
    EXPECT_TRUE(found && (found->state == RunState::kSucceeded || found->state == RunState::kCancelled))
        << "of an acknowledged run:\n" << trial.Runs();
  }
  if (EngineRig::Steps(rig.Plan(work.last)).empty()) ++count.by_itself;
  count.old += rig.engine->snapshot()->old_store;
  const std::string rest = Finish(trial, work, fault);
  EXPECT_EQ(rest, "") << trial.Runs() << trial.Ledger();
  if (fault == DiskFault::kLost) {
    JudgeLies(trial, work, count);
    return true;
  }
  std::vector<std::string> live;
  for (const auto& [address, most] : work.creates) {
    live.push_back(address);
    EXPECT_EQ(rig.Effects("create", address), most) << address << "\n" << trial.Ledger() << trial.Runs();
  }
  EXPECT_EQ(rig.Live(), live) << trial.Ledger();
  EXPECT_EQ(trial.RecordsAgainstLedger(), "") << trial.Runs() << trial.Ledger();
  EXPECT_EQ(trial.calls_without_intent(), std::vector<std::string>());
  return true;
}

constexpr DiskFault kFaults[] = {DiskFault::kError, DiskFault::kFull, DiskFault::kShort, DiskFault::kLost,
                                 DiskFault::kCut};

// Under sanitizers, where a trial takes ten times as long, not every effect of each fault: those of a release build are
// all tried.
#ifdef TANDEM_SANITIZED
constexpr int64_t kStride = 6;
#else
constexpr int64_t kStride = 1;
#endif

class StorageFaults : public ::testing::TestWithParam<int> {};

TEST_P(StorageFaults, R9_EveryWriteAndSyncOfAnApplyFailsOnce) {
  const Workload& work = Workloads()[static_cast<size_t>(GetParam())];
  // TANDEM_TRIAL="1 cut 52" runs that one trial.
  if (const char* one = std::getenv("TANDEM_TRIAL")) {
    std::istringstream words(one);
    int index = 0;
    std::string fault;
    int64_t n = 0;
    words >> index >> fault >> n;
    for (const DiskFault each : kFaults) {
      Count count;
      if (index == GetParam() && fault == DiskFaultName(each)) Try(work, each, n, count);
    }
    return;
  }
  Count reference;
  Try(work, DiskFault::kNone, 0, reference);
  if (HasFailure()) return;
  ASSERT_GT(reference.effects, 60) << "nothing would be shown";
  int64_t first = 0;
  for (const DiskFault fault : kFaults) {
    Count count;
    int failures = 0;
    // Each fault begins at another effect, so that a stride leaves out none for all of them.
    for (int64_t n = 1 + first++ % kStride; n <= reference.effects; n += kStride) {
      Try(work, fault, n, count);
      if (HasFailure() && ++failures >= 1) break;
    }
    std::printf("%s: %lld effects, each with '%s': %d trials, %d answered with a refusal, %d finished by themselves, "
                "%d damaged and refused, %d known as old, %d forgot something and told so\n",
                work.name, static_cast<long long>(reference.effects), DiskFaultName(fault), count.trials,
                count.refused, count.by_itself, count.damaged, count.old, count.told);
  }
}

INSTANTIATE_TEST_SUITE_P(Workloads, StorageFaults, ::testing::Values(0, 1, 2));

}  // namespace
}  // namespace tandem::testing
