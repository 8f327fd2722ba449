#include "tandem/base/spelling.h"

#include <algorithm>
#include <cctype>

namespace tandem {

int EditDistance(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  std::vector<int> two_back(b.size() + 1);
  std::vector<int> back(b.size() + 1);
  std::vector<int> now(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) back[j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    now[0] = static_cast<int>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const int same = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
      now[j] = std::min({back[j] + 1, now[j - 1] + 1, back[j - 1] + same});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
        now[j] = std::min(now[j], two_back[j - 2] + 1);
    }
    std::swap(two_back, back);
    std::swap(back, now);
  }
  return back[b.size()];
}

std::string NearestWord(std::string_view word, const std::vector<std::string>& known) {
  const int bound = std::max<int>(1, static_cast<int>(word.size()) / 3);
  int best = bound + 1;
  std::string nearest;
  for (const std::string& candidate : known) {
    const int distance = EditDistance(word, candidate);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace tandem
