// A value during an evaluation: looked at where it lies, or held. Copies are made only where a
// result must outlive what it came from.
#pragma once

#include <utility>

#include "tandem/model/value.h"

namespace tandem::expr {

class Operand {
 public:
  /// `value` must outlive the operand.
  explicit Operand(const Value* value) : borrowed_(value) {}
  Operand(Value value) : held_(std::move(value)) {}  // NOLINT: implicit by design

  const Value& operator*() const { return borrowed_ != nullptr ? *borrowed_ : held_; }
  const Value* operator->() const { return &**this; }
  bool borrowed() const { return borrowed_ != nullptr; }
  /// The held value, to be changed or moved from. Only when not borrowed.
  Value& held() { return held_; }

 private:
  const Value* borrowed_ = nullptr;
  Value held_;
};

/// How much work is left. Once spent it stays spent, and nothing absorbs that failure.
class Budget {
 public:
  static constexpr int64_t kSteps = 2'000'000;

  bool Spend(int64_t steps) {
    left_ = steps > left_ ? -1 : left_ - steps;
    return left_ >= 0;
  }
  bool spent() const { return left_ < 0; }

 private:
  int64_t left_ = kSteps;
};

/// What copying `value` counts: one for each value in it, more for long texts.
int64_t CostOf(const Value& value);

}  // namespace tandem::expr
