// The program: global options, the verbs, and what a wrong command line is told.
#include <algorithm>
#include <cstdlib>

#include "core/base/suggest.h"
#include "host/cli/verbs.h"
#include "sdk/runtime/loader.h"

namespace penstock::cli {
namespace {

constexpr char kAbout[] =
    "Penstock makes an object in an operational tool agree with the result of a SQL query,\n"
    "by sending only what changed, and can prove what it did.";
constexpr char kExamples[] =
    "Start with:\n"
    "  penstock validate             is the project right?\n"
    "  penstock check                do source and destination answer?\n"
    "  penstock plan contacts        what would change?\n"
    "  penstock sync contacts        send it\n"
    "  penstock why contacts KEY     what happened to this record?\n"
    "\n"
    "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 outcomes above tolerate,\n"
    "4 held by the guard, 5 cancelled.";

void AddGlobalOptions(CLI::App* app, GlobalOptions* options) {
  app->add_option("-C,--directory", options->directory, "The project's folder");
  app->add_option("--project", options->project_file, "The project file (penstock.yaml)");
  app->add_option("--env", options->environment, "The environment");
  app->add_option("--connectors", options->connectors, "The folder of connectors");
  app->add_flag("--json", options->json, "One JSON document on standard output");
  app->add_flag("-v,--verbose", options->verbose, "Show what connectors log");
}

// Where the first word stands that is no option and no option's value: the verb. argc: nowhere.
int VerbAt(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "-C" || word == "--directory" || word == "--project" || word == "--env" ||
        word == "--connectors") {
      ++i;
    } else if (!word.starts_with('-')) {
      return i;
    }
  }
  return argc;
}

// What follows `sandbox CONNECTOR` belongs to the sandbox: taken off the command line.
int TakeSandboxArguments(int argc, const char* const* argv, int verb, Context* context) {
  if (verb >= argc || std::string(argv[verb]) != "sandbox") return argc;
  for (int i = verb + 2; i < argc; ++i) context->rest.emplace_back(argv[i]);
  return std::min(argc, verb + 2);
}

bool AsksForJson(int argc, const char* const* argv) {
  return std::any_of(argv + 1, argv + argc,
                     [](const char* word) { return std::string(word) == "--json"; });
}

// True when the verb is none of ours; then the context holds what was said about it.
bool RefuseUnknownVerb(const CLI::App& app, const std::string& verb, Context* context) {
  std::vector<std::string> known;
  for (const CLI::App* command : app.get_subcommands({})) known.push_back(command->get_name());
  if (verb.empty() || std::find(known.begin(), known.end(), verb) != known.end()) return false;
  for (const LaterVerb& later : LaterVerbs()) {
    if (verb != later.name) continue;
    context->Fail(
        UsageError("PS-CLI-LATER", later.sentence, "`penstock --help` lists what there is."));
    return true;
  }
  const std::string near = DidYouMean(verb, known);
  context->Fail(UsageError("PS-CLI-USAGE", "There is no command \"" + verb + "\".",
                           near.empty() ? "`penstock --help` lists the commands." : near));
  return true;
}

void SayUsage(const CLI::App& app, const CLI::ParseError& error, Context* context) {
  std::string command = "penstock";
  for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    command += " " + at->get_name();
  }
  context->Fail(UsageError("PS-CLI-USAGE", std::string(error.what()),
                           "`" + command + " --help` shows how it is used."));
}

}  // namespace

CLI::App* AddVerb(CLI::App* app, const std::string& name, const std::string& what,
                  const std::string& examples) {
  CLI::App* verb = app->add_subcommand(name, what);
  std::string footer = "Examples:\n  ";
  for (const char c : examples) {
    footer += c;
    if (c == '\n') footer += "  ";
  }
  verb->footer(footer);
  verb->fallthrough();
  return verb;
}

int RunProgram(int argc, const char* const* argv) {
  Context context;
  CLI::App app{kAbout, "penstock"};
  app.footer(kExamples);
  AddGlobalOptions(&app, &context.options);
  app.set_version_flag("--version", std::string("penstock ") + kVersion);
  AddProjectVerbs(&app, &context);
  AddPlanVerbs(&app, &context);
  AddSyncVerbs(&app, &context);
  AddRunVerbs(&app, &context);
  AddRecordVerbs(&app, &context);
  AddRepairVerbs(&app, &context);
  AddChangelogVerbs(&app, &context);
  AddConnectorVerbs(&app, &context);
  AddHelpVerbs(&app, &context);
  const int verb = VerbAt(argc, argv);
  argc = TakeSandboxArguments(argc, argv, verb, &context);
  context.options.json = AsksForJson(argc, argv);
  if (RefuseUnknownVerb(app, verb < argc ? argv[verb] : "", &context)) return context.exit;
  if (argc == 1) {
    context.Print(app.help());
    return static_cast<int>(ExitCode::kUsage);
  }
  InstallSignalHandlers();
  try {
    app.parse(argc, argv);
    if (app.get_subcommands().empty()) {
      context.Fail(UsageError("PS-CLI-USAGE", "A command is missing.",
                              "`penstock --help` lists the commands."));
    }
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    SayUsage(app, error, &context);
  }
  return context.output_lost() && context.exit == 0 ? static_cast<int>(ExitCode::kFailed)
                                                    : context.exit;
}

}  // namespace penstock::cli
