// What an earlier run left open: closed before anything new is decided.
#include <algorithm>
#include <charconv>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/file/file.h"
#include "core/run/context.h"

namespace penstock {
namespace run {
namespace {

constexpr size_t kLookupKeys = 500;

uint32_t OrdinalOf(const std::string& run) {
  uint32_t ordinal = 0;
  const size_t dash = run.rfind('-');
  if (dash != std::string::npos)
    std::from_chars(run.data() + dash + 1, run.data() + run.size(), ordinal);
  return ordinal;
}

/// Counts each change once, by its last outcome: a conflict that was rejected is tried once more.
class LastWords {
 public:
  void Take(uint64_t seq, OutcomeKind kind, ErrorClass error_class, OutcomeCounts* counts) {
    if (counted_.size() <= seq) counted_.resize(seq * 2 + 64);
    if (counted_[seq]) {
      if (conflicts_.erase(seq) == 0) return;
      --counts->rejected;
    }
    counted_[seq] = true;
    counts->Add(kind);
    if (kind == OutcomeKind::kRejected && error_class == ErrorClass::kConflict)
      conflicts_.insert(seq);
  }

 private:
  std::vector<bool> counted_;
  std::unordered_set<uint64_t> conflicts_;  // the push keeps a bounded number of them for that
};

/// A journal read to its end: what has an outcome, and what was sent and has none.
struct Interrupted {
  JournalSummary summary;
  std::unordered_map<uint64_t, std::pair<uint64_t, IntentRecord>> open;  // seq -> (request, record)
  LastWords last_words;
  OutcomeCounts counts;
};

Result<Interrupted> ReadInterrupted(const std::string& path) {
  Interrupted result;
  JournalVisitor visitor;
  visitor.intent = [&](uint64_t request, const IntentRecord& record) -> Status {
    result.open[record.seq] = {request, record};
    return {};
  };
  visitor.outcome = [&](const Outcome& outcome) -> Status {
    if (outcome.mark != Mark::kNone) return {};
    result.open.erase(outcome.seq);
    result.last_words.Take(outcome.seq, outcome.kind, outcome.error_class, &result.counts);
    return {};
  };
  PENSTOCK_ASSIGN_OR_RETURN(result.summary, ReadJournal(path, visitor));
  return result;
}

/// What is known of a run that did not end in order: by its journal, and of the rest by its plan.
void CountInterrupted(OutcomeCounts counts, RunRecord* record) {
  record->status = "interrupted";
  const uint64_t changes = record->plan.row_changes + record->plan.remove;
  const uint64_t known = counts.changes();
  // One that asked for jobs had its changes sent by an earlier run.
  uint64_t& rest = record->trigger == "settle" ? counts.in_doubt : counts.unsent;
  if (changes > known) rest += changes - known;
  record->outcomes = counts;
}

/// The last word on a run that did not end in order, in the list of runs and in the changelog.
Status RecordInterrupted(const RunEnvironment& env, const OutcomeCounts& counts,
                         RunRecord* record) {
  CountInterrupted(counts, record);
  record->ended_us = env.clock->UnixMicros();
  PENSTOCK_RETURN_IF_ERROR(env.store->FinishRun(*record));
  return env.run_interrupted ? env.run_interrupted(*record) : Status();
}

Status CloseInterrupted(const RunEnvironment& env, const std::string& run) {
  const std::string path = JournalPath(env.directory, OrdinalOf(run));
  PENSTOCK_ASSIGN_OR_RETURN(Interrupted interrupted, ReadInterrupted(path));
  PENSTOCK_ASSIGN_OR_RETURN(auto journal, Journal::Continue(path));
  for (const auto& [seq, sent] : interrupted.open) {
    const auto& [request, record] = sent;
    Outcome outcome;
    CopyAttempt(record, &outcome);
    outcome.kind = OutcomeKind::kInDoubt;
    outcome.code = "interrupted";
    outcome.message = record.job.empty()
                          ? "the run ended before the destination's answer was written down"
                          : "the run ended while its job " + record.job + " was under way";
    outcome.job = record.job;
    outcome.exchange = request;
    outcome.at_us = env.clock->UnixMicros();
    interrupted.last_words.Take(outcome.seq, outcome.kind, outcome.error_class,
                                &interrupted.counts);
    PENSTOCK_RETURN_IF_ERROR(journal->Report(std::move(outcome)));
  }
  JournalClose close;
  close.status = "interrupted";
  close.ended_us = env.clock->UnixMicros();
  close.counts_json = "{}";
  PENSTOCK_RETURN_IF_ERROR(journal->Close(std::move(close)));

  PENSTOCK_ASSIGN_OR_RETURN(std::optional<RunRecord> record, env.store->FindRun(run));
  if (!record) return {};
  return RecordInterrupted(env, interrupted.counts, &*record);
}

/// What a run did that ended before its record was written, by its journal. What one that is not
/// closed has sent without an answer will be in doubt.
Result<OutcomeCounts> CountsOf(const std::string& directory, const RunRecord& record) {
  const std::string path = JournalPath(directory, record.ordinal);
  if (file::Exists(path)) {
    PENSTOCK_ASSIGN_OR_RETURN(Interrupted read, ReadInterrupted(path));
    if (read.summary.close) return read.counts;
    for (const auto& [seq, sent] : read.open) {
      read.last_words.Take(seq, OutcomeKind::kInDoubt, ErrorClass::kNone, &read.counts);
    }
    return read.counts;
  }
  if (!record.journalled) return OutcomeCounts();
  return MakeError(
      "PS-STATE-MISSING",
      "the journal of run " + record.run +
          ", which did not end in order, is not there: what it had acknowledged is not "
          "known",
      "put it back from a backup, or begin anew with `penstock forget " + record.integration + "`");
}

}  // namespace

Status SettleInterrupted(const RunEnvironment& env, OpenRun* run) {
  const std::vector<std::string> open = run->view()->open_journals();
  for (const std::string& name : open) PENSTOCK_RETURN_IF_ERROR(CloseInterrupted(env, name));
  if (!open.empty()) run->IdsMayChange();
  // Those that were killed before they had a journal sent nothing. This run has the lock, so that
  // no other one is at work.
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<RunRecord> running,
                            env.store->Running(env.integration->id));
  for (RunRecord& record : running) {
    if (record.run == run->record().run) continue;
    PENSTOCK_ASSIGN_OR_RETURN(const OutcomeCounts counts, CountsOf(env.directory, record));
    PENSTOCK_RETURN_IF_ERROR(RecordInterrupted(env, counts, &record));
  }
  return open.empty() ? Status() : run->Refresh();
}

namespace {

Result<std::vector<Entry>> DoubtfulInserts(StateView* view) {
  std::vector<Entry> doubtful;
  PENSTOCK_RETURN_IF_ERROR(view->ForEach([&](const Entry& entry) -> Status {
    const bool settles = InDoubt(entry) && !InJob(entry);  // a job tells more than a lookup
    if (settles && entry.pending->op == Op::kInsert) doubtful.push_back(entry);
    return {};
  }));
  return doubtful;
}

Status MarkLooked(const RunEnvironment& env, std::span<const Entry> entries,
                  const std::vector<LookupHit>& hits, Journal* journal) {
  for (size_t i = 0; i < entries.size() && i < hits.size(); ++i) {
    Outcome mark;
    mark.key_hash = entries[i].key_hash;
    mark.key = entries[i].key;
    // Of several records none is taken for ours: the entry has no id then.
    mark.mark = hits[i].matches == sdk::Matches::kNone ? Mark::kSettledNotApplied : Mark::kFound;
    mark.destination_id = hits[i].destination_id;
    mark.at_us = env.clock->UnixMicros();
    PENSTOCK_RETURN_IF_ERROR(journal->Report(std::move(mark)));
  }
  return {};
}

Status LookUp(const RunEnvironment& env, const sdk::Object& object, std::span<const Entry> entries,
              std::vector<LookupHit>* hits) {
  const sdk::Field* key = object.FindField(env.integration->key.field);
  sdk::Assignment assignment;
  assignment.object = object.name;
  assignment.operation = "lookup";
  assignment.identifier = {env.integration->key.field};
  assignment.fields = {
      {env.integration->key.field, key == nullptr ? sdk::FieldType::kString : key->type, true}};
  CallLimits limits;
  limits.cancelled = env.cancelled;
  Arena arena;
  std::vector<Value> keys;
  for (const Entry& entry : entries) {
    std::string_view bytes = entry.key;
    PENSTOCK_ASSIGN_OR_RETURN(const Value value, DecodeValue(&bytes, &arena));
    keys.push_back(value);
  }
  sdk::Status looked = env.destination->Lookup(assignment, keys, hits, limits);
  if (!looked.ok()) return Explained(env, looked.failure());
  return {};
}

Status SettleAll(const RunEnvironment& env, const sdk::Object& object, OpenRun* run) {
  PENSTOCK_RETURN_IF_ERROR(SettleInterrupted(env, run));
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<Entry> doubtful, DoubtfulInserts(run->view()));
  for (size_t first = 0; first < doubtful.size(); first += kLookupKeys) {
    const std::span<const Entry> part(doubtful.data() + first,
                                      std::min(kLookupKeys, doubtful.size() - first));
    std::vector<LookupHit> hits;
    PENSTOCK_RETURN_IF_ERROR(LookUp(env, object, part, &hits));
    PENSTOCK_ASSIGN_OR_RETURN(Journal * journal, run->EnsureJournal(nullptr, nullptr));
    PENSTOCK_RETURN_IF_ERROR(MarkLooked(env, part, hits, journal));
  }
  return {};
}

}  // namespace

