// The verbs, by group. Each adds its commands to the program; a command runs in its callback and
// leaves its exit code in the context.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "host/cli/context.h"

namespace penstock::cli {

void AddProjectVerbs(CLI::App* app, Context* context);    // validate check preview
void AddPlanVerbs(CLI::App* app, Context* context);       // plan apply discard
void AddSyncVerbs(CLI::App* app, Context* context);       // sync test
void AddRunVerbs(CLI::App* app, Context* context);        // status runs show
void AddRecordVerbs(CLI::App* app, Context* context);     // records why
void AddRepairVerbs(CLI::App* app, Context* context);     // retry settle forget
void AddChangelogVerbs(CLI::App* app, Context* context);  // changelog show|verify
void AddConnectorVerbs(CLI::App* app, Context* context);  // connector list|show, sandbox
void AddHelpVerbs(CLI::App* app, Context* context);       // explain completion version

/// Verbs of later pieces: name and the sentence that refuses them.
struct LaterVerb {
  const char* name;
  const char* sentence;
};
const std::vector<LaterVerb>& LaterVerbs();

/// Adds a verb with its examples below the help.
CLI::App* AddVerb(CLI::App* app, const std::string& name, const std::string& what,
                  const std::string& examples);

/// Builds the program, reads the command line and runs its verb; returns the exit code.
int RunProgram(int argc, const char* const* argv);

}  // namespace penstock::cli
