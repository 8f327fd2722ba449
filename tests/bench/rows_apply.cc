// apply, chain and drift-scan.
#include <fmt/format.h>

#include <algorithm>

#include "tandem/base/check.h"
#include "tandem/base/clock.h"
#include "tests/bench/bare_commits.h"
#include "tests/bench/rows.h"

namespace tandem::bench {
namespace {

struct Shaped {
  Shape shape;
  double peer, factor;  // OpenTofu 1.12.6's seconds for 10,000, and how much faster is asked for
};
constexpr Shaped kApplied[] = {{Shape::kFlat, 18, 6}, {Shape::kNear, 63, 20}, {Shape::kSpread, 512, 80}};

}  // namespace

void Apply(const Options& options, Report& report) {
  const size_t count = options.count > 0 ? options.count : options.quick ? 1000 : 10'000;
  const std::vector<Write> rows = RowsOfCreates(options.place.source, count);
  report.Count("rows committed", static_cast<double>(rows.size()));
  for (const Shaped& shaped : kApplied) {
    const std::string name(ShapeName(shaped.shape));
    if (!options.shape.empty() && options.shape != name) continue;
    ModelOptions model;
    model.shape = shaped.shape;
    model.count = count;
    const Sources sources = MakeModel(model);
    Figure time, started, bare, share, apart, share_of_apart, cpu, peak, plan_time;
    std::map<std::string, double> metrics;
    for (int run = 0; run < options.runs; ++run) {
      Platform platform(options.place);
      platform.Start();
      const double bare_seconds = CommitBare(platform.folder(), rows, 64, BareTable::kBesideKeys);
      const double apart_seconds = CommitBare(platform.folder(), rows, 64, BareTable::kApart);
      const Platform::PlanResult plan = platform.Plan(sources);
      const Usage before = platform.usage();
      const Platform::RunResult result = platform.Apply(plan.hash);
      const Usage after = platform.usage();
      TANDEM_CHECK(result.state == "succeeded");
      metrics = platform.Metrics();
      time.Add(result.seconds);
      started.Add(result.started);
      plan_time.Add(plan.seconds);
      bare.Add(bare_seconds);
      share.Add(bare_seconds / result.seconds);
      apart.Add(apart_seconds);
      share_of_apart.Add(apart_seconds / result.seconds);
      cpu.Add(after.cpu - before.cpu);
      peak.Add(after.peak_mib);
    }
    const std::string label = fmt::format("{} {}", name, count);
    report.Add(label + ": apply", time, "s");
    report.Add(label + ": of that, until the run is open", started, "s");
    report.Add(label + ": plan of creates", plan_time, "s");
    report.Add(label + ": bare loop, groups of 64, values beside keys", bare, "s");
    report.Add(label + ": speed as a part of that loop's", share, "x");
    report.Add(label + ": bare loop, groups of 64, values apart as in the store", apart, "s");
    report.Add(label + ": speed as a part of that loop's, values apart", share_of_apart, "x");
    report.Add(label + ": cpu, daemon and plugin", cpu, "s");
    report.Add(label + ": peak, daemon and plugin", peak, "MiB");
    for (const char* method : {"Apply", "Read", "List", "Poll"})
      report.Count(fmt::format("{}: {} calls", label, method),
                   metrics[fmt::format("tandem_provider_requests_total {}", method)]);
    report.Count(label + ": commits", metrics["tandem_store_commits_total"]);
    report.Count(label + ": rows written", metrics["tandem_store_writes_total"]);
    report.Bar(label + ": speed as a part of the bare loop's, values beside keys", share.median(), 0.5, true);
    report.Bar(label + ": speed as a part of the bare loop's, values apart as in the store",
               share_of_apart.median(), 0.5, true);
    if (count == 10'000)
      report.Quoted(label + ": times faster than OpenTofu", time.median(), shaped.peer, shaped.factor);
  }
}

void Chain(const Options& options, Report& report) {
  ModelOptions model;
  model.shape = Shape::kChain;
  model.count = options.count > 0 ? options.count : options.quick ? 100 : 1000;
  const Sources sources = MakeModel(model);
  Figure hop, total;
  for (int run = 0; run < options.runs; ++run) {
    Platform platform(options.place);
    platform.Start();
    const Platform::PlanResult plan = platform.Plan(sources);
    const std::string id = platform.Begin(plan.hash);
    const double begin = Now();
    while (platform.StateOf(id) == "open") {
    }
    total.Add(Now() - begin);
    grpc::ClientContext context;
    api::v1::RunRequest request;
    request.set_run(id);
    api::v1::RunReply reply;
    TANDEM_CHECK(platform.stub().GetRun(&context, request, &reply).ok());
    std::vector<double> ends;
    for (const api::v1::StepItem& step : reply.steps()) {
      const Result<Time> finished = ParseTime(step.finished());
      TANDEM_CHECK(finished.ok());
      ends.push_back(static_cast<double>(finished->time_since_epoch().count()) / 1000);
    }
    std::sort(ends.begin(), ends.end());
    std::vector<double> hops;
    for (size_t i = 1; i < ends.size(); ++i) hops.push_back(ends[i] - ends[i - 1]);
    hop.Add(Quantile(hops, 0.5));
  }
  report.Add("hop p50", hop, "ms");
  report.Add("whole chain", total, "s");
  report.Bar(fmt::format("a hop in a chain of {}, p50 in ms", model.count), hop.median(), 2);
}

void DriftScan(const Options& options, Report& report) {
  for (const std::string kind : {"Plain", "Named"}) {
    ModelOptions model;
    model.kind = kind;
    model.count = options.count > 0 ? options.count : options.quick ? 1000 : 10'000;
    Platform platform(options.place);
    platform.Start();
    TANDEM_CHECK(platform.Apply(platform.Plan(MakeModel(model)).hash).state == "succeeded");
    platform.WaitReady();
    Figure time, cpu;
    double calls = 0;
    for (int run = 0; run < options.runs; ++run) {
      std::map<std::string, double> before = platform.Metrics();
      const Usage used = platform.usage();
      const double begin = Now();
      grpc::ClientContext context;
      api::v1::Empty empty;
      TANDEM_CHECK(platform.stub().Refresh(&context, {}, &empty).ok());
      time.Add(Now() - begin);
      cpu.Add(platform.usage().cpu - used.cpu);
      std::map<std::string, double> after = platform.Metrics();
      calls = 0;
      for (const char* method : {"List", "Read"}) {
        const std::string key = fmt::format("tandem_provider_requests_total {}", method);
        calls += after[key] - before[key];
      }
    }
    const double pages = static_cast<double>(model.count) / 100;
    const double allowed = kind == "Plain" ? pages : pages + static_cast<double>(model.count);
    const std::string label = kind == "Plain" ? "list complete" : "list of names";
    report.Add(label + ": scan", time, "s");
    report.Add(label + ": cpu, daemon and plugin", cpu, "s");
    report.Count(label + ": calls", calls);
    report.Bar(fmt::format("{}: calls of a scan of {}", label, model.count), calls, allowed * 1.1);
  }
}

}  // namespace tandem::bench
