// Both sides of the seam: settle, plan, guard, push, commit.
#include <malloc.h>

#include <functional>
#include <utility>

#include "core/file/file.h"
#include "core/push/push.h"
#include "core/run/context.h"
#include "core/state/names.h"

namespace penstock {
namespace run {
namespace {

using ChooseMark = std::function<bool(Mark)>;

Status WriteSomeMarks(const RunEnvironment& env, PlanReader* plan, const ChooseMark& choose,
                      Journal* journal) {
  return plan->Marks([&](const MarkedKey& marked) -> Status {
    if (!choose(marked.mark)) return {};
    Outcome outcome;
    outcome.key_hash = marked.key_hash;
    outcome.key = marked.key;
    outcome.mark = marked.mark;
    outcome.fingerprint = marked.fingerprint;
    outcome.has_absent = marked.has_absent;
    outcome.fields = marked.fields;
    outcome.at_us = env.clock->UnixMicros();
    return journal->Report(std::move(outcome));
  });
}

/// Departures come last: one may be why another key is marked, and is planned only once. A run that
/// is killed in between departs nobody, and the next plan finds both again. Where deletes are left
/// for later, what they and departures make of other keys waits with them.
Status WriteMarks(const RunEnvironment& env, PlanReader* plan, bool leave_deletes,
                  Journal* journal) {
  const auto departed = [](Mark mark) { return mark == Mark::kDeparted; };
  const auto at_once = [&](Mark mark) {
    return !departed(mark) && !(leave_deletes && mark == Mark::kOverwritten);
  };
  PENSTOCK_RETURN_IF_ERROR(WriteSomeMarks(env, plan, at_once, journal));
  return leave_deletes ? Status() : WriteSomeMarks(env, plan, departed, journal);
}

Result<bool> HasMarks(PlanReader* plan) {
  bool any = false;
  PENSTOCK_RETURN_IF_ERROR(plan->Marks([&](const MarkedKey&) -> Status {
    any = true;
    return {};
  }));
  return any;
}

/// The credential must open the account that the plan is for: asked before the first write.
Status CheckAccount(const RunEnvironment& env, const PlanHeader& header) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::string account, AskAccount(env));
  if (account == header.account) return {};
  return UsageError("PS-STATE-IDENTITY",
                    "plan and state of " + header.integration + " belong to account " +
                        header.account + "; this credential opens " + account,
                    "use the credential of that account, or another environment for this one");
}

/// Numbers of earlier runs' outcomes that this plan may have below it: its own, when it is
/// continued.
struct Continued {
  std::vector<bool> done;     // by seq
  std::vector<bool> pending;  // of these: rejected or skipped
  bool any = false;
  bool interrupted = false;  // the last of them did not end in order
};

Result<std::vector<std::string>> JournalFiles(const RunEnvironment& env) {
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<std::string> names, file::List(env.directory));
  std::erase_if(names, [](const std::string& name) { return !JournalOf(name); });
  return names;
}

Status ReadOwn(const RunEnvironment& env, const std::string& path, const PlanHeader& header,
               const sdk::Object& object, Continued* continued) {
  JournalVisitor visitor;
  visitor.outcome = [&](const Outcome& outcome) -> Status {
    if (outcome.mark != Mark::kNone) return {};
    // What may have been applied is only sent again where that changes nothing.
    const bool again = outcome.kind == OutcomeKind::kUnsent ||
                       (outcome.kind == OutcomeKind::kInDoubt && outcome.job.empty() &&
                        IsIdempotent(object, outcome.op));
    if (continued->done.empty()) {
      continued->done.resize(header.counts.row_changes + header.counts.remove + 1);
      continued->pending.resize(continued->done.size());
    }
    if (outcome.seq >= continued->done.size()) return {};
    continued->done[outcome.seq] = !again;
    continued->pending[outcome.seq] = !again && !Succeeded(outcome.kind);
    return {};
  };
  PENSTOCK_ASSIGN_OR_RETURN(const JournalSummary summary, ReadJournal(path, visitor));
  // One that only asked for its jobs says nothing of how the plan's own run ended.
  PENSTOCK_ASSIGN_OR_RETURN(const auto record, env.store->FindRun(summary.open.run));
  if (record && record->trigger == "settle") return {};
  continued->interrupted = !summary.close || summary.close->status == "interrupted";
  return {};
}

Error Stale(const PlanHeader& header) {
  return UsageError(
      "PS-PLAN-STALE",
      "plan " + header.hash.substr(0, 12) + " of " + header.integration +
          " was made before other outcomes came: it would act on what is no longer so",
      "make a new one with `penstock plan " + header.integration + "`");
}

