#include "sdk/workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <vector>

namespace tandem {
namespace {

using Work = Workers::Work;

TEST(Workers, AStepFindsAThreadWhileLooksHang) {
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  std::atomic<int> looks{0};
  std::promise<void> step;
  {
    Workers workers(4, 100);
    for (int i = 0; i < 20; ++i)
      ASSERT_TRUE(workers.Run(Work::kLook, [&looks, released] {
        ++looks;
        released.wait();
      }));
    ASSERT_TRUE(workers.Run(Work::kStep, [&step] { step.set_value(); }));
    // Without a place kept for it, it would wait for ever.
    ASSERT_EQ(step.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
    EXPECT_LE(looks, 3);
    release.set_value();
  }
  EXPECT_EQ(looks, 20) << "what waits is done before the end";
}

TEST(Workers, OneThreadDoesBoth) {
  std::atomic<int> done{0};
  {
    Workers workers(1, 100);
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(workers.Run(Work::kLook, [&done] { ++done; }));
      ASSERT_TRUE(workers.Run(Work::kStep, [&done] { ++done; }));
    }
  }
  EXPECT_EQ(done, 20);
}

TEST(Workers, RefusesWhatIsTooMuchOfEachKind) {
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  std::promise<void> begun;
  {
    Workers workers(1, 2);
    ASSERT_TRUE(workers.Run(Work::kLook, [&begun, released] {
      begun.set_value();
      released.wait();
    }));
    begun.get_future().wait();
    EXPECT_TRUE(workers.Run(Work::kLook, [] {}));
    EXPECT_TRUE(workers.Run(Work::kLook, [] {}));
    EXPECT_FALSE(workers.Run(Work::kLook, [] {}));
    EXPECT_TRUE(workers.Run(Work::kStep, [] {}));
    release.set_value();
  }
}

}  // namespace
}  // namespace tandem
