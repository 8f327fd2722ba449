// What a subcommand is: its name, its flags, and a function that runs it.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "tandem/base/clock.h"
#include "tandem/base/status.h"
#include "tandem/model/source.h"

namespace tandem {

/// DESIGN.md section 9.
enum ExitCode : int {
  kExitOk = 0,
  kExitError = 1,
  kExitConfiguration = 2,
  kExitSignIn = 3,
  kExitResource = 4,
  kExitPolicy = 5,
  kExitNotFound = 6,
  kExitCancelled = 8,
  kExitTimeout = 9,
  kExitInternal = 255,
};

/// All flags of all subcommands; each takes those that its Command names.
struct Flags {
  std::vector<std::string> files;
  bool recursive = false;
  std::string output;  // "" means the command's default
  std::vector<std::string> targets;
  std::string out;
  bool detailed_exitcode = false;
  std::optional<int64_t> delete_budget;
  std::string mode = "apply";
  bool refresh = true;
  bool auto_approve = false;
  bool wait = true;
  std::optional<Duration> timeout;
  bool all = false;
  bool check = false;
  bool server = false;
  int64_t limit = 0;
  std::string run;
  std::string component;
  std::vector<std::string> component_groups;
  std::string platform;
  double rate = 0;
  double probability = 0;
  std::string lag;
  std::string duration;  // --for
  std::string state_dir;
  std::vector<std::string> arguments;

  // Of the program, not of one command.
  std::string address;
  std::string schemas;
  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;
  bool no_color = false;
};

enum class Flag {
  kFiles, kOutput, kTarget, kOut, kDetailedExitcode, kDeleteBudget, kMode, kRefresh, kAutoApprove,
  kWait, kTimeout, kAll, kCheck, kServer, kLimit, kRun, kComponent, kComponentGroup,
  kPlatform, kRate, kProbability, kLag, kFor, kStateDir,
};

/// Where a command reads and writes.
struct Console {
  std::istream* in = nullptr;
  std::ostream* out = nullptr;
  std::ostream* err = nullptr;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool color = false;
  int width = 100;
};

struct Command {
  std::string name;  // "import mermaid" is a command within a command
  std::string summary;
  std::vector<Flag> flags;
  std::string arguments;  // "ADDRESS", "[REVISION]", "WHAT [NAME]…"; "" takes none
  size_t least = 0;       // arguments
  size_t most = 0;
  int (*run)(const Flags& flags, const Console& console) = nullptr;
  std::vector<std::string> forms = {};  // of kOutput
};

const std::vector<Command>& Commands();

/// Parses, runs, and turns what goes wrong into an exit code.
int RunCommandLine(int argc, const char* const* argv, const Console& console);

// One for each subcommand, in the file of its name.
int RunValidate(const Flags&, const Console&);
int RunFmt(const Flags&, const Console&);
int RunPlan(const Flags&, const Console&);
int RunDiff(const Flags&, const Console&);
int RunUndo(const Flags&, const Console&);
int RunApply(const Flags&, const Console&);
int RunApprove(const Flags&, const Console&);
int RunUnprotect(const Flags&, const Console&);
int RunCancel(const Flags&, const Console&);
int RunPause(const Flags&, const Console&);
int RunResume(const Flags&, const Console&);
int RunRefresh(const Flags&, const Console&);
int RunGet(const Flags&, const Console&);
int RunDescribe(const Flags&, const Console&);
int RunStatus(const Flags&, const Console&);
int RunWatch(const Flags&, const Console&);
int RunEvents(const Flags&, const Console&);
int RunWhy(const Flags&, const Console&);
int RunExplain(const Flags&, const Console&);
int RunGraph(const Flags&, const Console&);
int RunImportMermaid(const Flags&, const Console&);
int RunHistory(const Flags&, const Console&);
int RunVersion(const Flags&, const Console&);
int RunCompletion(const Flags&, const Console&);
int RunSandbox(const Flags&, const Console&);

}  // namespace tandem