/// Refuses a plan after the state moved, but for the plan's own earlier, interrupted run.
Result<Continued> CheckFresh(const RunEnvironment& env, const PlanHeader& header,
                             const sdk::Object& object, const StateView& view) {
  Continued continued;
  if (view.last_outcome() == header.last_outcome && view.lineage() == header.lineage)
    return continued;
  const bool first_state = header.lineage.empty() && header.last_outcome == 0;
  if (view.lineage() != header.lineage && !first_state) return Stale(header);
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<std::string> names, JournalFiles(env));
  uint64_t own = 0;
  for (const std::string& name : names) {
    const std::string path = env.directory + "/" + name;
    PENSTOCK_ASSIGN_OR_RETURN(const JournalSummary summary, PeekJournal(path));  // all are closed
    if (summary.last_outcome <= header.last_outcome) continue;
    if (summary.open.plan_hash != header.hash) return Stale(header);
    own += summary.outcomes;
    PENSTOCK_RETURN_IF_ERROR(ReadOwn(env, path, header, object, &continued));
  }
  if (header.last_outcome + own != view.last_outcome()) return Stale(header);
  continued.any = own > 0;
  return continued;
}

/// A run that continues a plan answers for the rest of it: what is done is unchanged by now, or
/// pending.
Status LeaveOutDone(PlanReader* plan, const Continued& continued, PlanCounts* counts) {
  return plan->Changes(1, [&](const Change& change) -> Status {
    if (change.seq >= continued.done.size() || !continued.done[change.seq]) return {};
    if (change.op == Op::kDelete) {
      --counts->remove;
      return {};
    }
    const bool fresh = change.origin == Origin::kNone;
    const bool insert = change.op == Op::kInsert || (change.op == Op::kUpsert && fresh);
    --counts->row_changes;
    --(insert ? counts->insert : counts->update);
    if (insert && fresh && counts->fresh > 0) --counts->fresh;
    ++(continued.pending[change.seq] ? counts->quarantined : counts->unchanged);
    return {};
  });
}

/// Until the push says more, nothing of it is sent: counts add up however the run ends.
void CountPlanned(const PlanCounts& plan, RunRecord* record) {
  record->plan = plan;
  record->outcomes = {};
  record->outcomes.unsent = plan.row_changes + plan.remove;
}

Status CheckPlanBelongs(const RunEnvironment& env, const PlanHeader& header) {
  const Integration& integration = *env.integration;
  const std::string short_hash = header.hash.substr(0, 12);
  const auto other = [&](const std::string& what) {
    return UsageError(
        "PS-PLAN-OTHER",
        "plan " + short_hash + " was made for another " + what + " than the project file has now",
        "make a new one with `penstock plan " + integration.id + "`");
  };
  if (header.integration != integration.id)
    return other("integration (" + header.integration + ")");
  if (header.environment != integration.environment)
    return other("environment (" + header.environment + ")");
  if (header.object != integration.object) return other("object (" + header.object + ")");
  if (header.connector != env.destination->manifest().id)
    return other("connector (" + header.connector + ")");
  if (header.mode != integration.mode)
    return other("mode (" + std::string(ModeName(header.mode)) + ")");
  if (header.model_digest != SetupDigest(integration)) return other("model, key or mapping");
  if (header.options != integration.options) return other("set of options");
  return {};
}

/// The setup that this run accepted, for the guard to compare with next time. A part of a plan (a
/// canary, one key, upserts only) says nothing of the rest of it.
Status AcceptSetup(const RunEnvironment& env, const SyncOptions& options,
                   const PlanHeader& header) {
  const bool part = options.limit > 0 || !options.only.empty() || !options.only_key.empty();
  if (part) return {};
  return env.store->SaveBasis(env.integration->id, BasisOf(*env.integration, header));
}

Status PlanAndPush(const RunEnvironment& env, const SyncOptions& options, OpenRun* run,
                   StateIdentity* identity) {
  PENSTOCK_RETURN_IF_ERROR(SettleInterrupted(env, run));
  PlanInput input;
  input.view = run->view();
  input.variables.run_id = run->record().run;
  input.variables.started_us = run->record().started_us;
  input.file_name = run->record().run + ".draft";
  PENSTOCK_ASSIGN_OR_RETURN(const PlannedRun planned, MakePlan(env, options, input));
  RunRecord& record = run->record();
  CountPlanned(planned.header.counts, &record);
  record.plan_hash = planned.header.hash;
  PENSTOCK_RETURN_IF_ERROR(
      env.store->FinishRun(record));  // so that an interrupted run has its counts
  if (!planned.holds.empty()) {
    record.status = "held";
    record.holds = planned.holds;
    record.standing = planned.standing;
    return {};
  }
  PENSTOCK_ASSIGN_OR_RETURN(auto reader, PlanReader::Open(planned.path));
  PENSTOCK_ASSIGN_OR_RETURN(const sdk::Object object, FindObject(env));
  *identity = IdentityOf(env, object, planned.header.account);
  PENSTOCK_RETURN_IF_ERROR(PushPlan(env, options, reader.get(), object, {}, run));
  return AcceptSetup(env, options, planned.header);
}

