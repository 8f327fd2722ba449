#include "tandem/base/random.h"

#include <sys/random.h>

#include "tandem/base/check.h"

namespace tandem {

uint64_t Random::Below(uint64_t bound) {
  TANDEM_CHECK(bound > 0);
  const uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  uint64_t drawn = Next();
  while (drawn >= limit) drawn = Next();
  return drawn % bound;
}

double Random::Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

std::string Random::Hex(int digits) {
  std::string text;
  uint64_t bits = 0;
  for (int i = 0; i < digits; ++i) {
    if (i % 16 == 0) bits = Next();
    text += "0123456789abcdef"[bits & 15];
    bits >>= 4;
  }
  return text;
}

std::string Random::Uuid() {
  std::string digits = Hex(32);
  digits[12] = '4';
  digits[16] = "89ab"[Below(4)];
  for (int at : {20, 16, 12, 8}) digits.insert(at, "-");
  return digits;
}

uint64_t SystemRandom::Next() {
  uint64_t bits = 0;
  TANDEM_CHECK(getrandom(&bits, sizeof bits, 0) == sizeof bits);
  return bits;
}

uint64_t SeededRandom::Next() {
  uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace tandem
