#include "tests/bench/figures.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace tandem::bench {
namespace {

double Rounded(double value) {
  if (value == 0 || !std::isfinite(value)) return 0;
  const double scale = std::pow(10, 4 - std::ceil(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

void AddProcess(pid_t pid, Usage* usage) {
  std::ifstream stat(fmt::format("/proc/{}/stat", pid));
  std::string line;
  std::getline(stat, line);
  const size_t close = line.rfind(')');
  if (close == std::string::npos) return;
  std::istringstream rest(line.substr(close + 2));
  std::string word;
  double ticks = 0;
  for (int i = 3; i <= 15 && rest >> word; ++i)
    if (i == 14 || i == 15) ticks += std::stod(word);
  usage->cpu += ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  while (std::getline(status, line)) {
    std::istringstream words(line);
    std::string key;
    double number = 0;
    if (!(words >> key >> number)) continue;
    if (key == "VmHWM:") usage->peak_mib += number / 1024;
    if (key == "VmRSS:") usage->now_mib += number / 1024;
    if (key == "Threads:") usage->threads += static_cast<int>(number);
  }
}

std::vector<pid_t> WithChildren(pid_t pid) {
  std::vector<pid_t> all = {pid};
  for (size_t i = 0; i < all.size(); ++i) {
    // A child is listed at the thread that started it.
    std::error_code ignored;
    const std::filesystem::path tasks = fmt::format("/proc/{}/task", all[i]);
    for (const auto& task : std::filesystem::directory_iterator(tasks, ignored)) {
      std::ifstream children(task.path() / "children");
      pid_t child = 0;
      while (children >> child) all.push_back(child);
    }
  }
  return all;
}

}  // namespace

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double Quantile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double at = std::ceil(part * static_cast<double>(values.size())) - 1;
  return values[static_cast<size_t>(std::clamp(at, 0.0, static_cast<double>(values.size() - 1)))];
}

Value Figure::ToValue(const std::string& unit) const {
  Value value;
  value.Set("unit", unit);
  value.Set("min", Rounded(Quantile(values_, 0)));
  value.Set("median", Rounded(median()));
  value.Set("max", Rounded(worst()));
  value.Set("runs", static_cast<int64_t>(values_.size()));
  return value;
}

double OwnCpu() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Usage UsageOf(pid_t pid) {
  Usage usage;
  for (const pid_t each : WithChildren(pid)) AddProcess(each, &usage);
  return usage;
}

double ResidentOf(pid_t pid) {
  Usage usage;
  AddProcess(pid, &usage);
  return usage.now_mib;
}

double PeakOf(pid_t pid) {
  Usage usage;
  AddProcess(pid, &usage);
  return usage.peak_mib;
}

void ForgetPeak(pid_t pid) {
  for (const pid_t each : WithChildren(pid)) std::ofstream(fmt::format("/proc/{}/clear_refs", each)) << "5";
}

void Report::Add(const std::string& name, const Figure& figure, const std::string& unit) {
  if (value_.Find("figures") == nullptr) value_.Set("figures", Map());
  Value figures = *value_.Find("figures");
  figures.Set(name, figure.ToValue(unit));
  value_.Set("figures", std::move(figures));
}

void Report::Count(const std::string& name, double count) {
  Value counts = value_.Find("counts") == nullptr ? Value(Map()) : *value_.Find("counts");
  counts.Set(name, Rounded(count));
  value_.Set("counts", std::move(counts));
}

void Report::Bar(const std::string& what, double measured, double bar, bool least) {
  Value bars = value_.Find("bars") == nullptr ? Value(List()) : *value_.Find("bars");
  Value one;
  one.Set("what", what);
  one.Set("measured", Rounded(measured));
  one.Set(least ? "least" : "most", Rounded(bar));
  one.Set("met", least ? measured >= bar : measured <= bar);
  bars.edit_list().push_back(std::move(one));
  value_.Set("bars", std::move(bars));
}

void Report::Quoted(const std::string& what, double measured, double quoted, double factor) {
  Bar(what, quoted / measured, factor, true);
  Value bars = *value_.Find("bars");
  bars.edit_list().back().Set("peerSecondsQuotedNotMeasured", quoted);
  value_.Set("bars", std::move(bars));
}

}  // namespace tandem::bench
