// version, completion.

#include <fmt/format.h>

#include <ostream>
#include <set>

#include "cli/client.h"
#include "cli/table.h"
#include "tandem/base/version.h"

namespace tandem {

int RunVersion(const Flags& flags, const Console& console) {
  Value value = Map{{"client", std::string(kVersion)}};
  if (flags.server) {
    Client client(flags);
    const auto reply = client.Version();
    if (!reply.ok()) return FailCall(reply.status(), console);
    value.Set("server", reply->version());
    value.Set("platform", reply->platform().empty() ? Value() : Value(reply->platform()));
    value.Set("platformUid", reply->platform_uid().empty() ? Value() : Value(reply->platform_uid()));
    value.Set("revision", reply->accepted());
    value.Set("ready", reply->ready());
  }
  if (!flags.output.empty() && PrintValue(value, flags.output, *console.out)) return kExitOk;
  *console.out << ToYaml(value);
  return kExitOk;
}

int RunCompletion(const Flags& flags, const Console& console) {
  std::set<std::string> names;
  for (const Command& command : Commands()) names.insert(command.name.substr(0, command.name.find(' ')));
  const std::string words = fmt::format("{}", fmt::join(names, " "));
  const std::string& shell = flags.arguments[0];
  if (shell == "bash") {
    *console.out << fmt::format(
        "_tandem() {{\n"
        "  local word=\"${{COMP_WORDS[COMP_CWORD]}}\"\n"
        "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
        "    COMPREPLY=($(compgen -W \"{}\" -- \"$word\"))\n"
        "  elif [ \"${{COMP_WORDS[1]}}\" = get ] && [ \"$COMP_CWORD\" -eq 2 ]; then\n"
        "    COMPREPLY=($(compgen -W \"resources components connections accounts runs\" -- \"$word\"))\n"
        "  else\n"
        "    COMPREPLY=($(compgen -f -- \"$word\"))\n"
        "  fi\n"
        "}}\n"
        "complete -o filenames -F _tandem tandem\n",
        words);
  } else if (shell == "zsh") {
    *console.out << fmt::format(
        "#compdef tandem\n"
        "if (( CURRENT == 2 )); then\n"
        "  compadd {}\n"
        "elif [[ $words[2] == get && CURRENT == 3 ]]; then\n"
        "  compadd resources components connections accounts runs\n"
        "else\n"
        "  _files\n"
        "fi\n",
        words);
  } else if (shell == "fish") {
    for (const Command& command : Commands()) {
      if (command.name.find(' ') != std::string::npos) continue;
      *console.out << fmt::format("complete -c tandem -n __fish_use_subcommand -f -a {} -d '{}'\n", command.name,
                                  command.summary);
    }
  } else {
    *console.err << fmt::format("error: '{}' is not one of bash, zsh, fish\n", shell);
    return kExitConfiguration;
  }
  return kExitOk;
}

}  // namespace tandem
