// bench_rows ROW --build DIR --source DIR [--scratch DIR] [--runs N] [--count N] [--most N] [--shape S] [--quick]
//
// Measures one row and prints it as one JSON object. tests/bench/run calls it.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tandem/codec/json.h"
#include "tests/bench/rows.h"

namespace {

struct Row {
  const char* name;
  void (*measure)(const tandem::bench::Options&, tandem::bench::Report&);
};

constexpr Row kRows[] = {
    {"validate", tandem::bench::Validate},
    {"cold-plan", tandem::bench::ColdPlan},
    {"re-plan", tandem::bench::Replan},
    {"apply", tandem::bench::Apply},
    {"chain", tandem::bench::Chain},
    {"apply-latency", tandem::bench::ApplyLatency},
    {"drift-scan", tandem::bench::DriftScan},
    {"queue", tandem::bench::Queue},
    {"memory", tandem::bench::Memory},
    {"event-to-call", tandem::bench::EventToCall},
    {"restart", tandem::bench::Restart},
    {"status-api", tandem::bench::StatusApi},
    {"command-line", tandem::bench::CommandLine},
};

}  // namespace

int main(int argc, char** argv) {
  tandem::bench::Options options;
  options.place = {".", ".", "/tmp"};
  for (int i = 2; i < argc; ++i) {
    const std::string flag = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (flag == "--quick") {
      options.quick = true;
      continue;
    }
    ++i;
    if (flag == "--build") options.place.build = value;
    else if (flag == "--source") options.place.source = value;
    else if (flag == "--scratch") options.place.scratch = value;
    else if (flag == "--runs") options.runs = std::atoi(value);
    else if (flag == "--count") options.count = std::strtoull(value, nullptr, 10);
    else if (flag == "--most") options.most = std::strtoull(value, nullptr, 10);
    else if (flag == "--shape") options.shape = value;
    else return std::fprintf(stderr, "unknown flag %s\n", flag.c_str()), 2;
  }
  if (options.quick) options.runs = std::min(options.runs, 2);
  for (const Row& row : kRows) {
    if (argc < 2 || std::strcmp(row.name, argv[1]) != 0) continue;
    tandem::bench::Report report(row.name);
    row.measure(options, report);
    std::printf("%s\n", tandem::ToPrettyJson(report.value()).c_str());
    return 0;
  }
  std::fprintf(stderr, "usage: bench_rows ROW [flags]; rows:");
  for (const Row& row : kRows) std::fprintf(stderr, " %s", row.name);
  std::fprintf(stderr, "\n");
  return 2;
}
