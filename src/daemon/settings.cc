#include "daemon/settings.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tandem/base/spelling.h"
#include "tandem/base/version.h"
#include "tandem/config/parse.h"

namespace tandem {
namespace {

namespace fs = std::filesystem;

constexpr Duration kLeastResync = std::chrono::seconds(1);  // an observation of everything costs calls

/// Refuses what is no number of this range; "nan" is none.
CLI::Validator NumberFrom(double least, double most) {
  const auto check = [least, most](const std::string& text) {
    char* end = nullptr;
    const double number = std::strtod(text.c_str(), &end);
    const bool good = !text.empty() && *end == '\0' && number >= least && number <= most;
    return good ? "" : fmt::format("'{}' is not a number from {} to {}", text, least, most);
  };
  return CLI::Validator(check, "NUMBER", "");
}

std::string EnvOr(const char* name, std::string otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

std::string DefaultStateDir() {
  if (geteuid() == 0) return "/var/lib/tandem";
  const std::string home = EnvOr("HOME", "/tmp");
  return EnvOr("XDG_STATE_HOME", home + "/.local/state") + "/tandem";
}

fs::path FolderOfProgram() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path(".") : program.parent_path();
}

/// `../share/tandem/schemas` beside the program, else the source tree's.
std::string DefaultSchemas() {
  const fs::path beside = FolderOfProgram() / "../share/tandem/schemas";
  std::error_code error;
  if (fs::is_directory(beside, error)) return beside.lexically_normal().string();
  return (FolderOfProgram() / "../schemas").lexically_normal().string();
}

Result<Value> ReadSettingsFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  if (!in)
    return NotFound(
        fmt::format("cannot read the settings file {}; name another with --config", path));
  Diagnostics found;
  const auto source = std::make_shared<const SourceText>(SourceText{path, text.str()});
  const auto tree = ParseYaml(source, ParseLimits(), found);
  if (found.has_errors()) return InvalidArgument(FormatDiagnostics(found));
  if (!tree.has_value()) return Value(Map());
  if (!tree->value.is_map()) return InvalidArgument(fmt::format("{}: must be a map of flag names", path));
  return tree->value;
}

std::string ScalarText(const Value& value) {
  if (value.is_string()) return value.as_string();
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  if (value.is_int()) return std::to_string(value.as_int());
  if (value.is_double()) return fmt::format("{}", value.as_double());
  return "";
}

/// Gives options that neither flag nor environment set their value from the file.
Status ApplyFile(const Value& file, const std::string& path, CLI::App& app, Settings& settings) {
  std::vector<std::string> known{"roles"};
  for (const CLI::Option* option : app.get_options())
    if (!option->get_lnames().empty()) known.push_back(option->get_lnames()[0]);
  for (const auto& [key, value] : file.as_map()) {
    if (key == "roles") {
      if (!value.is_map()) return InvalidArgument(fmt::format("{}: 'roles' maps roles to principals", path));
      for (const auto& [role, principals] : value.as_map()) {
        if (!principals.is_list())
          return InvalidArgument(fmt::format("{}: the principals of '{}' must be a list", path, role));
        for (const Value& principal : principals.as_list())
          settings.roles[role].push_back(ScalarText(principal));
      }
      continue;
    }
    CLI::Option* option = app.get_option_no_throw("--" + key);
    if (option == nullptr) {
      const std::string near = NearestWord(key, known);
      return InvalidArgument(fmt::format("{}: unknown setting '{}'{}", path, key,
                                         near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
    }
    if (option->count() > 0) continue;
    const std::string text = ScalarText(value);
    if (text.empty() && !value.is_string())
      return InvalidArgument(fmt::format("{}: '{}' must be a scalar", path, key));
    option->add_result(text);
    option->run_callback();
  }
  return OkStatus();
}

}  // namespace

std::string DefaultAddress() {
  if (geteuid() == 0) return "unix:/run/tandem/tandemd.sock";
  return "unix:" + EnvOr("XDG_RUNTIME_DIR", "/tmp") + "/tandem/tandemd.sock";
}

ParsedSettings ParseSettings(int argc, const char* const* argv) {
  Settings settings;
  settings.state_dir = DefaultStateDir();
  settings.listen = DefaultAddress();
  settings.schemas = DefaultSchemas();
  settings.providers = FolderOfProgram().string();
  std::string config;
  std::string resync = FormatDuration(settings.resync);
  std::string grace = FormatDuration(settings.grace);
  std::string log_level = "info";
  bool no_heal = false;

  CLI::App app("tandemd keeps one platform true.", "tandemd");
  app.set_version_flag("--version", std::string(kVersion));
  app.add_option("--config", config, "YAML file keyed by flag name; also holds 'roles'")
      ->envname("TANDEM_CONFIG");
  app.add_option("--state-dir", settings.state_dir, "folder of the state, made if missing")
      ->envname("TANDEM_STATE_DIR")
      ->capture_default_str();
  app.add_option("--witness", settings.witness,
                 "file that tells an old store apart; not to be put back with it (DIR/witness)")
      ->envname("TANDEM_WITNESS");
  app.add_option("--listen", settings.listen, "unix:/path, or host:port with TLS")
      ->envname("TANDEM_LISTEN")
      ->capture_default_str();
  app.add_option("--web", settings.web, "host:port of /metrics, /healthz and /readyz; '' for none")
      ->envname("TANDEM_WEB")
      ->capture_default_str();
  app.add_option("--tls-cert", settings.tls_cert, "certificate chain (PEM)")->envname("TANDEM_TLS_CERT");
  app.add_option("--tls-key", settings.tls_key, "private key (PEM)")->envname("TANDEM_TLS_KEY");
  app.add_option("--tls-client-ca", settings.tls_client_ca, "CA of client certificates (PEM)")
      ->envname("TANDEM_TLS_CLIENT_CA");
  app.add_option("--schemas", settings.schemas, "folder of kinds and API descriptions")
      ->envname("TANDEM_SCHEMAS")
      ->capture_default_str();
  app.add_option("--providers", settings.providers, "folder of the provider programs")
      ->envname("TANDEM_PROVIDERS")
      ->capture_default_str();
  app.add_flag("--sandbox", settings.sandbox, "all accounts are simulated")->envname("TANDEM_SANDBOX");
  app.add_option("--seed", settings.seed, "of the simulated clouds")
      ->envname("TANDEM_SEED")
      ->capture_default_str();
  app.add_option("--time-scale", settings.time_scale, "simulated seconds for each real one")
      ->envname("TANDEM_TIME_SCALE")
      ->check(NumberFrom(0.001, 1e6))
      ->capture_default_str();
  app.add_flag("--no-heal", no_heal, "drift is only reported")->envname("TANDEM_NO_HEAL");
  app.add_option("--resync", resync, "between full observations of an account")
      ->envname("TANDEM_RESYNC")
      ->capture_default_str();
  app.add_option("--runs-kept", settings.runs_kept, "ended runs to remember, with their steps and plans")
      ->envname("TANDEM_RUNS_KEPT")
      ->check(NumberFrom(1, 1e9))
      ->capture_default_str();
  app.add_option("--grace", grace, "for calls in flight when stopping")
      ->envname("TANDEM_GRACE")
      ->capture_default_str();
  app.add_option("--log-level", log_level, "debug, info, warning or error")
      ->envname("TANDEM_LOG_LEVEL")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();

  ParsedSettings parsed;
  const auto fail = [&](const std::string& why) {
    // What was found wrong in a file says already that it is an error.
    parsed.text = (why.rfind("error: ", 0) == 0 ? "" : "error: ") + why + "\nsee tandemd --help\n";
    parsed.exit_code = 2;
    return parsed;
  };
  try {
    app.parse(argc, argv);
    if (!config.empty()) {
      const Result<Value> file = ReadSettingsFile(config);
      if (!file.ok()) return fail(file.status().message());
      if (const Status status = ApplyFile(*file, config, app, settings); !status.ok())
        return fail(status.message());
    }
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    parsed.exit_code = app.exit(error, out, err) == 0 ? 0 : 2;
    parsed.text = out.str() + err.str();
    return parsed;
  }
  const Result<Duration> resync_time = ParseDuration(resync);
  if (!resync_time.ok()) return fail("--resync: " + resync_time.status().message());
  if (*resync_time < kLeastResync)
    return fail(fmt::format("--resync: {} is too often; the least is {}", resync,
                            FormatDuration(kLeastResync)));
  const Result<Duration> grace_time = ParseDuration(grace);
  if (!grace_time.ok()) return fail("--grace: " + grace_time.status().message());
  settings.resync = *resync_time;
  settings.grace = *grace_time;
  settings.heal = !no_heal;
  settings.log_level = log_level == "debug"     ? LogLevel::kDebug
                       : log_level == "warning" ? LogLevel::kWarning
                       : log_level == "error"   ? LogLevel::kError
                                                : LogLevel::kInfo;
  if (settings.state_dir.empty()) return fail("--state-dir must not be empty");
  if (settings.listen.empty() || settings.listen == "unix:")
    return fail(fmt::format("--listen: '{}' is neither unix:/path nor host:port", settings.listen));
  parsed.settings = std::move(settings);
  return parsed;
}

}  // namespace tandem
