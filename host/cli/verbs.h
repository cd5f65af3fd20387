// The verbs, by group. Each adds its commands to the program; a command runs in its callback and
// leaves its exit code in the context.
#pragma once

#include <string>
#include <vector>

#include "host/cli/verb.h"
#include "penstock/documents.hpp"

namespace penstock::cli {

class Context;

void AddProjectVerbs(Verb program, Context* context);    // validate check preview
void AddPlanVerbs(Verb program, Context* context);       // plan apply discard
void AddSyncVerbs(Verb program, Context* context);       // sync test
void AddRunVerbs(Verb program, Context* context);        // status runs show
void AddRecordVerbs(Verb program, Context* context);     // records why
void AddRepairVerbs(Verb program, Context* context);     // retry settle forget
void AddChangelogVerbs(Verb program, Context* context);  // changelog show|verify
void AddConnectorVerbs(Verb program, Context* context);  // connector list|show, sandbox
void AddTrustVerbs(Verb connector, Context* context);    // connector install|uninstall|trust
void AddExplainVerb(Verb program, Context* context);
void AddHelpVerbs(Verb program, Context* context);      // explain completion version
void AddAuthorVerbs(Verb connector, Context* context);  // connector new|conform
void AddDevVerb(Verb connector, Context* context);      // connector dev

/// Where a connector's requests go, as its manifest says.
std::string AddressText(const sdk::Manifest& manifest);

/// Verbs of later pieces: name and the sentence that refuses them.
struct LaterVerb {
  const char* name;
  const char* sentence;
};
const std::vector<LaterVerb>& LaterVerbs();

/// Builds the program, reads the command line and runs its verb; returns the exit code.
int RunProgram(int argc, const char* const* argv);

}  // namespace penstock::cli
