// changelog show and changelog verify.
#include <memory>

#include "core/changelog/changelog.h"
#include "host/cli/context.h"
#include "host/cli/json.h"
#include "host/cli/verbs.h"

namespace penstock::cli {
namespace {

void ShowVerb(Context* context, const std::string& integration, uint64_t limit) {
  engine::Engine* engine = context->OpenEngine();
  if (engine == nullptr) return;
  std::vector<std::string> lines;  // the newest `limit`, oldest first
  const Status read =
      ReadChangelog(engine->store()->changelog_path(), [&](const ChangelogLine& line) -> Status {
        if (!integration.empty() && line.integration != integration) return {};
        if (context->json()) {
          Json json;
          json.Begin()
              .Number("seq", line.seq)
              .Text("time", line.time)
              .Text("kind", line.kind)
              .Text("actor", line.actor)
              .Text("integration", line.integration)
              .Raw("data", line.data)
              .Text("hash", line.hash)
              .End();
          lines.push_back(json.Take());
        } else {
          lines.push_back(context->paint().Dim(line.time) + "  " + line.kind + "  " +
                          line.integration + "  " + line.actor + "  " + Printable(line.data));
        }
        if (limit > 0 && lines.size() > limit) lines.erase(lines.begin());
        return {};
      });
  if (!read.ok()) return context->Fail(read.error());
  if (lines.empty() && !integration.empty() && !context->Select({integration})) return;
  std::string text;
  for (const std::string& line : lines) {
    text += text.empty() || !context->json() ? line : ",\n" + line;
    if (!context->json()) text += "\n";
  }
  if (context->json()) {
    context->Print("{\"entries\":[" + text + "]}\n");
  } else {
    context->Print(text.empty() ? "The changelog is empty.\n" : text);
  }
}

void VerifyVerb(Context* context) {
  engine::Engine* engine = context->OpenEngine();
  if (engine == nullptr) return;
  const auto head = engine->store()->Head();
  if (!head.ok()) return context->Fail(head.error());
  const auto broken = engine->store()->Fact(store::kChangelogBreak);
  if (!broken.ok()) return context->Fail(broken.error());
  if (!broken->empty()) {
    Error error =
        MakeError("PS-LOG-CORRUPT", "The changelog was cut off: " + *broken + ".",
                  "What stands there now is intact from there on; restore the rest from a "
                  "backup.");
    error.file = engine->store()->changelog_path();
    return context->Fail(error);
  }
  const auto proof = VerifyChangelog(engine->store()->changelog_path(), *head);
  if (!proof.ok()) return context->Fail(proof.error());
  if (context->json()) {
    Json json;
    json.Begin()
        .Bool("intact", true)
        .Number("entries", proof->lines)
        .Text("head", proof->head.hash)
        .Bool("torn_end", proof->torn)
        .End();
    return context->Print(json.Take() + "\n");
  }
  context->Print(context->paint().Green("intact") + ": " + Plural(proof->lines, "line") +
                 ", newest " + proof->head.hash.substr(0, 16) + "\n");
  if (proof->torn) {
    context->Print("The last line was cut off by a crash; the next entry sets it aside.\n");
  }
}

}  // namespace

void AddChangelogVerbs(Verb program, Context* context) {
  Verb changelog = program.AddVerb("changelog", "Who changed what, and what every run did",
                                   "penstock changelog show contacts\npenstock changelog verify");
  changelog.RequireVerb();
  struct Args {
    std::string integration;
    uint64_t limit = 50;
  };
  auto args = std::make_shared<Args>();
  Verb show =
      changelog.AddVerb("show", "Show the newest entries",
                        "penstock changelog show\npenstock changelog show contacts --limit 0");
  show.Positional("INTEGRATION", &args->integration, "Of which one; all without a name");
  show.Option("--limit", &args->limit, "How many; 0: all").ShowDefault();
  show.Do([context, args] { ShowVerb(context, args->integration, args->limit); });
  Verb verify = changelog.AddVerb("verify", "Prove that no entry was edited or removed",
                                  "penstock changelog verify --json");
  verify.Do([context] { VerifyVerb(context); });
}

}  // namespace penstock::cli
