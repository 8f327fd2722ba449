// event-to-call.
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <thread>

#include "tandem/base/check.h"
#include "tandem/base/clock.h"
#include "tandem/codec/json.h"
#include "tests/bench/bare_commits.h"
#include "tests/bench/rows.h"

namespace tandem::bench {
namespace {

double Wall() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// What the simulated clouds did last to each address, in seconds since the epoch.
std::map<std::string, double> LastEffects(const Options& options, const Platform& platform) {
  const std::string command = fmt::format("{}/tandem sandbox ledger --state-dir {}/state 2>/dev/null",
                                          options.place.build, platform.folder());
  FILE* pipe = popen(command.c_str(), "r");
  TANDEM_CHECK(pipe != nullptr);
  std::string json;
  char block[4096];
  for (size_t got; (got = fread(block, 1, sizeof block, pipe)) > 0;) json.append(block, got);
  pclose(pipe);
  const Result<Value> ledger = ParseJson(json);
  TANDEM_CHECK(ledger.ok());
  std::map<std::string, double> last;
  for (const Value& effect : ledger->Find("effects")->as_list()) {
    const Result<Time> at = ParseTime(effect.StringOr("at", ""));
    TANDEM_CHECK(at.ok());
    last[effect.StringOr("address", "")] = static_cast<double>(at->time_since_epoch().count()) / 1e6;
  }
  return last;
}

/// Milliseconds from the Apply call of a change to its effect, each of another resource of `count`. Where it is
/// `busy`, everything is observed anew meanwhile.
std::vector<double> Latencies(const Options& options, Platform& platform, size_t count, size_t runs, bool busy,
                              double* deepest) {
  ModelOptions model;
  model.count = count;
  model.a_file = 1;
  const Sources sources = MakeModel(model);
  const Platform::PlanResult first = platform.Plan(sources);
  TANDEM_CHECK(platform.Apply(first.hash).state == "succeeded");
  platform.WaitReady();
  std::string over = MemberOf(first.json, "proposedDigest");
  const auto other_stub = platform.NewStub();
  const auto look = [&] {
    grpc::ClientContext context;
    api::v1::Empty empty;
    const double begin = Now();
    TANDEM_CHECK(other_stub->Refresh(&context, api::v1::AddressRequest(), &empty).ok());
    return Now() - begin;
  };
  // The first change comes while what was just made is still to be judged, the others at different times of a look.
  double span = 0;
  std::map<std::string, double> begun;
  for (size_t run = 0; run < runs; ++run) {
    SourceText text = *sources[1 + run];
    const std::string before = MakeDocument(model, run, 1);
    text.text.replace(text.text.find(before), before.size(), MakeDocument(model, run, 2));
    const Platform::PlanResult plan = platform.Plan({std::make_shared<SourceText>(std::move(text))}, over, false);
    over = MemberOf(plan.json, "proposedDigest");
    std::thread scan;
    if (busy) {
      const double wait = run == 0 ? 0.03 : span * static_cast<double>(run) / static_cast<double>(runs);
      scan = std::thread([&] { span = look(); });
      usleep(static_cast<useconds_t>(wait * 1e6));
      for (const auto& [name, value] : platform.Metrics())
        if (name == "tandem_workqueue_depth") *deepest = std::max(*deepest, value);
    } else {
      usleep(20'000);
    }
    const double begin = Wall();
    const std::string id = platform.Begin(plan.hash);
    while (platform.StateOf(id) == "open") usleep(1000);
    platform.MustSucceed(id);
    begun[AddressOf(model, run)] = begin;
    if (scan.joinable()) scan.join();
  }
  const std::map<std::string, double> last = LastEffects(options, platform);
  std::vector<double> all;
  for (const auto& [address, begin] : begun) all.push_back((last.at(address) - begin) * 1000);
  return all;
}

Figure FigureOf(const std::vector<double>& all) {
  Figure figure;
  for (const double each : all) figure.Add(each);
  return figure;
}

}  // namespace

void EventToCall(const Options& options, Report& report) {
  const size_t runs = options.quick ? 5 : 100;
  double deepest = 0;
  std::vector<double> idle;
  {
    Platform platform(options.place);
    platform.Start();
    idle = Latencies(options, platform, std::max<size_t>(20, runs), runs, false, &deepest);
    Figure commit, rested, call;
    for (const double seconds : CommitEach(platform.folder(), runs, 0)) commit.Add(seconds * 1000);
    for (const double seconds : CommitEach(platform.folder(), runs, 20)) rested.Add(seconds * 1000);
    for (size_t i = 0; i < runs; ++i) {
      const double begin = Wall();
      grpc::ClientContext context;
      api::v1::VersionReply reply;
      TANDEM_CHECK(platform.stub().Version(&context, api::v1::Empty(), &reply).ok());
      call.Add((Wall() - begin) * 1000);
      usleep(1000);
    }
    report.Add("from the Apply call to the effect in the cloud, two commits between", FigureOf(idle), "ms");
    report.Add("one bare commit of one row on this disk, one behind the other", commit, "ms");
    report.Add("the same, each after 20 ms of rest", rested, "ms");
    report.Add("one call that does nothing, to the idle daemon and back", call, "ms");
    report.Bar("idle, p99 in ms", Quantile(idle, 0.99), 3);
  }
  const size_t count = options.count > 0 ? options.count : options.quick ? 1000 : 100'000;
  if (options.most > 0 && count > options.most) return;
  Platform platform(options.place);
  platform.Start();
  const std::vector<double> busy = Latencies(options, platform, count, options.quick ? 2 : 20, true, &deepest);
  report.Add(fmt::format("the same, while {} resources are observed anew", count), FigureOf(busy), "ms");
  report.Count("most resyncs that were seen waiting", deepest);
  report.Bar(fmt::format("while {} are observed anew, p99 in ms", count), Quantile(busy, 0.99), 10);
}

}  // namespace tandem::bench
