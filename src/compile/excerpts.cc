#include "compile/excerpts.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "tandem/expr/template.h"
#include "tandem/model/secret_uri.h"

namespace tandem {
namespace {

constexpr size_t kShortest = 4;  // of a text that is looked for elsewhere

struct Blank {
  size_t begin = 0;
  size_t end = 0;
};

/// Whether every secret('…') in `text` holds a URI.
bool HoldsUris(std::string_view text) {
  constexpr std::string_view kCall = "secret(";
  for (size_t at = text.find(kCall); at != std::string_view::npos; at = text.find(kCall, at + 1)) {
    size_t open = at + kCall.size();
    while (open < text.size() && text[open] == ' ') ++open;
    if (open >= text.size() || (text[open] != '\'' && text[open] != '"')) continue;
    const size_t close = text.find(text[open], open + 1);
    if (close == std::string_view::npos) return false;
    if (!IsSecretUri(text.substr(open + 1, close - open - 1))) return false;
  }
  return true;
}

/// Whether `text` says where a secret is kept instead of what it is.
bool IsRecipe(const std::string& text) {
  if (!Template::Concerns(text)) return false;
  const auto parsed = Template::Parse(text);
  return parsed.ok() && (parsed->uses_secret() || parsed->uses_ref()) && HoldsUris(text);
}

class Blanking {
 public:
  explicit Blanking(const Catalog& catalog) : catalog_(catalog) {}

  void Read(const Document& document) {
    std::shared_ptr<const Kind> kind;
    if (document.group != "tandem") kind = catalog_.Find(document.kind_name());
    const Value body = document.Body();
    for (const auto& [key, member] : body.as_map())
      Walk(document, kind.get(), member, key, key == "spec", false);
  }

  void Read(const DocumentText& text) {
    const std::string_view body = text.text();
    const std::string api = Word(body, "apiVersion");
    const std::shared_ptr<const Kind> kind =
        catalog_.Find({api.substr(0, api.find('/')), Word(body, "kind")});
    if (kind == nullptr) return;
    std::set<std::string> names;
    for (const std::string& path : kind->SecretPaths()) {
      const Path steps = ParsePath(path.substr(0, path.find("[]")));
      if (!steps.empty()) names.insert(steps.back().key);
    }
    for (const std::string& name : names)
      for (size_t at = body.find(name); at != std::string_view::npos; at = body.find(name, at + 1)) {
        size_t colon = at + name.size();
        while (colon < body.size() && (body[colon] == '"' || body[colon] == '\'' || body[colon] == ' '))
          ++colon;
        if (colon >= body.size() || body[colon] != ':') continue;
        Add(*text.source, text.begin + colon + 1, text.begin + EndOfBlock(body, at));
      }
  }

  Diagnostics Apply(const Diagnostics& found) {
    Diagnostics shown;
    for (Diagnostic diagnostic : found.items()) {
      if (diagnostic.range.text != nullptr) diagnostic.range.text = Blanked(diagnostic.range.text);
      shown.Add(std::move(diagnostic));
    }
    return shown;
  }

 private:
  void Walk(const Document& document, const Kind* kind, const Value& value, const std::string& path,
            bool in_spec, bool secret) {
    if (in_spec && kind != nullptr && path.size() > 5 && !secret)
      secret = kind->RuleFor(ParsePath(path.substr(5))).secret;
    if (value.is_map()) {
      for (const auto& [key, member] : value.as_map())
        Walk(document, kind, member, JoinPath(path, key), in_spec, secret);
      return;
    }
    if (value.is_list()) {
      for (size_t i = 0; i < value.as_list().size(); ++i)
        Walk(document, kind, value.as_list()[i], JoinPath(path, static_cast<int64_t>(i)), in_spec, secret);
      return;
    }
    if (value.is_null()) return;
    const std::string text = value.is_string() ? value.as_string() : ToText(value);
    if (secret ? IsRecipe(text) : !Template::Concerns(text) || HoldsUris(text)) return;
    const SourceRange range = document.RangeOf(path);
    if (range.text == nullptr) return;
    // A remark behind it may hold it as well.
    const std::string& all = range.text->text;
    size_t end = range.end;
    const size_t line = std::min(all.find('\n', end), all.size());
    if (all.substr(end, line - end).find('#') != std::string::npos) end = line;
    Add(*range.text, range.begin, end);
    // The same text at another place, an anchor for instance.
    if (text.size() >= kShortest)
      for (size_t at = all.find(text, document.begin); at != std::string::npos && at < document.end;
           at = all.find(text, at + 1))
        Add(*range.text, at, at + text.size());
  }

