// Plain scalars by the YAML 1.2 core schema.
#pragma once

#include <string>
#include <string_view>

#include "tandem/model/value.h"

namespace tandem {

struct PlainScalar {
  Value value;
  std::string error;    // summary, or ""
  std::string warning;  // summary, or ""
  std::string detail;   // of either
};

/// What an untagged plain scalar is worth. `yes`, `no`, `on` and `off` are strings.
PlainScalar ResolvePlain(std::string_view text);
bool IsPlainNull(std::string_view text);
/// It begins with a letter, and ResolvePlain gives the text itself: most keys, and many values.
bool IsPlainWord(std::string_view text);

}  // namespace tandem
