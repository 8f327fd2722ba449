#include "tandem/base/clock.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <utility>

namespace tandem {

Time SystemClock::Now() const {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

ManualClock::ManualClock(Time start) : micros_(start.time_since_epoch().count()) {}
Time ManualClock::Now() const { return Time(Duration(micros_.load())); }
void ManualClock::Set(Time now) { micros_ = now.time_since_epoch().count(); }
void ManualClock::Advance(Duration by) { micros_ += by.count(); }

EvenClock::EvenClock(const Clock* wall, std::function<Duration()> running)
    : wall_(*wall), running_(std::move(running)), last_(Last{wall_.Now(), running_()}) {}

Time EvenClock::Now() const {
  const Time wall = wall_.Now();
  return last_.With([&](Last& last) {
    const Duration running = running_();
    const Duration passed = std::max(running - last.running, Duration(0));
    last.running += passed;
    // Gathered, since a tenth of a microsecond is none.
    last.leisure =
        std::min(last.leisure + passed, std::max<Duration>(passed, std::chrono::seconds(1)));
    const Duration most = last.leisure / 10;
    const Duration follows =
        std::clamp<Duration>(wall - (last.shown + passed), -std::min(most, passed), most);
    last.leisure -= 10 * std::chrono::abs(follows);
    last.shown += passed + follows;
    return last.shown;
  });
}

Duration RunningTime() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds(now.tv_sec) +
         std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(now.tv_nsec));
}

std::string FormatTime(Time time, bool micros) {
  // By hand: there are six of them in every resource that is told.
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(days);
  int64_t rest = (time - days).count();
  std::string text = "0000-00-00T00:00:00.000000Z";
  const auto put = [&](size_t at, size_t digits, int64_t number) {
    for (size_t i = digits; i-- > 0; number /= 10) text[at + i] = static_cast<char>('0' + number % 10);
  };
  put(0, 4, static_cast<int>(date.year()));
  put(5, 2, static_cast<unsigned>(date.month()));
  put(8, 2, static_cast<unsigned>(date.day()));
  put(20, 6, rest % 1'000'000);
  rest /= 1'000'000;
  put(17, 2, rest % 60);
  put(14, 2, rest / 60 % 60);
  put(11, 2, rest / 3600);
  if (!micros) text.erase(19, 7);
  return text;
}

Result<Time> ParseTime(std::string_view text) {
  std::tm parts{};
  const std::string owned(text);
  const char* end = strptime(owned.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  const auto bad = [&] { return InvalidArgument(fmt::format("'{}' is not an RFC 3339 time", text)); };
  if (end == nullptr) return bad();
  int64_t micros = static_cast<int64_t>(timegm(&parts)) * 1'000'000;
  if (*end == '.') {
    int64_t scale = 100'000;
    for (++end; *end >= '0' && *end <= '9'; ++end, scale /= 10) micros += (*end - '0') * scale;
  }
  if (*end == 'Z' && end[1] == '\0') return Time(Duration(micros));
  int hours = 0;
  int minutes = 0;
  char sign = 0;
  if (std::sscanf(end, "%c%2d:%2d", &sign, &hours, &minutes) != 3 || (sign != '+' && sign != '-'))
    return bad();
  const int64_t offset = (hours * 3600LL + minutes * 60LL) * 1'000'000;
  return Time(Duration(sign == '+' ? micros - offset : micros + offset));
}

namespace {
struct Unit {
  std::string_view name;
  int64_t micros;
};
constexpr Unit kUnits[] = {{"d", 86'400'000'000}, {"h", 3'600'000'000}, {"m", 60'000'000},
                           {"s", 1'000'000},      {"ms", 1'000},        {"us", 1}};
}  // namespace

Result<Duration> ParseDuration(std::string_view text) {
  const auto bad = [&] {
    return InvalidArgument(
        fmt::format("'{}' is not a duration; write for example 500ms, 90s, 15m, 1h30m or 7d", text));
  };
  if (text.empty()) return bad();
  int64_t total = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    int64_t number = 0;
    const auto [after, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc() || number < 0) return bad();
    rest.remove_prefix(after - rest.data());
    size_t letters = 0;
    while (letters < rest.size() && rest[letters] >= 'a' && rest[letters] <= 'z') ++letters;
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits)
      if (candidate.name == rest.substr(0, letters)) unit = &candidate;
    int64_t part = 0;
    if (unit == nullptr || __builtin_mul_overflow(number, unit->micros, &part) ||
        __builtin_add_overflow(total, part, &total))
      return bad();
    rest.remove_prefix(letters);
  }
  return Duration(total);
}

std::string FormatDuration(Duration duration) {
  int64_t left = duration.count();
  if (left == 0) return "0s";
  std::string text = left < 0 ? "-" : "";
  if (left < 0) left = -left;
  for (const Unit& unit : kUnits) {
    if (left >= unit.micros) text += fmt::format("{}{}", left / unit.micros, unit.name);
    left %= unit.micros;
  }
  return text;
}

}  // namespace tandem
