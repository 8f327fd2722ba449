// Structured lines on standard error. A failure is logged or returned, never both.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace tandem {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

struct LogField {
  std::string_view key;
  std::string value;
};

void SetLogLevel(LogLevel level);
/// One line: time, level, message, key=value pairs. Thread-safe.
void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

}  // namespace tandem
