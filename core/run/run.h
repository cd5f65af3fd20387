// Orchestration: plan, apply, sync, and the small verbs on single keys. Knows no host: it works
// through core/model/source.h and core/run/destination.h.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/diff/diff.h"
#include "core/guard/guard.h"
#include "core/model/integration.h"
#include "core/model/source.h"
#include "core/plan/plan.h"
#include "core/push/cost.h"
#include "core/run/counts.h"
#include "core/run/destination.h"
#include "core/state/state.h"

namespace penstock {

struct ErrorCount {
  std::string code, message;  // message: of the example
  uint64_t count = 0;
  std::string example_key;
  uint64_t faults = 0;  // calls that failed with it; not stored
};

/// A run as it is stored, shown and put out with --json (DESIGN 7).
struct RunRecord {
  std::string run, integration;
  uint32_t ordinal = 0;
  std::string trigger = "cli";
  std::string status =
      "running";  // running|succeeded|completed_with_errors|held|failed|interrupted|cancelled
  std::string plan_hash;
  PlanCounts plan;
  OutcomeCounts outcomes;
  StateCounts standing;            // after the run
  std::vector<ErrorCount> errors;  // most frequent first, at most 20
  std::vector<Hold> holds;
  uint64_t requests = 0;
  int64_t started_us = 0, ended_us = 0;
  std::optional<Error> error;
  bool journalled = false;  // it had a journal, so that one which is missing is noticed
  bool limited = false;     // a canary (`--limit`, `--only`): unsent is what was asked for
};

/// A connector's note whose records have no outcome: a job at the destination that may still run.
struct OpenJob {
  std::string token;
  Op op = Op::kUpsert;
  uint32_t run = 0;  // ordinal of the one that noted it
  int64_t since_us = 0;
  uint64_t records = 0;
  uint64_t acknowledged = 0;  // of these, known from before
};
/// In order of their runs. Reads the entries that are pending, none if nothing is in doubt.
Result<std::vector<OpenJob>> OpenJobs(StateView* view);

/// Progress of long work, told from the calling thread, a few times a second.
struct Progress {
  enum class Phase { kConnecting, kSettling, kReading, kComparing, kPushing, kCommitting };
  Phase phase = Phase::kReading;
  uint64_t done = 0;
  uint64_t total = 0;      // 0: not known
  uint64_t under_way = 0;  // handed to the connector, without an outcome yet
  uint64_t requests = 0;
  uint64_t rejected = 0;
};

/// Everything that one integration's run works with. Borrowed; must outlive the call.
struct RunEnvironment {
  const Integration* integration = nullptr;
  Source* source = nullptr;
  Destination* destination = nullptr;
  RunStore* store = nullptr;
  Clock* clock = nullptr;
  const Hasher* hasher = nullptr;
  std::string directory;  // of the integration: state, journals, plans of runs
  std::string plans_directory;
  std::string scratch_dir;
  std::function<bool()> cancelled;  // SIGINT, SIGTERM; [thread-safe]
  std::function<void(const Progress&)> progress;
  /// Opens the run's exchange capture before the first request of a run and closes it after the
  /// last; may be empty.
  std::function<Status(const RunRecord&)> run_started;
  std::function<Status(const RunRecord&)> run_finished;
  /// Told of the jobs of an earlier run, one at least, before they are asked for and waited for;
  /// may be empty.
  std::function<void(const std::vector<OpenJob>&)> jobs_awaited;
  /// Told of a run that asked for the jobs of an earlier one; may be empty.
  std::function<void(const RunRecord&)> run_settled;
  /// Told of an earlier run that did not end in order; may be empty.
  std::function<Status(const RunRecord&)> run_interrupted;
};

/// A plan on disk with the guard's word on it.
struct PlannedRun {
  std::string path;
  PlanHeader header;
  std::vector<Hold> holds;
  std::optional<std::string> open_run;  // a run that is at work, or was interrupted and is not
                                        // settled yet
  bool open_run_at_work = false;
  PlanCost cost;
  double estimated_seconds = 0;
  StateCounts standing;
};

struct SyncOptions {
  uint64_t limit = 0;  // changes to send at most (canary); 0: all
  std::optional<uint64_t> allow_deletes;
  int64_t wait_ms = 0;  // for the integration's lock
  std::string trigger = "cli";
  std::string only;      // apply: "upserts" leaves the deletes out; empty: all
  std::string only_key;  // test --send: just this key (key text)
};

/// Connects, reads, maps, diffs and writes the plan file; sends no write, changes no state, takes
/// no lock.
Result<PlannedRun> Plan(const RunEnvironment& env, const SyncOptions& options);

/// Settles what an earlier run left open, plans, asks the guard, pushes, commits. A held plan ends
/// with status "held" and is kept for `apply`. The record is returned whenever a run began, also a
/// failed one (record.error).
Result<RunRecord> Sync(const RunEnvironment& env, const SyncOptions& options);

/// Pushes exactly the plan at `path`, which the user names by its hash: no guard. PS-PLAN-STALE
/// when outcomes came since, PS-PLAN-EXPIRED after 24 h, PS-PLAN-OTHER when it belongs to other
/// settings or another account.
Result<RunRecord> Apply(const RunEnvironment& env, const std::string& path,
                        const SyncOptions& options);

/// A record of the store as it is now. One that says "running" while nobody holds the lock of its
/// integration (`directory`) is of a run that was killed: "interrupted", with the counts that its
/// journal tells, as the next run will write them down. Where the journal cannot be read all of its
/// changes are in doubt, and `error` says why. Reads only; a run at work is not disturbed, and its
/// record stays as it is. PS-FILE-LOCK, PS-STORE-...
Result<RunRecord> RecordNow(RunStore* store, const std::string& directory, RunRecord record);

/// What decides about a key of this integration now, for `why` as for a plan.
DecisionContext DecisionsFor(const RunEnvironment& env, const sdk::Object& object,
                             const Mapper& mapper);

/// Read access to the state for the verbs below and for `why`, `records`, `status`.
Result<std::unique_ptr<StateView>> OpenState(const RunEnvironment& env);

/// `retry`: pending rejections (all, or of the given keys) go into the next plan. Returns how many.
/// Takes the lock.
Result<uint64_t> Retry(const RunEnvironment& env, const std::vector<Hash128>& keys, bool all);

/// `settle KEY --applied | --not-applied`: ends a doubt by the user's word. PS-STATE-NOT-IN-DOUBT
/// otherwise.
Status Settle(const RunEnvironment& env, const Hash128& key, bool applied);

/// `forget`: drops the whole state of the integration (it is set aside as a folder named in the
/// result), so that the next run is a first run. Takes the lock.
Result<std::string> Forget(const RunEnvironment& env);

/// A key as the user types it, normalised and encoded like the key field's values.
std::string KeyBytesOfText(const sdk::Field& key_field, const std::string& text);
/// Its hash, as the state knows it.
Hash128 HashOfKeyText(const Hasher& hasher, const sdk::Field& key_field, const std::string& text);

/// Whether changes were left that this run should have sent. Not what `--limit` keeps back, and not
/// what an earlier run's job gives back: the next sync plans it, mostly the one that asked for it.
bool LeftUnsent(const RunRecord& record);

/// Exit code of a run: 0, 3 above tolerance, 4 held, 5 cancelled, 1 failed (or the error's own).
ExitCode ExitOf(const RunRecord& record, const Tolerance& tolerate);

}  // namespace penstock
