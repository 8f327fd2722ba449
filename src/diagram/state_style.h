// How a box's live state looks, in every picture alike.
#pragma once

#include <array>
#include <string_view>

#include "tandem/diagram/diagram.h"

namespace tandem {

struct StateStyle {
  std::string_view name;  // a word for class names
  std::string_view fill;
  std::string_view stroke;
};

inline constexpr std::array<StateStyle, 4> kStateStyles = {{
    {"ready", "#d9f2e1", "#1f7a3f"},
    {"busy", "#fff1cc", "#a36a00"},
    {"failed", "#fbdcd9", "#b3261e"},
    {"unknown", "#eceff3", "#5f6b7a"},
}};

/// The look of `state`, any of the words that the status table and conditions use; case, blanks and
/// dashes do not matter. A word nobody knows looks unknown.
const StateStyle& StyleOf(std::string_view state);

/// The state of box `id`, or "" when none is given.
std::string_view StateOf(const DiagramStates& states, std::string_view id);

}  // namespace tandem
