#include "diagram/state_style.h"

#include <string>
#include <utility>

namespace tandem {

const StateStyle& StyleOf(std::string_view state) {
  std::string word;
  for (const char c : state) {
    if (c == ' ' || c == '-' || c == '_') continue;
    word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  constexpr std::array<std::pair<std::string_view, size_t>, 16> kWords = {{
      {"ready", 0},
      {"true", 0},
      {"notready", 2},
      {"false", 2},
      {"failed", 2},
      {"stalled", 2},
      {"blocked", 2},
      {"quarantined", 2},
      {"conflict", 2},
      {"drifted", 1},
      {"progressing", 1},
      {"reconciling", 1},
      {"waiting", 1},
      {"paused", 1},
      {"deleting", 1},
      {"pending", 1},
  }};
  for (const auto& [name, style] : kWords)
    if (word == name) return kStateStyles[style];
  return kStateStyles[3];
}

std::string_view StateOf(const DiagramStates& states, std::string_view id) {
  const auto found = states.find(id);
  return found == states.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace tandem
