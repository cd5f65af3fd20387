#include "host/cli/completion.h"

#include <set>

namespace penstock::cli {
namespace {

std::string Options(const Verb& command) {
  std::set<std::string> names;
  for (const OptionNames& option : command.Options()) {
    for (const std::string& name : option.longs) names.insert("--" + name);
  }
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : " ") + name;
  return out;
}

// Words that may follow a command: its own commands and options, and what its outer ones take.
std::string Words(const Verb& command, const std::string& outer) {
  std::string words;
  for (const Verb& inner : command.Verbs()) words += inner.name() + " ";
  const std::string own = Options(command);
  return words + (own.empty() ? "" : own + " ") + outer;
}

std::string CommandNames(const Verb& program) {
  std::string names;
  for (const Verb& command : program.Verbs()) {
    names += (names.empty() ? "" : " ") + command.name();
  }
  return names;
}

// A pattern of the global options that take a value, as "--env|-C".
std::string ValuedOptions(const Verb& program) {
  std::string out;
  for (const OptionNames& option : program.Options()) {
    if (!option.takes_value) continue;
    for (const std::string& name : option.longs) out += (out.empty() ? "--" : "|--") + name;
    for (const std::string& name : option.shorts) out += (out.empty() ? "-" : "|-") + name;
  }
  return out;
}

std::string Bash(const Verb& program) {
  std::string out =
      "# penstock completion for bash: eval \"$(penstock completion bash)\"\n"
      "_penstock() {\n"
      "  local word=\"${COMP_WORDS[COMP_CWORD]}\" verb=\"\" inner=\"\" i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"${COMP_WORDS[i]}\" in " +
      ValuedOptions(program) +
      ") i=$((i + 1)) ;; -*) ;; *)\n"
      "      if [ -n \"$verb\" ]; then inner=\"${COMP_WORDS[i]}\"; break; fi\n"
      "      verb=\"${COMP_WORDS[i]}\" ;;\n"
      "    esac\n"
      "  done\n"
      "  local words=\"\"\n"
      "  case \"$verb $inner\" in\n";
  const std::string global = Options(program);
  out += "    ' ') words='" + CommandNames(program) + " " + global + "' ;;\n";
  for (const Verb& command : program.Verbs()) {
    for (const Verb& inner : command.Verbs()) {
      out += "    '" + command.name() + " " + inner.name() + "') words='" + Words(inner, global) +
             "' ;;\n";
    }
    out += "    '" + command.name() + " '*) words='" + Words(command, global) + "' ;;\n";
  }
  return out +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "}\n"
         "complete -o default -F _penstock penstock\n";
}

std::string Zsh(const Verb& program) {
  return "# penstock completion for zsh: eval \"$(penstock completion zsh)\"\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         Bash(program);
}

std::string FishQuoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

// The options of a command, where `condition` holds.
std::string FishOptions(const Verb& command, const std::string& condition) {
  std::string out;
  for (const OptionNames& option : command.Options()) {
    for (const std::string& name : option.longs) {
      out += "complete -c penstock -n '" + condition + "' -l " + name + " -d " +
             FishQuoted(option.what) + "\n";
    }
  }
  return out;
}

std::string Fish(const Verb& program) {
  std::string out = "# penstock completion for fish: penstock completion fish | source\n";
  for (const Verb& command : program.Verbs()) {
    out += "complete -c penstock -n __fish_use_subcommand -f -a " + command.name() + " -d " +
           FishQuoted(command.what()) + "\n";
    const std::string seen = "__fish_seen_subcommand_from " + command.name();
    for (const Verb& inner : command.Verbs()) {
      out += "complete -c penstock -n '" + seen + "' -f -a " + inner.name() + " -d " +
             FishQuoted(inner.what()) + "\n";
      out += FishOptions(inner, seen + "; and __fish_seen_subcommand_from " + inner.name());
    }
    out += FishOptions(command, seen);
  }
  return out;
}

}  // namespace

std::string CompletionScript(const Verb& program, const std::string& shell) {
  if (shell == "bash") return Bash(program);
  return shell == "zsh" ? Zsh(program) : Fish(program);
}

}  // namespace penstock::cli
