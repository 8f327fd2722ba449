// A model by what changed in one that is known.
//
// Only what cannot reach further is done here. A resource is checked against the kinds, addresses and
// accounts of what it refers to, never against their values: as long as no address goes, the resources
// that refer to a changed one need no second look.

#include <algorithm>
#include <set>

#include "compile/parts.h"
#include "compile/resources.h"
#include "tandem/base/hash.h"
#include "tandem/expr/template.h"

namespace tandem {
namespace {

constexpr size_t kDigestLine = 65;      // 64 hexadecimal digits and a line feed
constexpr size_t kMostSearched = 5000;  // resources looked at for a circle

using DocumentPtr = std::shared_ptr<const Document>;

std::string DigestOf(const Document& document) {
  const std::string_view text = document.source->text;
  return Hex(Sha256(text.substr(document.begin, document.end - document.begin)));
}

/// It gives one resource, whose address can be read off it.
bool IsPlain(const Document& document) {
  return document.group != "tandem" && document.Annotation("tandem/for-each").empty() &&
         document.Annotation("tandem/moved-from").empty() && !Template::Concerns(document.name);
}

std::string AddressOf(const Document& document) {
  return document.address().WithAccount(document.Annotation("tandem/account")).ToString();
}

class Few {
 public:
  Few(const CompiledModel& known, const Catalog& catalog, const CompileOptions& options)
      : known_(known), catalog_(catalog), options_(options) {}

  std::shared_ptr<const CompiledModel> Compile(const ModelChanges& changes) {
    if (!known_.warnings.empty() || !changes.removed.empty()) return nullptr;
    std::set<std::string> names;
    for (const auto& file : changes.files)
      if (!names.insert(file->name).second || !Read(file)) return nullptr;
    if (!OnlyAdds()) return nullptr;
    made_ = std::make_shared<CompiledModel>(known_);
    for (const auto& [name, documents] : files_)
      if (!Splice(name, documents)) return nullptr;
    if (!AddResources() || !Check()) return nullptr;
    PutDigests();
    if (options_.rest)
      for (const std::shared_ptr<Document>& document : parsed_) Rest(*document);
    made_->fresh.emplace();
    for (const ModelResource& resource : fresh_)
      made_->fresh->push_back(resource.address.ToString());
    return made_;
  }

 private:
  /// The documents of a changed file: those that stay, with their places, and those that are new.
  bool Read(const std::shared_ptr<const SourceText>& file) {
    std::map<std::string, DocumentPtr> before;  // by digest
    const auto old = known_.files.find(file->name);
    if (old != known_.files.end())
      for (const DocumentPtr& document : old->second)
        if (!IsPlain(*document) || !before.emplace(DigestOf(*document), document).second) return false;
    std::vector<DocumentPtr>& now = files_[file->name];
    Diagnostics found;
    for (const DocumentText& text : SplitDocuments(file, options_.limits, found)) {
      const auto same = before.find(text.digest);
      DocumentPtr document;
      if (same != before.end()) {
        document = MoveTo(same->second, text);
        before.erase(same);
        stay_.emplace(text.digest, document);
      } else {
        std::optional<Document> parsed = ParseDocument(text, options_.limits, found);
        if (!parsed.has_value()) return false;
        document = parsed_.emplace_back(std::make_shared<Document>(*std::move(parsed)));
        if (!IsPlain(*document) || !new_.emplace(text.digest, document).second) return false;
      }
      now.push_back(std::move(document));
    }
    for (auto& [digest, document] : before) gone_.emplace(digest, document);
    return found.empty();
  }

  /// No address goes, none is given twice, and none that comes can be taken for another.
  bool OnlyAdds() {
    std::set<std::string> come;
    for (const auto& [digest, document] : new_)
      if (!come.insert(AddressOf(*document)).second) return false;
    std::set<std::string> replaced;
    for (const auto& [digest, document] : gone_) {
      const std::string address = AddressOf(*document);
      if (come.count(address) == 0 || !replaced.insert(address).second) return false;
    }
    for (const auto& [digest, document] : new_) {
      if (replaced.count(AddressOf(*document)) > 0) continue;
      const std::string bare = document->address().ToString();
      const auto near = known_.resources.lower_bound(bare);
      if (known_.moves) return false;
      if (near != known_.resources.end() && (near->first == bare || near->first.str().rfind(bare + "@", 0) == 0))
        return false;
      for (const auto& [other, one] : new_)
        if (one != document && one->address() == document->address()) return false;
    }
    return true;
  }

  bool Splice(const std::string& name, const std::vector<DocumentPtr>& now) {
    std::vector<DocumentPtr>& all = made_->documents;
    const auto old = known_.files.find(name);
    if (old == known_.files.end()) {
      all.insert(all.end(), now.begin(), now.end());
    } else {
      const auto first = std::find(all.begin(), all.end(), old->second.front());
      const size_t count = old->second.size();
      if (static_cast<size_t>(all.end() - first) < count ||
          !std::equal(old->second.begin(), old->second.end(), first))
        return false;
      if (count == now.size()) {
        std::copy(now.begin(), now.end(), first);
      } else {
        const auto at = all.erase(first, first + static_cast<std::ptrdiff_t>(count));
        all.insert(at, now.begin(), now.end());
      }
    }
    if (now.empty()) {
      made_->files.Erase(name);
    } else {
      made_->files.Set(name, now);
    }
    return true;
  }

