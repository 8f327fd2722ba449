// queue: one million keys, ten logical workers, half of the adds duplicates, 100,000 delayed, and one urgent
// key behind 100,000. The same load as peers/queue.go.
#include <fmt/format.h>

#include <chrono>
#include <deque>

#include "engine/turns/work_queue.h"
#include "tandem/base/check.h"
#include "tests/bench/rows.h"

namespace tandem::bench {
namespace {

Time At(double seconds) { return Time(Duration(static_cast<int64_t>(seconds * 1e6))); }

}  // namespace

void Queue(const Options& options, Report& report) {
  const size_t count = options.quick ? 100'000 : 1'000'000;
  const size_t delayed_count = count / 10;
  constexpr size_t kWorkers = 10;
  std::vector<std::string> keys;
  keys.reserve(count);
  for (size_t i = 0; i < count; ++i) keys.push_back(fmt::format("bench.aws/Plain/r{:07}", i));

  Figure rate, duplicate_rate, delayed_rate;
  for (int run = 0; run < options.runs; ++run) {
    // Ten logical workers: ten keys are out before the first of them is done.
    const auto drain = [&](WorkQueue& queue, Time now) {
      std::deque<WorkQueue::Out> out;
      size_t done = 0;
      while (true) {
        const std::optional<WorkQueue::Out> key = queue.Get(now);
        if (key) out.push_back(*key);
        if (out.empty()) break;
        if (out.size() == kWorkers || !key) {
          queue.Done(out.front(), now);
          out.pop_front();
          ++done;
        }
      }
      return done;
    };
    {
      WorkQueue queue;
      const double begin = Now();
      for (const std::string& key : keys) queue.Add(key, WorkQueue::Priority::kResync, At(begin));
      TANDEM_CHECK(drain(queue, At(begin)) == count);
      rate.Add(static_cast<double>(count) / (Now() - begin) / 1e6);
    }
    {
      WorkQueue queue;
      const double begin = Now();
      for (size_t i = 0; i < count; ++i)
        queue.Add(keys[i / 2], WorkQueue::Priority::kResync, At(begin));
      TANDEM_CHECK(drain(queue, At(begin)) == count / 2);
      duplicate_rate.Add(static_cast<double>(count) / (Now() - begin) / 1e6);
    }
    {
      WorkQueue queue;
      const double begin = Now();
      for (size_t i = 0; i < delayed_count; ++i)
        queue.AddAt(keys[i], WorkQueue::Priority::kResync, At(begin + static_cast<double>(i * 7919 % 1000) / 1e3));
      TANDEM_CHECK(drain(queue, At(begin + 2)) == delayed_count);
      delayed_rate.Add(static_cast<double>(delayed_count) / (Now() - begin) / 1e6);
    }
  }
  std::vector<double> urgent;
  for (int run = 0; run < (options.quick ? 20 : 200); ++run) {
    WorkQueue queue;
    for (size_t i = 0; i < count / 10; ++i) queue.Add(keys[i], WorkQueue::Priority::kResync, At(0));
    const auto begin = std::chrono::steady_clock::now();
    queue.Add("bench.aws/Plain/urgent", WorkQueue::Priority::kUser, At(0));
    TANDEM_CHECK(queue.Get(At(0)) == "bench.aws/Plain/urgent");
    urgent.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
  }
  report.Add("distinct keys", rate, "million a second");
  report.Add("half duplicates, adds", duplicate_rate, "million a second");
  report.Add("delayed", delayed_rate, "million a second");
  report.Bar("urgent key behind 100,000, p99 in µs", Quantile(urgent, 0.99), 100);
}

}  // namespace tandem::bench
