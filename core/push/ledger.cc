#include "core/push/ledger.h"

#include <algorithm>
#include <utility>

namespace penstock {
namespace {

constexpr size_t kMaxConflictsKept = 100'000;
constexpr size_t kMaxConflictBytes = 8u << 20;
constexpr size_t kMaxErrorKinds = 1'000;
constexpr char kClaimed[] = "PS-CONN-CLAIMED";

std::string Text(const penstock_str& s) {
  return s.len == 0 ? std::string() : std::string(s.ptr, s.len);
}

/// The host reads an unknown value from a connector as the worst of its kind.
OutcomeKind ReadKind(int32_t outcome) {
  if (outcome >= PENSTOCK_CREATED && outcome <= PENSTOCK_IN_DOUBT)
    return static_cast<OutcomeKind>(outcome);
  return OutcomeKind::kInDoubt;
}

ErrorClass ReadClass(int32_t error_class) {
  if (error_class >= PENSTOCK_CLASS_DATA && error_class <= PENSTOCK_CLASS_DESTINATION) {
    return static_cast<ErrorClass>(error_class);
  }
  return ErrorClass::kData;
}

/// Statuses that say: the destination refused the request as such, nothing of it was applied.
bool RefusedAsAWhole(penstock_status status) {
  switch (status) {
    case PENSTOCK_E_UNAUTHENTICATED:
    case PENSTOCK_E_PERMISSION:
    case PENSTOCK_E_QUOTA:
    case PENSTOCK_E_RATE_LIMITED:
    case PENSTOCK_E_NOT_FOUND:
    case PENSTOCK_E_INVALID_CONFIG:
      return true;
    default:
      return false;
  }
}

}  // namespace

Ledger::Ledger(Journal* journal, Clock* clock, bool keep_conflicts, std::string connector)
    : journal_(journal),
      clock_(clock),
      keep_conflicts_(keep_conflicts),
      connector_(std::move(connector)) {}

void Ledger::Enter(const std::shared_ptr<Batch>& batch) {
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < batch->size(); ++i) {
    const uint64_t seq = batch->changes()[i].seq;
    InFlight& flight = in_flight_[seq] = InFlight();
    flight.batch = batch;
    flight.index = static_cast<uint32_t>(i);
    flight.unclear = maybe_applied_.contains(seq);
  }
}

void Ledger::HoldBack(const Batch& batch) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<const KeptBatch> kept;
  for (const Change& change : batch.changes()) {
    const auto at = in_flight_.find(change.seq);
    if (at == in_flight_.end() || at->second.batch.get() != &batch) continue;
    if (kept == nullptr) kept = std::make_shared<const KeptBatch>(batch);
    at->second.kept = kept;
    at->second.batch.reset();
  }
}

const Change& Ledger::ChangeOf(const InFlight& flight) const {
  if (flight.batch != nullptr) return flight.batch->changes()[flight.index];
  flight.kept->Read(flight.index, &read_);
  return read_;
}

void Ledger::EnterNoted(const std::shared_ptr<Batch>& batch, const std::string& token) {
  const std::lock_guard lock(mutex_);
  const std::string* const job = &*jobs_.insert(token).first;
  for (size_t i = 0; i < batch->size(); ++i) {
    InFlight& flight = in_flight_[batch->changes()[i].seq] = InFlight();
    flight.batch = batch;
    flight.index = static_cast<uint32_t>(i);
    flight.job = job;
  }
}

void Ledger::LeaveNoted(const sdk::Failure& failure) {
  const std::lock_guard lock(mutex_);
  for (const auto& [seq, flight] : in_flight_) {
    Outcome outcome = StaysInJob(flight, failure);
    const Change& change = ChangeOf(flight);
    if (flight.noted) {
      Write(std::move(outcome), change.key_text, true);
    } else {
      Count(outcome, change.key_text);
    }
  }
  in_flight_.clear();
}

Outcome Ledger::FromChange(const Change& change) {
  Outcome outcome;
  CopyAttempt(change, &outcome);
  return outcome;
}

Outcome Ledger::StaysInJob(const InFlight& flight, const sdk::Failure& failure) const {
  Outcome outcome = FromChange(ChangeOf(flight));
  outcome.kind = OutcomeKind::kInDoubt;
  outcome.exchange = flight.request;
  outcome.job = *flight.job;
  outcome.code = "IN_JOB";
  outcome.message = "in job " + outcome.job + ", which may still run; the next sync asks for it";
  if (!failure.message.empty()) outcome.message += " (" + failure.message + ")";
  return outcome;
}

/// A change that no request is known to have made.
bool Ledger::MadeUp(OutcomeKind told, const InFlight& flight) {
  if (flight.job) return false;  // the job tells what no answer to a request has to
  const bool changed = told == OutcomeKind::kCreated || told == OutcomeKind::kUpdated ||
                       told == OutcomeKind::kDeleted;
  return changed && flight.wire == Wire::kNotSent && !flight.answered_before;
}

