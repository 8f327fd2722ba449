// What credentials need of the process around them, as a port: variables, files, commands.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/base/clock.h"
#include "tandem/base/status.h"

namespace tandem::aws {

struct Environment {
  /// A variable, or nothing.
  std::function<std::optional<std::string>(const std::string& name)> get;
  /// A whole file; kNotFound if there is none.
  std::function<Result<std::string>(const std::string& path)> read;
  /// Runs a command (no shell) and returns its standard output, at most 64 KiB.
  std::function<Result<std::string>(const std::vector<std::string>& command, Duration timeout,
                                    std::stop_token stop)>
      run;
};

/// That of this process. Files of more than 1 MiB are refused.
Environment SystemEnvironment();

/// A variable's value if it is set and not empty.
std::optional<std::string> GetVariable(const Environment& environment, const std::string& name);

/// As a shell would split it into words: blanks, 'single' and "double" quotes, backslashes. Nothing
/// is expanded. kInvalidArgument on an open quote.
Result<std::vector<std::string>> SplitCommand(std::string_view text);

}  // namespace tandem::aws
