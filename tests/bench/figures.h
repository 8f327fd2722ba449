// What a row measured, and how it is told: minimum, median and maximum, never a mean.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "tandem/model/value.h"

namespace tandem::bench {

double Now();  // seconds, steady
/// Of a copy: the value below which `part` (0 to 1) of them lie.
double Quantile(std::vector<double> values, double part);

/// One number that was taken several times.
class Figure {
 public:
  void Add(double value) { values_.push_back(value); }
  bool empty() const { return values_.empty(); }
  double median() const { return Quantile(values_, 0.5); }
  double worst() const { return Quantile(values_, 1); }
  const std::vector<double>& values() const { return values_; }
  /// {"unit", "min", "median", "max", "runs"}
  Value ToValue(const std::string& unit) const;

 private:
  std::vector<double> values_;
};

/// CPU seconds of this process, all threads.
double OwnCpu();

/// Of another process and its children that are alive.
struct Usage {
  double cpu = 0;       // seconds
  double peak_mib = 0;  // most resident, summed
  double now_mib = 0;
  int threads = 0;
};
Usage UsageOf(pid_t pid);
double ResidentOf(pid_t pid);  // MiB, of the process alone
double PeakOf(pid_t pid);
/// Forgets the peak, so that the next UsageOf tells that of what comes.
void ForgetPeak(pid_t pid);

/// One row of the table: its figures, and whether its bars are met.
class Report {
 public:
  explicit Report(std::string row) { value_.Set("row", row); }
  void Set(const std::string& key, Value value) { value_.Set(key, std::move(value)); }
  void Add(const std::string& name, const Figure& figure, const std::string& unit);
  void Count(const std::string& name, double count);
  /// `measured` must be at most (or, with `least`, at least) `bar`.
  void Bar(const std::string& what, double measured, double bar, bool least = false);
  /// A bar against a number that was not measured here.
  void Quoted(const std::string& what, double measured, double quoted, double factor);
  const Value& value() const { return value_; }

 private:
  Value value_ = Map();
};

}  // namespace tandem::bench
