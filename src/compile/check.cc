// References between resources and accounts, cycles, and each spec against its kind.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compile/names.h"
#include "compile/parts.h"
#include "compile/resources.h"
#include "tandem/base/spelling.h"
#include "tandem/graph/graph.h"
#include "tandem/schema/identity.h"

namespace tandem {
namespace {

/// Why `address` names no resource of the model, with the nearest that exists.
void ReportDangling(const CompiledModel& model, const Unread& unread, const std::string& address,
                    const Document& document, SourceRange range, Diagnostics& found) {
  const std::string from = document.address().ToString();
  const auto parsed = Address::Parse(address);
  if (!parsed.ok()) {
    found.Error(std::move(range), parsed.status().message(), "", from);
    return;
  }
  if (unread.Explains(*parsed)) return;
  std::vector<std::string> same_kind;
  std::vector<std::string> same_but_account;
  std::map<std::string, std::string> by_name;  // of that kind, their addresses
  std::vector<std::string> same_name;
  for (const auto& [known, resource] : model.resources) {
    const Address& other = resource.address;
    if (other.kind_name() == parsed->kind_name()) {
      same_kind.push_back(known);
      by_name.emplace(other.name(), known);
      if (other.ns() == parsed->ns() && other.name() == parsed->name())
        same_but_account.push_back(other.account().empty() ? known + "@" + resource.account : known.str());
    } else if (other.name() == parsed->name()) {
      same_name.push_back(known);
    }
  }
  if (!same_but_account.empty()) {
    const bool several = parsed->account().empty();
    found.Error(
        std::move(range),
        several ? fmt::format("{} resources have the address {}", same_but_account.size(), address)
                : fmt::format(
                      "there is no {} in the account {}",
                      parsed->WithAccount("").ToString(), parsed->account()),
        fmt::format("{}: {}", several ? "name its account" : "there is",
                    fmt::join(same_but_account, ", ")),
        from);
    return;
  }
  std::vector<std::string> names;
  for (const auto& [name, known] : by_name) names.push_back(name);
  std::string detail;
  if (const std::string near = NearestWord(std::string(parsed->name()), names); !near.empty()) {
    detail = fmt::format("did you mean '{}'?", by_name.at(near));
  } else if (const std::string other = NearestWord(address, same_name); !other.empty()) {
    detail = fmt::format("did you mean '{}'?", other);
  } else if (!same_kind.empty()) {
    constexpr size_t kListed = 5;
    const size_t more = same_kind.size() - std::min(same_kind.size(), kListed);
    same_kind.resize(same_kind.size() - more);
    detail = fmt::format("of that kind there are: {}{}", fmt::join(same_kind, ", "),
                         more == 0 ? "" : fmt::format(" and {} more", more));
  } else {
    detail = fmt::format("there is no {} at all in this model", parsed->kind_name().ToString());
  }
  found.Error(std::move(range), fmt::format("no document has the address {}", address),
              std::move(detail), from);
}

/// The addresses that `templates` refer to, each once; dangling ones are reported.
std::vector<std::string> CollectReferences(const CompiledModel& model, const Unread& unread,
                                           const std::vector<PlacedTemplate>& templates,
                                           const Document& document, const Scope& scope,
                                           Diagnostics& found) {
  std::set<std::string> needs;
  for (const auto& [path, ordinal, parsed] : templates) {
    if (!parsed.ok() || !parsed->uses_ref()) continue;  // a bad one is reported when it is evaluated
    const auto references = References(*parsed, scope);
    if (!references.ok()) continue;
    for (const Reference& reference : *references) {
      if (const ModelResource* target = model.Find(reference.address)) {
        needs.insert(target->address.ToString());
      } else {
        ReportDangling(model, unread, reference.address, document,
                       RangeOfProblem(document, {path, reference.offset, "", ""}), found);
      }
    }
  }
  return {needs.begin(), needs.end()};
}

/// What ref() is worth at validation: an unknown of the field's type, if the target's kind has it.
Result<Value> PlaceholderFor(const CompiledModel& model, const std::string& address,
                             const Path& path) {
  const ModelResource* target = model.Find(address);
  // Reported as dangling where the references are collected.
  if (target == nullptr) return Value(Unknown{Type::kAny, address});
  const std::string text = FormatPath(path);
  if (path.empty())
    return InvalidArgument(fmt::format("ref('{}') needs a field, for example .{}", address,
                                       target->kind->identity_field()));
  const std::optional<Type> type = target->kind->TypeOf(path);
  if (!type.has_value()) {
    std::vector<std::string> known;
    for (const FieldRule& rule : target->kind->rules())
      if (rule.path.find_first_of(".[") == std::string::npos) known.push_back(rule.path);
    const std::string near = NearestWord(path[0].key, known);
    return InvalidArgument(
        fmt::format("{} has no field '{}'{}", target->kind->name().ToString(), text,
                    near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
  }
  return Value(Unknown{*type, JoinPath(address + ".", text)});
}

/// `address` within the annotation tandem/depends-on.
SourceRange RangeOfNeed(const Document& document, const std::string& address) {
  const std::string path = JoinPath("metadata.annotations", "tandem/depends-on");
  const size_t at = document.Annotation("tandem/depends-on").find(address);
  if (at == std::string::npos) return document.RangeOf(path);  // an expression made it
  SourceRange range = RangeOfProblem(document, {path, at, "", ""});
  if (range.text != nullptr) range.end = std::min(range.begin + address.size(), document.end);
  return range;
}

}  // namespace

void CheckResource(const CompiledModel& model, const Unread& unread, ModelResource& resource,
                   Diagnostics& found) {
  const Document& document = *resource.document;
  const auto opaque = OpaquePaths(*resource.kind, document);
  const Names names(model, resource.site, &resource.each,
                    [&](const std::string& address, const Path& path) {
                      return PlaceholderFor(model, address, path);
                    });

  if (const ModelResource* still = model.Find(resource.moved_from); still != nullptr)
    found.Error(document.RangeOf(JoinPath("metadata.annotations", "tandem/moved-from")),
                fmt::format("{} is still in the model", still->address.ToString()),
                "tandem/moved-from names an address that this one takes over from",
                document.address().ToString());
  std::set<std::string> needs;
  for (const std::string& address : resource.needs) {  // tandem/depends-on, as read
    if (const ModelResource* target = model.Find(address)) {
      needs.insert(target->address.ToString());
    } else {
      ReportDangling(model, unread, address, document, RangeOfNeed(document, address), found);
    }
  }
  const Value written = resource.Spec();
  const std::vector<PlacedTemplate> templates = ParseTemplates(written, "spec", opaque);
  for (std::string& address : CollectReferences(model, unread, templates, document, names, found))
    needs.insert(std::move(address));
  for (const std::string& address : model.accounts.at(resource.account).references)
    needs.insert(address);
  resource.needs.assign(needs.begin(), needs.end());

  std::vector<ScalarProblem> problems;
  const Value spec = EvaluateTree(written, templates, names, problems);
  for (const ScalarProblem& problem : problems)
    found.Error(RangeOfProblem(document, problem), problem.message, problem.hint,
                document.address().ToString());
  if (!problems.empty()) return;
  resource.kind->Validate(document, FillName(resource, spec), found);
}

namespace {

/// Where `from` says that it needs `to`: the path, and the place in its text.
struct NeedPlace {
  std::string path;
  SourceRange range;
};

NeedPlace PlaceOfNeed(const CompiledModel& model, const ModelResource& from,
                      const ModelResource& to) {
  const Document& document = *from.document;
  const Names names(model, from.site, &from.each, nullptr);
  NeedPlace place;
  for (const auto& [path, ordinal, parsed] :
       ParseTemplates(from.Spec(), "spec", OpaquePaths(*from.kind, document))) {
    const auto references = References(*parsed, names);
    if (!references.ok()) continue;
    for (const Reference& reference : *references)
      if (place.path.empty() && model.Find(reference.address) == &to)
        place = {path, RangeOfProblem(document, {path, reference.offset, "", ""})};
  }
  if (!place.path.empty()) return place;
  for (const std::string& form : {to.address.ToString(), to.address.ToString() + "@" + to.account})
    if (document.Annotation("tandem/depends-on").find(form) != std::string::npos)
      return {"tandem/depends-on", RangeOfNeed(document, form)};
  // What the account's credentials need, its resources need.
  return {"Account " + from.account, document.RangeOf("metadata.name")};
}

void CheckCycles(const CompiledModel& model, Diagnostics& found) {
  GraphBuilder builder;
  for (const auto& [address, resource] : model.resources) builder.Node(address);
  for (const auto& [address, resource] : model.resources)
    for (const std::string& need : resource.needs)
      builder.Edge(builder.Node(address), builder.Node(need));
  const Graph graph = std::move(builder).Build();
  const std::vector<NodeId> cycle = graph.FindCycle();
  if (cycle.empty()) return;
  // The loop alone once more, each edge with the path that makes it.
  GraphBuilder loop;
  std::vector<NodeId> nodes;
  SourceRange range;
  for (size_t i = 0; i < cycle.size(); ++i) {
    const ModelResource& from = model.resources.at(graph.Name(cycle[i]));
    const ModelResource& to = model.resources.at(graph.Name(cycle[(i + 1) % cycle.size()]));
    const NeedPlace place = PlaceOfNeed(model, from, to);
    if (i == 0) range = place.range;
    const NodeId node = loop.Node(graph.Name(cycle[i]));
    loop.Edge(node, loop.Node(graph.Name(cycle[(i + 1) % cycle.size()])), place.path);
    nodes.push_back(node);
  }
  const std::string& first = graph.Name(cycle[0]);
  found.Error(std::move(range),
              cycle.size() == 1 ? "this resource needs itself"
                                : "these resources need each other in a circle",
              std::move(loop).Build().TellCycle(nodes) +
                  "\nin parentheses is what makes each need the next; take one of these out",
              first);
}

struct Identity {
  std::string key;                // "" when nothing was given
  std::vector<std::string> told;  // for people
};

/// Two documents that would be one object: same account, kind, parent and given name (R11).
/// `identities` are those of the model's resources, in their order.
void CheckIdentities(std::vector<Identity> identities, CompiledModel& model, Diagnostics& found) {
  auto& taken = model.identities.whole();
  auto identity = identities.begin();
  for (const auto& [address, resource] : model.resources) {
    auto& [key, told] = *identity++;
    if (key.empty()) continue;
    const auto [at, added] = taken.emplace(std::move(key), address);
    if (added) continue;
    const Document& other = *model.resources.at(at->second).document;
    const SourceRange first = other.RangeOf("metadata.name");
    const Position place = PositionAt(*first.text, first.begin);
    found.Error(resource.document->RangeOf("metadata.name"),
                fmt::format("{} and {} would be one object ({})", at->second, address,
                            fmt::join(told, ", ")),
                fmt::format("an object belongs to one address; the other is at {}:{}:{}",
                            first.text->name, place.line, place.column),
                address);
  }
}

}  // namespace

std::string GivenIdentity(const CompiledModel& model, const ModelResource& resource,
                          std::vector<std::string>* told) {
  const std::vector<std::string> fields = IdentityFields(*resource.kind);
  if (fields.empty()) return "";
  const Names names(
      model, resource.site, &resource.each,
      [&](const std::string& at, const Path& path) { return PlaceholderFor(model, at, path); });
  std::vector<ScalarProblem> problems;
  // Of the members that they are in alone: evaluating all of every resource once more is what a model
  // of many would wait for.
  const Value written = resource.Spec();
  Value members = Map();
  for (const std::string& field : fields) {
    const Path path = ParsePath(field);
    if (path.empty()) continue;
    if (const Value* member = written.Find(path[0].key)) members.Set(path[0].key, *member);
  }
  const Value spec =
      FillName(resource, EvaluateTree(members, "spec", names,
                                      OpaquePaths(*resource.kind, *resource.document), problems));
  Value key = List{resource.account, resource.kind->name().ToString()};
  for (const std::string& field : fields) {
    const Value* value = spec.At(field);
    key.edit_list().push_back(value == nullptr ? Value() : *value);
    if (value != nullptr && value->is_string())
      told->push_back(fmt::format("{} {}", field, value->as_string()));
  }
  // What is only known later can be told apart by where it comes from.
  return told->empty() ? "" : ToCanonicalJson(key);
}

void CheckResources(const ParallelFor& parallel, const Unread& unread, CompiledModel& model,
                    Diagnostics& found) {
  for (auto& [name, account] : model.accounts) {
    const Names names(model, account.site, nullptr,
                      [&](const std::string& address, const Path& path) {
                        return PlaceholderFor(model, address, path);
                      });
    const std::vector<PlacedTemplate> templates = ParseTemplates(account.spec, "spec", NothingOpaque);
    account.references =
        CollectReferences(model, unread, templates, *account.document, names, found);
    std::vector<ScalarProblem> problems;
    EvaluateTree(account.spec, templates, names, problems);
    for (const ScalarProblem& problem : problems)
      found.Error(RangeOfProblem(*account.document, problem), problem.message, problem.hint,
                  account.document->address().ToString());
  }
  std::vector<ModelResource*> resources;
  resources.reserve(model.resources.size());
  for (auto& [address, resource] : model.resources.whole()) {
    resources.push_back(&resource);
    model.moves |= !resource.moved_from.empty();
  }
  std::vector<Diagnostics> each(resources.size());
  std::vector<Identity> identities(resources.size());
  ForEachChunk(parallel, resources.size(), [&](size_t i) {
    CheckResource(model, unread, *resources[i], each[i]);
    if (!each[i].has_errors())
      identities[i].key = GivenIdentity(model, *resources[i], &identities[i].told);
  });
  for (const Diagnostics& some : each) found.Append(some);
  if (found.has_errors()) return;
  Diagnostics circles, doubles;
  ForEachChunk(parallel, 2, [&](size_t i) {
    if (i == 0) CheckCycles(model, circles);
    else CheckIdentities(std::move(identities), model, doubles);
  }, 1);
  found.Append(circles);
  found.Append(doubles);
}

}  // namespace tandem
