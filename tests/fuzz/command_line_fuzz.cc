// Any words as the command line of tandem; "--help" behind them, so that nothing is carried out.
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "tandem/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 2 << 10) return 0;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> words = {"tandem"};
  while (!input.empty()) {
    const std::string_view word = input.substr(0, input.find_first_of(std::string_view("\n\0", 2)));
    input.remove_prefix(std::min(input.size(), word.size() + 1));
    // Behind it --help would be an argument; and no file is to be read.
    if (word == "--" || word.find("config") != std::string_view::npos) return 0;
    words.emplace_back(word);
  }
  // An option that comes last takes the first for its argument.
  words.insert(words.end(), 2, "--help");
  std::vector<const char*> arguments;
  for (const std::string& word : words) arguments.push_back(word.c_str());
  std::istringstream in;
  std::ostringstream out, err;
  tandem::Console console;
  console.in = &in;
  console.out = &out;
  console.err = &err;
  const int code = tandem::RunCommandLine(static_cast<int>(arguments.size()), arguments.data(), console);
  TANDEM_CHECK(code == tandem::kExitOk || code == tandem::kExitConfiguration);
  TANDEM_CHECK(!out.str().empty() || !err.str().empty());
  return 0;
}
