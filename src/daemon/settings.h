// The daemon's settings: flags over TANDEM_* over a YAML file keyed by flag name, over defaults.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tandem/base/clock.h"
#include "tandem/base/log.h"
#include "tandem/base/status.h"

namespace tandem {

struct Settings {
  std::string state_dir;
  std::string witness;       // file; "" for STATE_DIR/witness
  std::string listen;        // "unix:/path" or "host:port"
  std::string web = "127.0.0.1:9464";  // "host:port", or "" for none
  std::string tls_cert;
  std::string tls_key;
  std::string tls_client_ca;
  std::string schemas;       // folder with kinds/ and apis/
  std::string providers;     // folder with tandem-provider-NAME
  bool sandbox = false;
  uint64_t seed = 1;
  double time_scale = 1;     // simulated seconds for each real one
  bool heal = true;
  Duration resync = std::chrono::minutes(10);
  size_t runs_kept = 1'000;                   // ended runs with their steps and plans
  Duration grace = std::chrono::seconds(20);  // for calls in flight when stopping
  LogLevel log_level = LogLevel::kInfo;
  std::map<std::string, std::vector<std::string>> roles;  // only from the file
};

/// What came of the command line: settings, or a text to print (help, version, an error) and the code.
struct ParsedSettings {
  std::optional<Settings> settings;
  std::string text;
  int exit_code = 0;
};

ParsedSettings ParseSettings(int argc, const char* const* argv);

/// `$XDG_RUNTIME_DIR/tandem/tandemd.sock`, for root `/run/tandem/tandemd.sock`, as "unix:…".
std::string DefaultAddress();

}  // namespace tandem
