#include "compile/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tandem/base/spelling.h"
#include "tandem/config/scalar.h"
#include "tandem/model/secret_uri.h"

namespace tandem {

Value PlatformName(const CompiledModel& model) {
  Value platform = model.platform_spec == nullptr ? Value(Map()) : *model.platform_spec;
  for (const char* key : {"groups", "sites"}) platform.edit_map().erase(key);
  platform.Set("name", model.platform);
  return platform;
}

Value SitesName(const CompiledModel& model) {
  Value sites = Map();
  const Value* spec = model.platform_spec == nullptr ? nullptr : model.platform_spec->Find("sites");
  for (const std::string& name : model.sites) {
    const Value* own = spec == nullptr ? nullptr : spec->Find(name);
    Value site = own != nullptr && own->is_map() ? *own : Value(Map());
    site.Set("active", name == model.active_site);
    sites.Set(name, std::move(site));
  }
  return sites;
}

Names::Names(const CompiledModel& model, std::string site, const Value* each,
             ReferenceLookup lookup)
    : model_(model), site_(std::move(site)), each_(each), lookup_(std::move(lookup)) {}

std::optional<Value> Names::Name(std::string_view name) const {
  if (name == "site") return Value(site_);
  if (name == "sites") return model_.sites_name;
  if (name == "platform") return model_.platform_name;
  if (name == "each" && each_ != nullptr && !each_->is_null()) return *each_;
  return std::nullopt;
}

std::string Names::NameHint(std::string_view name) const {
  if (name == "each") return "'each' exists under the annotation tandem/for-each only";
  const std::vector<std::string> known = {"each", "platform", "site", "sites"};
  const std::string near = NearestWord(name, known);
  return near.empty() ? "the names are platform, site, sites, and each under tandem/for-each"
                      : fmt::format("did you mean '{}'?", near);
}

Result<Value> Names::Ref(const std::string& address, const Path& path) const {
  if (!lookup_)
    return InvalidArgument("ref() cannot be used here: it must be known before the plan");
  return lookup_(address, path);
}

Result<Value> Names::Secret(const std::string& uri) const {
  if (const auto parsed = ParseSecretUri(uri); !parsed.ok()) return parsed.status();
  return Value(Sensitive{{{true, uri}}, "", ""});
}

void ForEachTemplate(const Value& value, const std::string& path,
                     const std::function<bool(const std::string&)>& opaque,
                     const std::function<void(const std::string&, const std::string&)>& visit) {
  if (value.is_string()) {
    if (Template::Concerns(value.as_string()) && !opaque(path)) visit(path, value.as_string());
  } else if (value.is_list()) {
    for (size_t i = 0; i < value.as_list().size(); ++i)
      ForEachTemplate(value.as_list()[i], JoinPath(path, static_cast<int64_t>(i)), opaque, visit);
  } else if (value.is_map()) {
    for (const auto& [key, member] : value.as_map())
      ForEachTemplate(member, JoinPath(path, key), opaque, visit);
  }
}

Value EvaluateTree(const Value& value, const std::string& path, const Scope& scope,
                   const std::function<bool(const std::string&)>& opaque,
                   std::vector<ScalarProblem>& problems) {
  if (value.is_string()) {
    if (!Template::Concerns(value.as_string()) || opaque(path)) return value;
    const auto fail = [&](const ExprError& error) {
      problems.push_back({path, error.offset, error.message, error.hint});
      return Value();
    };
    const ExprResult<Template> parsed = Template::Parse(value.as_string());
    if (!parsed.ok()) return fail(parsed.error());
    ExprResult<Value> worth = Evaluate(*parsed, scope);
    if (!worth.ok()) return fail(worth.error());
    return std::move(worth).value();
  }
  if (value.is_list()) {
    List list;
    list.reserve(value.as_list().size());
    for (size_t i = 0; i < value.as_list().size(); ++i)
      list.push_back(EvaluateTree(value.as_list()[i], JoinPath(path, static_cast<int64_t>(i)),
                                  scope, opaque, problems));
    return list;
  }
  if (value.is_map()) {
    Map map;
    for (const auto& [key, member] : value.as_map())
      map.emplace(key, EvaluateTree(member, JoinPath(path, key), scope, opaque, problems));
    return map;
  }
  return value;
}

SourceRange RangeOfProblem(const Document& document, const ScalarProblem& problem) {
  SourceRange range = document.RangeOf(problem.path);
  if (range.text == nullptr || range.begin >= range.end) return range;
  const size_t at = OffsetInScalar(*range.text, range.begin, problem.offset);
  return {range.text, at, std::min(at + 1, range.end)};
}

std::function<bool(const std::string&)> OpaquePaths(const Kind& kind, const Document& document) {
  std::set<std::string> evaluated;
  const std::string listed = document.Annotation("tandem/expressions-at");
  size_t begin = 0;
  while (begin < listed.size()) {
    const size_t end = std::min(listed.find(',', begin), listed.size());
    std::string path = listed.substr(begin, end - begin);
    path.erase(0, path.find_first_not_of(' '));
    path.erase(path.find_last_not_of(' ') + 1);
    if (!path.empty()) evaluated.insert(path.substr(path.rfind("spec.", 0) == 0 ? 5 : 0));
    begin = end + 1;
  }
  return [&kind, evaluated](const std::string& path) {
    const std::string in_spec = path.rfind("spec.", 0) == 0 ? path.substr(5) : path;
    return evaluated.count(in_spec) == 0 && kind.RuleFor(ParsePath(in_spec)).opaque;
  };
}

}  // namespace tandem
