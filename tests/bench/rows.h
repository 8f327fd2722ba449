// The rows of the table, one function each.
#pragma once

#include <string>

#include "tests/bench/figures.h"
#include "tests/bench/platform.h"

namespace tandem::bench {

struct Options {
  Place place;
  int runs = 7;
  size_t count = 0;  // resources; 0: as the row says
  size_t most = 0;    // no model is larger; 0: as the row says
  std::string shape;  // "" for all that the row has
  bool quick = false;  // smaller, to see that it works
};

void Validate(const Options& options, Report& report);
void ColdPlan(const Options& options, Report& report);
void Replan(const Options& options, Report& report);
void Apply(const Options& options, Report& report);
void Chain(const Options& options, Report& report);
void ApplyLatency(const Options& options, Report& report);
void DriftScan(const Options& options, Report& report);
void Queue(const Options& options, Report& report);
void Memory(const Options& options, Report& report);
void EventToCall(const Options& options, Report& report);
void Restart(const Options& options, Report& report);
void StatusApi(const Options& options, Report& report);
void CommandLine(const Options& options, Report& report);

}  // namespace tandem::bench