  bool AddResources() {
    for (const auto& [digest, document] : gone_) made_->parsed.Erase(digest);
    for (const auto& [digest, document] : new_) made_->parsed.Set(digest, document);
    for (const auto& [digest, document] : stay_) {
      made_->parsed.Set(digest, document);
      const std::string address = AddressOf(*document);
      const auto held = known_.resources.find(address);
      if (held == known_.resources.end()) return false;
      ModelResource moved = held->second;
      moved.document = document;
      made_->resources.Set(address, std::move(moved));
    }
    // Read as if they were alone in the model.
    CompiledModel alone;
    alone.platform = known_.platform;
    alone.accounts = known_.accounts;
    alone.components = known_.components;
    alone.platform_spec = known_.platform_spec;
    alone.active_site = known_.active_site;
    alone.sites = known_.sites;
    alone.platform_name = known_.platform_name;
    alone.sites_name = known_.sites_name;
    Unread unread;
    Diagnostics found;
    std::vector<DocumentPtr> documents;
    for (const auto& [digest, document] : new_) documents.push_back(document);
    ReadResources({}, documents, catalog_, alone, unread, found);
    if (!found.empty() || alone.resources.size() != new_.size()) return false;
    for (auto& [address, resource] : alone.resources.whole()) {
      const auto before = known_.resources.find(address);
      if (before != known_.resources.end() && before->second.account != resource.account) return false;
      made_->resources.Set(address, resource);
      fresh_.push_back(std::move(resource));
    }
    return true;
  }

  bool Check() {
    const Unread unread;
    Diagnostics found;
    for (ModelResource& resource : fresh_) CheckResource(*made_, unread, resource, found);
    found.Append(catalog_.problems());
    if (!found.empty()) return false;
    for (const ModelResource& resource : fresh_)
      made_->resources.Set(resource.address.ToString(), resource);
    for (const ModelResource& resource : fresh_) {
      const auto before = known_.resources.find(resource.address.ToString());
      const bool known = before != known_.resources.end();
      if (!(known && before->second.needs == resource.needs) && NeedsItself(resource)) return false;
      if (known) DropIdentity(before->second);
    }
    for (const ModelResource& resource : fresh_) {
      std::vector<std::string> told;
      const std::string identity = GivenIdentity(*made_, resource, &told);
      if (identity.empty()) continue;
      if (made_->identities.count(identity) > 0) return false;
      made_->identities.Set(identity, resource.address.ToString());
    }
    return true;
  }

  void DropIdentity(const ModelResource& resource) {
    std::vector<std::string> told;
    const std::string identity = GivenIdentity(known_, resource, &told);
    if (!identity.empty()) made_->identities.Erase(identity);
  }

  /// Also true when that would take long to find out.
  bool NeedsItself(const ModelResource& resource) const {
    const std::string self = resource.address.ToString();
    std::vector<Interned> open = resource.needs;
    std::set<Interned> seen(open.begin(), open.end());
    while (!open.empty()) {
      const Interned address = std::move(open.back());
      open.pop_back();
      if (address == self || seen.size() > kMostSearched) return true;
      const auto found = made_->resources.find(address);
      if (found == made_->resources.end()) continue;
      for (const Interned& need : found->second.needs)
        if (seen.insert(need).second) open.push_back(need);
    }
    return false;
  }

  void PutDigests() {
    const auto line = [](const std::string& digests, size_t i) {
      return std::string_view(digests).substr(i * kDigestLine, kDigestLine - 1);
    };
    std::string& all = made_->digests;
    const auto place = [&](const std::string& digest) {
      size_t low = 0, high = all.size() / kDigestLine;
      while (low < high) {
        const size_t middle = (low + high) / 2;
        if (line(all, middle) < digest) low = middle + 1;
        else high = middle;
      }
      return low * kDigestLine;
    };
    for (const auto& [digest, document] : gone_) all.erase(place(digest), kDigestLine);
    for (const auto& [digest, document] : new_) all.insert(place(digest), digest + "\n");
    made_->digest = DigestOfAll(all);
  }

  const CompiledModel& known_;
  const Catalog& catalog_;
  const CompileOptions& options_;
  std::map<std::string, std::vector<DocumentPtr>> files_;     // as they are now
  std::map<std::string, DocumentPtr> stay_, new_, gone_;      // by digest
  std::vector<ModelResource> fresh_;                          // of the new documents
  std::vector<std::shared_ptr<Document>> parsed_;             // those
  std::shared_ptr<CompiledModel> made_;
};

}  // namespace

std::shared_ptr<const Document> MoveTo(const std::shared_ptr<const Document>& known,
                                       const DocumentText& text) {
  if (known->source == text.source && known->begin == text.begin) return known;
  auto moved = std::make_shared<Document>(*known);
  moved->source = text.source;
  moved->begin = text.begin;
  moved->end = text.end;
  return moved;
}

void Rest(Document& document) {
  if (document.group != "tandem") PutToRest(document);
}

std::string DigestOfAll(const std::string& digests) {
  const std::string_view lines = digests;
  return "sha256:" + Hex(Sha256(lines.substr(0, lines.empty() ? 0 : lines.size() - 1)));
}

std::shared_ptr<const CompiledModel> CompileFew(const CompiledModel& known,
                                                const ModelChanges& changes, const Catalog& catalog,
                                                const CompileOptions& options) {
  return Few(known, catalog, options).Compile(changes);
}

}  // namespace tandem
