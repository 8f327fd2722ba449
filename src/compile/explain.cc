#include "tandem/compile/explain.h"

#include <fmt/format.h>

#include <algorithm>

#include "compile/own_kinds.h"
#include "tandem/base/spelling.h"
#include "tandem/diagram/diagram.h"
#include "tandem/model/value.h"

namespace tandem {
namespace {

struct Member {
  std::string path;  // under spec, without indices
  std::string type;
  bool required = false;
  std::string text;
};

struct OwnKind {
  std::string name;
  std::string text;
  std::vector<Member> members;  // each behind the one that it is in
};

std::string OneOf(const std::vector<std::string>& words) { return fmt::format("one of {}", fmt::join(words, ", ")); }

std::vector<Member> Connections(const std::string& in, const std::string& text) {
  return {{in, "list of object", false, text},
          {in + ".to", "string", true, "the name of a component or group"},
          {in + ".type", "string", false, OneOf(ConnectionTypes())},
          {in + ".direction", "string", false, "to, or both"}};
}

const std::vector<OwnKind>& Kinds() {
  static const std::vector<OwnKind> kKinds = [] {
    std::vector<OwnKind> kinds;
    kinds.push_back(
        {"tandem/Account",
         "Where, and as whom, a provider works",
         {{"provider", "string", true, "aws; in the sandbox all are simulated"},
          {"site", "string", false, "of the platform; what 'site' is in expressions of its resources"},
          {"region", "string", false, "which one it is; fixed while something is recorded in it"},
          {"accountId", "string", false, "which one it is; verified before the first write"},
          {"project", "string", false, "which one it is; fixed while something is recorded in it"},
          {"cluster", "string", false, "which one it is; fixed while something is recorded in it"},
          {"endpoint", "string", false, "another URL than the vendor's"},
          {"endpoints", "map of string", false, "another URL for a service, by its name"},
          {"credentials", "object", false, "how to sign in"},
          {"credentials.source", "string", false, OneOf(CredentialSources())},
          {"credentials.profile", "string", false, "of source profile"},
          {"credentials.roleArn", "string", false, "of sources assume-role and web-identity"},
          {"credentials.externalId", "string", false, "of source assume-role"},
          {"credentials.sessionName", "string", false, "of sources assume-role and web-identity"},
          {"credentials.tokenFile", "string", false, "of source web-identity"}}});
    OwnKind component{"tandem/Component",
                      "A box of the diagram, to which resources belong by the label tandem/component",
                      {{"layer", "string", true, OneOf(ComponentLayers())},
                       {"site", "string", false, "where it is"},
                       {"title", "string", false, "what it is called; its name when left out"},
                       {"group", "string", false, "the group that it is drawn in"}}};
    for (Member& member : Connections("connections", "its arrows")) component.members.push_back(std::move(member));
    kinds.push_back(std::move(component));
    OwnKind platform{"tandem/Platform",
                     "The platform itself; one in each model",
                     {{"activeSite", "string", true, "the site that serves"},
                      {"sites", "map of object", true, "by name; what is in one is read as sites.NAME"},
                      {"values", "any", false, "shared constants, read as platform.values"},
                      {"objectives", "object", false, "what is promised"},
                      {"objectives.rpo", "duration", false, "how much data may be lost"},
                      {"objectives.rto", "duration", false, "how long a failover may take"},
                      {"groups", "list of object", false, "boxes around components, parents first"},
                      {"groups.id", "string", true, "its name"},
                      {"groups.title", "string", false, "what it is called"},
                      {"groups.parent", "string", false, "the group that it is drawn in"}}};
    for (Member& member : Connections("groups.connections", "its arrows"))
      platform.members.push_back(std::move(member));
    kinds.push_back(std::move(platform));
    kinds.push_back(
        {"tandem/Policy",
         "What may change by itself, and what a person must allow",
         {{"selector", "object", false, "what it is about; what is not given selects all"},
          {"selector.sites", "list of string", false, "names of sites"},
          {"selector.kinds", "list of string", false, "GROUP/KIND, or GROUP/* for all of a group"},
          {"selector.components", "list of string", false, "names of components"},
          {"selector.labels", "map of string", false, "labels that a resource must have"},
          {"drift", "map of string", false,
           "what is done about a change from outside, by its class: heal, approve, report or ignore"},
          {"fields", "list of object", false, "how single members are kept"},
          {"fields.path", "string", true, "begins with 'spec.'; [] is any entry"},
          {"fields.policy", "string", true, "enforce, observe, ignore or initial-only"},
          {"approvals", "list of object", false, "steps that wait for people; --auto-approve is none of them"},
          {"approvals.classes", "list of string", true, "of the steps"},
          {"approvals.count", "integer", false, "how many approvals; 1 when left out"},
          {"approvals.by", "list of string", false, "principals that may give one; anybody who may when left out"},
          {"approvals.notAuthor", "bool", false, "true: the author's does not count"},
          {"deleteBudget", "object", false, "how many resources one plan may destroy or replace"},
          {"deleteBudget.count", "integer", false, "so many"},
          {"deleteBudget.percent", "integer", false, "of those that are recorded"}}});
    return kinds;
  }();
  return kKinds;
}

// "path": members of which `in` is the first part, all levels below it.
std::string Tree(const OwnKind& kind, std::string_view in) {
  std::string out;
  for (const Member& member : kind.members) {
    std::string_view rest = member.path;
    if (!in.empty()) {
      if (rest.substr(0, in.size()) != in || rest.size() == in.size() || rest[in.size()] != '.') continue;
      rest.remove_prefix(in.size() + 1);
    }
    const size_t deep = static_cast<size_t>(std::count(rest.begin(), rest.end(), '.'));
    const size_t last = rest.rfind('.');
    out += fmt::format("{}{}  <{}>{}  {}\n", std::string(2 * (deep + 1), ' '),
                       last == std::string_view::npos ? rest : rest.substr(last + 1), member.type,
                       member.required ? "  required" : "", member.text);
  }
  return out;
}

}  // namespace

std::vector<std::string> OwnKinds() {
  std::vector<std::string> names;
  for (const OwnKind& kind : Kinds()) names.push_back(kind.name);
  return names;
}

Result<std::string> ExplainOwnKind(std::string_view name, std::string_view path) {
  const auto kind =
      std::find_if(Kinds().begin(), Kinds().end(), [&](const OwnKind& known) { return known.name == name; });
  if (kind == Kinds().end()) return NotFound(fmt::format("there is no kind '{}'", name));
  if (path.empty())
    return fmt::format("{}\n\n{}.\n\nMembers of spec:\n{}", kind->name, kind->text, Tree(*kind, ""));
  std::string walked;
  const Member* at = nullptr;
  for (const PathStep& step : ParsePath(path)) {
    if (step.index >= 0) continue;
    std::vector<std::string> known;
    const std::string wanted = JoinPath(walked, step.key);
    at = nullptr;
    for (const Member& member : kind->members) {
      if (member.path == wanted) at = &member;
      const size_t last = member.path.rfind('.');
      if ((last == std::string::npos ? "" : member.path.substr(0, last)) == walked)
        known.push_back(last == std::string::npos ? member.path : member.path.substr(last + 1));
    }
    if (at == nullptr) {
      const std::string near = NearestWord(step.key, known);
      return NotFound(fmt::format("{}{}{} has no member '{}'{}", kind->name, walked.empty() ? "" : ".", walked,
                                  step.key, near.empty() ? "" : fmt::format(", did you mean '{}'?", near)));
    }
    walked = wanted;
  }
  if (at == nullptr) return NotFound(fmt::format("'{}' is no path", path));
  const std::string tree = Tree(*kind, walked);
  return fmt::format("{}.{}\n\ntype:      {}\n{}           {}\n{}{}", kind->name, walked, at->type,
                     at->required ? "           required\n" : "", at->text, tree.empty() ? "" : "\nMembers:\n", tree);
}

}  // namespace tandem
