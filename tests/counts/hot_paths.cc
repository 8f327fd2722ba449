// hot_paths NAME: one hot path, warm, inside a function whose instructions can be counted
// (instructions_test.py). Deterministic: no thread, no clock, no disk.
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>

#include "engine/turns/work_queue.h"
#include "tandem/base/check.h"
#include "tandem/compile/compile.h"
#include "tests/bench/in_process.h"

/// What is counted.
extern "C" __attribute__((noinline, noclone)) void HotPath(const std::function<void()>& work) {
  work();
  asm volatile("" ::: "memory");  // not by a jump, which would leave this function
}

namespace tandem {
namespace {

constexpr size_t kResources = 400;
constexpr size_t kKeys = 20'000;

bench::Sources Model() {
  bench::ModelOptions options;
  options.shape = bench::Shape::kNear;
  options.count = kResources;
  return MakeModel(options);
}

void CompileModel() {
  const bench::Sources sources = Model();
  const std::unique_ptr<Catalog> catalog = bench::BenchCatalog(TANDEM_SOURCE_DIR);
  const auto compile = [&] {
    Diagnostics found;
    TANDEM_CHECK(Compile(sources, *catalog, CompileOptions(), found) != nullptr);
  };
  compile();  // loads the kinds
  HotPath(compile);
}

void Apply() {
  bench::InProcess engine(TANDEM_SOURCE_DIR);
  const std::string hash = engine.Plan(Model());
  HotPath([&] { TANDEM_CHECK(engine.Apply(hash) == "succeeded"); });
}

void PlanOfNothing() {
  const bench::Sources sources = Model();
  bench::InProcess engine(TANDEM_SOURCE_DIR);
  TANDEM_CHECK(engine.Apply(engine.Plan(sources)) == "succeeded");
  engine.Settle();
  HotPath([&] { engine.Plan(sources); });
  TANDEM_CHECK(engine.plan->steps.empty());
}

void Scan() {
  bench::InProcess engine(TANDEM_SOURCE_DIR);
  TANDEM_CHECK(engine.Apply(engine.Plan(Model())) == "succeeded");
  engine.Settle();
  HotPath([&] {
    engine.Refresh();
    engine.Settle();
  });
}

void Queue() {
  std::vector<std::string> keys;
  for (size_t i = 0; i < kKeys; ++i) keys.push_back("bench.aws/Plain/r" + std::to_string(i));
  WorkQueue queue;
  HotPath([&] {
    for (size_t i = 0; i < 2 * kKeys; ++i) queue.Add(keys[i / 2], WorkQueue::Priority::kResync, Time());
    size_t done = 0;
    for (; const std::optional<WorkQueue::Out> key = queue.Get(Time()); ++done) queue.Done(*key, Time());
    TANDEM_CHECK(done == kKeys);
  });
}

struct Named {
  std::string_view name;
  void (*run)();
  size_t items;
};
constexpr Named kPaths[] = {{"compile", CompileModel, kResources},
                            {"apply", Apply, kResources},
                            {"plan-of-nothing", PlanOfNothing, kResources},
                            {"scan", Scan, kResources},
                            {"queue", Queue, kKeys}};

}  // namespace
}  // namespace tandem

int main(int argc, char** argv) {
  for (const auto& path : tandem::kPaths) {
    if (argc != 2 || path.name != argv[1]) continue;
    path.run();
    std::printf("%zu\n", path.items);
    return 0;
  }
  std::fprintf(stderr, "usage: hot_paths compile | apply | plan-of-nothing | scan | queue\n");
  return 2;
}
