// Randomness as a port, and identifiers made from it.
#pragma once

#include <cstdint>
#include <string>

namespace tandem {

class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t Next() = 0;

  /// Uniform in [0, bound). `bound` > 0.
  uint64_t Below(uint64_t bound);
  /// Uniform in [0, 1).
  double Unit();
  /// `digits` lower-case hexadecimal digits.
  std::string Hex(int digits);
  /// RFC 4122 version 4 in lower case.
  std::string Uuid();
};

/// The kernel's generator.
class SystemRandom final : public Random {
 public:
  uint64_t Next() override;
};

/// The same sequence for the same seed, on every platform (splitmix64).
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  uint64_t Next() override;

 private:
  uint64_t state_;
};

}  // namespace tandem
