// Documents of the simulated kinds, for models that are put together from parts.
#pragma once

#include <string>

namespace tandem::testing {

/// `annotations`: the inside of a map, "tandem/protect: \"true\"".
inline std::string Role(const std::string& name, const std::string& policy,
                        const std::string& annotations = "") {
  return "apiVersion: iam.sim/v1\nkind: Role\nmetadata: {name: " + name + ", annotations: {" + annotations +
         "}}\nspec: {Policy: " + policy + "}\n---\n";
}

/// So many, r0 to the last, one of another policy than the rest.
inline std::string Roles(int count, const std::string& policy_of_the_first) {
  std::string model = Role("r0", policy_of_the_first);
  for (int i = 1; i < count; ++i) model += Role("r" + std::to_string(i), "one");
  return model;
}

}  // namespace tandem::testing
