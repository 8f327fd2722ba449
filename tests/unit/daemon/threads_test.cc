// The engine on the daemon's own threads, with many clients at once. What races and what locks in another
// order shows under the thread sanitizer; everywhere, what came of it must be whole.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/daemon_threads.h"

namespace tandem {
namespace {

TEST_F(DaemonThreads, ManyClientsAtOnceLeaveEverythingWhole) {
  constexpr int kCount = 60;
  std::atomic<bool> over{false};
  std::atomic<int> seen{0}, asked{0}, cancelled{0};
  // A watcher may be told once more after it has gone.
  const auto changes = std::make_shared<std::atomic<int>>(0);
  std::vector<std::thread> clients;
  clients.emplace_back([&] {  // lists, as `get` and the page do
    while (!over) {
      const std::shared_ptr<const Snapshot> snapshot = engine_->snapshot();
      for (int i = 0; i < kCount; ++i) {
        const ResourceView* view = snapshot->Find("iam.sim/Role/r" + std::to_string(i));
        if (view != nullptr && !view->conditions->empty()) ++seen;
      }
      (void)engine_->Metrics();
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  });
  clients.emplace_back([&] {  // watchers that come and go
    while (!over) {
      Result<int64_t> watch = engine_->Watch(engine_->snapshot()->sequence, [changes](const Change&) { ++*changes; });
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      if (watch.ok()) engine_->Unwatch(*watch);
    }
  });
  clients.emplace_back([&] {  // questions, pauses and looks
    while (!over) {
      (void)Wait<Result<std::string>>([&](auto done) { engine_->Why("iam.sim/Role/r1", done); });
      (void)Wait<Status>([&](auto done) { engine_->Pause("iam.sim/Role/r2", "uid:1", done); });
      (void)Wait<Status>([&](auto done) { engine_->Refresh("", done); });
      (void)Wait<Status>([&](auto done) { engine_->Resume("iam.sim/Role/r2", "uid:1", done); });
      (void)Wait<Result<std::vector<Event>>>(
          [&](auto done) { engine_->GetEvents({}, done); });
      ++asked;
    }
  });
  std::string run;
  for (const char* policy : {"one", "two", "three", "four"}) {
    const PlanAnswer plan = MakePlan(Model(kCount, policy));
    ASSERT_EQ(plan.refusal, Refusal::kNone) << plan.message;
    run = Start(plan.plan->hash);
    ASSERT_FALSE(run.empty());
    if (std::string(policy) == "three")
      cancelled += Wait<Status>([&](auto done) { engine_->Cancel(run, "uid:1", done); }).ok();
    ASSERT_TRUE(Ended(run).has_value());
  }
  over = true;
  for (std::thread& client : clients) client.join();

  // What pauses and the cancel left undone is done now; then there is nothing more to do.
  PlanAnswer plan = MakePlan(Model(kCount, "four"));
  ASSERT_EQ(plan.refusal, Refusal::kNone) << plan.message;
  if (!plan.plan->steps.empty()) {
    EXPECT_EQ(Ended(Start(plan.plan->hash)), RunState::kSucceeded);
    plan = MakePlan(Model(kCount, "four"));
  }
  EXPECT_TRUE(plan.plan->steps.empty());
  int creates = 0;
  for (const SimEffect& effect : cloud_->Effects()) creates += effect.operation == "create";
  EXPECT_EQ(creates, kCount);
  for (const SimObject& object : cloud_->Objects())
    EXPECT_EQ(object.fields().Unpack().StringOr("Policy", ""), "four") << object.address;
  EXPECT_GT(seen, 0);
  EXPECT_GT(*changes, 0);
  EXPECT_GT(asked, 0);
}

}  // namespace
}  // namespace tandem
