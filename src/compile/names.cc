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

namespace {

/// Where a walk is. The text of a path is made only where it is wanted.
struct Place {
  const Place* parent = nullptr;
  std::string_view key;  // of the first: the whole path
  int64_t index = -1;

  std::string Text() const {
    if (parent == nullptr) return std::string(key);
    return index >= 0 ? JoinPath(parent->Text(), index) : JoinPath(parent->Text(), key);
  }
};

class TemplateReader {
 public:
  explicit TemplateReader(const std::function<bool(const std::string&)>& opaque) : opaque_(opaque) {}

  void Walk(const Value& value, const Place& place) {
    if (value.is_string()) {
      const size_t ordinal = strings_++;
      if (!Template::Concerns(value.as_string())) return;
      std::string path = place.Text();
      if (!opaque_(path))
        found.push_back({std::move(path), ordinal, Template::Parse(value.as_string())});
    } else if (value.is_list()) {
      const List& list = value.as_list();
      for (size_t i = 0; i < list.size(); ++i) Walk(list[i], {&place, {}, static_cast<int64_t>(i)});
    } else if (value.is_map()) {
      for (const auto& [key, member] : value.as_map()) Walk(member, {&place, key});
    }
  }

  std::vector<PlacedTemplate> found;

 private:
  const std::function<bool(const std::string&)>& opaque_;
  size_t strings_ = 0;
};

/// In the order of TemplateReader, which counted the strings.
class TreeEvaluator {
 public:
  TreeEvaluator(const std::vector<PlacedTemplate>& templates, const Scope& scope,
                std::vector<ScalarProblem>& problems)
      : next_(templates.begin()), end_(templates.end()), scope_(scope), problems_(problems) {}

  /// What `value` is worth, or nothing where it is its own worth.
  std::optional<Value> Worth(const Value& value) {
    if (value.is_string()) {
      if (next_ == end_ || next_->ordinal != strings_++) return std::nullopt;
      return Worth(*next_++);
    }
    std::optional<Value> changed;
    if (value.is_list()) {
      const List& list = value.as_list();
      for (size_t i = 0; i < list.size(); ++i)
        if (std::optional<Value> worth = Worth(list[i])) {
          if (!changed) changed = value;
          changed->edit_list()[i] = *std::move(worth);
        }
    } else if (value.is_map()) {
      for (const auto& [key, member] : value.as_map())
        if (std::optional<Value> worth = Worth(member)) {
          if (!changed) changed = value;
          changed->edit_map().find(key)->second = *std::move(worth);
        }
    }
    return changed;
  }

 private:
  Value Worth(const PlacedTemplate& placed) {
    const auto fail = [&](const ExprError& error) {
      problems_.push_back({placed.path, error.offset, error.message, error.hint});
      return Value();
    };
    if (!placed.parsed.ok()) return fail(placed.parsed.error());
    ExprResult<Value> worth = Evaluate(*placed.parsed, scope_);
    if (!worth.ok()) return fail(worth.error());
    return std::move(worth).value();
  }

  std::vector<PlacedTemplate>::const_iterator next_;
  const std::vector<PlacedTemplate>::const_iterator end_;
  const Scope& scope_;
  std::vector<ScalarProblem>& problems_;
  size_t strings_ = 0;
};

}  // namespace

std::vector<PlacedTemplate> ParseTemplates(const Value& value, const std::string& path,
                                           const std::function<bool(const std::string&)>& opaque) {
  TemplateReader reader(opaque);
  reader.Walk(value, {nullptr, path});
  return std::move(reader.found);
}

Value EvaluateTree(const Value& value, const std::vector<PlacedTemplate>& templates,
                   const Scope& scope, std::vector<ScalarProblem>& problems) {
  if (templates.empty()) return value;
  return TreeEvaluator(templates, scope, problems).Worth(value).value_or(value);
}

Value EvaluateTree(const Value& value, const std::string& path, const Scope& scope,
                   const std::function<bool(const std::string&)>& opaque,
                   std::vector<ScalarProblem>& problems) {
  return EvaluateTree(value, ParseTemplates(value, path, opaque), scope, problems);
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
