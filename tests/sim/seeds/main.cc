// sim --seeds A..B | --seed N | --twice A..B: random runs of the real engine on simulated clouds.
// sim --matrix [--per-cell N] | --cell "ACTION CLASS POINT N": crashes at every point of the ports.
// --size N, --changes N and --without FAULT,… make them smaller; --jobs N shares them out to so many processes.
// --every-fault: fails unless each kind of fault has struck.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>

#include "tests/sim/seeds/bad_weather.h"
#include "tests/sim/seeds/crew.h"
#include "tests/sim/seeds/matrix.h"
#include "tests/sim/seeds/shrink.h"
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
             "           [--size N] [--changes N] [--without FAULT,...] [--no-shrink] [--every-fault]\n"
             "           [--jobs N]\nfaults:{}\n",
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

// A verdict as text, from the process that found it to the one that tells it: the sums, then what to print.
std::string Pack(const Verdict& verdict, bool bad, const std::string& text) {
  std::string packed = fmt::format("{} {} {} {}", bad ? 1 : 0, verdict.size, verdict.applies,
                                   verdict.struck.size());
  for (const auto& [fault, times] : verdict.struck)
    packed += fmt::format("\n{} {}", times, fault);
  return packed + "\n" + text;
}
std::string Unpack(const std::string& packed, Verdict& sum, bool& bad) {
  std::istringstream lines(packed);
  std::string line;
  std::getline(lines, line);
  std::istringstream head(line);
  int failed = 0;
  size_t size = 0, faults = 0;
  int64_t applies = 0;
  head >> failed >> size >> applies >> faults;
  bad = failed != 0;
  sum.size += size;
  sum.applies += applies;
  for (; faults > 0; --faults) {
    std::getline(lines, line);
    const size_t space = line.find(' ');
    sum.struck[line.substr(space + 1)] += std::stoll(line);
  }
  return packed.substr(std::min(packed.size(), static_cast<size_t>(std::max<long>(0, lines.tellg()))));
}

struct Manner {
  bool twice = false;
  bool shrink = true;
  bool every_fault = false;
  int hands = 1;
};

int Many(const std::string& program, const Scenario& scenario, uint64_t first, uint64_t last,
         const Manner& manner) {
  const auto begun = std::chrono::steady_clock::now();
  const auto work = [&](uint64_t job) {
    Scenario one = scenario;
    one.seed = first + job;
    const Verdict verdict = Run(one);
    // Twice: only whether both runs are the same, bit for bit.
    const bool bad = manner.twice ? Run(one).hash != verdict.hash : !verdict.failure.empty();
    std::string text;
    if (bad) {
      text = fmt::format("seed {}: {}\n  replay: {} {}\n", one.seed,
                         manner.twice ? "two runs differ" : verdict.failure, program, one.Command());
      if (!manner.twice && manner.shrink)
        text += fmt::format("  smaller: {} {}\n", program, Shrink(one, verdict).Command());
    }
    return Pack(verdict, bad, text);
  };
  Verdict sum;
  int failed = 0;
  tandem::seeds::ShareOut(last - first + 1, manner.hands, work, [&](uint64_t job, bool died, std::string packed) {
    bool bad = died;
    if (died) {
      Scenario one = scenario;
      one.seed = first + job;
      fmt::print("seed {}: {}\n  replay: {} {}\n", one.seed, packed, program, one.Command());
    } else {
      fmt::print("{}", Unpack(packed, sum, bad));
    }
    failed += bad;
    std::fflush(stdout);
  });
  const double took =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  const uint64_t count = last - first + 1;
  std::string faults;
  for (const std::string& fault : tandem::seeds::Struck()) {
    const int64_t times = sum.struck[fault];
    faults += fmt::format("{} {} {}", faults.empty() ? "" : ",", times, fault);
    if (manner.every_fault && times == 0) {
      fmt::print("no fault of the kind '{}' has struck\n", fault);
      ++failed;
    }
  }
  fmt::print("faults:{}\n{} seeds{}, {} failed; {} resources, {} applies; {:.0f} s, {:.1f} seeds/s\n",
             faults, count, manner.twice ? " twice" : "", failed, sum.size, sum.applies, took,
             static_cast<double>(count) / took);
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Scenario scenario;
  std::string mode, range;
  Manner manner;
  manner.hands = tandem::seeds::AllHands();
  bool matrix = false, list = false;
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
      manner.shrink = false;
      continue;
    }
    if (flag == "--every-fault") {
      manner.every_fault = true;
      continue;
    }
    if (at + 1 >= argc) return Usage();
    const std::string value = argv[++at];
    if (flag == "--size") {
      scenario.size = std::strtoull(value.c_str(), nullptr, 10);
    } else if (flag == "--jobs") {
      manner.hands = std::max(1, std::atoi(value.c_str()));
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
  if (matrix) return tandem::seeds::RunMatrix(per_cell, list, manner.hands) ? 0 : 1;
  if (mode == "--seed") {
    scenario.seed = std::strtoull(range.c_str(), nullptr, 10);
    return One(scenario);
  }
  const size_t dots = range.find("..");
  if (mode.empty() || dots == std::string::npos) return Usage();
  manner.twice = mode == "--twice";
  const uint64_t first = std::strtoull(range.c_str(), nullptr, 10);
  const uint64_t last = std::strtoull(range.c_str() + dots + 2, nullptr, 10);
  return last < first ? Usage() : Many(argv[0], scenario, first, last, manner);
}
