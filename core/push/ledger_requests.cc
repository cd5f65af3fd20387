// What the host tells the ledger of requests and notes, on its way into the journal.
#include <utility>

#include "core/push/ledger.h"

namespace penstock {
namespace {

/// Room for a job's id and a few names; it is kept with each of the job's records.
constexpr size_t kMaxToken = 4096;
/// What of a note's records is handed back goes to the worker in one message (80 MiB at most).
constexpr size_t kMaxNoteBytes = 64u << 20;

}  // namespace

Status Ledger::BeforeSend(uint64_t request, std::span<const uint64_t> seqs) {
  std::vector<IntentRecord> records;
  {
    const std::lock_guard lock(mutex_);
    if (!journal_status_.ok()) return journal_status_;
    records.reserve(seqs.size());
    for (const uint64_t seq : seqs) {
      const auto at = in_flight_.find(seq);
      if (at == in_flight_.end()) {
        return MakeError("PS-CONN-SEQ",
                         "the connector named record " + std::to_string(seq) +
                             " in a request, which is not its to send",
                         "report this to the connector's publisher");
      }
      // A noted record is in the journal as sent, with its note, which an intent without would
      // hide.
      if (!at->second.job) records.push_back(IntentOf(at->second.change()));
      at->second.unclear |= at->second.wire == Wire::kSent;
      at->second.answered_before |= at->second.wire == Wire::kAnswered;
      at->second.wire = Wire::kSent;
      at->second.request = request;
    }
  }
  if (records.empty()) return {};
  Status status = journal_->Intend(request, records);
  const std::lock_guard lock(mutex_);
  if (!status.ok()) {
    if (journal_status_.ok()) journal_status_ = status;
    for (const uint64_t seq : seqs) {
      if (const auto at = in_flight_.find(seq); at != in_flight_.end())
        at->second.wire = Wire::kNotSent;
    }
  }
  return status;
}

void Ledger::Answered(uint64_t request, std::span<const uint64_t> seqs) {
  const std::lock_guard lock(mutex_);
  for (const uint64_t seq : seqs) {
    const auto at = in_flight_.find(seq);
    if (at == in_flight_.end() || at->second.request == 0) continue;
    if (at->second.request == request) {
      at->second.wire = Wire::kAnswered;
    } else {
      at->second.answered_before = true;
    }
  }
}

void Ledger::Unclear(uint64_t request, std::span<const uint64_t> seqs) {
  const std::lock_guard lock(mutex_);
  for (const uint64_t seq : seqs) {
    const auto at = in_flight_.find(seq);
    if (at != in_flight_.end() && at->second.request == request) at->second.unclear = true;
  }
}

void Ledger::NotApplied(uint64_t request, std::span<const uint64_t> seqs) {
  const std::lock_guard lock(mutex_);
  for (const uint64_t seq : seqs) {
    const auto at = in_flight_.find(seq);
    if (at != in_flight_.end() && at->second.request == request) at->second.wire = Wire::kNotSent;
  }
}

IntentRecord Ledger::IntentOf(const Change& change) {
  IntentRecord record;
  CopyAttempt(change, &record);
  return record;
}

Result<std::vector<IntentRecord>> Ledger::NotedRecords(std::span<const uint64_t> seqs,
                                                       const std::string& token) const {
  const std::lock_guard lock(mutex_);
  if (!journal_status_.ok()) return journal_status_;
  std::vector<IntentRecord> records;
  records.reserve(seqs.size());
  size_t bytes = 0;
  for (const uint64_t seq : seqs) {
    const auto at = in_flight_.find(seq);
    if (at == in_flight_.end()) {
      return MakeError(
          "PS-CONN-SEQ",
          "the connector noted record " + std::to_string(seq) + ", which is not its to send",
          "report this to the connector's publisher");
    }
    IntentRecord& record = records.emplace_back(IntentOf(at->second.change()));
    record.job = token;
    bytes += 32 + record.key.size() + record.destination_id.size() + record.fields.size();
    if (bytes > kMaxNoteBytes) {
      return MakeError("PS-CONN-NOTE",
                       "the connector noted " + std::to_string(seqs.size()) +
                           " records as one job, more than could be handed back to it",
                       "report this to the connector's publisher: it has to make smaller jobs");
    }
  }
  return records;
}

Status Ledger::Note(std::span<const uint64_t> seqs, const std::string& token) {
  if (token.empty() || token.size() > kMaxToken) {
    return MakeError("PS-CONN-NOTE",
                     "the connector's note has a token of " + std::to_string(token.size()) +
                         " bytes; 1 to " + std::to_string(kMaxToken) + " can be kept",
                     "report this to the connector's publisher");
  }
  if (seqs.empty()) return {};
  PENSTOCK_ASSIGN_OR_RETURN(const auto records, NotedRecords(seqs, token));
  Status status = journal_->Note({token, {seqs.begin(), seqs.end()}}, records);
  const auto job = std::make_shared<const std::string>(token);
  const std::lock_guard lock(mutex_);
  if (!status.ok()) {
    if (journal_status_.ok()) journal_status_ = status;
    return status;
  }
  for (const uint64_t seq : seqs) {
    const auto at = in_flight_.find(seq);
    if (at == in_flight_.end()) continue;
    at->second.job = job;
    at->second.noted = true;
    // A job may hold more than memory should: only a conflict is handed over again with its values.
    if (keep_conflicts_ || at->second.own) continue;
    auto own = std::make_shared<Change>(at->second.change());
    own->payload = {};
    at->second.own = std::move(own);
    at->second.batch.reset();
  }
  return {};
}

}  // namespace penstock
