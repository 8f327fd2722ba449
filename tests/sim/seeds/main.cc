// sim --seeds A..B | --seed N | --twice A..B: random runs of the real engine on simulated clouds.
// sim --matrix [--per-cell N] | --cell "ACTION CLASS POINT N": crashes at every point of the ports.
// --size N, --changes N and --without FAULT,… make them smaller.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/sim/seeds/matrix.h"
#include "tests/sim/seeds/trial.h"

namespace {

using tandem::seeds::Run;
using tandem::seeds::Scenario;
using tandem::seeds::Shrink;
using tandem::seeds::Verdict;

int Usage() {
  std::string faults;
  for (const std::string& fault : tandem::seeds::Faults()) faults += " " + fault;
  fmt::print(stderr,
             "usage: sim --seeds A..B | --seed N | --twice A..B\n"
             "       sim --matrix [--per-cell N] [--list] | --cell \"ACTION CLASS POINT N\"\n"
             "           [--size N] [--changes N] [--without FAULT,...] [--no-shrink]\nfaults:{}\n",
             faults);
  return 2;
}

int One(Scenario scenario) {
  scenario.print = true;
  const Verdict verdict = Run(scenario);
  fmt::print("seed {}: {}, trace {:016x}\n", verdict.seed,
             verdict.failure.empty() ? "held" : verdict.failure, verdict.hash);
  return verdict.failure.empty() ? 0 : 1;
}

int Many(const std::string& program, Scenario scenario, uint64_t first, uint64_t last, bool twice,
         bool shrink) {
  Verdict sum;
  int failed = 0;
  const auto begun = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  };
  for (uint64_t seed = first; seed <= last; ++seed) {
    scenario.seed = seed;
    const Verdict verdict = Run(scenario);
    // Twice: only whether both runs are the same, bit for bit.
    const bool bad = twice ? Run(scenario).hash != verdict.hash : !verdict.failure.empty();
    if (bad) {
      fmt::print("seed {}: {}\n  replay: {} {}\n", seed,
                 twice ? "two runs differ" : verdict.failure, program, scenario.Command());
      if (!twice && shrink)
        fmt::print("  smaller: {} {}\n", program, Shrink(scenario, verdict).Command());
    }
    std::fflush(stdout);
    failed += bad;
    sum.applies += verdict.applies;
    sum.crashes += verdict.crashes;
    sum.lost += verdict.lost;
    sum.refused += verdict.refused;
    sum.store_failures += verdict.store_failures;
    sum.size += verdict.size;
  }
  const double took = seconds();
  const uint64_t count = last - first + 1;
  fmt::print("{} seeds{}, {} failed; {} resources, {} applies, {} crashes, {} lost, {} refused, {} commits "
             "failed; {:.0f} s, {:.1f} seeds/s\n",
             count, twice ? " twice" : "", failed, sum.size, sum.applies, sum.crashes, sum.lost,
             sum.refused, sum.store_failures, took, static_cast<double>(count) / took);
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Scenario scenario;
  std::string mode, range;
  bool shrink = true, matrix = false, list = false;
  int per_cell = 1;
  for (int at = 1; at < argc; ++at) {
    const std::string flag = argv[at];
    if (flag == "--matrix") {
      matrix = true;
      continue;
    }
    if (flag == "--list") {
      list = true;
      continue;
    }
    if (flag == "--no-shrink") {
      shrink = false;
      continue;
    }
    if (at + 1 >= argc) return Usage();
    const std::string value = argv[++at];
    if (flag == "--size") {
      scenario.size = std::strtoull(value.c_str(), nullptr, 10);
    } else if (flag == "--per-cell") {
      per_cell = std::max(1, std::atoi(value.c_str()));
    } else if (flag == "--cell") {
      return tandem::seeds::RunCell(value.c_str()) ? 0 : 1;
    } else if (flag == "--changes") {
      scenario.changes = std::strtoull(value.c_str(), nullptr, 10);
    } else if (flag == "--without") {
      for (size_t begin = 0; begin <= value.size();) {
        const size_t end = std::min(value.find(',', begin), value.size());
        scenario.without.insert(value.substr(begin, end - begin));
        begin = end + 1;
      }
    } else if (flag == "--seed" || flag == "--seeds" || flag == "--twice") {
      mode = flag;
      range = value;
    } else {
      return Usage();
    }
  }
  if (matrix) return tandem::seeds::RunMatrix(per_cell, list) ? 0 : 1;
  if (mode == "--seed") {
    scenario.seed = std::strtoull(range.c_str(), nullptr, 10);
    return One(scenario);
  }
  const size_t dots = range.find("..");
  if (mode.empty() || dots == std::string::npos) return Usage();
  return Many(argv[0], scenario, std::strtoull(range.c_str(), nullptr, 10),
              std::strtoull(range.c_str() + dots + 2, nullptr, 10), mode == "--twice", shrink);
}
