// One JSON object a line in, one out: the loop of every conformance binary.
#pragma once

#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

namespace tandem::conformance {

using Json = nlohmann::ordered_json;

/// Answers each line of standard input by `answer(object)`; what it throws is said on standard error
/// and ends the program with 1.
template <typename Answer>
int RunJsonLines(Answer answer) {
  std::ios::sync_with_stdio(false);
  std::string line;
  int number = 0;
  while (std::getline(std::cin, line)) {
    ++number;
    if (line.empty()) continue;
    try {
      std::cout << answer(Json::parse(line)) << std::endl;
    } catch (const std::exception& error) {
      std::cerr << "line " << number << ": " << error.what() << "\n";
      return 1;
    }
  }
  return 0;
}

}  // namespace tandem::conformance
