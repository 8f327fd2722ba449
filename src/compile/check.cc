// References between resources and accounts, cycles, and each spec against its kind.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compile/names.h"
#include "compile/resources.h"
#include "tandem/base/spelling.h"
#include "tandem/graph/graph.h"

namespace tandem {
namespace {

bool NothingOpaque(const std::string&) { return false; }

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
  std::vector<std::string> all;
  for (const auto& [known, resource] : model.resources) {
    all.push_back(known);
    if (resource.address.kind_name() == parsed->kind_name()) same_kind.push_back(known);
  }
  std::string near = NearestWord(address, same_kind);
  if (near.empty()) near = NearestWord(address, all);
  std::string detail;
  if (!near.empty()) {
    detail = fmt::format("did you mean '{}'?", near);
  } else if (!same_kind.empty()) {
    same_kind.resize(std::min<size_t>(same_kind.size(), 5));
    detail = fmt::format("of that kind there are: {}", fmt::join(same_kind, ", "));
  }
  found.Error(std::move(range), fmt::format("no document has the address {}", address),
              std::move(detail), from);
}

/// The addresses that the templates under `value` refer to, each once; dangling ones are reported.
std::vector<std::string> CollectReferences(const CompiledModel& model, const Unread& unread,
                                           const Value& value, const std::string& path, const Document& document,
                                           const Scope& scope,
                                           const std::function<bool(const std::string&)>& opaque,
                                           Diagnostics& found) {
  std::set<std::string> needs;
  ForEachTemplate(value, path, opaque, [&](const std::string& at, const std::string& text) {
    const ExprResult<Template> parsed = Template::Parse(text);
    if (!parsed.ok() || !parsed->uses_ref()) return;  // a bad one is reported when it is evaluated
    const auto references = References(*parsed, scope);
    if (!references.ok()) return;
    for (const Reference& reference : *references) {
      if (const ModelResource* target = model.Find(reference.address)) {
        needs.insert(target->address.ToString());
      } else {
        ReportDangling(model, unread, reference.address, document,
                       RangeOfProblem(document, {at, reference.offset, "", ""}), found);
      }
    }
  });
  return {needs.begin(), needs.end()};
}

/// What ref() is worth at validation: an unknown of the field's type, if the target's kind has it.
Result<Value> PlaceholderFor(const CompiledModel& model, const std::string& address, const Path& path) {
  const ModelResource* target = model.Find(address);
  // Reported as dangling where the references are collected.
  if (target == nullptr) return Value(Unknown{Type::kAny, address});
  const std::string text = FormatPath(path);
  if (path.empty())
    return InvalidArgument(
        fmt::format("ref('{}') needs a field, for example .{}", address, target->kind->identity_field()));
  const std::optional<Type> type = target->kind->TypeOf(path);
  if (!type.has_value()) {
    std::vector<std::string> known;
    for (const FieldRule& rule : target->kind->rules())
      if (rule.path.find_first_of(".[") == std::string::npos) known.push_back(rule.path);
    const std::string near = NearestWord(path[0].key, known);
    return InvalidArgument(fmt::format("{} has no field '{}'{}", target->kind->name().ToString(), text,
                                       near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
  }
  return Value(Unknown{*type, JoinPath(address + ".", text)});
}

void CheckOne(const CompiledModel& model, const Unread& unread, ModelResource& resource, Diagnostics& found) {
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
      ReportDangling(model, unread, address, document,
                     document.RangeOf(JoinPath("metadata.annotations", "tandem/depends-on")), found);
    }
  }
  for (std::string& address :
       CollectReferences(model, unread, resource.spec, "spec", document, names, opaque, found))
    needs.insert(std::move(address));
  for (const std::string& address : model.accounts.at(resource.account).references)
    needs.insert(address);
  resource.needs.assign(needs.begin(), needs.end());

  std::vector<ScalarProblem> problems;
  const Value spec = EvaluateTree(resource.spec, "spec", names, opaque, problems);
  for (const ScalarProblem& problem : problems)
    found.Error(RangeOfProblem(document, problem), problem.message, problem.hint,
                document.address().ToString());
  if (!problems.empty()) return;
  resource.kind->Validate(document, FillName(resource, spec), found);
}

void CheckCycles(const CompiledModel& model, Diagnostics& found) {
  GraphBuilder builder;
  for (const auto& [address, resource] : model.resources) builder.Node(address);
  for (const auto& [address, resource] : model.resources)
    for (const std::string& need : resource.needs) builder.Edge(builder.Node(address), builder.Node(need));
  const Graph graph = std::move(builder).Build();
  const std::vector<NodeId> cycle = graph.FindCycle();
  if (cycle.empty()) return;
  const ModelResource& first = model.resources.at(std::string(graph.Name(cycle[0])));
  found.Error(first.document->RangeOf("metadata.name"), "these resources need each other in a circle",
              graph.TellCycle(cycle) + "\nbreak it by taking one of these references out",
              first.address.ToString());
}

/// The fields that make an object of `kind` the one it is, for kinds whose user gives them.
std::vector<std::string> IdentityFields(const Kind& kind) {
  std::vector<std::string> fields;
  if (const Value* compose = kind.body().At("identity.compose"); compose != nullptr) {
    const std::string& text = compose->as_string();
    for (size_t open = text.find('{'); open != std::string::npos; open = text.find('{', open + 1))
      fields.push_back(text.substr(open + 1, text.find('}', open) - open - 1));
  } else if (!kind.name_field().empty()) {
    fields.push_back(kind.name_field());
    if (!kind.parent_field().empty()) fields.push_back(kind.parent_field());
  }
  return fields;
}

/// Two documents that would be one object: same account, kind, parent and given name (R11).
void CheckIdentities(const CompiledModel& model, Diagnostics& found) {
  std::map<std::string, const ModelResource*> taken;
  for (const auto& [address, resource] : model.resources) {
    const std::vector<std::string> fields = IdentityFields(*resource.kind);
    if (fields.empty()) continue;
    const Names names(model, resource.site, &resource.each,
                      [&](const std::string& at, const Path& path) {
                        return PlaceholderFor(model, at, path);
                      });
    std::vector<ScalarProblem> problems;
    const Value spec = FillName(
        resource, EvaluateTree(resource.spec, "spec", names,
                               OpaquePaths(*resource.kind, *resource.document), problems));
    Value key = List{resource.account, resource.kind->name().ToString()};
    std::vector<std::string> told;
    for (const std::string& field : fields) {
      const Value* value = spec.At(field);
      key.as_list().push_back(value == nullptr ? Value() : *value);
      if (value != nullptr && value->is_string())
        told.push_back(fmt::format("{} {}", field, value->as_string()));
    }
    // What is only known later can be told apart by where it comes from.
    if (told.empty()) continue;
    const auto [at, added] = taken.emplace(ToCanonicalJson(key), &resource);
    if (added) continue;
    const SourceRange first = at->second->document->RangeOf("metadata.name");
    const Position place = PositionAt(first.text->text, first.begin);
    found.Error(resource.document->RangeOf("metadata.name"),
                fmt::format("{} and {} would be one object ({})", at->second->address.ToString(),
                            address, fmt::join(told, ", ")),
                fmt::format("an object belongs to one address; the other is at {}:{}:{}",
                            first.text->name, place.line, place.column),
                address);
  }
}

}  // namespace

