// What policies select: a name that nothing has would make a policy of nothing, and nobody would notice.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "compile/own_kinds.h"
#include "tandem/base/spelling.h"

namespace tandem {
namespace {

struct Part {
  std::string_view list;  // of spec.selector
  std::string_view what;  // its members are
  std::vector<std::string> known;
  std::function<bool(const std::string&)> knows;
};

void CheckPart(const Document& policy, const Part& part, Diagnostics& found) {
  const std::string path = fmt::format("selector.{}", part.list);
  const Value spec = policy.Spec();
  const Value* names = spec.At(path);
  if (names == nullptr || !names->is_list()) return;
  for (size_t i = 0; i < names->as_list().size(); ++i) {
    const Value& name = names->as_list()[i];
    if (!name.is_string() || part.knows(name.as_string())) continue;
    const std::string near = NearestWord(name.as_string(), part.known);
    found.Error(policy.RangeOf(fmt::format("spec.{}[{}]", path, i)),
                fmt::format("there is no {} '{}'", part.what, name.as_string()),
                near.empty() ? "the policy would select nothing by it" : fmt::format("did you mean '{}'?", near),
                policy.address().ToString());
  }
}

bool Has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

void CheckSelectors(bool partial, const CompiledModel& model, const Catalog& catalog, Diagnostics& found) {
  std::vector<std::string> components, kinds;
  for (const ModelComponent& component : model.components) components.push_back(component.name);
  const auto kind_known = [&](const std::string& text) {
    const size_t slash = text.find('/');
    if (slash == std::string::npos) return true;  // said where it is read
    const std::string group = text.substr(0, slash);
    if (text.substr(slash + 1) == "*") return !catalog.ProviderOf(group).empty();
    return catalog.Find(KindName{group, text.substr(slash + 1)}) != nullptr;
  };
  for (const auto& document : model.documents) {
    if (document->group != "tandem" || document->kind != "Policy") continue;
    CheckPart(*document, {"sites", "site", model.sites, [&](const std::string& name) { return Has(model.sites, name); }},
              found);
    if (!partial)
      CheckPart(*document, {"components", "Component", components,
                            [&](const std::string& name) { return Has(components, name); }}, found);
    if (kinds.empty())
      for (const KindName& kind : catalog.kinds()) kinds.push_back(kind.ToString());
    CheckPart(*document, {"kinds", "kind", kinds, kind_known}, found);
  }
}

}  // namespace tandem
