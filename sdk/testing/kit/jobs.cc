#include "sdk/testing/kit/jobs.h"

#include <algorithm>

namespace penstock::kit {

namespace {

constexpr size_t kMostAnswers = 100;  // of one job
constexpr size_t kRows = 3;

bool Same(const StoredRecord* a, const StoredRecord* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->id == b->id && a->fields == b->fields;
}

}  // namespace

bool IsNoted(Trial& trial, uint64_t seq) {
  const auto notes = trial.host().notes();
  return std::any_of(notes.begin(), notes.end(), [&](const Noted& note) {
    return std::find(note.seqs.begin(), note.seqs.end(), seq) != note.seqs.end();
  });
}

Witness::Witness(Trial& trial, const WritePlan& plan)
    : trial_(trial), plan_(plan), can_tell_(trial.destination()->CanTell()) {
  trial.host().ForgetNotes();
  if (can_tell_) before_ = Holdings::Of(trial, plan);
}

void Witness::Look(const std::function<void()>& late) {
  if (can_tell_) now_ = Holdings::Of(trial_, plan_);
  if (late) late();
  trial_.destination()->EndJobs();
  later_ = can_tell_ ? Holdings::Of(trial_, plan_) : Holdings();
}

std::string Witness::Doubt(const Row& row, const Written& written) {
  const std::string who =
      "record " + std::to_string(row.seq) + ", noted as in a job, is " + written.Show(row.seq);
  const Kept* kept = written.Of(row.seq);
  if (kept == nullptr) return written.status.ok() ? who + ", and the call does not fail" : "";
  if (!kept->success() && kept->outcome != PENSTOCK_UNSENT) {
    return who +
           "; it may be UNSENT if it was not written, and nothing while its job may still run";
  }
  if (!later_) Look();
  if (!can_tell_) return {};
  const Value& key = row.values[plan_.key];
  if (kept->outcome == PENSTOCK_UNSENT) {
    if (!Same(now_->Find(key), before_.Find(key))) {
      return who + ", and the destination has it changed";
    }
    const bool same = Same(later_->Find(key), before_.Find(key));
    return same ? "" : who + ", and the job writes it later";
  }
  const StoredRecord* stored = now_->Find(key);
  if (plan_.assignment.operation == "delete") {
    return stored == nullptr ? "" : who + ", and the destination still holds it";
  }
  if (stored == nullptr) return who + ", and the destination does not hold it";
  const std::string difference = Difference(plan_, row, *stored);
  return difference.empty() ? "" : who + ", and " + difference;
}

HandedBack::HandedBack(const WritePlan& plan, const std::vector<Noted>& notes,
                       const std::vector<Row>& rows, const Written& written, bool whole) {
  constexpr uint64_t kNewSeqs = 100000;
  for (size_t n = 0; n < notes.size(); ++n) {
    std::vector<Row> noted;
    for (const Row& row : rows) {
      const auto has = [&](const Noted& note) {
        return std::find(note.seqs.begin(), note.seqs.end(), row.seq) != note.seqs.end();
      };
      // A later note of a record replaces its earlier one.
      const auto rest = notes.begin() + static_cast<std::ptrdiff_t>(n) + 1;
      if (written.Of(row.seq) != nullptr || !has(notes[n])) continue;
      if (std::any_of(rest, notes.end(), has)) continue;
      Row again = row;
      again.seq += kNewSeqs;
      rows_.push_back(again);
      for (size_t f = 0; !whole && f < again.values.size(); ++f) {
        if (f != plan.key) again.values[f] = Value::Absent();
      }
      noted.push_back(std::move(again));
    }
    if (noted.empty()) continue;
    notes_.push_back(
        {tokens_.emplace_back(notes[n].token), &batches_.emplace_back(noted, plan.n_fields()).c()});
  }
}

std::vector<sdk::OpenNote> HandedBack::notes_of(const std::string& token) const {
  std::vector<sdk::OpenNote> others = notes_;
  for (sdk::OpenNote& note : others) note.token = token;
  return others;
}

Written Resume(Trial& trial, const WritePlan& plan, const std::vector<sdk::OpenNote>& notes) {
  Written written;
  written.where = "begin with an open note";
  auto writer = trial.instance()->Begin(plan.assignment, notes, trial.host().WriterContext());
  if (!writer.ok()) {
    written.status = writer.failure();
    return written;
  }
  WriteOptions options;
  options.batches = false;
  WriteThrough(plan, {}, **writer, &written, options);
  written.where = "finish with an open note";
  return written;
}

std::optional<PeerRequest> FirstWrite(const std::vector<Exchange>& writes) {
  if (writes.empty()) return std::nullopt;
  return writes.front().request;
}

std::string MadeAgain(Trial& trial, const WritePlan& plan, const std::optional<PeerRequest>& first,
                      const std::vector<Row>& rows) {
  for (const Exchange& write : trial.host().writes()) {
    const PeerRequest& request = write.request;
    const std::string what = request.method + " " + request.url;
    if (first && request.method == first->method && request.url == first->url) {
      return "it makes another job (" + what + ") instead of asking for the one that it noted";
    }
    for (const Row& row : rows) {
      if (request.body.find(row.values[plan.key].Show()) == std::string::npos) continue;
      return "it sends records again (" + what +
             "): what was not written is UNSENT, and the next "
             "plan sends it as it is then";
    }
  }
  return {};
}

void SpoilEachAnswer(Trial& trial, const WritePlan& plan, uint64_t first, const Spoiling& spoiling,
                     const std::function<void(const Written&)>& also) {
  FakeHost& host = trial.host();
  for (size_t n = 0; n < kMostAnswers && !trial.failed(); ++n, first += kRows) {
    const std::vector<Row> rows = SampleRows(trial, plan, first, kRows);
    Witness witness(trial, plan);
    size_t seen = 0, spoiled = 0;
    const auto hits = [&](const PeerRequest& request) {
      if (seen == 0 && request.seqs.empty()) return false;
      const size_t at = seen++;
      const bool hit = spoiling.onwards ? at >= n : at == n;
      spoiled += hit ? 1 : 0;
      return hit;
    };
    if (spoiling.applied) {
      host.after = [&](const PeerRequest& request, size_t, PeerAnswer* answer) {
        if (hits(request)) spoiling.spoil(answer);
      };
    } else {
      host.before = [&](const PeerRequest& request, size_t) -> std::optional<PeerAnswer> {
        if (!hits(request)) return std::nullopt;
        PeerAnswer answer;
        spoiling.spoil(&answer);
        return answer;
      };
    }
    const Written written = WriteRows(trial, plan, rows);
    host.before = nullptr;
    host.after = nullptr;
    if (spoiled == 0) return;
    if (also) also(written);
    for (const Row& row : rows) {
      const Kept* kept = written.Of(row.seq);
      if (n == 0 && spoiling.onwards && kept != nullptr && kept->success()) {
        return trial.Fail(spoiling.what + " in all answers from the first that is about records: " +
                          "record " + std::to_string(row.seq) + " is " + kept->Show());
      }
      if (!spoiling.writes && kept != nullptr && kept->success()) {
        return trial.Fail(spoiling.what + ": nothing of it was written, and record " +
                          std::to_string(row.seq) + " is " + kept->Show());
      }
      if (spoiling.may_doubt && kept != nullptr && kept->outcome == PENSTOCK_IN_DOUBT) continue;
      const std::string doubt = witness.Doubt(row, written);
      if (doubt.empty()) continue;
      return trial.Fail(spoiling.what + ", answer " + std::to_string(n + 1) +
                        " from the first that is about records: " + doubt);
    }
  }
}

}  // namespace penstock::kit
