// sync and test: plan and send in one go, or one record to look at.
#include <memory>

#include "core/plan/plan.h"
#include "host/cli/context.h"
#include "host/cli/json.h"
#include "host/cli/progress.h"
#include "host/cli/verbs.h"
#include "host/cli/write_runs.h"
#include "host/engine/rehearsal.h"
#include "host/engine/sentences.h"

namespace penstock::cli {
namespace {

struct SyncArgs {
  std::vector<std::string> integrations;
  RunArgs run;
};

void SyncVerb(Context* context, const SyncArgs& args) {
  const auto names = context->Select(args.integrations);
  if (!names) return;
  const auto options = SyncOptionsOf(args.run);
  if (!options.ok()) return context->Fail(options.error());
  RunAll(context, *names, [&](const RunEnvironment& env) { return Sync(env, *options); });
}

struct TestArgs {
  std::string integration, key;
  bool send = false;
};

// The change of this key in the plan, or its first one.
Result<Change> FindChange(const PlannedRun& plan, const std::string& key) {
  const MappedField& mapped = plan.header.fields[plan.header.key_field];
  sdk::Field field;
  field.type = mapped.type;
  field.normalisers = mapped.normalisers;
  const std::string wanted = KeyBytesOfText(field, key);
  PENSTOCK_ASSIGN_OR_RETURN(auto reader, PlanReader::Open(plan.path));
  std::optional<Change> found;
  PENSTOCK_RETURN_IF_ERROR(reader->Changes(1, [&](const Change& change) -> Status {
    if (!found && (key.empty() || change.key_text == key || change.key == wanted)) found = change;
    return {};
  }));
  if (found) return *std::move(found);
  const std::string& id = plan.header.integration;
  if (key.empty()) {
    return UsageError("PS-CLI-NO-CHANGE", "There is nothing to send for " + id + " now.",
                      "Change a row of the model first; `penstock plan " + id + "` shows counts.");
  }
  return UsageError(
      "PS-CLI-NO-CHANGE", "Nothing would be sent for this key now.",
      "`penstock why " + id + " " + engine::ShellWord(key) + "` says which rule decides.");
}

void PrintRequests(Context* context, const Change& change,
                   const std::vector<engine::ShownRequest>& requests) {
  if (context->json()) {
    Json json;
    json.Begin()
        .Text("key", change.key_text)
        .Text("operation", OpName(change.op))
        .Bool("sent", false)
        .BeginList("requests");
    for (const auto& request : requests) {
      json.Begin().Text("method", request.method).Text("url", request.url).Begin("headers");
      for (const auto& [name, value] : request.headers) json.Text(name, value);
      json.End().Text("body", request.body).End();
    }
    json.EndList().End();
    return context->Print(json.Take() + "\n");
  }
  std::string text = context->paint().Bold("Would " + std::string(OpName(change.op))) + " " +
                     Printable(change.key_text) + " with\n\n";
  for (const auto& request : requests) {
    text += request.method + " " + request.url + "\n";
    for (const auto& [name, value] : request.headers) {
      text += context->paint().Dim(name + ": " + Printable(value)) + "\n";
    }
    if (!request.body.empty()) text += "\n" + request.body + "\n";
    text += "\n";
  }
  if (requests.empty()) text += "(no request: the connector answered by itself)\n\n";
  context->Print(text + "Nothing was sent. Add --send to send exactly this one change.\n");
}

void TestVerb(Context* context, const TestArgs& args) {
  engine::Engine* engine = context->OpenEngine();
  if (engine == nullptr) return;
  auto session = engine->Prepare(args.integration, {});
  if (!session.ok()) return context->Fail(session.error());
  Result<PlannedRun> plan = MakeError("", "");
  {
    ProgressLine line(context, args.integration);
    (*session)->environment().progress = [&](const Progress& p) { line.Show(p); };
    plan = Plan((*session)->environment(), {});
    (*session)->environment().progress = {};
  }
  const auto change = plan.ok() ? FindChange(*plan, args.key) : plan.status();
  if (!change.ok()) return context->Fail(change.error());
  if (args.send) {
    SyncOptions options;
    options.only_key = change->key;
    options.trigger = "test";
    return RunAll(context, {args.integration},
                  [&](const RunEnvironment& env) { return Apply(env, plan->path, options); });
  }
  const auto requests = engine::Rehearse(engine, session->get(), *plan, *change);
  if (!requests.ok()) return context->Fail(requests.error());
  PrintRequests(context, *change, *requests);
}

}  // namespace

void AddSyncVerbs(Verb program, Context* context) {
  Verb sync = program.AddVerb("sync", "Plan, ask the guard, and send what changed",
                              "penstock sync\npenstock sync contacts --limit 10\n"
                              "penstock sync contacts --allow deletes=6000\n"
                              "penstock sync contacts --wait 10m --json");
  auto args = std::make_shared<SyncArgs>();
  sync.Positional("INTEGRATION", &args->integrations, "Which ones; all without a name");
  sync.Option("--limit", &args->run.limit, "Send so many changes at most (a canary)").Positive();
  sync.Option("--allow", &args->run.allow, "deletes=N: let the guard pass up to N deletions");
  sync.Option("--wait", &args->run.wait, "Wait so long for another run, e.g. 10m");
  sync.Do([context, args] { SyncVerb(context, *args); });

  Verb test =
      program.AddVerb("test", "Show the exact request of one change; send it on demand",
                      "penstock test contacts\npenstock test contacts --key anna@example.com\n"
                      "penstock test contacts --key anna@example.com --send");
  auto test_args = std::make_shared<TestArgs>();
  test.Positional("INTEGRATION", &test_args->integration, "Which one").Required();
  test.Option("--key", &test_args->key, "The record's key; the first change without it");
  test.Flag("--send", &test_args->send, "Send it, as a run of one change");
  test.Do([context, test_args] { TestVerb(context, *test_args); });
}

}  // namespace penstock::cli