/// A connector's word against what is known of the record's requests: the worse of both.
OutcomeKind Ledger::Believed(OutcomeKind told, const InFlight& flight) {
  if (flight.job) return told;
  if (MadeUp(told, flight)) return OutcomeKind::kInDoubt;
  if (flight.wire == Wire::kSent) return OutcomeKind::kInDoubt;  // nobody can know more
  if (told == OutcomeKind::kUnsent && flight.unclear) return OutcomeKind::kInDoubt;
  return told;
}

LearnedIds::Found Ledger::LearnedInThisRun(const std::string& destination_id) {
  const std::lock_guard lock(mutex_);
  return learned_.Find(destination_id);
}

bool Ledger::Settle(const penstock_outcome& reported, bool no_request) {
  const std::lock_guard lock(mutex_);
  const auto at = in_flight_.find(reported.seq);
  if (at == in_flight_.end()) return false;
  const Change& change = ChangeOf(at->second);
  Outcome outcome = FromChange(change);
  outcome.kind = Believed(ReadKind(reported.outcome), at->second);
  outcome.exchange = at->second.request;
  if (outcome.kind == OutcomeKind::kRejected) outcome.error_class = ReadClass(reported.error_class);
  outcome.code = Text(reported.code);
  outcome.message = Text(reported.message);
  outcome.field = Text(reported.field);
  if (PENSTOCK_HAS(penstock_outcome, &reported, warning)) outcome.warning = Text(reported.warning);
  if (reported.destination_id.len > 0) outcome.destination_id = Text(reported.destination_id);
  if (MadeUp(ReadKind(reported.outcome), at->second)) {
    if (no_request && !at->second.unclear) outcome.kind = OutcomeKind::kUnsent;
    outcome.code = kClaimed;
    outcome.message =
        "connector " + connector_ + " claimed success without an answered request for it";
    outcome.destination_id = change.destination_id;
    if (claimed_.ok()) {
      claimed_ = MakeError(
          kClaimed,
          "connector " + connector_ +
              " claimed success for records without an answered request for them, first for " +
              change.key_text,
          "nothing more was sent; report it to the connector's publisher");
    }
  }
  const size_t bytes = change.payload.size() + outcome.message.size();
  const bool aside = keep_conflicts_ && outcome.kind == OutcomeKind::kRejected &&
                     outcome.error_class == ErrorClass::kConflict &&
                     conflicts_.size() < kMaxConflictsKept &&
                     conflict_bytes_ + bytes < kMaxConflictBytes;
  if (aside) {
    conflicts_.emplace_back(change, outcome);
    conflict_bytes_ += bytes;
  }
  if (Succeeded(outcome.kind) && outcome.destination_id != change.destination_id) {
    learned_any_ = true;
    if (keep_conflicts_) learned_.Add(outcome.destination_id);
  }
  Write(std::move(outcome), change.key_text, !aside);
  in_flight_.erase(at);
  return true;
}

void Ledger::SettleUnsent(const Change& change, OutcomeKind kind, const std::string& code,
                          const std::string& message, ErrorClass error_class) {
  const std::lock_guard lock(mutex_);
  Outcome outcome = FromChange(change);
  const bool doubt = kind == OutcomeKind::kUnsent && maybe_applied_.contains(change.seq);
  outcome.kind = doubt ? OutcomeKind::kInDoubt : kind;
  if (kind == OutcomeKind::kRejected) outcome.error_class = error_class;
  outcome.code = code;
  outcome.message = message;
  Write(std::move(outcome), change.key_text, true);
}

std::vector<Change> Ledger::TakeBack(const std::vector<uint64_t>& seqs, bool idempotent) {
  const std::lock_guard lock(mutex_);
  std::vector<Change> changes;
  for (const uint64_t seq : seqs) {
    const auto at = in_flight_.find(seq);
    if (at == in_flight_.end()) continue;
    const InFlight& flight = at->second;
    const bool maybe_applied = flight.wire == Wire::kSent || flight.unclear;
    if (!flight.job && (!maybe_applied || idempotent)) {
      if (maybe_applied) maybe_applied_.insert(seq);
      changes.push_back(ChangeOf(flight));
    } else {
      const Change& change = ChangeOf(flight);
      Outcome outcome = FromChange(change);
      outcome.kind = flight.job ? OutcomeKind::kUnsent : OutcomeKind::kInDoubt;
      outcome.exchange = flight.request;
      outcome.code = flight.job ? "SPLIT_IN_JOB" : "SPLIT_UNANSWERED";
      outcome.message = flight.job
                            ? "the connector split the records of a job, which is no request"
                            : "the connector split the records of a request without an answer";
      Write(std::move(outcome), change.key_text, true);
    }
    in_flight_.erase(at);
  }
  return changes;
}

void Ledger::CloseUnreported(const std::vector<uint64_t>& seqs, const sdk::Failure& failure) {
  const std::lock_guard lock(mutex_);
  for (const uint64_t seq : seqs) CloseOne(seq, failure);
}