  static std::string ToText(const Value& value) {
    return value.is_int() ? std::to_string(value.as_int()) : std::string();
  }

  /// The first word after `name:` at the start of a line.
  static std::string Word(std::string_view body, std::string_view name) {
    for (size_t at = 0; at < body.size();) {
      const size_t line = std::min(body.find('\n', at), body.size());
      std::string_view text = body.substr(at, line - at);
      at = line + 1;
      if (text.substr(0, name.size()) != name || text.size() <= name.size() || text[name.size()] != ':')
        continue;
      text.remove_prefix(name.size() + 1);
      const size_t begin = text.find_first_not_of(" \t\"'");
      if (begin == std::string_view::npos) return "";
      return std::string(text.substr(begin, text.find_first_of(" \t\"'\r#", begin) - begin));
    }
    return "";
  }

  /// The end of the line of `at`, and of the lines below that belong to it.
  static size_t EndOfBlock(std::string_view body, size_t at) {
    const size_t start = body.rfind('\n', at) == std::string_view::npos ? 0 : body.rfind('\n', at) + 1;
    const auto indent = [&](size_t line) {
      size_t depth = 0;
      while (line + depth < body.size() && body[line + depth] == ' ') ++depth;
      return depth;
    };
    const size_t depth = indent(start);
    size_t end = std::min(body.find('\n', at), body.size());
    while (end < body.size()) {
      const size_t next = end + 1;
      const size_t stop = std::min(body.find('\n', next), body.size());
      const bool blank = body.substr(next, stop - next).find_first_not_of(" \r") == std::string_view::npos;
      const bool item = indent(next) == depth && next + depth < body.size() && body[next + depth] == '-';
      if (!blank && !item && indent(next) <= depth) break;
      end = stop;
    }
    return end;
  }

  void Add(const SourceText& source, size_t begin, size_t end) {
    blanks_[source.name].push_back({begin, end});
  }

  std::shared_ptr<const SourceText> Blanked(const std::shared_ptr<const SourceText>& text) {
    const auto here = blanks_.find(text->name);
    if (here == blanks_.end()) return text;
    auto& done = blanked_[text];
    if (done != nullptr) return done;
    auto copy = std::make_shared<SourceText>(*text);
    for (const Blank& blank : here->second)
      for (size_t i = blank.begin; i < blank.end && i < copy->text.size(); ++i)
        if (copy->text[i] != '\n') copy->text[i] = '*';
    done = std::move(copy);
    return done;
  }

  const Catalog& catalog_;
  std::map<std::string, std::vector<Blank>> blanks_;  // by name of the text
  std::map<std::shared_ptr<const SourceText>, std::shared_ptr<const SourceText>> blanked_;
};

}  // namespace

Diagnostics HideSecrets(const std::vector<std::shared_ptr<const Document>>& documents,
                        const std::vector<DocumentText>& unread, const Catalog& catalog,
                        const Diagnostics& found) {
  Blanking blanking(catalog);
  for (const auto& document : documents) blanking.Read(*document);
  for (const DocumentText& text : unread) blanking.Read(text);
  return blanking.Apply(found);
}

}  // namespace tandem
