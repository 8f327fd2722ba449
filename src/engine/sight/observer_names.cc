// What is not recorded and is looked for by the name that the model gives it.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/memory/references.h"
#include "engine/sight/observer.h"
#include "tandem/schema/identity.h"

namespace tandem {

// It is found by its identity, which is the answer, or by the name that it has in lists.
std::string Observer::WantName(Wanted& wanted, const Resource& resource, const std::string& external_name,
                               const Value& spec) {
  const Kind& kind = *wanted.kind;
  const std::string name = ExpectedName(kind, resource.address, external_name, spec);
  if (!name.empty()) wanted.by_name.emplace(name, Namesake{resource.key(), HomeOf(kind, spec)});
  return ExpectedIdentity(kind, resource.address, external_name, spec);
}

// By now what their kind lives in was seen in this pass. What is not known yet names nothing.
void Observer::NameByExpressions(Wanted& wanted, std::function<void()> then) {
  context_.InPieces([this, &wanted, then = std::move(then), at = size_t{0}]() mutable {
    for (const size_t end = std::min(wanted.unnamed.size(), at + kTakenIn); at < end; ++at) {
      const auto& [of, model] = wanted.unnamed[at];
      const Resource& resource = context_.memory.At(model->address);
      const Result<Value> spec = EvaluateSpec(
          *of, *model, [this, of = of](const std::string& address, const Path& path) -> Result<Value> {
            Result<Value> value = LiveReference(context_.memory, address, path);
            if (value.ok() || value.status().code() != Code::kUnavailable) return value;
            return Value(Unknown{of->Find(address)->kind->TypeOf(path).value_or(Type::kAny), address});
          });
      wanted.expected.Add(resource.key(),
                          spec.ok() ? WantName(wanted, resource, model->external_name, *spec) : "");
    }
    if (at < wanted.unnamed.size()) return true;
    then();
    return false;
  });
}

// Somebody else's, or nobody's: shown to the plan only where the model wants that very name. The address, or "".
std::string Observer::MatchByName(Pass& pass, const Wanted& wanted, const LiveObject& object) {
  std::optional<Value> fields;
  for (const std::string& name : {object.identity, object.name}) {
    if (name.empty()) continue;
    const auto [begin, end] = wanted.by_name.equal_range(name);
    for (auto named = begin; named != end; ++named) {
      const auto& [key, home] = named->second;
      const Resource* resource = context_.memory.Find(key);
      if (resource == nullptr || resource->record) continue;
      if (!home.empty() && !fields) fields = object.fields.empty() ? Value() : object.fields.Unpack();
      if (!home.empty() && !LivesIn(*wanted.kind, home, *fields)) continue;
      std::vector<std::string>& namesakes = pass.namesakes[key];
      if (std::find(namesakes.begin(), namesakes.end(), object.identity) == namesakes.end())
        namesakes.push_back(object.identity);
      if (namesakes.front() == object.identity) return key;
    }
  }
  return "";
}

bool Observer::HasNamesakes(const Pass& pass, const std::string& address) {
  const auto found = pass.namesakes.find(address);
  return found != pass.namesakes.end() && found->second.size() > 1;
}

// Which of several objects of one name is meant is not for tandem to choose.
void Observer::TellNamesakes(const Pass& pass, const KindName& name) {
  for (const auto& [address, identities] : pass.namesakes) {
    const Resource* resource = context_.memory.Find(address);
    if (!HasNamesakes(pass, address) || resource == nullptr || resource->address.kind_name() != name) continue;
    Blind(address, fmt::format("{} objects have its name: {}; write the one that is meant into tandem/external-name, "
                               "beside tandem/adopt and spec.{}",
                               identities.size(), fmt::join(identities, ", "),
                               pass.wanted.at(name).kind->name_field()));
  }
}

}  // namespace tandem
