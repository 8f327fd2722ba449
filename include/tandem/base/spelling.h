// "Did you mean": the known word nearest to one that is not known.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tandem {

/// Insertions, deletions, substitutions and swaps of neighbours between two words, case ignored.
int EditDistance(std::string_view a, std::string_view b);
/// The nearest of `known` within a third of the word's length (at least 1), or "" if none is near.
std::string NearestWord(std::string_view word, const std::vector<std::string>& known);

}  // namespace tandem
