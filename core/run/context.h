// Internal to core/run: what planning, pushing and the small verbs share.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/diff/diff.h"
#include "core/run/run.h"
#include "core/state/journal.h"

namespace penstock::run {

/// What the state of this integration belongs to, but for the account when that is not known yet.
StateIdentity IdentityOf(const RunEnvironment& env, const sdk::Object& object,
                         const std::string& account);

/// PS-STATE-IDENTITY saying both sides, or ok. An empty account on either side is not compared.
Status CompareIdentity(const StateIdentity& state, const StateIdentity& now);

/// The basis that the guard compares with next time.
PlanBasis BasisOf(const Integration& integration, const PlanHeader& header);

/// Digest of the model's text and the mapping as the project file has them: a plan made from others
/// is not applied.
std::string SetupDigest(const Integration& integration);

/// SHA-256 in lower-case hex.
std::string Digest(std::string_view text);

Result<std::unique_ptr<StateView>> OpenView(const RunEnvironment& env);

/// The object of the integration from the destination's catalog; PS-MAP-OBJECT with a suggestion.
Result<sdk::Object> FindObject(const RunEnvironment& env);

/// Does sending the operation twice leave the same state, as the catalog says?
bool IsIdempotent(const sdk::Object& object, Op op);

/// Asks the destination which account it is. PS-DEST-AUTH, PS-DEST-UNREACHABLE, …
Result<std::string> AskAccount(const RunEnvironment& env);

/// An error of a call into the connector as a sentence.
Error Explained(const RunEnvironment& env, const sdk::Failure& failure);

struct PlanInput {
  StateView* view = nullptr;
  RunVariables variables;
  std::string file_name;  // in env.plans_directory, until the hash is known
};

/// Reads, maps, compares, writes the plan file and names it by its hash.
Result<PlannedRun> MakePlan(const RunEnvironment& env, const SyncOptions& options,
                            const PlanInput& input);

/// A run that has begun: its record, its lock and its journal.
class OpenRun {
 public:
  /// Takes the lock, begins the record.
  static Result<std::unique_ptr<OpenRun>> Begin(const RunEnvironment& env,
                                                const SyncOptions& options,
                                                const std::string& plan_hash);

  RunRecord& record() { return record_; }
  StateView* view() { return view_.get(); }
  /// Reads the state again, after journals were written.
  Status Refresh();
  /// Creates the journal when the first outcome or mark is due. Of a run without a plan both are
  /// null.
  Result<Journal*> EnsureJournal(const PlanHeader* plan, const StateIdentity* identity);
  Journal* journal() { return journal_.get(); }
  /// What this run writes down may make a key live or give it another id: then the commit counts
  /// the ids that several live keys have.
  void IdsMayChange() { ids_may_change_ = true; }

  /// Writes everything down: closes the journal, makes a new generation when that pays, saves
  /// anchor and record. An error on the way goes into the record.
  RunRecord Finish(Status status, const StateIdentity* identity);

 private:
  explicit OpenRun(const RunEnvironment& env) : env_(env) {}
  Status Commit(const StateIdentity* identity);

  const RunEnvironment& env_;
  RunRecord record_;
  std::unique_ptr<IntegrationLock> lock_;
  std::unique_ptr<StateView> view_;
  std::unique_ptr<Journal> journal_;
  StateAnchor anchor_;
  uint64_t requests_before_ = 0;
  bool told_host_ = false, ids_may_change_ = false;
};

/// Closes the journals of interrupted runs: what was sent without an answer is in doubt from now
/// on. Then refreshes.
Status SettleInterrupted(const RunEnvironment& env, OpenRun* run);

/// Every entry that is in a job; reads those that are pending.
Status ForEachInJob(StateView* view, const std::function<Status(const Entry&)>& visit);

/// Hands the jobs that earlier runs noted and left open back to the connector, a run of its own for
/// each of those. Does nothing when there are none. Jobs that it does not settle stay as they are.
Status SettleJobs(const RunEnvironment& env, const SyncOptions& options);

/// Inserts in doubt must not be repeated blindly: they are looked up at the destination, as a small
/// run of its own. Does nothing when there are none or the connector cannot look up.
Status SettleByLookup(const RunEnvironment& env, const SyncOptions& options);

/// Marks and changes of a plan, through the journal. Fills counts and errors of the record.
Status PushPlan(const RunEnvironment& env, const SyncOptions& options, PlanReader* plan,
                const sdk::Object& object, std::vector<bool> done, OpenRun* run);

}  // namespace penstock::run
