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
  return std::any_of(notes.begin(), notes.end(), [&](const auto& note) {
    return std::find(note.first.begin(), note.first.end(), seq) != note.first.end();
  });
}

Witness::Witness(Trial& trial, const WritePlan& plan)
    : trial_(trial), plan_(plan), can_tell_(trial.destination()->CanTell()) {
  trial.host().ForgetNotes();
  if (can_tell_) before_ = Holdings::Of(trial, plan);
}

std::string Witness::Doubt(const Row& row, const Written& written) const {
  const std::string who =
      "record " + std::to_string(row.seq) + ", noted as in a job, is " + written.Show(row.seq);
  const Kept* kept = written.Of(row.seq);
  if (kept == nullptr) return written.status.ok() ? who + ", and the call does not fail" : "";
  if (!kept->success() && kept->outcome != PENSTOCK_UNSENT) {
    return who +
           "; it may be UNSENT if it was not written, and nothing while its job may still run";
  }
  if (!can_tell_) return {};
  const Holdings now = Holdings::Of(trial_, plan_);
  const StoredRecord* stored = now.Find(row.values[plan_.key]);
  if (kept->outcome == PENSTOCK_UNSENT) {
    const bool same = Same(stored, before_.Find(row.values[plan_.key]));
    return same ? "" : who + ", and the destination has it changed";
  }
  if (plan_.assignment.operation == "delete") {
    return stored == nullptr ? "" : who + ", and the destination still holds it";
  }
  if (stored == nullptr) return who + ", and the destination does not hold it";
  const std::string difference = Difference(plan_, row, *stored);
  return difference.empty() ? "" : who + ", and " + difference;
}

void SpoilEachAnswer(Trial& trial, const WritePlan& plan, uint64_t first, const Spoiling& spoiling,
                     const std::function<void(const Written&)>& also) {
  FakeHost& host = trial.host();
  for (size_t n = 0; n < kMostAnswers && !trial.failed(); ++n, first += kRows) {
    const std::vector<Row> rows = SampleRows(trial, plan, first, kRows);
    const Witness witness(trial, plan);
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
      if (spoiling.may_doubt && kept != nullptr && kept->outcome == PENSTOCK_IN_DOUBT) continue;
      const std::string doubt = witness.Doubt(row, written);
      if (doubt.empty()) continue;
      return trial.Fail(spoiling.what + ", answer " + std::to_string(n + 1) +
                        " from the first that is about records: " + doubt);
    }
  }
}

}  // namespace penstock::kit
