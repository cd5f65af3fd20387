// The program: global options, the verbs, and what a wrong command line is told.
#include <algorithm>
#include <cstdlib>

#include "core/base/suggest.h"
#include "host/cli/context.h"
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

void AddGlobalOptions(Verb program, GlobalOptions* options) {
  program.Option("-C,--directory", &options->directory, "The project's folder");
  program.Option("--project", &options->project_file, "The project file (penstock.yaml)");
  program.Option("--env", &options->environment, "The environment");
  program.Option("--connectors", &options->connectors, "The folder of connectors");
  program.Flag("--json", &options->json, "One JSON document on standard output");
  program.Flag("--locked", &options->locked,
               "Run only connectors that penstock.lock holds; for machines where nobody looks");
  program.Flag("-v,--verbose", &options->verbose, "Show what connectors log");
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

// What follows `sandbox CONNECTOR` or `connector conform` belongs to another program: taken off the
// command line.
int TakeForeignArguments(int argc, const char* const* argv, int verb, Context* context) {
  const auto is = [&](int at, const char* word) {
    return at < argc && argv[at] == std::string(word);
  };
  if (!is(verb, "sandbox") && !(is(verb, "connector") && is(verb + 1, "conform"))) return argc;
  for (int i = verb + 2; i < argc; ++i) context->rest.emplace_back(argv[i]);
  return std::min(argc, verb + 2);
}

bool AsksForJson(int argc, const char* const* argv) {
  return std::any_of(argv + 1, argv + argc,
                     [](const char* word) { return std::string(word) == "--json"; });
}

// True when the verb is none of ours; then the context holds what was said about it.
bool RefuseUnknownVerb(const Verb& program, const std::string& verb, Context* context) {
  std::vector<std::string> known;
  for (const Verb& command : program.Verbs()) known.push_back(command.name());
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

void SayUsage(const CommandLine& line, Context* context) {
  std::string command = "penstock";
  for (const std::string& verb : line.verbs) command += " " + verb;
  context->Fail(
      UsageError("PS-CLI-USAGE", *line.wrong, "`" + command + " --help` shows how it is used."));
}

}  // namespace

int RunProgram(int argc, const char* const* argv) {
  Context context;
  Program program("penstock", kAbout, kExamples);
  const Verb root = program.root();
  AddGlobalOptions(root, &context.options);
  program.AddVersion(std::string("penstock ") + kVersion);
  AddProjectVerbs(root, &context);
  AddPlanVerbs(root, &context);
  AddSyncVerbs(root, &context);
  AddRunVerbs(root, &context);
  AddRecordVerbs(root, &context);
  AddRepairVerbs(root, &context);
  AddChangelogVerbs(root, &context);
  AddConnectorVerbs(root, &context);
  AddHelpVerbs(root, &context);
  const int verb = VerbAt(argc, argv);
  argc = TakeForeignArguments(argc, argv, verb, &context);
  context.options.json = AsksForJson(argc, argv);
  if (RefuseUnknownVerb(root, verb < argc ? argv[verb] : "", &context)) return context.exit;
  if (argc == 1) {
    context.Print(program.Help());
    return static_cast<int>(ExitCode::kUsage);
  }
  InstallSignalHandlers();
  const CommandLine line = program.Run(argc, argv);
  if (line.said) return static_cast<int>(ExitCode::kDone);
  if (line.wrong) {
    SayUsage(line, &context);
  } else if (line.verbs.empty()) {
    context.Fail(UsageError("PS-CLI-USAGE", "A command is missing.",
                            "`penstock --help` lists the commands."));
  }
  return context.output_lost() && context.exit == 0 ? static_cast<int>(ExitCode::kFailed)
                                                    : context.exit;
}

}  // namespace penstock::cli
