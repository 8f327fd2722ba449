// What a look at an account looks for, in a few large pieces of memory: a hundred thousand small ones, let go of at
// once, would hold up whoever allocates meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tandem {

/// Which resources, by Resource::number.
class ResourceSet {
 public:
  /// True if it was not there.
  bool insert(uint32_t number) {
    if (number >= has_.size()) has_.resize(number + number / 2 + 1);
    const bool fresh = !has_[number];
    has_[number] = true;
    return fresh;
  }
  bool contains(uint32_t number) const { return number < has_.size() && has_[number]; }

 private:
  std::vector<bool> has_;
};

/// Addresses, each with the identity or name to look for, or "".
class LookList {
 public:
  struct Item {
    std::string_view address;
    std::string_view expected;
  };
  void Add(std::string_view address, std::string_view expected) {
    text_.append(address);
    const size_t middle = text_.size();
    text_.append(expected);
    ends_.push_back({middle, text_.size()});
  }
  size_t size() const { return ends_.size(); }
  /// Good until the next Add.
  Item operator[](size_t place) const {
    const size_t begin = place == 0 ? 0 : ends_[place - 1].all;
    const std::string_view text(text_);
    return {text.substr(begin, ends_[place].address - begin),
            text.substr(ends_[place].address, ends_[place].all - ends_[place].address)};
  }

 private:
  struct Ends {
    size_t address;
    size_t all;
  };
  std::string text_;
  std::vector<Ends> ends_;
};

}  // namespace tandem
