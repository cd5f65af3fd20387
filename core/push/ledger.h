// The ledger of a push: which records are in flight, in which request, and what became of each. It
// is the one place that turns answers into journalled outcomes, so counts add up by construction.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/base/result.h"
#include "core/push/batch.h"
#include "core/push/learned.h"
#include "core/run/destination.h"
#include "core/run/run.h"
#include "core/state/journal.h"

namespace penstock {

/// [thread-safe]
class Ledger final : public RequestJournal {
 public:
  /// `keep_conflicts`: deletes will follow. Rejections of class conflict are put aside for
  /// TakeConflicts instead of being counted at once, and new ids are kept for LearnedInThisRun.
  /// `connector`: its id, for sentences.
  Ledger(Journal* journal, Clock* clock, bool keep_conflicts, std::string connector);

  /// The batch's records are about to be handed to a writer.
  void Enter(const std::shared_ptr<Batch>& batch);
  /// The writer has returned and may hold records of the batch back, for a job or a larger request:
  /// from now on they are known without their payloads, which can be more than memory should hold.
  void HoldBack(const Batch& batch);
  /// The same for the records of an earlier run's note, which is handed back.
  void EnterNoted(const std::shared_ptr<Batch>& batch, const std::string& token);
  /// What is open of handed back notes stays with them: counted as in doubt, and written down only
  /// where it was noted anew, since nothing else has changed.
  void LeaveNoted(const sdk::Failure& failure);

  /// A record's outcome (never SPLIT). The first word counts; a second one for the same record is
  /// ignored and told by `false`, as is an unknown seq. A success that no request stands for, or
  /// only such as were certainly not applied, is not believed: the record is unsent if `no_request`
  /// was made at all, else in doubt (a request may not have named it), and the run has to stop.
  bool Settle(const penstock_outcome& outcome, bool no_request = false);
  /// A call that failed, and the run goes on: among the errors, together with the records that the
  /// connector reports by its code (without the connector's id and dot); in no count.
  void Fault(const sdk::Failure& failure);
  /// An outcome that the core decides itself, without a request. `error_class`: of a REJECTED.
  /// UNSENT of what an unanswered request may have applied before is in doubt.
  void SettleUnsent(const Change& change, OutcomeKind kind, const std::string& code,
                    const std::string& message, ErrorClass error_class = ErrorClass::kData);

  /// Takes records out for a SPLIT: they are handed over again in smaller batches. Unknown seqs are
  /// left out, and so are those of a noted job, which is no request: they are unsent. What may have
  /// been applied, since a request with it has no answer, is handed over again only where that is
  /// `idempotent`, and is in doubt otherwise. Payloads of what was held back are missing.
  std::vector<Change> TakeBack(const std::vector<uint64_t>& seqs, bool idempotent);

  /// The connector was brought down while it had `batch`: takes those of its records out that can
  /// be handed over once more (`idempotent`: also those that were sent, but not those of a noted
  /// job); the others are in doubt.
  struct AfterCrash {
    std::vector<Change> again;
    bool sent = false;  // one of them, in this call or before
  };
  AfterCrash TakeBackAfterCrash(const Batch& batch, bool idempotent, const sdk::Failure& failure);

  /// What a failed call left unreported among `seqs`: in doubt or unsent, by what is known of their
  /// requests; of a noted job in doubt, and held until its note is settled.
  void CloseUnreported(const std::vector<uint64_t>& seqs, const sdk::Failure& failure);
  /// Seqs of `batch` without an outcome yet, but for those of a noted job, which finish may tell
  /// of.
  std::vector<uint64_t> Open(const Batch& batch) const;
  std::vector<uint64_t> AllOpen() const;

  /// Rejections of class conflict, to be tried once more after the deletes. Their second outcome
  /// counts. Payloads of what was held back are missing.
  std::vector<Change> TakeConflicts();
  /// Those that were taken aside but will not be tried again count now.
  void SettleConflicts();

  /// Did a record that we had no id for turn out, in this run, to be the one with this id? Then its
  /// delete, decided before that was known, would take away what was just written.
  LearnedIds::Found LearnedInThisRun(const std::string& destination_id);

  /// Did a record turn out to have another id than we knew, or none before?
  bool learned_ids() const;
  OutcomeCounts counts() const;
  std::vector<ErrorCount> errors() const;
  /// Number of records with an outcome.
  uint64_t settled() const;
  /// Records that were handed to a writer and have no outcome yet.
  uint64_t under_way() const;
  /// Why nothing more may be sent: the first failure to write the journal, or the first success
  /// that a connector made up (PS-CONN-CLAIMED).
  Status stop_reason() const;

  // RequestJournal
  Status BeforeSend(uint64_t request, std::span<const uint64_t> seqs) override;
  void Answered(uint64_t request, std::span<const uint64_t> seqs) override;
  void Unclear(uint64_t request, std::span<const uint64_t> seqs) override;
  void NotApplied(uint64_t request, std::span<const uint64_t> seqs) override;
  Status Note(std::span<const uint64_t> seqs, const std::string& token) override;

 private:
  enum class Wire : uint8_t { kNotSent, kSent, kAnswered };
  // Of each of the records that connectors hold back, so small.
  struct InFlight {
    std::shared_ptr<Batch> batch;           // or
    std::shared_ptr<const KeptBatch> kept;  // held back
    uint32_t index = 0;                     // in either
    Wire wire = Wire::kNotSent;
    bool unclear = false;          // an earlier request with it got no answer: it may be applied
    bool answered_before = false;  // an earlier request with it got one
    bool noted = false;            // in this run, and not handed back by it
    uint64_t request = 0;
    const std::string* job = nullptr;  // the note that it is in, of jobs_
  };
  /// Valid until the next call; under mutex_.
  const Change& ChangeOf(const InFlight& flight) const;

  void Write(Outcome outcome, const std::string& key_text, bool count);
  void Count(const Outcome& outcome, const std::string& key_text);
  void CloseOne(uint64_t seq, const sdk::Failure& failure);
  static IntentRecord IntentOf(const Change& change);
  std::vector<IntentRecord> NotedRecords(std::span<const uint64_t> seqs,
                                         const std::string& token) const;
  static bool MadeUp(OutcomeKind told, const InFlight& flight);
  static OutcomeKind Believed(OutcomeKind told, const InFlight& flight);
  static Outcome FromChange(const Change& change);
  Outcome StaysInJob(const InFlight& flight, const sdk::Failure& failure) const;
  /// How many bytes these records take in a message to a worker.
  Result<size_t> NoteBytes(std::span<const uint64_t> seqs) const;

  Journal* const journal_;
  Clock* const clock_;
  const bool keep_conflicts_;
  const std::string connector_;
  mutable std::mutex mutex_;
  std::unordered_map<uint64_t, InFlight> in_flight_;
  std::set<std::string> jobs_;
  mutable Change read_;                         // the last one of a kept batch
  std::unordered_set<uint64_t> maybe_applied_;  // and taken back since
  std::vector<std::pair<Change, Outcome>> conflicts_;
  size_t conflict_bytes_ = 0;
  LearnedIds learned_;
  bool learned_any_ = false;
  OutcomeCounts counts_;
  std::map<std::string, ErrorCount> errors_;
  Status journal_status_, claimed_;
};

}  // namespace penstock
