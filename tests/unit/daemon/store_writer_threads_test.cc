// The engine's writer over a store that completes on another thread, as the daemon's does.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/executors.h"
#include "engine/store/store_writer.h"
#include "tandem/state/memory_store.h"

namespace tandem {
namespace {

TEST(StoreWriterThreads, UnitsBecomeDurableInOrderAndTheLastValueStays) {
  ThreadPool disk(1);
  MemoryStore store([&disk](std::function<void()> completion) { disk.Run(std::move(completion)); });
  ManualClock clock;
  Timers timers;
  SeededRandom random(3);
  auto inbox = std::make_shared<Inbox>();
  Status lost;
  StoreWriter writer(&store, &clock, &timers, inbox, &random, [&](Status status) { lost = std::move(status); });
  const auto turn = [&] {
    while (const auto work = inbox->Take()) work();
    writer.Flush();
  };
  constexpr int kUnits = 30'000;
  std::map<std::string, std::string> expected;
  int durable = 0;
  bool in_order = true;
  for (int i = 0; i < kUnits; ++i) {
    std::vector<RowChange> unit;
    std::set<uint64_t> keys;
    for (int rows = 0; rows < 3; ++rows) keys.insert(random.Next() % 200);
    for (const uint64_t each : keys) {
      const std::string key = "k" + std::to_string(each);
      if (random.Next() % 4 == 0) {
        unit.push_back({key, std::nullopt});
        expected.erase(key);
      } else {
        unit.push_back({key, std::to_string(i)});
        expected[key] = std::to_string(i);
      }
    }
    writer.Commit(std::move(unit), [&durable, &in_order, i] { in_order &= durable++ == i; });
    if (random.Next() % 8 == 0) turn();
  }
  while (!writer.idle()) turn();
  disk.Drain();
  EXPECT_TRUE(lost.ok()) << lost.message();
  EXPECT_TRUE(in_order);
  EXPECT_EQ(durable, kUnits);
  std::map<std::string, std::string> stored;
  store.Scan("k", "", 1000, [&](Result<Page> page) {
    for (const Row& row : page->rows) stored[row.key] = row.value;
  });
  disk.Drain();
  EXPECT_EQ(stored, expected);
}

}  // namespace
}  // namespace tandem
