// plan, apply, discard: the seam between deciding and sending.
#include <memory>

#include "core/file/file.h"
#include "host/cli/context.h"
#include "host/cli/plan_view.h"
#include "host/cli/progress.h"
#include "host/cli/run_view.h"
#include "host/cli/verbs.h"
#include "host/cli/write_runs.h"

namespace penstock::cli {
namespace {

struct PlanArgs {
  std::vector<std::string> integrations;
  int64_t samples = -1;  // -1: three, values shown on a terminal only
};

void PlanVerb(Context* context, const PlanArgs& args) {
  const auto names = context->Select(args.integrations);
  if (!names) return;
  engine::Engine* engine = context->OpenEngine();
  Json json;
  json.Begin().BeginList("plans");
  std::vector<Error> errors;
  bool held = false;
  for (const std::string& name : *names) {
    PlanViewOptions view;
    if (args.samples >= 0) view.samples = view.invalid = static_cast<uint64_t>(args.samples);
    view.show_values = context->out_is_terminal() || args.samples >= 0;
    auto session = engine->Prepare(name, {.record_settings = true});
    if (!session.ok()) {
      errors.push_back(session.error());
      continue;
    }
    view.destination = (*session)->integration().destination;
    Result<PlannedRun> plan = MakeError("", "");
    {
      ProgressLine line(context, name);
      (*session)->environment().progress = [&](const Progress& p) { line.Show(p); };
      plan = Plan((*session)->environment(), {});
    }
    const auto details = plan.ok() ? ReadDetails(plan->path, view) : plan.status();
    if (!details.ok()) {
      errors.push_back(details.error());
      continue;
    }
    held = held || !plan->holds.empty();
    if (context->json()) {
      PutPlan(&json, *plan, *details);
    } else {
      context->Print(PlanText(*plan, *details, view, context->paint()));
    }
  }
  if (context->json()) {
    json.EndList();
    if (!errors.empty()) {
      json.BeginList("errors");
      for (const Error& e : errors) PutError(&json, e);
      json.EndList();
    }
    context->Print(json.End().Take() + "\n");
    if (!errors.empty()) context->exit = static_cast<int>(errors.front().exit);
  } else {
    context->Fail(errors);
  }
  if (errors.empty() && held) context->exit = static_cast<int>(ExitCode::kHeld);
}

// The one plan that the user means by the beginning of its hash.
std::optional<std::string> FindPlan(Context* context, const std::string& hash) {
  engine::Engine* engine = context->OpenEngine();
  if (engine == nullptr) return std::nullopt;
  const bool hex = hash.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (hash.size() < 6 || !hex) {
    context->Fail(UsageError("PS-PLAN-MISSING", "\"" + hash + "\" is not the hash of a plan.",
                             "Give six or more of its digits, as `penstock plan` shows them."));
    return std::nullopt;
  }
  const auto found = engine::FindPlans(*engine, hash);
  if (!found.ok()) {
    context->Fail(found.error());
    return std::nullopt;
  }
  if (found->size() == 1) return found->front();
  context->Fail(found->empty()
                    ? UsageError("PS-PLAN-MISSING", "There is no plan " + hash + " here.",
                                 "Make one with `penstock plan`; plans belong to the environment "
                                 "(--env).")
                    : UsageError("PS-PLAN-MISSING", "Several plans begin with " + hash + ".",
                                 "Give more of the hash."));
  return std::nullopt;
}

Result<std::string> IntegrationOf(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto plan, PlanReader::Open(path));
  return plan->header().integration;
}

struct ApplyArgs {
  std::string hash;
  RunArgs run;
};

void ApplyVerb(Context* context, const ApplyArgs& args) {
  const auto path = FindPlan(context, args.hash);
  if (!path) return;
  const auto integration = IntegrationOf(*path);
  if (!integration.ok()) return context->Fail(integration.error());
  auto options = SyncOptionsOf(args.run);
  if (!options.ok()) return context->Fail(options.error());
  RunAll(context, {*integration},
         [&](const RunEnvironment& env) { return Apply(env, *path, *options); });
}

void DiscardVerb(Context* context, const std::string& hash) {
  const auto path = FindPlan(context, hash);
  if (!path) return;
  engine::Engine* engine = context->OpenEngine();
  const auto integration = IntegrationOf(*path);  // a damaged plan can be discarded too
  Status removed = file::Remove(*path);
  if (removed.ok()) removed = file::SyncDirectory(file::DirectoryOf(*path));
  const size_t slash = path->rfind('/');
  const std::string full = path->substr(slash + 1, path->rfind('.') - slash - 1);
  if (removed.ok()) {
    Json data;
    data.Begin().Text("plan_hash", full).End();
    removed =
        engine->store()->Log("plan.discarded", integration.ok() ? *integration : "", data.Take());
  }
  if (!removed.ok()) return context->Fail(removed.error());
  if (context->json()) {
    Json json;
    json.Begin().Text("discarded", full).End();
    return context->Print(json.Take() + "\n");
  }
  context->Print("Discarded plan " + full.substr(0, 12) + ". Nothing was sent.\n");
}

}  // namespace

void AddPlanVerbs(Verb program, Context* context) {
  Verb plan = program.AddVerb("plan", "Say exactly what a sync would change; send nothing",
                              "penstock plan contacts\npenstock plan contacts --samples 20\n"
                              "penstock plan --json");
  auto plan_args = std::make_shared<PlanArgs>();
  plan.Positional("INTEGRATION", &plan_args->integrations, "Which ones; all without a name");
  plan.Option("--samples", &plan_args->samples, "Changes to show of each kind, with their values")
      .Between(0, 1000);
  plan.Do([context, plan_args] { PlanVerb(context, *plan_args); });

  Verb apply =
      program.AddVerb("apply", "Send exactly the plan of this hash, also one that was held",
                      "penstock apply 3f2a9c41d0e2\npenstock apply 3f2a9c41d0e2 --only upserts\n"
                      "penstock apply 3f2a9c41d0e2 --limit 10");
  auto apply_args = std::make_shared<ApplyArgs>();
  apply.Positional("HASH", &apply_args->hash, "The plan's hash, or its beginning").Required();
  apply.Option("--only", &apply_args->run.only, "upserts: leave the deletions out")
      .OneOf({"upserts"});
  apply.Option("--limit", &apply_args->run.limit, "Send so many changes at most (a canary)")
      .Positive();
  apply.Option("--wait", &apply_args->run.wait, "Wait so long for another run, e.g. 10m");
  apply.Do([context, apply_args] { ApplyVerb(context, *apply_args); });

  Verb discard =
      program.AddVerb("discard", "Drop a plan; nothing is sent", "penstock discard 3f2a9c41d0e2");
  auto hash = std::make_shared<std::string>();
  discard.Positional("HASH", hash.get(), "The plan's hash, or its beginning").Required();
  discard.Do([context, hash] { DiscardVerb(context, *hash); });
}

}  // namespace penstock::cli
