// The fake connector where it works by jobs: create, note, upload, complete, poll.
#include "tests/property/fake_job_writer.h"

#include <unistd.h>

#include <utility>

namespace penstock::testing {
namespace {

constexpr size_t kRowsPerJob = 6;
constexpr char kAgain = '+';  // after the job in a token that was noted again

std::string Text(const penstock_str& text) { return std::string(text.ptr, text.len); }

sdk::Failure Failed(penstock_status status, const char* code) { return {status, code, code, 0}; }

}  // namespace

FakeJobWriter::FakeJobWriter(FakeDestination* destination, sdk::Assignment assignment, int32_t op,
                             std::span<const OpenNote> notes, RequestJournal* journal,
                             CallLimits limits)
    : destination_(destination),
      jobs_(destination->jobs()),
      faults_(destination->faults()),
      assignment_(std::move(assignment)),
      op_(op),
      journal_(journal),
      limits_(std::move(limits)) {
  for (const OpenNote& note : notes) {
    Sent& sent = sent_.emplace_back();
    sent.job = std::string(note.token.substr(0, note.token.find(kAgain)));
    sent.handed_back = true;
    for (size_t i = 0; i < note.records->n_records; ++i) {
      sent.seqs[KeyOf(*note.records, i)] = note.records->seqs[i];
    }
  }
}

std::string FakeJobWriter::KeyOf(const penstock_batch& batch, size_t i) const {
  for (size_t f = 0; f < assignment_.fields.size(); ++f) {
    if (assignment_.fields[f].key) return ToText(batch.values[i * batch.n_fields + f]);
  }
  return "";
}

void FakeJobWriter::Step(const char* step) const {
  if (faults_.die_at == step) jobs_->Die(137);  // tests/support/crash.h: kCrashExit
}

sdk::Status FakeJobWriter::Write(const penstock_batch& batch, const OutcomeCallback& report) {
  for (size_t i = 0; i < batch.n_records; ++i) {
    JobRow row;
    row.key = KeyOf(batch, i);
    row.id = batch.ids[i].len == 0 ? "" : Text(batch.ids[i]);
    for (size_t f = 0; f < batch.n_fields; ++f) {
      std::string encoded;
      EncodeValue(batch.values[i * batch.n_fields + f], &encoded);
      row.values.emplace_back(assignment_.fields[f].name, std::move(encoded));
    }
    seqs_[row.key] = batch.seqs[i];
    rows_.push_back(std::move(row));
  }
  if (rows_.size() < kRowsPerJob) return {};
  sdk::Status sent = Send(report);
  if (sent.ok() && faults_.job_complains) return Failed(PENSTOCK_E_DESTINATION, "gave_up");
  return sent;
}

void FakeJobWriter::Report(uint64_t seq, const FakeAccount::Applied& applied,
                           const OutcomeCallback& report) {
  penstock_outcome item{};
  item.struct_size = sizeof(item);
  item.outcome = applied.outcome;
  item.seq = seq;
  item.error_class = applied.error_class;
  item.destination_id = {applied.id.data(), applied.id.size()};
  item.code = {applied.code.data(), applied.code.size()};
  report(item);
}

void FakeJobWriter::ReportAll(const Sent& sent, int32_t outcome, const OutcomeCallback& report) {
  for (const auto& [key, seq] : sent.seqs) Report(seq, {outcome, "", "", 0}, report);
}

/// What was collected, as one job up to its completion.
sdk::Status FakeJobWriter::Send(const OutcomeCallback& report) {
  const std::vector<JobRow> rows = std::exchange(rows_, {});
  Sent sent;
  sent.seqs = std::exchange(seqs_, {});
  std::vector<uint64_t> seqs;
  for (const auto& [key, seq] : sent.seqs) seqs.push_back(seq);
  using Fault = FakeDestination::Fault;
  const Fault fault = destination_->Draw();
  Step("create");
  if (fault == Fault::kDown) return Failed(PENSTOCK_E_UNAVAILABLE, "down");
  if (fault == Fault::kRefused) return Failed(PENSTOCK_E_UNAUTHENTICATED, "unauthenticated");
  sent.job = jobs_->Create(op_);
  Step("note");
  if (!journal_->Note(seqs, sent.job).ok()) return Failed(PENSTOCK_E_INTERNAL, "journal");
  Step("upload");
  const uint64_t request = destination_->NextRequest();
  if (!journal_->BeforeSend(request, seqs).ok()) return Failed(PENSTOCK_E_INTERNAL, "journal");
  for (const auto& [key, seq] : sent.seqs) destination_->Sent(key);
  if (fault == Fault::kNotSent) {
    journal_->NotApplied(request, seqs);
    jobs_->Abort(sent.job);
    ReportAll(sent, PENSTOCK_UNSENT, report);
    return {};
  }
  jobs_->Upload(sent.job, rows);
  journal_->Answered(request, seqs);
  Step("complete");
  const uint64_t completing = destination_->NextRequest();
  if (!journal_->BeforeSend(completing, seqs).ok()) return Failed(PENSTOCK_E_INTERNAL, "journal");
  jobs_->Complete(sent.job);
  if (fault != Fault::kLostApplied) journal_->Answered(completing, seqs);
  if (faults_.job_done_early) jobs_->Process(sent.job, false);
  if (fault == Fault::kLostNotApplied) jobs_->Forget(sent.job);
  sent_.push_back(std::move(sent));
  if (fault == Fault::kDies) return Failed(PENSTOCK_E_INTERNAL, "died");
  return {};
}

sdk::Status FakeJobWriter::Poll(const Sent& sent, const OutcomeCallback& report) {
  const auto all = jobs_->Jobs();
  const auto at = all.find(sent.job);
  if (at == all.end() || at->second.gone) {
    if (sent.handed_back) return Failed(PENSTOCK_E_NOT_FOUND, "gone");
    ReportAll(sent, PENSTOCK_IN_DOUBT, report);
    return {};
  }
  if (at->second.uploads == 0 || at->second.aborted) {
    jobs_->Abort(sent.job);
    ReportAll(sent, PENSTOCK_UNSENT, report);
    return {};
  }
  jobs_->Complete(sent.job);
  Step("poll");
  if (faults_.job_noted_again && sent.handed_back) {
    std::vector<uint64_t> seqs;
    for (const auto& [key, seq] : sent.seqs) seqs.push_back(seq);
    if (!journal_->Note(seqs, sent.job + kAgain).ok()) return Failed(PENSTOCK_E_INTERNAL, "note");
  }
  if (limits_.cancelled && limits_.cancelled()) return Failed(PENSTOCK_E_CANCELLED, "cancelled");
  if (faults_.job_stuck) return Failed(PENSTOCK_E_DEADLINE, "still running");
  if (destination_->Draw() == FakeDestination::Fault::kGarbage)
    return Failed(PENSTOCK_E_UNAVAILABLE, "garbage");
  jobs_->Process(sent.job, faults_.job_half);
  const FakeJob job = jobs_->Jobs()[sent.job];
  bool first = true;
  for (const auto& [key, seq] : sent.seqs) {
    const auto result = job.results.find(key);
    if (result == job.results.end()) {
      Report(seq, {PENSTOCK_UNSENT, "", "UNPROCESSED", 0}, report);
    } else {
      Report(seq, result->second, report);
    }
    if (std::exchange(first, false)) Step("report");
  }
  return {};
}

sdk::Status FakeJobWriter::Finish(const OutcomeCallback& report) {
  sdk::Status status = rows_.empty() ? sdk::Status() : Send(report);
  for (const Sent& sent : std::exchange(sent_, {})) {
    sdk::Status polled = Poll(sent, report);
    if (status.ok()) status = std::move(polled);
  }
  if (status.ok() && faults_.ends_badly) return Failed(PENSTOCK_E_INTERNAL, "PS-CONN-CRASHED");
  return status;
}

}  // namespace penstock::testing