void Ledger::CloseOne(uint64_t seq, const sdk::Failure& failure) {
  const auto at = in_flight_.find(seq);
  if (at == in_flight_.end()) return;
  const InFlight& flight = at->second;
  const Change& change = ChangeOf(flight);
  Outcome outcome = FromChange(change);
  outcome.exchange = flight.request;
  const bool refused = flight.wire == Wire::kAnswered && RefusedAsAWhole(failure.status);
  const bool before = flight.unclear || flight.answered_before;
  const bool unsent = (flight.wire == Wire::kNotSent || refused) && !before;
  outcome.kind = unsent ? OutcomeKind::kUnsent : OutcomeKind::kInDoubt;
  outcome.code = failure.code;
  outcome.message = failure.message;
  if (flight.job) outcome = StaysInJob(flight, failure);
  Write(std::move(outcome), change.key_text, true);
  in_flight_.erase(at);
}

Ledger::AfterCrash Ledger::TakeBackAfterCrash(const Batch& batch, bool idempotent,
                                              const sdk::Failure& failure) {
  const std::lock_guard lock(mutex_);
  AfterCrash result;
  for (const Change& change : batch.changes()) {
    const auto at = in_flight_.find(change.seq);
    if (at == in_flight_.end()) continue;
    const bool sent = at->second.wire != Wire::kNotSent || at->second.unclear;
    if (at->second.job || (sent && !idempotent)) {
      CloseOne(change.seq, failure);
      continue;
    }
    if (sent) maybe_applied_.insert(change.seq);
    result.sent = result.sent || sent;
    result.again.push_back(change);
    in_flight_.erase(at);
  }
  return result;
}

std::vector<uint64_t> Ledger::Open(const Batch& batch) const {
  const std::lock_guard lock(mutex_);
  std::vector<uint64_t> seqs;
  for (const Change& change : batch.changes()) {
    const auto at = in_flight_.find(change.seq);
    if (at != in_flight_.end() && at->second.job == nullptr) seqs.push_back(change.seq);
  }
  return seqs;
}

std::vector<uint64_t> Ledger::AllOpen() const {
  const std::lock_guard lock(mutex_);
  std::vector<uint64_t> seqs;
  seqs.reserve(in_flight_.size());
  for (const auto& [seq, flight] : in_flight_) seqs.push_back(seq);
  return seqs;
}

std::vector<Change> Ledger::TakeConflicts() {
  const std::lock_guard lock(mutex_);
  std::vector<Change> changes;
  changes.reserve(conflicts_.size());
  for (auto& [change, outcome] : conflicts_) changes.push_back(std::move(change));
  conflicts_.clear();
  conflict_bytes_ = 0;
  return changes;
}

void Ledger::SettleConflicts() {
  const std::lock_guard lock(mutex_);
  for (const auto& [change, outcome] : conflicts_) Count(outcome, change.key_text);
  conflicts_.clear();
}

void Ledger::Write(Outcome outcome, const std::string& key_text, bool count) {
  outcome.at_us = clock_->UnixMicros();
  if (count) Count(outcome, key_text);
  Status status = journal_->Report(std::move(outcome));
  if (!status.ok() && journal_status_.ok()) journal_status_ = std::move(status);
}

void Ledger::Count(const Outcome& outcome, const std::string& key_text) {
  counts_.Add(outcome.kind);
  if (Succeeded(outcome.kind)) return;
  const std::string code =
      outcome.code.empty() ? std::string(OutcomeName(outcome.kind)) : outcome.code;
  if (!errors_.contains(code) && errors_.size() >= kMaxErrorKinds) return;
  ErrorCount& error = errors_[code];
  if (error.count++ > 0) return;
  error.code = code;
  error.example_key = key_text;
  if (error.faults == 0) error.message = outcome.message;
}

bool Ledger::learned_ids() const {
  const std::lock_guard lock(mutex_);
  return learned_any_;
}

OutcomeCounts Ledger::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::vector<ErrorCount> Ledger::errors() const {
  const std::lock_guard lock(mutex_);
  std::vector<ErrorCount> errors;
  for (const auto& [code, error] : errors_) {
    errors.push_back(error);
    if (error.count == 0) errors.back().count = error.faults;  // they cost no record
  }
  std::stable_sort(errors.begin(), errors.end(),
                   [](const ErrorCount& a, const ErrorCount& b) { return a.count > b.count; });
  if (errors.size() > 20) errors.resize(20);
  return errors;
}

uint64_t Ledger::settled() const {
  const std::lock_guard lock(mutex_);
  return counts_.changes();
}

uint64_t Ledger::under_way() const {
  const std::lock_guard lock(mutex_);
  return in_flight_.size();
}

void Ledger::Fault(const sdk::Failure& failure) {
  std::string code = failure.code.empty() ? "PS-CONN-FAILED" : failure.code;
  // "salesforce.JOB_FAILED" is JOB_FAILED of the records that it cost: one thing, told once, in the
  // words of the failure, which say what to do.
  if (!code.starts_with("PS-")) code.erase(0, code.find('.') + 1);
  const std::lock_guard lock(mutex_);
  ErrorCount& error = errors_[code];
  error.code = code;
  if (error.faults++ == 0) error.message = failure.message;
}

Status Ledger::stop_reason() const {
  const std::lock_guard lock(mutex_);
  return journal_status_.ok() ? claimed_ : journal_status_;
}

}  // namespace penstock
