// completion, version; and the verbs that are not built yet.
#include <memory>

#include "host/cli/completion.h"
#include "host/cli/context.h"
#include "host/cli/json.h"
#include "host/cli/verbs.h"

namespace penstock::cli {
namespace {

void VersionVerb(Context* context) {
  if (context->json()) {
    Json json;
    json.Begin().Text("version", kVersion).Text("connector_abi", PENSTOCK_DRAFT_ID).End();
    return context->Print(json.Take() + "\n");
  }
  context->Print(std::string("penstock ") + kVersion + " (connector ABI " + PENSTOCK_DRAFT_ID +
                 ")\n");
}

}  // namespace

void AddHelpVerbs(Verb program, Context* context) {
  AddExplainVerb(program, context);
  Verb completion = program.AddVerb("completion", "Print the completion script of a shell",
                                    "eval \"$(penstock completion bash)\"");
  auto shell = std::make_shared<std::string>();
  completion.Positional("SHELL", shell.get(), "bash, zsh or fish")
      .Required()
      .OneOf({"bash", "zsh", "fish"});
  completion.Do([context, program, shell] { context->Print(CompletionScript(program, *shell)); });

  Verb version = program.AddVerb("version", "Print the version", "penstock version --json");
  version.Do([context] { VersionVerb(context); });
}

const std::vector<LaterVerb>& LaterVerbs() {
  static const std::vector<LaterVerb> verbs = {
      {"init", "`penstock init` (a new project from questions) is not built yet."},
      {"map", "`penstock map` (suggested mappings) is not built yet."},
      {"adopt", "`penstock adopt` (a baseline of what the destination holds) is not built yet."},
      {"resend", "`penstock resend` (send everything again) is not built yet."},
      {"purge", "`penstock purge` (delete what we own) is not built yet."},
      {"repair", "`penstock repair` (rebuild the state from its journals) is not built yet."},
      {"state", "`penstock state` (info, export, import) is not built yet."},
      {"serve", "`penstock serve` (scheduler, API and web page) is not built yet."},
      {"secret", "`penstock secret` is not built yet."},
      {"token", "`penstock token` is not built yet."},
      {"catalog", "`penstock catalog` is not built yet; `penstock check` fetches catalogs."},
  };
  return verbs;
}

}  // namespace penstock::cli
