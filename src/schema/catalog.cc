// Kinds under a schemas folder, read when first asked for.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "schema/file_kind.h"
#include "schema/lint.h"
#include "tandem/base/hash.h"
#include "tandem/base/synchronized.h"
#include "tandem/schema/kind.h"

namespace tandem {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) return std::nullopt;
  return text.str();
}

std::vector<fs::path> Entries(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored))
    if (entry.path().filename().string()[0] != '.') entries.push_back(entry.path());
  std::sort(entries.begin(), entries.end());
  return entries;
}

struct Api {
  std::shared_ptr<const ApiModel> model;
  std::string digest;
};

struct Loaded {
  std::map<std::string, Api> apis;  // by provider/service
  std::map<KindName, std::shared_ptr<const Kind>> kinds;
  Diagnostics problems;
};

class FolderCatalog final : public Catalog {
 public:
  explicit FolderCatalog(std::string folder) : folder_(std::move(folder)) {
    for (const fs::path& provider : Entries(fs::path(folder_) / "kinds")) {
      if (!fs::is_directory(provider)) continue;
      for (const fs::path& group : Entries(provider)) {
        if (!fs::is_directory(group)) continue;
        providers_[group.filename().string()] = provider.filename().string();
        for (const fs::path& file : Entries(group))
          if (file.extension() == ".yaml")
            files_[{group.filename().string(), file.stem().string()}] = file.string();
      }
    }
  }

  std::shared_ptr<const Kind> Find(const KindName& name) const override {
    const auto file = files_.find(name);
    if (file == files_.end()) return nullptr;
    return loaded_.With([&](Loaded& loaded) -> std::shared_ptr<const Kind> {
      const auto known = loaded.kinds.find(name);
      if (known != loaded.kinds.end()) return known->second;
      return loaded.kinds[name] = Load(name, file->second, loaded);
    });
  }

  std::vector<KindName> kinds() const override {
    std::vector<KindName> names;
    for (const auto& [name, file] : files_) names.push_back(name);
    return names;
  }

  std::string ProviderOf(std::string_view group) const override {
    const auto provider = providers_.find(group);
    return provider == providers_.end() ? "" : provider->second;
  }

  Diagnostics problems() const override {
    return loaded_.With([](const Loaded& loaded) { return loaded.problems; });
  }

 private:
  std::shared_ptr<const Kind> Load(const KindName& name, const std::string& file,
                                   Loaded& loaded) const {
    Diagnostics& found = loaded.problems;
    const auto bytes = ReadFile(file);
    auto source = std::make_shared<SourceText>();
    source->name = file;
    if (!bytes) {
      found.Error({source, 0, 0}, "cannot read the kind file", "", name.ToString());
      return nullptr;
    }
    source->text = *bytes;
    std::optional<KindText> text = ReadKindText(source, found);
    if (!text) return nullptr;
    if (text->name != name) {
      text->Error(found, "kind", fmt::format("the file's place says {}", name.ToString()));
      return nullptr;
    }
    const std::string service = text->body().At("api.service")->as_string();
    const Api* api = LoadApi(*text, ProviderOf(name.group), service, loaded);
    if (api == nullptr) return nullptr;
    auto kind = FileKind::Make(std::move(*text), api->model, api->digest, found);
    if (kind == nullptr || !LintKind(*kind, found)) return nullptr;
    return kind;
  }

  const Api* LoadApi(const KindText& text, const std::string& provider, const std::string& service,
                     Loaded& loaded) const {
    if (service.find_first_of("/\\.") != std::string::npos) {
      text.Error(loaded.problems, "api.service", "no name of a service");
      return nullptr;
    }
    const std::string key = provider + "/" + service;
    if (const auto known = loaded.apis.find(key); known != loaded.apis.end()) return &known->second;
    const fs::path file = fs::path(folder_) / "apis" / provider / (service + ".json");
    const auto bytes = ReadFile(file);
    if (!bytes) {
      text.Error(loaded.problems, "api.service",
                 fmt::format("there is no API description {}", file.string()));
      return nullptr;
    }
    Result<std::shared_ptr<const ApiModel>> model = ApiModel::Load(*bytes);
    if (!model.ok()) {
      text.Error(loaded.problems, "api.service",
                 fmt::format("{}: {}", file.string(), model.status().message()));
      return nullptr;
    }
    return &(loaded.apis[key] = {*model, Hex(Sha256(*bytes))});
  }

  const std::string folder_;
  std::map<KindName, std::string> files_;
  std::map<std::string, std::string, std::less<>> providers_;  // by group
  mutable Synchronized<Loaded> loaded_;
};

}  // namespace

Result<std::unique_ptr<Catalog>> OpenCatalog(std::string folder) {
  for (const char* part : {"kinds", "apis"}) {
    const fs::path path = fs::path(folder) / part;
    std::error_code ignored;
    if (!fs::is_directory(path, ignored)) return NotFound(path.string() + ": no such folder");
  }
  return std::unique_ptr<Catalog>(std::make_unique<FolderCatalog>(std::move(folder)));
}

}  // namespace tandem
