// What readers of JSON text have in common: a place in it, and the steps that every one takes.
#pragma once

#include <string_view>

namespace tandem {

class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

 protected:
  std::string_view rest() const { return {at_, static_cast<size_t>(end_ - at_)}; }
  bool Take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool Word(std::string_view word) {
    if (!rest().starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  bool Digits() {
    const char* from = at_;
    while (at_ < end_ && *at_ >= '0' && *at_ <= '9') ++at_;
    return at_ > from;
  }

  const char* at_;
  const char* end_;
};

}  // namespace tandem