Status ApplyOpen(const RunEnvironment& env, const SyncOptions& options, PlanReader* plan,
                 OpenRun* run, StateIdentity* identity) {
  const PlanHeader& header = plan->header();
  RunRecord& record = run->record();
  CountPlanned(header.counts, &record);
  PENSTOCK_RETURN_IF_ERROR(CheckPlanBelongs(env, header));
  PENSTOCK_RETURN_IF_ERROR(SettleInterrupted(env, run));
  PENSTOCK_ASSIGN_OR_RETURN(const sdk::Object object, FindObject(env));
  PENSTOCK_ASSIGN_OR_RETURN(Continued continued, CheckFresh(env, header, object, *run->view()));
  if (!continued.interrupted && env.clock->UnixMicros() > header.expires_us) {
    return UsageError("PS-PLAN-EXPIRED",
                      "plan " + header.hash.substr(0, 12) + " of " + header.integration +
                          " is older than 24 hours",
                      "make a new one with `penstock plan " + header.integration + "`");
  }
  if (continued.any) {
    PENSTOCK_RETURN_IF_ERROR(LeaveOutDone(plan, continued, &record.plan));
    CountPlanned(PlanCounts(record.plan), &record);
  }
  PENSTOCK_RETURN_IF_ERROR(env.store->FinishRun(record));
  *identity = IdentityOf(env, object, header.account);
  PENSTOCK_RETURN_IF_ERROR(PushPlan(env, options, plan, object, std::move(continued.done), run));
  return AcceptSetup(env, options, header);
}

}  // namespace

Status PushPlan(const RunEnvironment& env, const SyncOptions& options, PlanReader* plan,
                const sdk::Object& object, std::vector<bool> done, OpenRun* run) {
  const PlanHeader& header = plan->header();
  RunRecord& record = run->record();
  const bool changes = header.counts.row_changes + header.counts.remove > 0;
  PENSTOCK_ASSIGN_OR_RETURN(const bool marks, HasMarks(plan));
  if (!changes && !marks) return {};
  if (changes) PENSTOCK_RETURN_IF_ERROR(CheckAccount(env, header));
  const StateIdentity identity = IdentityOf(env, object, header.account);
  PENSTOCK_ASSIGN_OR_RETURN(Journal * journal, run->EnsureJournal(&header, &identity));
  if (options.only_key.empty()) {
    const bool leave_deletes = options.only == "upserts" && header.counts.remove > 0;
    PENSTOCK_RETURN_IF_ERROR(WriteMarks(env, plan, leave_deletes, journal));
  }
  PushOptions push;
  push.integration = env.integration;
  push.object = &object;
  push.run = record.run;
  push.limit = options.limit;
  push.skip_deletes = options.only == "upserts";
  push.only_key = options.only_key;
  push.done = std::move(done);
  push.cancelled = env.cancelled;
  push.progress = env.progress;
  const auto pushed = Push(plan, env.destination, journal, env.clock, push);
  if (marks || !pushed.ok() || pushed->learned_ids) run->IdsMayChange();
  if (!pushed.ok()) return pushed.error();
  // What records in flight took is free, but in pieces: it would stand beside what closing needs.
  ::malloc_trim(0);
  record.outcomes = pushed->counts;
  record.errors = pushed->errors;
  return pushed->stopped;
}

}  // namespace run

Result<RunRecord> Sync(const RunEnvironment& env, const SyncOptions& options) {
  PENSTOCK_RETURN_IF_ERROR(run::SettleJobs(env, options));
  PENSTOCK_RETURN_IF_ERROR(run::SettleByLookup(env, options));
  PENSTOCK_ASSIGN_OR_RETURN(auto open, run::OpenRun::Begin(env, options, ""));
  StateIdentity identity;
  Status status = run::PlanAndPush(env, options, open.get(), &identity);
  return open->Finish(std::move(status), identity.integration.empty() ? nullptr : &identity);
}

Result<RunRecord> Apply(const RunEnvironment& env, const std::string& path,
                        const SyncOptions& options) {
  PENSTOCK_ASSIGN_OR_RETURN(auto plan, PlanReader::Open(path));
  // The user named it by its hash, and files can be moved.
  if (!path.ends_with("/" + plan->header().hash + ".plan")) {
    Error error = MakeError("PS-PLAN-CORRUPT",
                            "the file holds another plan (" + plan->header().hash.substr(0, 12) +
                                ") than its name says: nothing was sent",
                            "make a new one with `penstock plan " + env.integration->id + "`");
    error.file = path;
    return error;
  }
  PENSTOCK_RETURN_IF_ERROR(run::SettleJobs(env, options));
  PENSTOCK_ASSIGN_OR_RETURN(auto open, run::OpenRun::Begin(env, options, plan->header().hash));
  StateIdentity identity;
  Status status = run::ApplyOpen(env, options, plan.get(), open.get(), &identity);
  return open->Finish(std::move(status), identity.integration.empty() ? nullptr : &identity);
}

}  // namespace penstock
