// validate, fmt, explain: what needs only the texts and the schemas.

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <sstream>
#include <thread>

#include "cli/local.h"
#include "cli/table.h"
#include "cli/write_file.h"
#include "tandem/base/printable.h"
#include "tandem/base/spelling.h"
#include "tandem/compile/explain.h"
#include "tandem/config/format.h"

namespace tandem {
namespace {

namespace fs = std::filesystem;

std::string DefaultSchemas() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  const fs::path folder = error ? fs::path(".") : program.parent_path();
  const fs::path beside = (folder / "../share/tandem/schemas").lexically_normal();
  return fs::is_directory(beside, error) ? beside.string()
                                         : (folder / "../schemas").lexically_normal().string();
}

/// "1 error", "2 errors".
std::string Counted(int count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

Value DiagnosticValue(const Diagnostic& item) {
  Map value{{"severity", item.severity == Severity::kError ? "error" : "warning"},
            {"summary", item.summary},
            {"detail", item.detail},
            {"address", item.address}};
  if (item.range.text != nullptr) {
    const Position at = PositionAt(*item.range.text, item.range.begin);
    value["file"] = item.range.text->name;
    value["line"] = at.line;
    value["column"] = at.column;
  }
  return value;
}

Value Judgement(bool valid, const Diagnostics& found) {
  List list;
  for (const Diagnostic& item : found.items()) list.push_back(DiagnosticValue(item));
  return Map{{"valid", valid}, {"diagnostics", std::move(list)}};
}

/// Another text for a file, whose mode stays; behind a link it is the file that changes.
Status Rewrite(const std::string& path, const std::string& text) {
  std::error_code error;
  const fs::path file = fs::canonical(path, error);
  const fs::perms mode = error ? fs::perms::none : fs::status(file, error).permissions();
  if (error) return Unavailable(fmt::format("cannot write {}: {}", path, error.message()));
  return WriteFile(file.string(), text, static_cast<mode_t>(mode));
}

}  // namespace

std::unique_ptr<Catalog> LoadCatalog(const Flags& flags, const Console& console) {
  auto catalog = OpenCatalog(flags.schemas.empty() ? DefaultSchemas() : flags.schemas);
  if (catalog.ok()) return *std::move(catalog);
  *console.err << "error: " << catalog.status().message() << "; name the folder with --schemas\n";
  return nullptr;
}

std::shared_ptr<const CompiledModel> CompileModel(const Sources& sources, const Catalog& catalog,
                                                  Diagnostics& found) {
  CompileOptions options;
  options.parallel = [](size_t count, const std::function<void(size_t)>& work) {
    std::atomic<size_t> next{0};
    const auto take = [&] {
      for (size_t i = next++; i < count; i = next++) work(i);
    };
    std::vector<std::thread> others;
    const size_t cores = std::max(1u, std::thread::hardware_concurrency());
    for (size_t i = 1; i < std::min(cores, count); ++i) others.emplace_back(take);
    take();
    for (std::thread& other : others) other.join();
  };
  auto model = Compile(sources, catalog, options, found);
  found.Sort();
  return found.has_errors() ? nullptr : model;
}

int RunValidate(const Flags& flags, const Console& console) {
  const bool text = flags.output.empty() || flags.output == "text" || flags.output == "table";
  const Result<Sources> sources = ReadModel(flags, console);
  if (!sources.ok()) {
    Diagnostics unread;
    unread.Error({}, sources.status().message());
    if (text) *console.err << FormatDiagnostics(unread);
    if (!text) PrintValue(Judgement(false, unread), flags.output, *console.out);
    return kExitConfiguration;
  }
  const std::unique_ptr<Catalog> catalog = LoadCatalog(flags, console);
  if (catalog == nullptr) return kExitConfiguration;
  Diagnostics found;
  const auto model = CompileModel(*sources, *catalog, found);
  const int code = model == nullptr ? kExitConfiguration : kExitOk;
  if (!text) {
    PrintValue(Judgement(model != nullptr, found), flags.output, *console.out);
    return code;
  }
  *console.err << FormatDiagnostics(found);
  if (model == nullptr) {
    *console.err << fmt::format("\n{}, {}\n", Counted(found.errors(), "error"),
                                Counted(found.warnings(), "warning"));
    return code;
  }
  *console.out << fmt::format("valid: {} documents, {} components, {} resources{}\n", model->documents.size(),
                              model->components.size(), model->resources.size(),
                              found.warnings() == 0 ? "" : ", " + Counted(found.warnings(), "warning"));
  return code;
}

int RunFmt(const Flags& flags, const Console& console) {
  int code = kExitOk;
  for (const std::string& path : flags.arguments) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    if (!in) {
      *console.err << fmt::format("error: cannot read {}\n", path);
      return kExitConfiguration;
    }
    const auto source = std::make_shared<const SourceText>(SourceText{path, text.str()});
    Diagnostics found;
    const std::optional<std::string> formatted = FormatYaml(source, ParseLimits(), found);
    if (!formatted.has_value()) {
      found.Sort();
      *console.err << FormatDiagnostics(found);
      code = kExitConfiguration;
      continue;
    }
    if (*formatted == source->text) continue;
    *console.out << path << "\n";
    if (flags.check) {
      if (code == kExitOk) code = kExitError;
      continue;
    }
    if (const Status written = Rewrite(path, *formatted); !written.ok()) {
      *console.err << "error: " << written.message() << "\n";
      return kExitError;
    }
  }
  return code;
}

int RunExplain(const Flags& flags, const Console& console) {
  const std::unique_ptr<Catalog> catalog = LoadCatalog(flags, console);
  if (catalog == nullptr) return kExitConfiguration;
  std::vector<std::string> known = OwnKinds();
  const auto is_own = [own = known](const std::string& name) { return std::count(own.begin(), own.end(), name) > 0; };
  for (const KindName& name : catalog->kinds()) known.push_back(name.ToString());
  if (flags.arguments.empty()) {
    for (const std::string& name : known) *console.out << name << "\n";
    return kExitOk;
  }
  const std::string& text = flags.arguments[0];
  const size_t slash = text.find('/');
  // The group holds dots; the path begins at the first one behind the kind.
  const size_t dot = slash == std::string::npos ? std::string::npos : text.find_first_of(".[", slash);
  const KindName name{text.substr(0, slash),
                      slash == std::string::npos ? "" : text.substr(slash + 1, dot - slash - 1)};
  const std::shared_ptr<const Kind> kind = catalog->Find(name);
  const bool own = is_own(name.ToString());
  if (kind == nullptr && !own) {
    const std::string near = NearestWord(text.substr(0, dot), known);
    *console.err << fmt::format("error: there is no kind '{}'{}\n", text.substr(0, dot),
                                near.empty() ? "; list them with: tandem explain"
                                             : fmt::format("; did you mean '{}'?", near));
    return kExitNotFound;
  }
  std::string path = dot == std::string::npos ? "" : text.substr(dot);
  if (!path.empty() && path[0] == '.') path.erase(0, 1);
  if (path.rfind("spec.", 0) == 0) path.erase(0, 5);
  const Result<std::string> explained = own ? ExplainOwnKind(name.ToString(), path) : kind->Explain(path);
  if (!explained.ok()) return FailCall(explained.status(), console);
  *console.out << PrintableLines(*explained);
  return kExitOk;
}

}  // namespace tandem
