// What every Document must have: apiVersion, kind and metadata.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tandem/base/check.h"
#include "tandem/base/spelling.h"
#include "tandem/codec/json.h"
#include "tandem/config/parse.h"

namespace tandem {
namespace {

const std::vector<std::string>& TopKeys() {
  static const std::vector<std::string> keys = {"apiVersion", "kind", "metadata", "spec"};
  return keys;
}

const std::vector<std::string>& OwnMetadataKeys() {
  static const std::vector<std::string> keys = {"name", "namespace", "labels", "annotations"};
  return keys;
}

const std::vector<std::string>& NativeMetadataKeys() {
  static const std::vector<std::string> keys = {"name",
                                                "namespace",
                                                "labels",
                                                "annotations",
                                                "generateName",
                                                "finalizers",
                                                "managedFields",
                                                "ownerReferences",
                                                "uid",
                                                "generation",
                                                "resourceVersion",
                                                "selfLink",
                                                "creationTimestamp",
                                                "deletionTimestamp",
                                                "deletionGracePeriodSeconds"};
  return keys;
}

/// Kubernetes has a few groups of one word; every other one-word group is tandem's or a tool's.
bool IsNative(std::string_view group) {
  constexpr std::array<std::string_view, 6> kOneWord = {"core",        "apps",   "batch",
                                                        "autoscaling", "policy", "extensions"};
  if (std::find(kOneWord.begin(), kOneWord.end(), group) != kOneWord.end()) return true;
  const auto ends = [&](std::string_view suffix) {
    return group.size() > suffix.size() && group.substr(group.size() - suffix.size()) == suffix;
  };
  return group.find('.') != std::string_view::npos && !ends(".aws") && !ends(".gcp");
}

class Checker {
 public:
  Checker(Document& document, Diagnostics& found) : document_(document), found_(found) {}

  bool Run() {
    if (!document_.body.is_map()) {
      Error("", false,
            fmt::format("a document is a map, and this is a {}", TypeName(document_.body.type())),
            "it starts with 'apiVersion:', 'kind:' and 'metadata:'");
      return false;
    }
    const std::string* api_version = Text("apiVersion", "apiVersion", true);
    const std::string* kind = Text("kind", "kind", true);
    if (kind != nullptr) document_.kind = *kind;
    bool native = true;
    if (api_version != nullptr) {
      document_.api_version = *api_version;
      if (auto parsed = ParseApiVersion(*api_version); parsed.ok()) {
        document_.group = parsed->group;
        document_.version = parsed->version;
        native = IsNative(document_.group);
      } else {
        Error("apiVersion", false, fmt::format("'{}' is no apiVersion", *api_version),
              "it is GROUP/VERSION, for instance tandem/v1, or v1 alone");
      }
    }
    Metadata(native);
    UnknownKeys(document_.body, "", TopKeys(), !native);
    return ok_;
  }

 private:
  void Error(std::string_view path, bool of_key, std::string summary, std::string detail) {
    ok_ = false;
    const bool named =
        !document_.name.empty() && !document_.kind.empty() && !document_.group.empty();
    found_.Error(document_.RangeOf(path, of_key), std::move(summary), std::move(detail),
                 named ? document_.address().ToString() : "");
  }

  /// The text at `path`; null pointer after saying what is wrong with it. Absent and not
  /// `required`: null pointer, and nothing is wrong.
  const std::string* Text(std::string_view path, std::string_view name, bool required) {
    const Value* value = document_.body.At(path);
    if (value == nullptr) {
      if (required) Missing(path, name);
      return nullptr;
    }
    if (value->is_string() && !value->as_string().empty()) return &value->as_string();
    if (value->is_string()) {
      Error(path, false, fmt::format("{} is empty", name), "");
    } else {
      Error(path, value->is_null(),
            fmt::format("{} must be a string, not {}", name, TypeName(value->type())),
            value->is_null() ? "" : "quote it");
    }
    return nullptr;
  }

  /// Says that a member is missing, unless one that is nearly it is there: that is reported as
  /// unknown.
  void Missing(std::string_view path, std::string_view name) {
    const size_t dot = path.rfind('.');
    const std::string parent(dot == std::string_view::npos ? "" : path.substr(0, dot));
    const std::string key(dot == std::string_view::npos ? path : path.substr(dot + 1));
    if (const Value* above = document_.body.At(parent); above != nullptr && above->is_map()) {
      for (const auto& [other, value] : above->as_map())
        if (NearestWord(other, {key}) == key) {
          Unknown(parent, other, key);
          return;
        }
    }
    Error(
        parent, true, fmt::format("{} is missing", name),
        name == "metadata.name" ? "every document has a name, unique among those of its kind" : "");
  }

  void Unknown(std::string_view parent, const std::string& key, const std::string& nearest) {
    if (std::find(reported_.begin(), reported_.end(), JoinPath(parent, key)) != reported_.end())
      return;
    reported_.push_back(JoinPath(parent, key));
    Error(JoinPath(parent, key), true, fmt::format("unknown field '{}'", key),
          nearest.empty() ? "" : fmt::format("did you mean '{}'?", nearest));
  }

