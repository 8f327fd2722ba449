#include <fmt/format.h>

#include "compile/names.h"
#include "tandem/compile/compile.h"

namespace tandem {

const ModelResource* CompiledModel::Find(const std::string& address) const {
  if (const auto exact = resources.find(address); exact != resources.end()) return &exact->second;
  const size_t at = address.rfind('@');
  if (at != std::string::npos && address.find('/', at) == std::string::npos) {
    // Named with its account, though the document does not name one.
    const auto bare = resources.find(address.substr(0, at));
    if (bare != resources.end() && bare->second.account == address.substr(at + 1))
      return &bare->second;
    return nullptr;
  }
  // Without an account, though the document names one: only if no other account has the same.
  const ModelResource* only = nullptr;
  for (auto next = resources.lower_bound(address + "@");
       next != resources.end() && next->first.str().compare(0, address.size() + 1, address + "@") == 0;
       ++next) {
    if (only != nullptr) return nullptr;
    only = &next->second;
  }
  return only;
}

Value ModelResource::Spec() const {
  Value spec = document->Spec();
  return spec.is_null() ? Value(Map()) : spec;
}

Value FillName(const ModelResource& resource, Value spec) {
  const std::string& field = resource.kind->name_field();
  if (field.empty() || spec.At(field) != nullptr) return spec;
  SetAt(spec, ParsePath(field),
        resource.external_name.empty() ? Value(resource.address.name()) : Value(resource.external_name));
  return spec;
}

namespace {

Result<Value> FirstProblem(const std::vector<ScalarProblem>& problems, Value value) {
  if (problems.empty()) return value;
  return InvalidArgument(fmt::format("{}: {}", problems[0].path, problems[0].message));
}

}  // namespace

namespace {

/// `lookup` by the address that the model has, whichever of its forms is written.
ReferenceLookup ByModelAddress(const CompiledModel& model, const ReferenceLookup& lookup) {
  return [&](const std::string& address, const Path& path) -> Result<Value> {
    const ModelResource* target = model.Find(address);
    if (target == nullptr)
      return InvalidArgument(fmt::format("no document has the address {}", address));
    return lookup(target->address.ToString(), path);
  };
}

}  // namespace

Result<Value> EvaluateSpec(const CompiledModel& model, const ModelResource& resource,
                           const ReferenceLookup& lookup) {
  const Names names(model, resource.site, &resource.each, ByModelAddress(model, lookup));
  std::vector<ScalarProblem> problems;
  Value spec = EvaluateTree(resource.Spec(), "spec", names,
                            OpaquePaths(*resource.kind, *resource.document), problems);
  return FirstProblem(problems, FillName(resource, std::move(spec)));
}

Result<Value> EvaluateAccount(const CompiledModel& model, const ModelAccount& account,
                              const ReferenceLookup& lookup) {
  const Names names(model, account.site, nullptr, ByModelAddress(model, lookup));
  std::vector<ScalarProblem> problems;
  Value spec = EvaluateTree(
      account.spec, "spec", names, [](const std::string&) { return false; }, problems);
  return FirstProblem(problems, std::move(spec));
}

}  // namespace tandem
