// sim --seeds A..B | --seed N | --twice A..B: random runs of the real engine on simulated clouds.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/sim/seeds/trial.h"

namespace {

int Usage() {
  std::fputs("usage: sim --seeds A..B | --seed N | --twice A..B\n", stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  using tandem::seeds::RunSeed;
  using tandem::seeds::Verdict;
  if (argc < 3 || argc % 2 == 0) return Usage();
  int failed = 0;
  for (int at = 1; at + 1 < argc; at += 2) {
    const std::string mode = argv[at];
    const std::string range = argv[at + 1];
    if (mode == "--seed") {
      const Verdict verdict = RunSeed(std::strtoull(range.c_str(), nullptr, 10), true);
      fmt::print("seed {}: {}, trace {:016x}\n", verdict.seed,
                 verdict.failure.empty() ? "held" : verdict.failure, verdict.hash);
      failed += !verdict.failure.empty();
      continue;
    }
    const size_t dots = range.find("..");
    if ((mode != "--seeds" && mode != "--twice") || dots == std::string::npos) return Usage();
    const uint64_t first = std::strtoull(range.c_str(), nullptr, 10);
    const uint64_t last = std::strtoull(range.c_str() + dots + 2, nullptr, 10);
    Verdict sum;
    const auto begun = std::chrono::steady_clock::now();
    for (uint64_t seed = first; seed <= last; ++seed) {
      const Verdict verdict = RunSeed(seed, false);
      // Twice: only whether both runs are the same, bit for bit.
      bool bad = mode == "--seeds" && !verdict.failure.empty();
      if (bad) fmt::print("seed {}: {}\n", seed, verdict.failure);
      if (mode == "--twice" && RunSeed(seed, false).hash != verdict.hash) {
        fmt::print("seed {}: two runs differ\n", seed);
        bad = true;
      }
      if (bad) fmt::print("  replay: {} --seed {}\n", argv[0], seed);
      std::fflush(stdout);
      failed += bad;
      sum.applies += verdict.applies;
      sum.crashes += verdict.crashes;
      sum.lost += verdict.lost;
      sum.refused += verdict.refused;
      sum.store_failures += verdict.store_failures;
    }
    const double took =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    fmt::print("{} seeds{}, {} failed; {} applies, {} crashes, {} lost, {} refused, {} commits failed; "
               "{:.1f} seeds/s\n",
               last - first + 1, mode == "--twice" ? " twice" : "", failed, sum.applies, sum.crashes,
               sum.lost, sum.refused, sum.store_failures,
               static_cast<double>(last - first + 1) / took);
  }
  return failed == 0 ? 0 : 1;
}