Status SettleByLookup(const RunEnvironment& env, const SyncOptions& options) {
  if (env.integration->mode != Mode::kInsertOnly || !env.destination->can_lookup()) return {};
  PENSTOCK_ASSIGN_OR_RETURN(auto view, OpenView(env));
  // A refusal, or a record in the way, may have come after an attempt that is still in doubt.
  const StateCounts& counts = view->counts();
  if (counts.in_doubt + counts.rejected + counts.skipped == 0) return {};
  PENSTOCK_ASSIGN_OR_RETURN(const sdk::Object object, FindObject(env));
  const auto insert = object.operations.find("insert");
  if (insert == object.operations.end() || insert->second.idempotent) return {};
  PENSTOCK_ASSIGN_OR_RETURN(auto doubtful, DoubtfulInserts(view.get()));
  if (doubtful.empty()) return {};
  view.reset();
  SyncOptions settle = options;
  settle.trigger = "settle";
  PENSTOCK_ASSIGN_OR_RETURN(auto run, OpenRun::Begin(env, settle, ""));
  const RunRecord record = run->Finish(SettleAll(env, object, run.get()), nullptr);
  return record.error ? Status(*record.error) : Status();
}

}  // namespace run

Result<RunRecord> RecordNow(RunStore* store, const std::string& directory, RunRecord record) {
  if (record.status != "running") return record;
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<RunRecord> running,
                            store->Running(record.integration));
  const bool newest = std::none_of(running.begin(), running.end(), [&](const RunRecord& other) {
    return other.ordinal > record.ordinal;
  });
  // A run has the lock from before its record begins until its last word is written.
  PENSTOCK_ASSIGN_OR_RETURN(const bool held, IntegrationLock::Held(directory));
  if (held && newest) return record;
  // It may have ended in order since its record was read.
  PENSTOCK_ASSIGN_OR_RETURN(const std::optional<RunRecord> again, store->FindRun(record.run));
  if (again) record = *again;
  if (record.status != "running") return record;
  const auto counts = run::CountsOf(directory, record);
  run::CountInterrupted(counts.ok() ? *counts : OutcomeCounts(), &record);
  if (!counts.ok()) {
    record.error = counts.error();
    record.outcomes.in_doubt += std::exchange(record.outcomes.unsent, 0);
  }
  return record;
}

}  // namespace penstock
