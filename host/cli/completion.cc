#include "host/cli/completion.h"

#include <set>

namespace penstock::cli {
namespace {

std::vector<const CLI::App*> Commands(const CLI::App& app) {
  std::vector<const CLI::App*> commands;
  for (const CLI::App* command : app.get_subcommands({})) commands.push_back(command);
  return commands;
}

std::string Options(const CLI::App& command) {
  std::set<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.insert("--" + name);
  }
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : " ") + name;
  return out;
}

// Words that may follow a command: its own commands and options, and the global options.
std::string Words(const CLI::App& app, const CLI::App& command) {
  std::string words;
  for (const CLI::App* inner : Commands(command)) words += inner->get_name() + " ";
  const std::string own = Options(command);
  return words + (own.empty() ? "" : own + " ") + Options(app);
}

std::string CommandNames(const CLI::App& app) {
  std::string names;
  for (const CLI::App* command : Commands(app)) {
    names += (names.empty() ? "" : " ") + command->get_name();
  }
  return names;
}

// A pattern of the global options that take a value, as "--env|-C".
std::string ValuedOptions(const CLI::App& app) {
  std::string out;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_type_size() == 0) continue;
    for (const std::string& name : option->get_lnames()) out += (out.empty() ? "--" : "|--") + name;
    for (const std::string& name : option->get_snames()) out += (out.empty() ? "-" : "|-") + name;
  }
  return out;
}

std::string Bash(const CLI::App& app) {
  std::string out =
      "# penstock completion for bash: eval \"$(penstock completion bash)\"\n"
      "_penstock() {\n"
      "  local word=\"${COMP_WORDS[COMP_CWORD]}\" verb=\"\" i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"${COMP_WORDS[i]}\" in " +
      ValuedOptions(app) +
      ") i=$((i + 1)) ;; -*) ;; *) verb=\"${COMP_WORDS[i]}\"; break ;; esac\n"
      "  done\n"
      "  local words=\"\"\n"
      "  case \"$verb\" in\n";
  out += "    '') words='" + CommandNames(app) + " " + Options(app) + "' ;;\n";
  for (const CLI::App* command : Commands(app)) {
    out += "    " + command->get_name() + ") words='" + Words(app, *command) + "' ;;\n";
  }
  return out +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "}\n"
         "complete -o default -F _penstock penstock\n";
}

std::string Zsh(const CLI::App& app) {
  return "# penstock completion for zsh: eval \"$(penstock completion zsh)\"\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         Bash(app);
}

std::string FishQuoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string Fish(const CLI::App& app) {
  std::string out = "# penstock completion for fish: penstock completion fish | source\n";
  for (const CLI::App* command : Commands(app)) {
    out += "complete -c penstock -n __fish_use_subcommand -f -a " + command->get_name() + " -d " +
           FishQuoted(command->get_description()) + "\n";
    for (const CLI::App* inner : Commands(*command)) {
      out += "complete -c penstock -n '__fish_seen_subcommand_from " + command->get_name() +
             "' -f -a " + inner->get_name() + " -d " + FishQuoted(inner->get_description()) + "\n";
    }
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        out += "complete -c penstock -n '__fish_seen_subcommand_from " + command->get_name() +
               "' -l " + name + " -d " + FishQuoted(option->get_description()) + "\n";
      }
    }
  }
  return out;
}

}  // namespace

std::string CompletionScript(const CLI::App& app, const std::string& shell) {
  if (shell == "bash") return Bash(app);
  return shell == "zsh" ? Zsh(app) : Fish(app);
}

}  // namespace penstock::cli
