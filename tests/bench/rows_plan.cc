// validate, cold-plan and re-plan.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <thread>

#include "tandem/base/check.h"
#include "tandem/compile/compile.h"
#include "tests/bench/in_process.h"
#include "tests/bench/rows.h"
#include "tests/bench/yaml_baseline.h"

namespace tandem::bench {
namespace {

size_t Cores() { return std::max(1u, std::thread::hardware_concurrency()); }

ParallelFor OnThreads(size_t threads) {
  return [threads](size_t count, const std::function<void(size_t)>& work) {
    std::atomic<size_t> next{0};
    const auto take = [&] {
      for (size_t i = next++; i < count; i = next++) work(i);
    };
    std::vector<std::thread> helpers;
    for (size_t i = 1; i < std::min(threads, count); ++i) helpers.emplace_back(take);
    take();
    for (std::thread& helper : helpers) helper.join();
  };
}

double Seconds(const std::function<void()>& work) {
  const double begin = Now();
  work();
  return Now() - begin;
}

std::vector<Shape> ShapesOf(const Options& options, std::vector<Shape> all) {
  Shape one;
  if (ParseShape(options.shape, &one)) return {one};
  return all;
}

constexpr Shape kAll[] = {Shape::kFlat,  Shape::kNear, Shape::kSpread,
                          Shape::kChain, Shape::kFan,  Shape::kWide};

// The slope of time over size in logarithms, least squares over all pairs.
double Exponent(const std::vector<std::pair<double, double>>& points) {
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (const auto& [size, time] : points) {
    const double x = std::log(size), y = std::log(time);
    n += 1, sx += x, sy += y, sxx += x * x, sxy += x * y;
  }
  return (n * sxy - sx * sy) / (n * sxx - sx * sx);
}

}  // namespace

void Validate(const Options& options, Report& report) {
  const std::unique_ptr<Catalog> catalog = BenchCatalog(options.place.source);
  const size_t threads = Cores();
  report.Set("threads", static_cast<int64_t>(threads));
  for (const Shape shape : ShapesOf(options, {Shape::kFlat, Shape::kNear})) {
    ModelOptions model;
    model.shape = shape;
    model.count = options.count > 0 ? options.count : options.quick ? 1000 : 10'000;
    const Sources sources = MakeModel(model);
    size_t bytes = 0;
    for (const auto& source : sources) bytes += source->text.size();
    Figure ours, baseline, ratio, cpu;
    for (int run = 0; run <= options.runs; ++run) {
      const double base = Seconds([&] { ParseEventsOnly(sources, threads); });
      const double cpu_before = OwnCpu();
      const double time = Seconds([&] {
        Diagnostics found;
        CompileOptions compile;
        compile.parallel = OnThreads(threads);
        const auto compiled = Compile(sources, *catalog, compile, found);
        TANDEM_CHECK(compiled != nullptr && compiled->resources.size() >= model.count);
      });
      if (run == 0) continue;  // loads the kinds
      cpu.Add(OwnCpu() - cpu_before);
      ours.Add(time);
      baseline.Add(base);
      ratio.Add(time / base);
    }
    const std::string name(ShapeName(shape));
    report.Add(name + ": validate", ours, "s");
    report.Add(name + ": yaml-cpp events", baseline, "s");
    report.Add(name + ": ratio", ratio, "x");
    report.Add(name + ": cpu", cpu, "s");
    report.Count(name + ": documents", static_cast<double>(model.count));
    report.Count(name + ": bytes", static_cast<double>(bytes));
    report.Bar(fmt::format("{}: validate of {} over yaml-cpp's events", name, model.count),
               ratio.median(), 1.5);
  }
}

void ColdPlan(const Options& options, Report& report) {
  struct Peer {
    Shape shape;
    double seconds, factor;
    size_t count;
  };
  // OpenTofu 1.12.6 on two cores: re-plan of an unchanged model.
  constexpr Peer kPeers[] = {{Shape::kFlat, 9, 8, 10'000},
                             {Shape::kNear, 35, 25, 10'000},
                             {Shape::kSpread, 2960, 200, 10'000}};
  constexpr double kChainPeer = 294;  // 2,000
  const std::vector<Shape> shapes = ShapesOf(options, {std::begin(kAll), std::end(kAll)});
  for (const Shape shape : shapes) {
    const std::string name(ShapeName(shape));
    std::vector<size_t> counts = {1000, 10'000, 100'000};
    if (shape == Shape::kChain) counts = {1000, 2000, 10'000, 100'000};
    if (options.quick) counts = {500, 2000};
    if (options.count > 0) counts = {options.count};
    if (options.most > 0) std::erase_if(counts, [&](size_t count) { return count > options.most; });
    std::vector<std::pair<double, double>> points;
    for (const size_t count : counts) {
      ModelOptions model;
      model.shape = shape;
      model.count = count;
      const Sources sources = MakeModel(model);
      Platform platform(options.place);
      platform.Start();
      const Platform::RunResult applied = platform.Apply(platform.Plan(sources).hash);
      TANDEM_CHECK(applied.state == "succeeded");
      Figure cold, baseline, ratio, cpu, peak;
      const int runs = count > 10'000 ? std::min(options.runs, 3) : options.runs;
      for (int run = 0; run < runs; ++run) {
        // The baseline while nothing else runs, then a fresh process, as soon as it can answer.
        platform.Stop();
        const double base = Seconds([&] { ParseEventsOnly(sources, Cores()); });
        platform.Start();
        platform.WaitReady();
        const Usage before = platform.usage();
        const Platform::PlanResult plan = platform.Plan(sources);
        const Usage after = platform.usage();
        TANDEM_CHECK(plan.json.find("\"steps\":[]") != std::string::npos);
        cold.Add(plan.seconds);
        baseline.Add(base);
        ratio.Add(plan.seconds / base);
        cpu.Add(after.cpu - before.cpu);
        peak.Add(after.peak_mib);
      }
      const std::string label = fmt::format("{} {}", name, count);
      report.Add(label + ": plan", cold, "s");
      report.Add(label + ": ratio to yaml-cpp events", ratio, "x");
      report.Add(label + ": cpu", cpu, "s");
      report.Add(label + ": peak, daemon and plugin", peak, "MiB");
      const std::map<std::string, double> metrics = platform.Metrics();
      const auto lists = metrics.find("tandem_provider_requests_total List");
      report.Count(label + ": List calls, two scans", lists == metrics.end() ? 0 : lists->second);
      points.emplace_back(static_cast<double>(count), cold.median());
      if (count == 10'000) report.Bar(label + ": over yaml-cpp's events", ratio.median(), 3);
      for (const Peer& peer : kPeers)
        if (peer.shape == shape && peer.count == count)
          report.Quoted(label + ": times faster than OpenTofu", cold.median(), peer.seconds, peer.factor);
      if (shape == Shape::kChain && count == 2000)
        report.Quoted(label + ": times faster than OpenTofu", cold.median(), kChainPeer, 200);
    }
    if (points.size() > 1)
      report.Bar(fmt::format("{}: exponent from {} to {}", name, points.front().first, points.back().first),
                 Exponent(points), 1.1);
  }
}

namespace {

void ReplanOf(const Options& options, size_t count, Report& report) {
  ModelOptions model;
  model.shape = Shape::kNear;
  model.count = count;
  model.a_file = 1;
  const Sources sources = MakeModel(model);
  Platform platform(options.place);
  platform.Start();
  const Platform::PlanResult first = platform.Plan(sources);
  TANDEM_CHECK(platform.Apply(first.hash).state == "succeeded");
  platform.WaitReady();
  const std::string accepted = MemberOf(first.json, "proposedDigest");
  // The last layer has no dependents, the one before has three each.
  const auto changed = [&](size_t run) {
    const size_t index = model.count - model.count / 10 - 1 - run;
    SourceText text = *sources[1 + index];
    const std::string before = MakeDocument(model, index, 1);
    text.text.replace(text.text.find(before), before.size(),
                      MakeDocument(model, index, 2 + static_cast<int>(run)));
    return std::make_pair(1 + index, std::make_shared<const SourceText>(std::move(text)));
  };
  const auto one_update = [](const Platform::PlanResult& plan) {
    TANDEM_CHECK(plan.json.find("\"update\":1") != std::string::npos);
    return plan.seconds;
  };
  // Until the daemon has looked for what is quiet.
  const auto of_few = [&] {
    const std::map<std::string, double> metrics = platform.Metrics();
    const auto found = metrics.find("tandem_plans_of_few_total");
    return found == metrics.end() ? 0 : found->second;
  };
  for (size_t run = 0; run < 100 && of_few() == 0; ++run) {
    one_update(platform.Plan({changed(run).second}, accepted, false));
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
  const double before = of_few();
  Figure some, whole, cpu;
  std::vector<double> all;
  const size_t runs = options.quick ? 10 : 200;
  const Usage used = platform.usage();
  for (size_t run = 0; run < runs; ++run) {
    all.push_back(one_update(platform.Plan({changed(run).second}, accepted, false)));
    some.Add(all.back());
  }
  cpu.Add((platform.usage().cpu - used.cpu) / static_cast<double>(runs));
  const double few = of_few() - before;
  for (int run = 0; run < options.runs; ++run) {
    Sources with = sources;
    const auto [at, text] = changed(static_cast<size_t>(run));
    with[at] = text;
    const Platform::PlanResult plan = platform.Plan(with, "", false);
    whole.Add(one_update(plan));
    TANDEM_CHECK(plan.hash == platform.Plan({text}, accepted, false).hash);
  }
  Figure applied;
  std::string over = accepted;
  for (int run = 0; run < options.runs; ++run) {
    const Platform::PlanResult plan = platform.Plan({changed(static_cast<size_t>(run)).second}, over, false);
    one_update(plan);
    const Platform::RunResult ran = platform.Apply(plan.hash);
    TANDEM_CHECK(ran.state == "succeeded");
    applied.Add(ran.seconds);
    over = MemberOf(plan.json, "proposedDigest");
  }
  report.Add(fmt::format("{}: apply of one changed document, verified", count), applied, "s");
  report.Add(fmt::format("{}: plan of one changed document", count), some, "s");
  report.Add(fmt::format("{}: cpu of it", count), cpu, "s");
  report.Add(fmt::format("{}: plan of the whole model, one document changed", count), whole, "s");
  report.Count(fmt::format("{}: p50 in ms", count), Quantile(all, 0.5) * 1000);
  report.Count(fmt::format("{}: decided by the changed ones alone, of {}", count, runs), few);
  report.Bar(fmt::format("p99 of a re-plan with {} documents", count), Quantile(all, 0.99) * 1000, 20);
}

}  // namespace

void Replan(const Options& options, Report& report) {
  std::vector<size_t> counts = {10'000, 50'000};
  if (options.quick) counts = {2000};
  if (options.count > 0) counts = {options.count};
  if (options.most > 0) std::erase_if(counts, [&](size_t count) { return count > options.most; });
  for (const size_t count : counts) ReplanOf(options, count, report);
}

}  // namespace tandem::bench
