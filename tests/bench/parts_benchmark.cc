// The parts by themselves, by Google Benchmark: bench_parts --benchmark_filter=REGEX.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <thread>

#include "engine/turns/work_queue.h"
#include "tandem/base/check.h"
#include "tandem/codec/json.h"
#include "tandem/compile/compile.h"
#include "tandem/config/parse.h"
#include "tests/bench/in_process.h"
#include "tests/bench/yaml_baseline.h"

namespace tandem::bench {
namespace {

ModelOptions Model(const benchmark::State& state, Shape shape = Shape::kNear) {
  ModelOptions options;
  options.shape = shape;
  options.count = static_cast<size_t>(state.range(0));
  return options;
}

void Each(benchmark::State& state) { state.SetItemsProcessed(state.iterations() * state.range(0)); }

void YamlEventsOnly(benchmark::State& state) {
  const Sources sources = MakeModel(Model(state));
  for (auto _ : state) benchmark::DoNotOptimize(ParseEventsOnly(sources, 1));
  Each(state);
}
BENCHMARK(YamlEventsOnly)->Arg(1000);

void SplitDocumentTexts(benchmark::State& state) {
  const Sources sources = MakeModel(Model(state));
  for (auto _ : state) {
    Diagnostics found;
    for (const auto& source : sources) benchmark::DoNotOptimize(SplitDocuments(source, {}, found));
  }
  Each(state);
}
BENCHMARK(SplitDocumentTexts)->Arg(1000);

void ParseDocuments(benchmark::State& state) {
  const Sources sources = MakeModel(Model(state));
  for (auto _ : state) {
    Diagnostics found;
    for (const auto& source : sources) benchmark::DoNotOptimize(ParseText(source, {}, found));
  }
  Each(state);
}
BENCHMARK(ParseDocuments)->Arg(1000);

void CompileModel(benchmark::State& state) {
  const Sources sources = MakeModel(Model(state));
  const std::unique_ptr<Catalog> catalog = BenchCatalog(TANDEM_SOURCE_DIR);
  for (auto _ : state) {
    Diagnostics found;
    benchmark::DoNotOptimize(Compile(sources, *catalog, {}, found));
  }
  Each(state);
}
BENCHMARK(CompileModel)->Arg(1000)->Arg(10'000)->Unit(benchmark::kMillisecond);

void PlanOfCreates(benchmark::State& state) {
  const Sources sources = MakeModel(Model(state));
  InProcess engine(TANDEM_SOURCE_DIR);
  for (auto _ : state) engine.Plan(sources);
  Each(state);
}
BENCHMARK(PlanOfCreates)->Arg(1000)->Arg(10'000)->Unit(benchmark::kMillisecond);

void PlanOfNothing(benchmark::State& state) {
  const Sources sources = MakeModel(Model(state));
  InProcess engine(TANDEM_SOURCE_DIR);
  TANDEM_CHECK(engine.Apply(engine.Plan(sources)) == "succeeded");
  engine.Settle();
  for (auto _ : state) engine.Plan(sources);
  Each(state);
}
BENCHMARK(PlanOfNothing)->Arg(1000)->Arg(10'000)->Unit(benchmark::kMillisecond);

void ApplyInOneProcess(benchmark::State& state) {
  const Sources sources = MakeModel(Model(state));
  for (auto _ : state) {
    state.PauseTiming();
    InProcess engine(TANDEM_SOURCE_DIR);
    const std::string hash = engine.Plan(sources);
    state.ResumeTiming();
    TANDEM_CHECK(engine.Apply(hash) == "succeeded");
  }
  Each(state);
}
BENCHMARK(ApplyInOneProcess)->Arg(1000)->Unit(benchmark::kMillisecond);

Value Ordinary() {
  Map tags;
  for (int i = 0; i < 8; ++i) tags.emplace(fmt::format("key-{}", i), "a-value-of-ordinary-length");
  return Map{{"logGroupName", "one"}, {"retentionInDays", 30}, {"tags", std::move(tags)}};
}

void WriteJson(benchmark::State& state) {
  const Value value = Ordinary();
  for (auto _ : state) benchmark::DoNotOptimize(ToCanonicalJson(value));
}
BENCHMARK(WriteJson);

void ReadJson(benchmark::State& state) {
  const std::string text = ToCanonicalJson(Ordinary());
  for (auto _ : state) benchmark::DoNotOptimize(ParseJson(text));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
}
BENCHMARK(ReadJson);

void QueueAddGetDone(benchmark::State& state) {
  std::vector<std::string> keys;
  for (int i = 0; i < 1000; ++i) keys.push_back(fmt::format("bench.aws/Plain/r{:06}", i));
  WorkQueue queue;
  for (auto _ : state) {
    for (const std::string& key : keys) queue.Add(key, WorkQueue::Priority::kResync, Time());
    while (const auto key = queue.Get(Time())) queue.Done(*key, Time());
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(QueueAddGetDone);

}  // namespace
}  // namespace tandem::bench

BENCHMARK_MAIN();
