// explain, completion, version; and the verbs that are not built yet.
#include <algorithm>
#include <memory>

#include "core/base/suggest.h"
#include "host/cli/codes.h"
#include "host/cli/completion.h"
#include "host/cli/context.h"
#include "host/cli/json.h"
#include "host/cli/verbs.h"

namespace penstock::cli {
namespace {

void ExplainVerb(Context* context, std::string code) {
  std::transform(code.begin(), code.end(), code.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (!code.empty() && !code.starts_with("PS-")) code = "PS-" + code;
  if (code.empty() && context->json()) {
    Json json;
    json.Begin().BeginList("codes");
    for (const CodeEntry& entry : Codes()) {
      json.Begin()
          .Text("code", entry.code)
          .Text("meaning", entry.meaning)
          .Text("remedy", entry.remedy)
          .End();
    }
    json.EndList().End();
    return context->Print(json.Take() + "\n");
  }
  if (code.empty()) {
    Table table({"code", "meaning"});
    for (const CodeEntry& entry : Codes()) {
      table.Add({std::string(entry.code), std::string(entry.meaning)});
    }
    return context->Print(table.Text(context->paint()));
  }
  const CodeEntry* entry = FindCode(code);
  if (entry == nullptr) {
    std::vector<std::string> known;
    for (const CodeEntry& e : Codes()) known.emplace_back(e.code);
    const std::string near = DidYouMean(code, known);
    return context->Fail(UsageError(
        "PS-CLI-USAGE", "There is no error code " + code + ".",
        near.empty() ? "`penstock explain` lists them. Reasons of records without PS- are the "
                       "destination's own words."
                     : near));
  }
  if (context->json()) {
    Json json;
    json.Begin()
        .Text("code", entry->code)
        .Text("meaning", entry->meaning)
        .Text("remedy", entry->remedy)
        .End();
    return context->Print(json.Take() + "\n");
  }
  context->Print(context->paint().Bold(code) + "\n  " + std::string(entry->meaning) + "\n  " +
                 std::string(entry->remedy) + "\n");
}

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
  Verb explain = program.AddVerb("explain", "What an error code means and what to do",
                                 "penstock explain PS-PLAN-STALE\npenstock explain");
  auto code = std::make_shared<std::string>();
  explain.Positional("CODE", code.get(), "The code; all of them without one");
  explain.Do([context, code] { ExplainVerb(context, *code); });

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
