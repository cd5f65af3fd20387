// What the host tells the ledger of requests and notes, on its way into the journal.
#include <algorithm>
#include <utility>

#include "core/push/ledger.h"

namespace penstock {
namespace {

/// Room for a job's id and a few names; it is kept with each of the job's records.
constexpr size_t kMaxToken = 4096;
/// What of a note's records is handed back goes to the worker in one message (80 MiB at most).
constexpr size_t kMaxNoteBytes = 64u << 20;
/// Records of a note that are on their way into the journal at once.
constexpr size_t kNotePart = 4096;

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
      if (!at->second.job) records.push_back(IntentOf(ChangeOf(at->second)));
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

Result<size_t> Ledger::NoteBytes(std::span<const uint64_t> seqs) const {
  const std::lock_guard lock(mutex_);
  if (!journal_status_.ok()) return journal_status_;
  size_t bytes = 0;
  for (const uint64_t seq : seqs) {
    const auto at = in_flight_.find(seq);
    if (at == in_flight_.end()) {
      return MakeError(
          "PS-CONN-SEQ",
          "the connector noted record " + std::to_string(seq) + ", which is not its to send",
          "report this to the connector's publisher");
    }
    const Change& change = ChangeOf(at->second);
    bytes += 32 + change.key.size() + change.destination_id.size() + change.fields.size();
  }
  return bytes;
}

std::vector<IntentRecord> Ledger::NotedRecords(std::span<const uint64_t> seqs,
                                               const std::string& token) const {
  const std::lock_guard lock(mutex_);
  std::vector<IntentRecord> records;
  records.reserve(seqs.size());
  for (const uint64_t seq : seqs) {
    const auto at = in_flight_.find(seq);
    if (at == in_flight_.end()) continue;  // its outcome has come meanwhile
    records.push_back(IntentOf(ChangeOf(at->second)));
    records.back().job = token;
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
  PENSTOCK_ASSIGN_OR_RETURN(const size_t bytes, NoteBytes(seqs));
  if (bytes > kMaxNoteBytes) {
    return MakeError("PS-CONN-NOTE",
                     "the connector noted " + std::to_string(seqs.size()) +
                         " records as one job, more than could be handed back to it",
                     "report this to the connector's publisher: it has to make smaller jobs");
  }
  // A job may have hundreds of thousands of records: they are not all copied at once.
  JournalNote note{token, {seqs.begin(), seqs.end()}};
  Status status =
      journal_->Note(note, NotedRecords(seqs.first(std::min(seqs.size(), kNotePart)), token));
  for (size_t begin = kNotePart; status.ok() && begin < seqs.size(); begin += kNotePart) {
    const auto part = seqs.subspan(begin, std::min(kNotePart, seqs.size() - begin));
    status = journal_->Intend(/*request=*/0, NotedRecords(part, token));
  }
  const std::lock_guard lock(mutex_);
  if (!status.ok()) {
    if (journal_status_.ok()) journal_status_ = status;
    return status;
  }
  const std::string* const job = &*jobs_.insert(token).first;
  for (const uint64_t seq : seqs) {
    const auto at = in_flight_.find(seq);
    if (at == in_flight_.end()) continue;
    at->second.job = job;
    at->second.noted = true;
  }
  return {};
}

}  // namespace penstock
