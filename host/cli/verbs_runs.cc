// status, runs, show: what happened.
#include <memory>

#include "host/cli/context.h"
#include "host/cli/json.h"
#include "host/cli/run_view.h"
#include "host/cli/verbs.h"
#include "host/engine/sentences.h"

namespace penstock::cli {
namespace {

constexpr uint64_t kRunsLookedAt = 100;

struct IntegrationStatus {
  std::string integration;
  std::optional<RunRecord> last;
  StateCounts counts;
  bool interrupted = false;
  std::vector<OpenJob> jobs;
  std::optional<Error> error;
};

Result<IntegrationStatus> StatusOf(engine::Engine* engine, const std::string& name) {
  IntegrationStatus out;
  out.integration = name;
  PENSTOCK_ASSIGN_OR_RETURN(auto runs, engine->store()->Runs(name, kRunsLookedAt));
  // What a person said about single records is no word on how the last sync went.
  for (RunRecord& run : runs) {
    if (run.trigger == "retry" || run.trigger == "settle") continue;
    out.last = std::move(run);
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
  if (out.last && out.last->status == "running") {
    // A run at work holds the integration's lock; it dies with its process.
    const auto lock =
        IntegrationLock::Acquire(session->environment().directory, "penstock status", 0, {});
    if (lock.ok()) out.last->status = "interrupted";
  }
  return out;
}

void PutStatus(Json* json, const IntegrationStatus& s) {
  json->Begin().Text("integration", s.integration);
  json->Begin("standing")
      .Number("rejected", s.counts.rejected)
      .Number("in_doubt", s.counts.in_doubt)
      .Number("departed", s.counts.departed)
      .Number("conflict", s.counts.shared_ids)
      .End();
  json->Number("acknowledged", s.counts.acknowledged).Bool("open_run", s.interrupted);
  json->BeginList("jobs");
  for (const OpenJob& job : s.jobs) {
    json->Begin()
        .Text("job", job.token)
        .Text("operation", OpName(job.op))
        .Text("run", s.integration + "-" + std::to_string(job.run))
        .Text("since", IsoTime(job.since_us))
        .Number("records", job.records)
        .End();
  }
  json->EndList();
  if (s.last) {
    json->Key("last_run");
    PutRun(json, *s.last);
  } else {
    json->Null("last_run");
  }
  if (s.error) {
    json->Key("error");
    PutError(json, *s.error);
  }
  json->End();
}

std::string JobsText(const IntegrationStatus& s) {
  std::string text;
  for (const OpenJob& job : s.jobs) {
    text += s.integration + ": " + Plural(job.records, "record") + " in job " +
            Printable(job.token) + " (" + std::string(OpName(job.op)) + ") since " +
            engine::TimeText(job.since_us) + ", polled at the next sync\n";
  }
  return text;
}

std::string ShownStatus(const IntegrationStatus& s) {
  if (s.error) return s.error->code;
  if (!s.last) return "never ran";
  return s.last->status;
}

void StatusVerb(Context* context, const std::vector<std::string>& wanted, bool strict) {
  const auto names = context->Select(wanted);
  if (!names) return;
  Json json;
  json.Begin().BeginList("integrations");
  Table table({"integration", "status", "last run", "at", ">acknowledged", ">rejected", ">in doubt",
               ">conflict", ">departed"});
  std::vector<Error> errors;
  std::string jobs;
  bool standing = false;
  for (const std::string& name : *names) {
    const auto status = StatusOf(context->OpenEngine(), name);
    if (!status.ok()) return context->Fail(status.error());
    const IntegrationStatus& s = *status;
    standing = standing || s.counts.rejected + s.counts.in_doubt + s.counts.shared_ids > 0;
    if (s.error) errors.push_back(*s.error);
    PutStatus(&json, s);
    jobs += JobsText(s);
    table.Add({name, ShownStatus(s), s.last ? s.last->run : "",
               s.last ? engine::TimeText(s.last->started_us) : "", Grouped(s.counts.acknowledged),
               Grouped(s.counts.rejected), Grouped(s.counts.in_doubt), Grouped(s.counts.shared_ids),
               Grouped(s.counts.departed)});
  }
  json.EndList().End();
  if (context->json()) {
    context->Print(json.Take() + "\n");
    if (!errors.empty()) context->exit = static_cast<int>(errors.front().exit);
  } else {
    context->Print(table.Text(context->paint()) + jobs);
    context->Fail(errors);
  }
  if (errors.empty() && strict && standing) context->exit = static_cast<int>(ExitCode::kOutcomes);
}

void RunsVerb(Context* context, const std::string& integration, uint64_t limit) {
  engine::Engine* engine = context->OpenEngine();
  if (engine == nullptr) return;
  const auto runs = engine->store()->Runs(integration, limit);
  if (!runs.ok()) return context->Fail(runs.error());
  if (runs->empty() && !integration.empty() && !context->Select({integration})) return;
  if (context->json()) return context->Print(RunsJson(*runs) + "\n");
  Table table({"run", "status", "started", ">seconds", ">read", ">changes", ">succeeded",
               ">rejected", ">requests"});
  for (const RunRecord& r : *runs) {
    const double seconds =
        r.ended_us > r.started_us ? static_cast<double>(r.ended_us - r.started_us) / 1e6 : 0;
    std::string length = std::to_string(seconds);
    length.resize(length.find('.') + 2);
    table.Add({r.run, r.status, engine::TimeText(r.started_us), length, Grouped(r.plan.read),
               Grouped(r.plan.row_changes + r.plan.remove), Grouped(r.outcomes.succeeded),
               Grouped(r.outcomes.rejected), Grouped(r.requests)});
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
              "Exit 3 when records are rejected, in doubt or in conflict");
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