  void UnknownKeys(const Value& map, std::string_view path, const std::vector<std::string>& known,
                   bool strict) {
    if (!strict) return;
    for (const auto& [key, value] : map.as_map()) {
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      Unknown(path, key, NearestWord(key, known));
    }
  }

  void Metadata(bool native) {
    const Value* metadata = document_.body.Find("metadata");
    if (metadata == nullptr) {
      Missing("metadata", "metadata");
      return;
    }
    if (!metadata->is_map()) {
      Error("metadata", metadata->is_null(),
            fmt::format("metadata must be a map, not {}", TypeName(metadata->type())), "");
      return;
    }
    if (const std::string* name = Text("metadata.name", "metadata.name", true))
      if (IsPartOfAddress("metadata.name", *name)) document_.name = *name;
    if (const std::string* ns = Text("metadata.namespace", "metadata.namespace", false))
      if (IsPartOfAddress("metadata.namespace", *ns)) document_.ns = *ns;
    Texts(*metadata, "labels", document_.labels);
    Texts(*metadata, "annotations", document_.annotations);
    UnknownKeys(*metadata, "metadata", native ? NativeMetadataKeys() : OwnMetadataKeys(), true);
  }

  /// False after saying why not. What holds an expression is looked at when its worth is known.
  bool IsPartOfAddress(std::string_view path, const std::string& text) {
    const std::string problem = text.find("${") == std::string::npos ? NamePartProblem(text) : "";
    if (!problem.empty())
      Error(path, false, fmt::format("{} {}", path, problem), std::string(kNamePartHint));
    return problem.empty();
  }

  void Texts(const Value& metadata, const char* member,
             std::map<std::string, std::string, std::less<>>& texts) {
    const Value* value = metadata.Find(member);
    if (value == nullptr || value->is_null()) return;
    const std::string path = JoinPath("metadata", member);
    if (!value->is_map()) {
      Error(path, false, fmt::format("{} must be a map, not {}", path, TypeName(value->type())),
            "");
      return;
    }
    for (const auto& [key, text] : value->as_map()) {
      if (text.is_string()) {
        texts.emplace(key, text.as_string());
      } else {
        const bool null = text.is_null();
        Error(JoinPath(path, key), null,
              fmt::format("{} '{}' must be a string, not {}", path, key, TypeName(text.type())),
              text.is_map() || text.is_list() ? ""
              : null                          ? "write \"\" for an empty one"
                                              : "quote it");
      }
    }
  }

  Document& document_;
  Diagnostics& found_;
  std::vector<std::string> reported_;
  bool ok_ = true;
};

class JsonSpec final : public RestingBody {
 public:
  explicit JsonSpec(const Document& document) {
    const Value* spec = document.body.Find("spec");
    if (spec != nullptr) json_ = ToCanonicalJson(*spec);
    json_.shrink_to_fit();
    root = document.positions->SpanAt(PositionTable::kRoot);
  }
  Value Spec() const override {
    if (json_.empty()) return Value();
    Result<Value> spec = ParseJson(json_);
    TANDEM_CHECK(spec.ok());
    return std::move(spec).value();
  }
  Value Body(const Document& document) const override { return Parse(document).value; }
  PositionTable Places(const Document& document) const override { return Parse(document).positions; }

 private:
  static YamlTree Parse(const Document& document) {
    Diagnostics found;
    std::optional<YamlTree> tree =
        ParseYaml({document.source, document.begin, document.end, ""}, ParseLimits(), found);
    TANDEM_CHECK(tree.has_value());  // as it did the first time
    return *std::move(tree);
  }

  std::string json_;
};

}  // namespace

std::optional<Document> ParseDocument(const DocumentText& text, const ParseLimits& limits,
                                      Diagnostics& found) {
  std::optional<YamlTree> tree = ParseYaml(text, limits, found);
  if (!tree || tree->value.is_null()) return std::nullopt;
  Document document;
  document.body = std::move(tree->value);
  document.source = text.source;
  document.begin = text.begin;
  document.end = text.end;
  document.positions = std::make_shared<const PositionTable>(std::move(tree->positions));
  if (!Checker(document, found).Run()) return std::nullopt;
  return document;
}

void PutToRest(Document& document) {
  if (document.rest != nullptr) return;
  document.rest = std::make_shared<const JsonSpec>(document);
  document.body = Value();
  document.positions = nullptr;
}

std::vector<Document> ParseText(const std::shared_ptr<const SourceText>& source,
                                const ParseLimits& limits, Diagnostics& found) {
  std::vector<Document> documents;
  for (const DocumentText& text : SplitDocuments(source, limits, found))
    if (auto document = ParseDocument(text, limits, found))
      documents.push_back(std::move(*document));
  return documents;
}

}  // namespace tandem
