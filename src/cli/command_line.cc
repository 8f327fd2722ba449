// The command line: every flag once, and the table of subcommands.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>

#include "cli/command.h"
#include "tandem/base/spelling.h"
#include "tandem/base/utf8.h"
#include "tandem/base/version.h"

namespace tandem {

const std::vector<Command>& Commands() {
  using F = Flag;
  using Forms = std::vector<std::string>;
  static const Forms kTextual = {"text", "table", "json", "yaml"};
  static const Forms kPlans = {"text", "table", "markdown", "json", "yaml"};
  static const Forms kWide = {"table", "wide", "json", "yaml"};
  static const Forms kLines = {"text", "table", "json"};
  static const std::vector<Command> commands = {
      {"validate", "check a model without a daemon", {F::kFiles, F::kOutput}, "", 0, 0, RunValidate, kTextual},
      {"fmt", "format model files in place", {F::kCheck}, "FILE…", 1, 10000, RunFmt},
      {"plan", "show what an apply would change",
       {F::kFiles, F::kTarget, F::kOut, F::kOutput, F::kDetailedExitcode, F::kDeleteBudget, F::kMode,
        F::kRefresh},
       "", 0, 0, RunPlan, kPlans},
      {"diff", "as plan; exit 0 without and 1 with differences",
       {F::kFiles, F::kTarget, F::kOutput, F::kRefresh}, "", 0, 0, RunDiff, kPlans},
      {"apply", "plan, ask, and make it so; or apply a saved plan",
       {F::kFiles, F::kTarget, F::kDeleteBudget, F::kAutoApprove, F::kWait, F::kTimeout, F::kRefresh},
       "[PLAN]", 0, 1, RunApply},
      {"approve", "approve a pending plan", {F::kWait, F::kTimeout}, "HASH", 1, 1, RunApprove},
      {"unprotect", "lift the protection of one resource", {F::kAutoApprove, F::kWait, F::kTimeout},
       "ADDRESS", 1, 1, RunUnprotect},
      {"cancel", "stop a run: no new call, open ones settle", {}, "RUN", 1, 1, RunCancel},
      {"get", "list resources, components, connections, accounts or runs, or one of them",
       {F::kOutput, F::kComponent}, "WHAT|ADDRESS [NAME]", 1, 2, RunGet, kWide},
      {"describe", "all about one resource or component", {F::kOutput}, "ADDRESS", 1, 1, RunDescribe, {"yaml", "json"}},
      {"status", "the table of all components", {F::kOutput}, "", 0, 0, RunStatus, kWide},
      {"watch", "changes as they happen", {F::kOutput, F::kRun, F::kTimeout}, "", 0, 0, RunWatch, kLines},
      {"events", "what happened", {F::kOutput, F::kRun, F::kLimit}, "[ADDRESS]", 0, 1, RunEvents, kLines},
      {"why", "why a resource is as it is", {}, "ADDRESS", 1, 1, RunWhy},
      {"explain", "the reference of a kind or a field", {}, "[KIND[.PATH]]", 0, 1, RunExplain},
      {"graph", "draw the diagram", {F::kFiles, F::kOutput, F::kComponentGroup}, "", 0, 0, RunGraph, {"mermaid", "dot", "svg", "json"}},
      {"import mermaid", "write the Component documents of a diagram",
       {F::kComponentGroup, F::kPlatform}, "FILE", 1, 1, RunImportMermaid},
      {"refresh", "observe now", {}, "[ADDRESS]", 0, 1, RunRefresh},
      {"pause", "leave a resource, or all, alone", {F::kAll}, "[ADDRESS]", 0, 1, RunPause},
      {"resume", "end a pause", {F::kAll}, "[ADDRESS]", 0, 1, RunResume},
      {"history", "the accepted revisions", {F::kOutput, F::kLimit}, "", 0, 0, RunHistory, {"table", "json", "yaml"}},
      {"undo", "plan the way back to an earlier revision",
       {F::kOut, F::kOutput, F::kDetailedExitcode, F::kDeleteBudget, F::kRefresh}, "[REVISION]", 0, 1,
       RunUndo, kPlans},
      {"version", "what this is", {F::kServer, F::kOutput}, "", 0, 0, RunVersion, {"yaml", "json"}},
      {"completion", "shell completion for bash, zsh or fish", {}, "SHELL", 1, 1, RunCompletion},
      {"sandbox", "look into and disturb the simulated clouds: ledger, mutate, delete, fault add|list|clear",
       {F::kStateDir, F::kRate, F::kProbability, F::kLag, F::kFor, F::kOutput},
       "ledger | mutate ADDRESS FIELD VALUE | delete ADDRESS | fault add TYPE [TARGET] | fault list | "
       "fault clear [ID]",
       1, 5, RunSandbox, {"json", "yaml"}},
  };
  return commands;
}

namespace {

/// What `flag` says, read before anything is asked of the daemon.
Duration DurationOf(const std::string& flag, const std::string& text) {
  const Result<Duration> duration = ParseDuration(text);
  if (!duration.ok()) throw CLI::ValidationError(flag, duration.status().message());
  return *duration;
}

void AddFlag(CLI::App& app, Flag flag, Flags& flags) {
  switch (flag) {
    case Flag::kFiles:
      app.add_option("-f,--filename", flags.files, "file, folder or - (the whole model)");
      app.add_flag("-R,--recursive", flags.recursive, "also the folders of a folder");
      break;
    case Flag::kOutput: app.add_option("-o,--output", flags.output, "form of the output"); break;
    case Flag::kTarget:
      app.add_option("--target", flags.targets, "only this address and what it needs");
      break;
    case Flag::kOut: app.add_option("--out", flags.out, "save the plan in this file"); break;
    case Flag::kDetailedExitcode:
      app.add_flag("--detailed-exitcode", flags.detailed_exitcode, "0 no changes, 1 error, 2 changes");
      break;
    case Flag::kDeleteBudget:
      app.add_option("--delete-budget", flags.delete_budget, "the exact number of destroys you accept")
          ->check([](const std::string& text) { return text.rfind('-', 0) == 0 ? "must be 0 or more" : ""; });
      break;
    case Flag::kMode:
      app.add_option("--mode", flags.mode, "what the plan is for: apply")->check(CLI::IsMember({"apply"}));
      break;
    case Flag::kRefresh:
      app.add_flag("--refresh,!--no-refresh", flags.refresh, "observe before planning")
          ->default_str("true");
      break;
    case Flag::kAutoApprove:
      app.add_flag("--auto-approve", flags.auto_approve, "do not ask");
      break;
    case Flag::kWait:
      app.add_flag("--wait,!--no-wait", flags.wait, "until the run has ended")->default_str("true");
      break;
    case Flag::kTimeout:
      app.add_option_function<std::string>(
          "--timeout", [&flags](const std::string& text) { flags.timeout = DurationOf("--timeout", text); },
          "end the waiting after, e.g. 10m");
      break;
    case Flag::kAll: app.add_flag("--all", flags.all, "everything"); break;
    case Flag::kCheck: app.add_flag("--check", flags.check, "change nothing; exit 1 if anything would"); break;
    case Flag::kServer: app.add_flag("--server", flags.server, "ask the daemon as well"); break;
    case Flag::kLimit:
      app.add_option("--limit", flags.limit, "the newest so many")
          ->check(CLI::Range(int64_t{1}, INT64_MAX, "POSITIVE"));
      break;
    case Flag::kRun: app.add_option("--run", flags.run, "only of this run"); break;
    case Flag::kComponent: app.add_option("--component", flags.component, "only of this component"); break;
    case Flag::kComponentGroup:
      app.add_option("--component-group", flags.component_groups, "this group is a component as well");
      break;
    case Flag::kPlatform: app.add_option("--platform", flags.platform, "name of the platform"); break;
    case Flag::kRate: app.add_option("--rate", flags.rate, "calls a second (throttle)"); break;
    case Flag::kProbability:
      app.add_option("--probability", flags.probability, "of losing a reply (lost-replies)");
      break;
    case Flag::kLag: app.add_option("--lag", flags.lag, "how far reads lag (stale-reads)"); break;
    case Flag::kStateDir:
      app.add_option("--state-dir", flags.state_dir, "of the daemon")->envname("TANDEM_STATE_DIR");
      break;
    case Flag::kFor: app.add_option("--for", flags.duration, "how long (stale-reads)"); break;
  }
}

// CLI11 takes "[a,b]" for a list of two arguments. Behind this byte it is one, as the user wrote it.
constexpr char kVerbatim = '\x1f';

std::vector<std::string> Verbatim(int argc, const char* const* argv) {
  std::vector<std::string> words(argv, argv + argc);
  for (std::string& word : words) {
    const bool list = word.size() >= 2 && word.front() == '[' && word.back() == ']';
    if (list || (!word.empty() && word.front() == kVerbatim)) word.insert(0, 1, kVerbatim);
  }
  return words;
}

/// What was meant instead of a command that there is not, or "". `app` could not parse its words.
std::string UnknownCommand(const CLI::App& app) {
  const CLI::App* group = &app;
  while (!group->get_subcommands().empty()) group = group->get_subcommands().front();
  if (group->get_require_subcommand_min() == 0) return "";
  for (const std::string& word : app.remaining(true)) {
    if (word.empty() || word.front() == '-' || word.front() == kVerbatim) continue;
    std::vector<std::string> names;
    for (const CLI::App* command : group->get_subcommands([](const CLI::App*) { return true; }))
      names.push_back(command->get_name());
    const std::string near = NearestWord(word, names);
    const std::string of = group == &app ? "" : " of " + group->get_name();
    return fmt::format("error: there is no command '{}'{}{} See tandem{} --help\n", word, of,
                       near.empty() ? "." : "; did you mean '" + near + "'?",
                       group == &app ? "" : " " + group->get_name());
  }
  return "";
}

std::string AsWritten(std::string word) {
  if (!word.empty() && word.front() == kVerbatim) word.erase(0, 1);
  return word;
}

}  // namespace

int RunCommandLine(int argc, const char* const* argv, const Console& given) {
  for (int i = 1; i < argc; ++i) {
    const size_t plain = WellFormedBytes(argv[i]);
    if (argv[i][plain] == '\0') continue;
    *given.err << fmt::format("error: argument {} is not valid UTF-8: byte 0x{:02X} behind '{}'\n", i,
                              static_cast<unsigned char>(argv[i][plain]), std::string_view(argv[i], plain));
    return kExitConfiguration;
  }
  Flags flags;
  Console console = given;
  CLI::App app("tandem keeps one platform true across two clouds.", "tandem");
  app.set_version_flag("--version", "tandem " + std::string(kVersion));
  app.require_subcommand(1);
  app.add_option("--address", flags.address, "of the daemon: unix:/path or host:port")
      ->envname("TANDEM_ADDRESS");
  app.add_option("--schemas", flags.schemas, "folder of kinds and API descriptions")
      ->envname("TANDEM_SCHEMAS");
  app.add_option("--tls-ca", flags.tls_ca, "CA of the daemon's certificate")->envname("TANDEM_TLS_CA");
  app.add_option("--tls-cert", flags.tls_cert, "your certificate")->envname("TANDEM_TLS_CERT");
  app.add_option("--tls-key", flags.tls_key, "its key")->envname("TANDEM_TLS_KEY");
  app.add_flag("--no-color", flags.no_color, "plain text");
  app.fallthrough();

  std::map<std::string, CLI::App*> groups;
  std::vector<std::pair<CLI::App*, const Command*>> parsers;
  for (const Command& command : Commands()) {
    CLI::App* parent = &app;
    std::string name = command.name;
    if (const size_t space = name.find(' '); space != std::string::npos) {
      const std::string group = name.substr(0, space);
      name = name.substr(space + 1);
      if (groups.count(group) == 0) {
        groups[group] = app.add_subcommand(group, "import from another tool's file");
        groups[group]->require_subcommand(1);
        groups[group]->fallthrough();
      }
      parent = groups[group];
    }
    CLI::App* parser = parent->add_subcommand(name, command.summary);
    parser->fallthrough();
    for (const Flag flag : command.flags) AddFlag(*parser, flag, flags);
    if (command.most > 0)
      parser->add_option("arguments", flags.arguments, command.arguments)
          ->type_name("")
          ->option_text(command.arguments)
          ->expected(static_cast<int>(command.least), static_cast<int>(command.most));
    parsers.emplace_back(parser, &command);
    for (CLI::Option* option : parser->get_options()) option->transform(AsWritten);
  }
  for (CLI::Option* option : app.get_options()) option->transform(AsWritten);
  try {
    const std::vector<std::string> words = Verbatim(argc, argv);
    std::vector<const char*> pointers;
    for (const std::string& word : words) pointers.push_back(word.c_str());
    app.parse(argc, pointers.data());
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    const int code = app.exit(error, out, err);
    *console.out << out.str();
    const std::string unknown = code == 0 ? "" : UnknownCommand(app);
    std::string told = unknown.empty() ? err.str() : unknown;
    std::erase(told, kVerbatim);
    *console.err << told;
    return code == 0 ? kExitOk : kExitConfiguration;
  }
  if (flags.no_color) console.color = false;
  for (const auto& [parser, command] : parsers) {
    if (!parser->parsed()) continue;
    if (flags.arguments.size() < command->least) {
      *console.err << fmt::format("error: {} needs {}\n", command->name, command->arguments);
      return kExitConfiguration;
    }
    const std::vector<std::string>& forms = command->forms;
    if (!flags.output.empty() && std::find(forms.begin(), forms.end(), flags.output) == forms.end()) {
      const std::string near = NearestWord(flags.output, forms);
      *console.err << fmt::format("error: '{}' is no output form of {}; {}\n", flags.output, command->name,
                                  near.empty() ? fmt::format("one of {}", fmt::join(forms, ", "))
                                               : fmt::format("did you mean '{}'?", near));
      return kExitConfiguration;
    }
    return command->run(flags, console);
  }
  return kExitConfiguration;
}

}  // namespace tandem
