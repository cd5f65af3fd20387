// A run from its lock to its record.
#include <unistd.h>

#include <algorithm>
#include <random>
#include <utility>

#include "core/file/file.h"
#include "core/run/context.h"
#include "core/run/shared_ids.h"

namespace penstock::run {
namespace {

std::string NewLineage() {
  std::random_device random;
  Hash128 lineage;
  lineage.hi = (static_cast<uint64_t>(random()) << 32) | random();
  lineage.lo = (static_cast<uint64_t>(random()) << 32) | random();
  return ToHex(lineage);
}

std::string CountsJson(const RunRecord& record) {
  const OutcomeCounts& c = record.outcomes;
  return "{\"succeeded\":" + std::to_string(c.succeeded) +
         ",\"rejected\":" + std::to_string(c.rejected) +
         ",\"skipped\":" + std::to_string(c.skipped) +
         ",\"in_doubt\":" + std::to_string(c.in_doubt) + ",\"unsent\":" + std::to_string(c.unsent) +
         "}";
}

/// The status of a run that ended in order.
std::string StatusOf(const RunRecord& record) {
  const OutcomeCounts& c = record.outcomes;
  const bool faulty = std::any_of(record.errors.begin(), record.errors.end(),
                                  [](const ErrorCount& e) { return e.faults > 0; });
  const bool errors =
      c.rejected + c.in_doubt > 0 || LeftUnsent(record) || record.plan.invalid > 0 || faulty;
  return errors ? "completed_with_errors" : "succeeded";
}

}  // namespace

Result<std::unique_ptr<OpenRun>> OpenRun::Begin(const RunEnvironment& env,
                                                const SyncOptions& options,
                                                const std::string& plan_hash) {
  std::unique_ptr<OpenRun> run(new OpenRun(env));
  PENSTOCK_RETURN_IF_ERROR(file::MakeDirectories(env.directory));
  PENSTOCK_ASSIGN_OR_RETURN(
      run->lock_, IntegrationLock::Acquire(env.directory, "pid " + std::to_string(::getpid()),
                                           options.wait_ms, env.cancelled));
  PENSTOCK_RETURN_IF_ERROR(run->Refresh());
  RunRecord& record = run->record_;
  record.integration = env.integration->id;
  record.trigger = options.trigger;
  record.plan_hash = plan_hash;
  record.started_us = env.clock->UnixMicros();
  run->requests_before_ = env.destination == nullptr ? 0 : env.destination->requests();
  record.ordinal = run->view_->last_run() + 1;
  record.limited = options.limit > 0 || !options.only.empty() || !options.only_key.empty();
  PENSTOCK_RETURN_IF_ERROR(env.store->BeginRun(&record));
  PENSTOCK_RETURN_IF_ERROR(
      run->lock_->Describe("run " + record.run + ", pid " + std::to_string(::getpid())));
  if (env.run_started) {
    if (Status told = env.run_started(record); !told.ok())
      return run->Finish(told, nullptr).error.value();
    run->told_host_ = true;
  }
  return run;
}

Status OpenRun::Refresh() {
  PENSTOCK_ASSIGN_OR_RETURN(anchor_, env_.store->Anchor(env_.integration->id));
  PENSTOCK_ASSIGN_OR_RETURN(view_, OpenView(env_));
  return {};
}

Result<Journal*> OpenRun::EnsureJournal(const PlanHeader* plan, const StateIdentity* identity) {
  if (journal_ != nullptr) return journal_.get();
  if (anchor_.lineage.empty()) {
    anchor_.lineage = view_->lineage().empty() ? NewLineage() : view_->lineage();
    PENSTOCK_RETURN_IF_ERROR(env_.store->SaveAnchor(env_.integration->id, anchor_));
  }
  JournalOpen open;
  open.identity.integration = env_.integration->id;
  open.identity.environment = env_.integration->environment;
  if (identity != nullptr) open.identity = *identity;
  open.lineage = anchor_.lineage;
  open.run = record_.run;
  open.run_ordinal = record_.ordinal;
  open.mode = env_.integration->mode;
  open.first_outcome = view_->last_outcome() + 1;
  open.started_us = record_.started_us;
  if (plan == nullptr) IdsMayChange();
  if (plan != nullptr) {
    open.plan_hash = plan->hash;
    open.mode = plan->mode;
    open.connector_version = plan->connector_version;
    open.schema = plan->schema_digest;
    for (const MappedField& field : plan->fields) open.fields.push_back(field.name);
  }
  PENSTOCK_ASSIGN_OR_RETURN(journal_,
                            Journal::Create(JournalPath(env_.directory, record_.ordinal), open));
  record_.journalled = true;
  PENSTOCK_RETURN_IF_ERROR(env_.store->FinishRun(record_));
  return journal_.get();
}

/// Closes the journal, then makes a new generation when that pays, then tells the store.
Status OpenRun::Commit(const StateIdentity* identity) {
  if (journal_ != nullptr) {
    JournalClose close;
    close.status = record_.status;
    close.ended_us = env_.clock->UnixMicros();
    close.counts_json = CountsJson(record_);
    PENSTOCK_RETURN_IF_ERROR(journal_->Close(std::move(close)));
    journal_.reset();
    PENSTOCK_RETURN_IF_ERROR(Refresh());
    ids_may_change_ = ids_may_change_ || anchor_.shared_ids > 0;  // which may be fewer now
  }
  if (view_->empty()) return {};
  StateAnchor anchor{view_->lineage(), view_->generation(), view_->last_outcome(),
                     anchor_.shared_ids};
  if (ids_may_change_) {
    PENSTOCK_ASSIGN_OR_RETURN(anchor.shared_ids, CountSharedIds(view_.get()));
  }
  const StateIdentity* known = view_->identity() ? &*view_->identity() : identity;
  if (known != nullptr && ShouldCompact(*view_)) {
    if (env_.progress) env_.progress({.phase = Progress::Phase::kCommitting});
    CompactOptions options;
    options.identity = *known;
    options.lineage = view_->lineage();
    options.keep_journals = true;  // `why` and `records` read them; retention removes whole runs
    PENSTOCK_ASSIGN_OR_RETURN(const StateAnchor made,
                              Compact(env_.directory, view_.get(), options));
    anchor.generation = made.generation;
  }
  record_.standing = view_->counts();
  record_.standing.shared_ids = anchor.shared_ids;
  return env_.store->SaveAnchor(env_.integration->id, anchor);
}

RunRecord OpenRun::Finish(Status status, const StateIdentity* identity) {
  if (!status.ok() && !record_.error) record_.error = status.error();
  if (record_.status == "running") {
    const bool cancelled = record_.error && record_.error->exit == ExitCode::kCancelled;
    record_.status = cancelled ? "cancelled" : record_.error ? "failed" : StatusOf(record_);
  }
  if (view_ != nullptr) {
    if (Status committed = Commit(identity); !committed.ok()) {
      record_.status = "failed";
      if (!record_.error) record_.error = committed.error();
    }
  }
  record_.ended_us = env_.clock->UnixMicros();
  if (env_.destination != nullptr)
    record_.requests = env_.destination->requests() - requests_before_;
  if (told_host_ && env_.run_finished) {
    if (Status told = env_.run_finished(record_); !told.ok() && !record_.error) {
      record_.status = "failed";
      record_.error = told.error();
    }
  }
  if (Status stored = env_.store->FinishRun(record_); !stored.ok() && !record_.error) {
    record_.status = "failed";
    record_.error = stored.error();
  }
  return record_;
}

}  // namespace penstock::run
