#include "compile/resources.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compile/names.h"
#include "compile/parts.h"
#include "tandem/base/spelling.h"
#include "tandem/expr/template.h"

namespace tandem {
namespace {

/// What is reported about one document, with its address.
class Reporter {
 public:
  Reporter(const Document& document, Diagnostics& found) : document_(document), found_(found) {}
  void Error(std::string_view path, std::string summary, std::string detail = "",
             bool of_key = false) const {
    found_.Error(document_.RangeOf(path, of_key), std::move(summary), std::move(detail),
                 document_.address().ToString());
  }
  void Problem(const ScalarProblem& problem) const {
    found_.Error(RangeOfProblem(document_, problem), problem.message, problem.hint,
                 document_.address().ToString());
  }

 private:
  const Document& document_;
  Diagnostics& found_;
};

std::string AnnotationPath(std::string_view key) { return JoinPath("metadata.annotations", key); }

/// A text that may hold expressions without ref(), evaluated to a string.
std::string EvaluateText(const std::string& text, const std::string& path, const Scope& scope,
                         const Reporter& report) {
  std::vector<ScalarProblem> problems;
  const Value value = EvaluateTree(Value(text), path, scope, NothingOpaque, problems);
  for (const ScalarProblem& problem : problems) report.Problem(problem);
  if (!problems.empty()) return "";
  if (value.is_sensitive()) {
    report.Error(path, "a secret cannot be part of this text",
                 "names and annotations are shown and stored as they are");
    return "";
  }
  if (value.is_string()) return value.as_string();
  if (value.is_int()) return std::to_string(value.as_int());
  report.Error(path, fmt::format("must be a string, not {}", TypeName(value.type())));
  return "";
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.remove_suffix(1);
  return text;
}

std::vector<std::string> SplitList(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    if (const std::string_view item = Trim(text.substr(0, comma)); !item.empty())
      items.emplace_back(item);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

/// What one document gives by itself.
struct Reading {
  std::vector<ModelResource> resources;
  bool whole = true;          // false when some resource is missing, or has no name that can be told
  std::string lacks_account;  // the provider, when no Account has it
  Diagnostics found;
};

/// The account of a document: its annotation, else the only one whose provider serves the group
/// (R11).
std::string ChooseAccount(const Document& document, const std::string& provider,
                          const CompiledModel& model, bool partial, const Reporter& report,
                          Reading& reading) {
  const std::string path = AnnotationPath("tandem/account");
  std::vector<std::string> candidates;
  for (const auto& [name, account] : model.accounts)
    if (account.provider == provider) candidates.push_back(name);
  if (const std::string chosen = document.Annotation("tandem/account"); !chosen.empty()) {
    const auto account = model.accounts.find(chosen);
    if (account == model.accounts.end()) {
      if (partial) return "";
      const std::string near = NearestWord(chosen, candidates);
      report.Error(path, fmt::format("there is no Account '{}'", chosen),
                   near.empty() ? fmt::format("accounts of provider {}: {}", provider,
                                              candidates.empty()
                                                  ? "none"
                                                  : fmt::format("{}", fmt::join(candidates, ", ")))
                                : fmt::format("did you mean '{}'?", near));
      return "";
    }
    if (account->second.provider != provider) {
      report.Error(
          path,
          fmt::format("the Account '{}' is of provider {}, but {} is served by {}", chosen,
                      account->second.provider, document.group, provider),
          candidates.empty()
              ? fmt::format("add a document with kind: Account and spec.provider: {}", provider)
              : fmt::format("one of: {}", fmt::join(candidates, ", ")));
      return "";
    }
    return chosen;
  }
  if (candidates.size() == 1) return candidates[0];
  if (candidates.empty()) {
    reading.lacks_account = provider;
  } else {
    report.Error("kind",
                 fmt::format("{} Accounts could hold this {}", candidates.size(), document.kind),
                 fmt::format("name one in metadata.annotations: tandem/account: {}",
                             fmt::join(candidates, " | ")));
  }
  return "";
}

const std::vector<std::string> kAnnotations = {
    "tandem/account",  "tandem/manage",     "tandem/deletion-policy",    "tandem/external-name",
    "tandem/adopt",    "tandem/protect",    "tandem/reconcile-interval", "tandem/paused",
    "tandem/for-each", "tandem/depends-on", "tandem/expressions",        "tandem/expressions-at",
    "tandem/moved-from"};

std::string OneOf(const Document& document, std::string_view key,
                  const std::vector<std::string>& allowed, std::string otherwise,
                  const Reporter& report) {
  const std::string value = document.Annotation(key);
  if (value.empty()) return otherwise;
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return value;
  const std::string near = NearestWord(value, allowed);
  report.Error(AnnotationPath(key), fmt::format("'{}' is not a value of {}", value, key),
               near.empty()
                   ? fmt::format("one of: {}", fmt::join(allowed, ", "))
                   : fmt::format("did you mean '{}'? One of: {}", near, fmt::join(allowed, ", ")));
  return otherwise;
}

void ReadAnnotations(const Document& document, const Scope& scope, const Reporter& report,
                     ModelResource& resource) {
  for (const auto& [key, value] : document.annotations) {
    if (key.rfind("tandem/", 0) != 0) continue;
    if (key == "tandem/write-to") {  // R15; silence would lose what somebody counts on
      report.Error(AnnotationPath(key),
                   fmt::format("{} has no value that its API returns once", document.kind_name().ToString()),
                   "leave the annotation out", true);
      continue;
    }
    if (std::find(kAnnotations.begin(), kAnnotations.end(), key) != kAnnotations.end()) continue;
    const std::string near = NearestWord(key, kAnnotations);
    report.Error(AnnotationPath(key), fmt::format("unknown annotation '{}'", key),
                 near.empty() ? fmt::format("known: {}", fmt::join(kAnnotations, ", "))
                              : fmt::format("did you mean '{}'?", near),
                 true);
  }
  resource.manage =
      OneOf(document, "tandem/manage", {"full", "observe", "delegate"}, "full", report);
  resource.deletion_policy =
      OneOf(document, "tandem/deletion-policy", {"delete", "retain"}, "delete", report);
  resource.adopt = OneOf(document, "tandem/adopt", {"if-identical", "and-update"}, "", report);
  resource.paused = OneOf(document, "tandem/paused", {"true", "false"}, "false", report) == "true";
  if (const std::string protect = OneOf(document, "tandem/protect", {"true", "false"}, "", report);
      !protect.empty())
    resource.protect = protect == "true";
  if (const std::string text = document.Annotation("tandem/reconcile-interval"); !text.empty()) {
    const auto interval = ParseDuration(text);
    if (!interval.ok())
      report.Error(AnnotationPath("tandem/reconcile-interval"), interval.status().message());
    else if (*interval < std::chrono::seconds(1))
      report.Error(AnnotationPath("tandem/reconcile-interval"), "must be at least 1s");
    else
      resource.reconcile_interval = *interval;
  }
  const auto text = [&](std::string_view key) {
    return EvaluateText(document.Annotation(key), AnnotationPath(key), scope, report);
  };
  resource.external_name = text("tandem/external-name");
  resource.moved_from = text("tandem/moved-from");
  if (!resource.moved_from.empty()) {
    const auto from = Address::Parse(resource.moved_from);
    if (!from.ok())
      report.Error(AnnotationPath("tandem/moved-from"), from.status().message());
    else if (from->kind_name() != document.kind_name())
      report.Error(AnnotationPath("tandem/moved-from"), "a resource moves within its kind only",
                   fmt::format("{} is not of kind {}", resource.moved_from,
                               document.kind_name().ToString()));
  }
  const std::vector<std::string> needs = SplitList(text("tandem/depends-on"));
  resource.needs.assign(needs.begin(), needs.end());
}

void ReadOne(const std::shared_ptr<const Document>& document, const std::shared_ptr<const Kind>& kind,
             const std::string& account, Value each, bool partial, const CompiledModel& model,
             const Reporter& report, Reading& reading) {
  ModelResource resource;
  resource.account = account;
  resource.site = model.accounts.at(account).site;
  resource.kind = kind;
  resource.document = document;
  resource.each = std::move(each);
  // Of one at rest it was found to be one.
  if (const Value* spec = document->body.Find("spec"); spec != nullptr && !spec->is_map() && !spec->is_null()) {
    report.Error("spec", fmt::format("'spec' must be a map, not {}", TypeName(spec->type())));
    reading.whole = false;
    return;
  }
  if (const auto label = document->labels.find("tandem/component");
      label != document->labels.end()) {
    resource.component = label->second;
    const bool known =
        std::any_of(model.components.begin(), model.components.end(),
                    [&](const ModelComponent& c) { return c.name == label->second; });
    if (!known && !partial) {
      std::vector<std::string> names;
      for (const ModelComponent& component : model.components) names.push_back(component.name);
      const std::string near = NearestWord(label->second, names);
      report.Error(JoinPath("metadata.labels", "tandem/component"),
                   fmt::format("there is no Component '{}'", label->second),
                   near.empty() ? "" : fmt::format("did you mean '{}'?", near));
    }
  }
  for (const auto& [key, value] : document->labels)
    if (key.rfind("tandem/", 0) == 0 && key != "tandem/component")
      report.Error(JoinPath("metadata.labels", key), fmt::format("unknown label '{}'", key),
                   "under tandem/ there is one: tandem/component", true);
  const Names names(model, resource.site, &resource.each, nullptr);
  ReadAnnotations(*document, names, report, resource);
  const std::string name = EvaluateText(document->name, "metadata.name", names, report);
  if (name.empty()) {
    reading.whole = false;
    return;
  }
  if (const std::string problem = NamePartProblem(name); !problem.empty()) {
    report.Error("metadata.name", fmt::format("metadata.name comes out as '{}', which {}", name, problem),
                 std::string(kNamePartHint));
    reading.whole = false;
    return;
  }
  resource.address = Address(document->group, document->kind, document->ns, name,
                             document->Annotation("tandem/account"));
  reading.resources.push_back(std::move(resource));
}

/// `in_both_forms`: some document names its account, so an address may be there with it and without (R11).
void Add(ModelResource resource, bool in_both_forms, CompiledModel& model, Diagnostics& found) {
  const std::shared_ptr<const Document> document = resource.document;
  const Interned address = resource.address.text();
  auto& resources = model.resources.whole();
  const ModelResource* first = nullptr;
  if (in_both_forms) {
    const Address other =
        resource.address.WithAccount(resource.address.account().empty() ? resource.account : "");
    const auto taken = resources.find(other.text());
    if (taken != resources.end() && taken->second.account == resource.account) first = &taken->second;
  }
  if (first == nullptr) {
    const auto [at, added] = resources.emplace(address, std::move(resource));
    if (added) return;
    first = &at->second;
  }
  const Reporter report(*document, found);
  const SourceRange range = first->document->RangeOf("metadata.name");
  const Position place = PositionAt(*range.text, range.begin);
  if (first->document == document) {
    report.Error("metadata.name",
                 fmt::format("two keys of tandem/for-each give the address {}", address),
                 "the name must differ for every key: use ${each.key}");
    return;
  }
  report.Error("metadata.name", fmt::format("two documents have the address {}", address),
               fmt::format("the other is at {}:{}:{}", range.text->name, place.line, place.column));
}

void ReportUnknownKind(const Document& document, const Catalog& catalog, const Reporter& report) {
  std::vector<std::string> kinds;
  std::set<std::string> groups = {"tandem"};
  for (const KindName& name : catalog.kinds()) {
    kinds.push_back(name.ToString());
    groups.insert(name.group);
  }
  const auto suggest = [&](const std::string& near) {
    return near.empty() ? "list the kinds with: tandem explain"
                        : fmt::format("did you mean '{}'?", near);
  };
  const std::string name = document.kind_name().ToString();
  if (std::find(kinds.begin(), kinds.end(), name) != kinds.end())
    return report.Error("kind", fmt::format("the kind file of {} has errors", name),
                        "they are told with the rest; it gives no kind until they are mended");
  if (groups.count(document.group) > 0)
    return report.Error("kind",
                        fmt::format("unknown kind '{}' in group {}", document.kind, document.group),
                        suggest(NearestWord(name, kinds)));
  const std::string near = NearestWord(document.group, {groups.begin(), groups.end()});
  report.Error("apiVersion", fmt::format("unknown group '{}'", document.group),
               suggest(near.empty() ? "" : near + "/" + document.version));
}

/// `partial`: something that the model names may be in a text that could not be read.
Reading Read(const std::shared_ptr<const Document>& document, const Catalog& catalog,
             const CompiledModel& model, bool partial) {
  Reading reading;
  const Reporter report(*document, reading.found);
  const auto missing = [&] {
    reading.whole = false;
    return std::move(reading);
  };
  const std::shared_ptr<const Kind> kind = catalog.Find(document->kind_name());
  if (kind == nullptr) {
    ReportUnknownKind(*document, catalog, report);
    return missing();
  }
  const std::string provider = catalog.ProviderOf(document->group);
  // Of a provider's own groups; others (a cluster's) have versions of their own.
  const std::string& group = document->group;
  const bool own =
      group.size() > provider.size() &&
      group.compare(group.size() - provider.size() - 1, std::string::npos, "." + provider) == 0;
  if (own && document->version != "v1")
    report.Error("apiVersion", fmt::format("unknown version '{}'", document->version),
                 fmt::format("write {}/v1", group));
  if (own && !document->ns.empty())
    report.Error("metadata.namespace", fmt::format("{} has no namespaces", document->kind_name().ToString()),
                 "take the line out: the account says where it lies");
  const std::string account = ChooseAccount(*document, provider, model, partial, report, reading);
  if (account.empty()) return missing();
  const auto read_one = [&](Value each) {
    ReadOne(document, kind, account, std::move(each), partial, model, report, reading);
  };

  const std::string for_each = document->Annotation("tandem/for-each");
  if (for_each.empty()) {
    read_one(Value());
    return reading;
  }
  const std::string path = AnnotationPath("tandem/for-each");
  if (const auto name = Template::Parse(document->name); name.ok() && !name->UsesName("each")) {
    report.Error("metadata.name", "under tandem/for-each the name must hold ${each.key}",
                 "otherwise all of its resources would have one address");
    return missing();
  }
  const Names names(model, model.accounts.at(account).site, nullptr, nullptr);
  std::vector<ScalarProblem> problems;
  const Value over = EvaluateTree(Value(for_each), path, names, NothingOpaque, problems);
  for (const ScalarProblem& problem : problems) report.Problem(problem);
  if (!problems.empty()) return missing();
  if (over.is_map()) {
    for (const auto& [key, value] : over.as_map()) read_one(Map{{"key", key}, {"value", value}});
  } else if (over.is_list()) {
    std::set<std::string> seen;
    for (const Value& item : over.as_list()) {
      if (!item.is_string()) {
        report.Error(
            path, fmt::format("for-each over a list needs strings, not {}", TypeName(item.type())),
            "use a map to carry other values");
        return missing();
      }
      if (!seen.insert(item.as_string()).second) {
        report.Error(path, fmt::format("the key '{}' appears twice", item.as_string()),
                     "take one of them out: every key names one resource");
        return missing();
      }
      read_one(Map{{"key", item}, {"value", item}});
    }
  } else {
    report.Error(path, fmt::format("for-each needs a list or a map, not {}", TypeName(over.type())),
                 "write for example \"${['a', 'b']}\", or keep it in Platform.spec.values");
    return missing();
  }
  return reading;
}

/// Puts what `document` gave beside what the others did.
void Take(const std::shared_ptr<const Document>& document, Reading reading, bool in_both_forms, CompiledModel& model,
          Unread& unread, Diagnostics& found) {
  const std::string& provider = reading.lacks_account;
  if (!provider.empty() && !unread.texts && unread.accounts.insert(provider).second)
    Reporter(*document, reading.found)
        .Error("kind", fmt::format("no Account has provider: {}", provider),
               fmt::format("add a document with kind: Account and spec.provider: {}", provider));
  found.Append(reading.found);
  for (ModelResource& resource : reading.resources) Add(std::move(resource), in_both_forms, model, found);
  if (reading.whole) return;
  if (Template::Concerns(document->name)) {
    unread.templates.insert(document->kind_name().ToString());
  } else {
    unread.names.insert(document->name);
  }
}

}  // namespace

bool Unread::Explains(const Address& address) const {
  return texts || names.count(address.name()) > 0 ||
         templates.count(address.kind_name().ToString()) > 0;
}

void ReadResources(const ParallelFor& parallel, const std::vector<std::shared_ptr<const Document>>& documents,
                   const Catalog& catalog, CompiledModel& model, Unread& unread, Diagnostics& found) {
  // Kind files are read when first asked for, and what is wrong with them is told in that order.
  std::set<KindName> kinds;
  for (const auto& document : documents)
    if (document->group != "tandem" && kinds.insert(document->kind_name()).second)
      (void)catalog.Find(document->kind_name());
  std::vector<Reading> readings(documents.size());
  ForEachChunk(parallel, documents.size(), [&](size_t i) {
    if (documents[i]->group != "tandem") readings[i] = Read(documents[i], catalog, model, unread.texts);
  });
  const bool in_both_forms = std::any_of(readings.begin(), readings.end(), [](const Reading& reading) {
    return std::any_of(reading.resources.begin(), reading.resources.end(),
                       [](const ModelResource& resource) { return !resource.address.account().empty(); });
  });
  for (size_t i = 0; i < documents.size(); ++i)
    Take(documents[i], std::move(readings[i]), in_both_forms, model, unread, found);
}

}  // namespace tandem