void CheckResources(const ParallelFor& parallel, const Unread& unread, CompiledModel& model,
                    Diagnostics& found) {
  for (auto& [name, account] : model.accounts) {
    const Names names(model, account.site, nullptr,
                      [&](const std::string& address, const Path& path) {
                        return PlaceholderFor(model, address, path);
                      });
    account.references = CollectReferences(model, unread, account.spec, "spec", *account.document, names,
                                           NothingOpaque, found);
    std::vector<ScalarProblem> problems;
    EvaluateTree(account.spec, "spec", names, NothingOpaque, problems);
    for (const ScalarProblem& problem : problems)
      found.Error(RangeOfProblem(*account.document, problem), problem.message, problem.hint,
                  account.document->address().ToString());
  }
  std::vector<ModelResource*> resources;
  resources.reserve(model.resources.size());
  for (auto& [address, resource] : model.resources) resources.push_back(&resource);
  // Chunks, so that a thread is handed more than one small resource at a time.
  constexpr size_t kChunk = 64;
  const size_t chunks = (resources.size() + kChunk - 1) / kChunk;
  std::vector<Diagnostics> each(chunks);
  const auto work = [&](size_t chunk) {
    const size_t end = std::min(resources.size(), (chunk + 1) * kChunk);
    for (size_t i = chunk * kChunk; i < end; ++i) CheckOne(model, unread, *resources[i], each[chunk]);
  };
  if (parallel) {
    parallel(chunks, work);
  } else {
    for (size_t chunk = 0; chunk < chunks; ++chunk) work(chunk);
  }
  for (const Diagnostics& some : each) found.Append(some);
  if (found.has_errors()) return;
  CheckCycles(model, found);
  CheckIdentities(model, found);
}

}  // namespace tandem
