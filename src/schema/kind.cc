#include "tandem/schema/kind.h"

#include <iterator>

namespace tandem {
namespace {

constexpr std::string_view kBlastNames[] = {"role-change", "destroy",    "replace", "data-loss",
                                            "governance",  "disruptive", "create",  "safe"};

}  // namespace

std::string_view BlastClassName(BlastClass blast) {
  return kBlastNames[static_cast<size_t>(blast)];
}

std::optional<BlastClass> ParseBlastClass(std::string_view text) {
  for (size_t i = 0; i < std::size(kBlastNames); ++i)
    if (kBlastNames[i] == text) return static_cast<BlastClass>(i);
  return std::nullopt;
}

std::vector<std::string> Kind::SecretPaths() const {
  std::vector<std::string> paths;
  for (const FieldRule& rule : rules())
    if (rule.secret) paths.push_back(rule.path);
  return paths;
}

}  // namespace tandem
