// memory, restart and apply-latency.
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tandem/base/check.h"
#include "tandem/base/clock.h"
#include "tandem/codec/json.h"
#include "tests/bench/bare_commits.h"
#include "tests/bench/rows.h"

namespace tandem::bench {
namespace {

size_t ListAll(Platform& platform, const std::string& prefix) {
  grpc::ClientContext context;
  api::v1::ListRequest request;
  request.set_what(api::v1::ListRequest::RESOURCES);
  request.set_prefix(prefix);
  const auto stream = platform.stub().List(&context, request);
  api::v1::ListReply reply;
  size_t items = 0;
  while (stream->Read(&reply)) items += static_cast<size_t>(reply.items_size());
  TANDEM_CHECK(stream->Finish().ok());
  return items;
}

}  // namespace

void Memory(const Options& options, Report& report) {
  ModelOptions model;
  model.shape = Shape::kNear;
  model.count = options.count > 0 ? options.count : options.quick ? 1000 : 10'000;
  const Sources sources = MakeModel(model);
  Figure idle, peak, rest, plugin, cpu;
  const int runs = std::min(options.runs, 3);
  for (int run = 0; run < runs; ++run) {
    Platform platform(options.place);
    platform.Start({"--resync", "10m"});
    const double empty = ResidentOf(platform.pid());
    idle.Add(empty);
    TANDEM_CHECK(platform.Apply(platform.Plan(sources).hash).state == "succeeded");
    platform.Plan(sources);
    peak.Add(PeakOf(platform.pid()) - empty);
    sleep(2);
    rest.Add(ResidentOf(platform.pid()) - empty);
    const Usage all = platform.usage();
    plugin.Add(all.now_mib - ResidentOf(platform.pid()));
    const double before = all.cpu;
    const int seconds = options.quick ? 2 : 15;
    sleep(static_cast<unsigned>(seconds));
    cpu.Add((platform.usage().cpu - before) / seconds * 100);
  }
  const double tens = static_cast<double>(model.count) / 10'000;
  report.Add("idle daemon", idle, "MiB");
  report.Add("daemon, peak over idle: plan, apply and plan again", peak, "MiB");
  report.Add("daemon, at rest over idle", rest, "MiB");
  report.Add("plugin with the simulated world, at rest", plugin, "MiB");
  report.Add("idle CPU, daemon and plugin", cpu, "% of a core");
  report.Bar("MiB each 10,000 resources over the idle daemon, peak", peak.median() / tens, 64);
  report.Bar(fmt::format("idle CPU at {}, % of a core", model.count), cpu.median(), 1);
}

void Restart(const Options& options, Report& report) {
  std::vector<size_t> counts = {10'000, 100'000};
  if (options.quick) counts = {1000};
  if (options.count > 0) counts = {options.count};
  if (options.most > 0) std::erase_if(counts, [&](size_t count) { return count > options.most; });
  for (const size_t count : counts) {
    ModelOptions model;
    model.count = count;
    ModelOptions slow;
    slow.kind = "Slow";
    slow.count = 500;
    const std::vector<std::string> flags = {"--time-scale", "20"};  // a minute is three seconds
    Figure health, list, settled;
    const int runs = count > 10'000 ? 1 : std::min(options.runs, 3);
    for (int run = 0; run < runs; ++run) {
      Platform platform(options.place);
      platform.Start(flags);
      Sources sources = MakeModel(model);
      TANDEM_CHECK(platform.Apply(platform.Plan(sources).hash).state == "succeeded");
      const Sources more = MakeModel(slow);
      for (size_t i = 1; i < more.size(); ++i)
        sources.push_back(std::make_shared<SourceText>(
            SourceText{fmt::format("slow-{}.yaml", i), more[i]->text}));
      const std::string id = platform.Begin(platform.Plan(sources).hash);
      usleep(1'500'000);
      platform.Kill();
      const double begin = Now();
      health.Add(platform.Start(flags));
      TANDEM_CHECK(ListAll(platform, "") >= count);
      list.Add(Now() - begin);
      while (platform.StateOf(id) == "open") usleep(5000);
      settled.Add(Now() - begin);
      platform.MustSucceed(id);
    }
    const std::string label = fmt::format("{} resources", count);
    report.Add(label + ": until it answers", health, "s");
    report.Add(label + ": until the first whole List", list, "s");
    report.Add(label + ": until 500 operations that were under way are settled", settled, "s");
    report.Bar(label + ": health after kill -9, s", health.median(), count > 10'000 ? 1 : 0.3);
    report.Bar(label + ": all settled, s", settled.median(), 5);
  }
}

void ApplyLatency(const Options& options, Report& report) {
  const size_t count = options.count > 0 ? options.count : options.quick ? 1000 : 10'000;
  struct Case {
    const char* kind;
    double latency;
    int runs;
  };
  double rate = 0;
  for (const Case& c : {Case{"Plain", 0, 3}, Case{"Quick", 0.1, 3}, Case{"Slow", 60, 1}}) {
    if (options.quick && c.latency > 1) continue;
    ModelOptions model;
    model.count = count;
    model.kind = c.kind;
    const Sources sources = MakeModel(model);
    Figure time, threads, peak;
    std::map<std::string, double> metrics;
    for (int run = 0; run < std::min(c.runs, options.runs); ++run) {
      Platform platform(options.place);
      platform.Start();
      const std::string hash = platform.Plan(sources).hash;
      const double begin = Now();
      const std::string id = platform.Begin(hash);
      int most = 0;
      while (platform.StateOf(id) == "open") {
        most = std::max(most, platform.usage().threads);
        usleep(50'000);
      }
      time.Add(Now() - begin);
      TANDEM_CHECK(platform.StateOf(id) == "succeeded");
      threads.Add(most);
      peak.Add(platform.usage().peak_mib);
      metrics = platform.Metrics();
    }
    const std::string label = fmt::format("{} operations of {} s", count, c.latency);
    report.Add(label + ": apply", time, "s");
    report.Add(label + ": threads, daemon and plugin", threads, "threads");
    report.Add(label + ": peak, daemon and plugin", peak, "MiB");
    report.Count(label + ": Poll calls", metrics["tandem_provider_requests_total Poll"]);
    if (c.latency == 0) {
      rate = static_cast<double>(count) / time.median();
      continue;
    }
    // A handle holds no place among the calls in flight, so the cap does not bind.
    const double bound = std::max(c.latency, static_cast<double>(count) / rate);
    report.Bar(label + ": over the longer of one operation and N by the measured rate",
               time.median() / bound, 1.1);
  }
}

}  // namespace tandem::bench
