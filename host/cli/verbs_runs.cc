// status, runs, show: what happened.
#include <memory>

#include "host/cli/context.h"
#include "host/cli/json.h"
#include "host/cli/run_view.h"
#include "host/cli/status_view.h"
#include "host/cli/verbs.h"
#include "host/engine/sentences.h"

namespace penstock::cli {
namespace {

constexpr uint64_t kRunsLookedAt = 100;

// What the store says of a run that was killed, nobody has corrected yet.
Result<RunRecord> AsItIs(engine::Engine* engine, RunRecord record) {
  const std::string directory = engine->IntegrationDirectory(record.integration);
  return RecordNow(engine->store(), directory, std::move(record));
}

Result<IntegrationStatus> StatusOf(engine::Engine* engine, const std::string& name) {
  IntegrationStatus out;
  out.integration = name;
  PENSTOCK_ASSIGN_OR_RETURN(auto runs, engine->store()->Runs(name, kRunsLookedAt));
  // What a person said about single records is no word on how the last sync went.
  for (RunRecord& stored : runs) {
    if (stored.trigger == "retry" || stored.trigger == "settle") continue;
    PENSTOCK_ASSIGN_OR_RETURN(RunRecord run, AsItIs(engine, std::move(stored)));
    if (!out.last) out.last = run;
    if (run.status == "running") continue;
    out.ended = std::move(run);
    break;
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto session,
                            engine->Prepare(name, {.source = false, .destination = false}));
  const auto view = OpenState(session->environment());
  if (!view.ok()) {
    out.error = view.error();
    return out;
  }
  out.counts = (*view)->counts();
  out.interrupted = !(*view)->open_journals().empty();
  PENSTOCK_ASSIGN_OR_RETURN(out.jobs, OpenJobs(view->get()));
  return out;
}

void StatusVerb(Context* context, const std::vector<std::string>& wanted, bool strict) {
  const auto names = context->Select(wanted);
  if (!names) return;
  Json json;
  json.Begin().BeginList("integrations");
  std::vector<IntegrationStatus> all;
  std::vector<Error> errors;
  bool differs = false;
  for (const std::string& name : *names) {
    auto status = StatusOf(context->OpenEngine(), name);
    if (!status.ok()) return context->Fail(status.error());
    if (status->error) errors.push_back(*status->error);
    differs = differs || !NotAsTheModelSays(*status).empty();
    PutStatus(&json, *status);
    all.push_back(*std::move(status));
  }
  json.EndList().End();
  if (context->json()) {
    context->Print(json.Take() + "\n");
    if (!errors.empty()) context->exit = static_cast<int>(errors.front().exit);
  } else {
    context->Print(StatusText(all, context->paint()));
    context->Fail(errors);
  }
  if (errors.empty() && strict && differs) context->exit = static_cast<int>(ExitCode::kOutcomes);
}

void RunsVerb(Context* context, const std::string& integration, uint64_t limit) {
  engine::Engine* engine = context->OpenEngine();
  if (engine == nullptr) return;
  auto runs = engine->store()->Runs(integration, limit);
  if (!runs.ok()) return context->Fail(runs.error());
  for (RunRecord& run : *runs) {
    auto now = AsItIs(engine, std::move(run));
    if (!now.ok()) return context->Fail(now.error());
    run = *std::move(now);
  }
  if (runs->empty() && !integration.empty() && !context->Select({integration})) return;
  if (context->json()) return context->Print(RunsJson(*runs) + "\n");
  Table table({"run", "status", "started", ">seconds", ">read", ">changes", ">succeeded",
               ">rejected", ">requests"});
  for (const RunRecord& r : *runs) {
    const bool at_work = r.status == "running";
    const bool ended = EndIsKnown(r);
    std::string length = std::to_string(SecondsOf(r));
    length.resize(length.find('.') + 2);
    table.Add({r.run, r.status, engine::TimeText(r.started_us), ended ? length : "",
               Grouped(r.plan.read), Grouped(r.plan.row_changes + r.plan.remove),
               at_work ? "" : Grouped(r.outcomes.succeeded),
               at_work ? "" : Grouped(r.outcomes.rejected), ended ? Grouped(r.requests) : ""});
  }
  context->Print(table.empty() ? "No runs yet.\n" : table.Text(context->paint()));
}

void ShowVerb(Context* context, const std::string& run) {
  engine::Engine* engine = context->OpenEngine();
  if (engine == nullptr) return;
  auto found = engine->store()->FindRun(run);
  if (found.ok() && !*found) {  // an integration's name means its newest run
    auto newest = engine->store()->Runs(run, 1);
    if (newest.ok() && !newest->empty()) *found = newest->front();
  }
  if (!found.ok()) return context->Fail(found.error());
  if (!*found) {
    return context->Fail(UsageError("PS-CLI-NO-RUN", "There is no run \"" + run + "\" here.",
                                    "`penstock runs` lists them."));
  }
  auto now = AsItIs(engine, *std::move(*found));
  if (!now.ok()) return context->Fail(now.error());
  *found = *std::move(now);
  if (context->json()) return context->Print(RunsJson({**found}) + "\n");
  context->Print(RunText(**found, context->paint()));
  context->Print(context->paint().Dim("  started " + engine::TimeText((*found)->started_us) +
                                      " by " + (*found)->trigger +
                                      ((*found)->plan_hash.empty()
                                           ? std::string()
                                           : ", plan " + (*found)->plan_hash.substr(0, 12))) +
                 "\n");
}

}  // namespace

void AddRunVerbs(Verb program, Context* context) {
  struct StatusArgs {
    std::vector<std::string> integrations;
    bool strict = false;
  };
  Verb status = program.AddVerb("status", "Where every integration stands",
                                "penstock status\npenstock status --strict --json");
  auto status_args = std::make_shared<StatusArgs>();
  status.Positional("INTEGRATION", &status_args->integrations, "Which ones; all without a name");
  status.Flag("--strict", &status_args->strict,
              "Exit 3 unless everything is as the models said when they were read last: no record "
              "rejected, in doubt, in conflict, invalid or unsent, no integration that never ran, "
              "no last run that was held, cancelled or interrupted, or that failed. Whatever "
              "`tolerate:` allows counts, too; skipped and departed records do not: the mode wants "
              "them so");
  status.Do([context, status_args] {
    StatusVerb(context, status_args->integrations, status_args->strict);
  });

  struct RunsArgs {
    std::string integration;
    uint64_t limit = 20;
  };
  Verb runs = program.AddVerb("runs", "List runs, newest first",
                              "penstock runs\npenstock runs contacts --limit 100");
  auto runs_args = std::make_shared<RunsArgs>();
  runs.Positional("INTEGRATION", &runs_args->integration, "Of which one; all without a name");
  runs.Option("--limit", &runs_args->limit, "How many; 0: all").ShowDefault();
  runs.Do([context, runs_args] { RunsVerb(context, runs_args->integration, runs_args->limit); });

  Verb show =
      program.AddVerb("show", "Show one run", "penstock show contacts-12\npenstock show contacts");
  auto run = std::make_shared<std::string>();
  show.Positional("RUN", run.get(), "A run, or an integration for its newest one").Required();
  show.Do([context, run] { ShowVerb(context, *run); });
}

}  // namespace penstock::cli
