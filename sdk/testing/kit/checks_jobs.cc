// finish.*_job, finish.open_notes, job.*: asynchronous jobs, and what is true of them.
#include <algorithm>

#include "sdk/testing/kit/answers.h"
#include "sdk/testing/kit/jobs.h"
#include "sdk/testing/kit/raw_calls.h"
#include "sdk/testing/kit/writes.h"

namespace penstock::kit {
namespace {

constexpr char kNoJobs[] = "the destination has no asynchronous jobs (sandbox: jobs:, or moods:)";
constexpr char kNoNotes[] = "it notes no job";

void AsyncJob(Trial& t) {
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  if (!t.destination()->SetJobs("slow")) return t.Skip(kNoJobs);
  const std::vector<Row> rows = SampleRows(t, *plan, 1, 3);
  const Written written = WriteRows(t, *plan, rows);
  if (!ExpectSuccess(t, written, rows, "a job that takes its time")) return;
  if (t.destination()->CanTell()) ExpectHeld(t, *plan, rows, "a job that takes its time");
  if (t.host().slept_ms() == 0) t.Fail("it polls without waiting in between");
  if (t.host().notes().empty()) {
    t.Fail("it does not note the job, which a restart would then lose");
  }
}

// Writes rows and stops the run when it waits for its job.
Written WriteUntilItWaits(Trial& t, const WritePlan& plan, const std::vector<Row>& rows) {
  t.host().on_sleep = [&t] { t.host().Cancel(); };
  Written written = WriteRows(t, plan, rows);
  t.host().on_sleep = {};
  t.host().Uncancel();
  return written;
}

/// Two runs are stopped while they wait for their jobs; the next one is handed both notes.
void OpenNotes(Trial& t) {
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  if (!t.destination()->SetJobs("slow")) return t.Skip(kNoJobs);
  std::vector<Row> rows = SampleRows(t, *plan, 1, 3);
  const Written one = WriteUntilItWaits(t, *plan, rows);
  if (one.status.ok()) return t.Skip("its job was done before it waited");
  const std::vector<Row> more = SampleRows(t, *plan, 4, 2);
  const Written two = WriteUntilItWaits(t, *plan, more);
  rows.insert(rows.end(), more.begin(), more.end());
  Written both = one;
  both.outcomes.insert(two.outcomes.begin(), two.outcomes.end());
  const HandedBack back(*plan, t.host().notes(), rows, both, false);
  if (back.rows().empty()) return t.Skip("it had noted no job when it was stopped");
  const std::optional<PeerRequest> first = FirstWrite(t.host().writes());
  t.Restart();
  const Written written = Resume(t, *plan, back.notes());
  if (!written.status.ok()) return t.Fail(written.ShowStatus());
  for (const Row& row : back.rows()) {
    const Kept* kept = written.Of(row.seq);
    if (kept != nullptr && kept->success()) continue;
    return t.Fail("of " + std::to_string(back.notes().size()) +
                  " jobs of earlier runs that ended well, handed back together, record " +
                  std::to_string(row.seq) + " is " + written.Show(row.seq));
  }
  if (t.destination()->CanTell()) ExpectHeld(t, *plan, back.rows(), "jobs of earlier runs");
  const std::string again = MadeAgain(t, *plan, first, back.rows());
  if (!again.empty()) t.Fail(again);
}

void StuckJob(Trial& t) {
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  if (!t.destination()->SetJobs("stuck")) return t.Skip(kNoJobs);
  const std::vector<Row> rows = SampleRows(t, *plan, 1, 3);
  WriteOptions options;
  options.timeout_ms = 60000;
  const Written written = WriteRows(t, *plan, rows, options);
  if (written.status.ok() || written.status.failure().status != PENSTOCK_E_DEADLINE) {
    t.Fail("a job that never ends: " + written.ShowStatus() + " instead of DEADLINE");
  }
  for (const Row& row : rows) {
    const Kept* kept = written.Of(row.seq);
    if (kept == nullptr) continue;
    if (kept->outcome != PENSTOCK_IN_DOUBT) {
      return t.Fail("a record of a job that never ends is " + kept->Show());
    }
    if (IsNoted(t, row.seq)) {
      return t.Fail("a record of a noted job that may still run is reported as " + kept->Show() +
                    ": that ends its note, and the host sends the record again");
    }
  }
  // Polling every millisecond is no waiting: a minute of it would be 60,000 requests.
  if (t.host().requests() > 1000) {
    t.Fail("it polled " + std::to_string(t.host().requests()) + " times in a minute");
  }
}

// ---- job.noted

bool IsIn(const std::vector<uint64_t>& seqs, uint64_t seq) {
  return std::find(seqs.begin(), seqs.end(), seq) != seqs.end();
}

/// When a record was noted, against the requests about it. A job that a request made which named no
/// record was known before the first one that names some; else that one made it, and its answer
/// tells of it. "" or a sentence.
std::string NotedLate(Trial& t, uint64_t seq) {
  const std::vector<Noted> notes = t.host().notes();
  const auto note = std::find_if(notes.begin(), notes.end(),
                                 [seq](const Noted& one) { return IsIn(one.seqs, seq); });
  const std::string who = "record " + std::to_string(seq);
  if (note == notes.end()) return who + " goes into a job and is not noted, as others of it are";
  bool made = false;
  for (const Exchange& exchange : t.host().writes()) {
    const PeerRequest& request = exchange.request;
    if (!IsIn(request.seqs, seq)) {
      made = made || request.seqs.empty();
      continue;
    }
    if (made && note->step < exchange.step) return {};
    if (!made && note->step <= exchange.step) return {};
    const std::string what = request.method + " " + request.url;
    return made ? who + " is noted after " + what +
                      " has named it: a run that dies in between loses the job, which was there "
                      "before"
                : who + " is not noted right after " + what +
                      ", which made its job: a run that dies in between loses it";
  }
  return {};
}

void NotedFirst(Trial& t) {
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  (void)t.destination()->SetJobs("slow");
  const std::vector<Row> rows = SampleRows(t, *plan, 1, 3);
  (void)WriteRows(t, *plan, rows);
  if (t.host().notes().empty()) return t.Skip(kNoNotes);
  for (const Noted& note : t.host().notes()) {
    for (const uint64_t seq : note.seqs) {
      if (seq >= 1 && seq <= rows.size()) continue;
      return t.Fail("it notes record " + std::to_string(seq) + ", which is not its to send");
    }
  }
  for (const Row& row : rows) {
    const std::string late = NotedLate(t, row.seq);
    if (!late.empty()) return t.Fail(late);
  }
  // Without the note it may not go on: what is sent then cannot be found again.
  t.host().Forget();
  t.host().refuse_notes = true;
  const Written written = WriteRows(t, *plan, SampleRows(t, *plan, 11, 3));
  t.host().refuse_notes = false;
  bool made = false;
  for (const Exchange& exchange : t.host().writes()) {
    const PeerRequest& request = exchange.request;
    if (made && !request.seqs.empty()) {
      return t.Fail("its note is refused, and it sends the records all the same (" +
                    request.method + " " + request.url + ")");
    }
    made = made || request.seqs.empty();
  }
  if (written.status.ok()) t.Fail("its note is refused, and the call does not fail");
}

// ---- job.failed

/// What may be said of records of a job that failed at the destination. False: the check failed.
bool JudgeFailed(Trial& t, const std::vector<Row>& rows, const Written& written, Witness& witness,
                 const std::string& what) {
  for (const Row& row : rows) {
    const Kept* kept = written.Of(row.seq);
    const std::string who = what + ": record " + std::to_string(row.seq);
    if (kept == nullptr) {
      t.Fail(who + " has no outcome, so the host holds it and asks for the job for ever");
    } else if (kept->success() && !t.destination()->CanTell()) {
      t.Fail(who + " is " + kept->Show() + ", and nothing of it was written");
    } else if (kept->outcome == PENSTOCK_REJECTED) {
      t.Fail(who + " is " + kept->Show() + "; it is the job that failed, not the record");
    } else if (kept->outcome != PENSTOCK_IN_DOUBT) {
      const std::string doubt = witness.Doubt(row, written);
      if (!doubt.empty()) t.Fail(what + ": " + doubt);
    }
    if (t.failed()) return false;
  }
  return true;
}

void Failed(Trial& t) {
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  if (!t.destination()->SetJobs("failed")) {
    return t.Skip(
        "the destination has no jobs that fail (sandbox: jobs: {failed: ...}, or moods:)");
  }
  const std::vector<Row> rows = SampleRows(t, *plan, 1, 3);
  Witness witness(t, *plan);
  const Written written = WriteRows(t, *plan, rows);
  if (t.host().notes().empty()) return t.Skip(kNoNotes);
  if (!JudgeFailed(t, rows, written, witness, "a job that fails")) return;
  if (written.status.ok() || written.status.failure().status != PENSTOCK_E_DESTINATION) {
    t.Fail("a job that fails: " + written.ShowStatus() + " instead of DESTINATION");
  }
  const std::string wrong =
      Miscounted(t, *plan, SampleRows(t, *plan, 21, 3),
                 [](const PeerRequest&) -> std::optional<PeerAnswer> { return std::nullopt; });
  if (!wrong.empty()) t.Fail("a job that fails: " + wrong);
  // The same, and the run dies before it asks: the next one finds the job over.
  const std::vector<Row> later = SampleRows(t, *plan, 11, 3);
  Witness second(t, *plan);
  bool named = false;
  t.host().before = [&](const PeerRequest& request, size_t) -> std::optional<PeerAnswer> {
    named = named || !request.seqs.empty();
    if (named && request.seqs.empty()) t.host().Die();
    if (!t.host().dead()) return std::nullopt;
    return NoAnswer(PENSTOCK_TRANSPORT_NOT_SENT);
  };
  const Written first = WriteRows(t, *plan, later);
  t.host().before = nullptr;
  const HandedBack back(*plan, t.host().notes(), later, first, false);
  t.Restart();
  if (back.rows().empty()) return;
  (void)JudgeFailed(t, back.rows(), Resume(t, *plan, back.notes()), second,
                    "a job of an earlier run that fails");
}

// ---- job.killed

/// A run that dies where its n-th request would have gone out. Counted are requests from the first
/// one that is no read, and of several looks at one thing the first.
struct Killed {
  std::optional<PeerRequest> held;  // that request; nothing: the run was over before
  bool named = false;               // a request that names records had gone out
  Written written;
};

Killed WriteAndKill(Trial& t, const WritePlan& plan, const std::vector<Row>& rows, size_t n) {
  Killed killed;
  size_t seen = 0;
  std::string last;
  t.host().before = [&](const PeerRequest& request, size_t) -> std::optional<PeerAnswer> {
    const bool read = request.seqs.empty() && t.host().IsRead(request);
    const std::string line = request.method + " " + request.url;
    const bool counts = !(read && (seen == 0 || line == last));
    last = line;
    if (counts && seen++ == n) {
      killed.held = request;
      t.host().Die();
    }
    if (!t.host().dead()) {
      killed.named = killed.named || !request.seqs.empty();
      return std::nullopt;
    }
    return NoAnswer(PENSTOCK_TRANSPORT_NOT_SENT, "the kit lets the run die here");
  };
  killed.written = WriteRows(t, plan, rows);
  t.host().before = nullptr;
  return killed;
}

/// One death and what the next run makes of it. False: there was none, or the check failed.
bool DieAndResume(Trial& t, const WritePlan& plan, size_t n, bool* noted) {
  const std::vector<Row> rows = SampleRows(t, plan, 1 + n * 10, 3);
  Witness witness(t, plan);
  const Killed killed = WriteAndKill(t, plan, rows, n);
  const std::vector<Noted> notes = t.host().notes();
  *noted = *noted || !notes.empty();
  if (!killed.held) return false;
  const HandedBack back(plan, notes, rows, killed.written, n % 2 == 1);
  const std::optional<PeerRequest> first = FirstWrite(t.host().writes());
  t.Restart();
  if (back.rows().empty()) return true;
  const std::string what = "a run that dies before " + killed.held->method + " " +
                           killed.held->url + ", then the next one, with its note";
  const Written written = Resume(t, plan, back.notes());
  const std::string again = MadeAgain(t, plan, first, back.rows());
  if (!again.empty()) t.Fail(what + ": " + again);
  // The request may have been on its way when the run died.
  witness.Look([&] {
    const bool read = killed.held->seqs.empty() && t.host().IsRead(*killed.held);
    if (!read) t.host().Deliver(*killed.held);
  });
  for (const Row& row : back.rows()) {
    const Kept* kept = written.Of(row.seq);
    const std::string who = what + ": record " + std::to_string(row.seq) + " is ";
    if (kept == nullptr) t.Fail(who + "not told: " + written.ShowStatus());
    if (kept != nullptr && kept->success() && !killed.named) {
      t.Fail(who + kept->Show() + ", and nothing of it had been sent");
    }
    const std::string doubt = t.failed() ? "" : witness.Doubt(row, written);
    if (!doubt.empty()) t.Fail(what + ": " + doubt);
    if (t.failed()) return false;
  }
  return true;
}

void KilledRuns(Trial& t) {
  constexpr size_t kMostDeaths = 30;
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  (void)t.destination()->SetJobs("slow");
  bool noted = false;
  for (size_t n = 0; n < kMostDeaths && DieAndResume(t, *plan, n, &noted); ++n) {
  }
  if (!noted) t.Skip(kNoNotes);
}

// ---- job.gone

/// What may be said of records whose job the destination does not know.
void JudgeGone(Trial& t, const HandedBack& back, const Written& written, const std::string& what) {
  const bool refused =
      !written.status.ok() && written.status.failure().status == PENSTOCK_E_NOT_FOUND;
  for (const Row& row : back.rows()) {
    const Kept* kept = written.Of(row.seq);
    if (kept == nullptr ? refused : kept->outcome == PENSTOCK_IN_DOUBT) continue;
    return t.Fail(what + ": record " + std::to_string(row.seq) + " is " + written.Show(row.seq) +
                  " (" + written.ShowStatus() +
                  "); nobody can tell, so it must be IN_DOUBT, or begin or finish say NOT_FOUND");
  }
}

void Gone(Trial& t) {
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  if (!t.destination()->SetJobs("slow")) return t.Skip(kNoJobs);
  const std::vector<Row> rows = SampleRows(t, *plan, 1, 3);
  const Written first = WriteUntilItWaits(t, *plan, rows);
  const HandedBack back(*plan, t.host().notes(), rows, first, false);
  if (back.rows().empty()) return t.Skip(kNoNotes);
  const sdk::Status reset = t.destination()->Reset();
  if (!reset.ok()) return t.Fail("the destination cannot be reset: " + reset.failure().message);
  t.Restart();
  JudgeGone(t, back, Resume(t, *plan, back.notes()), "a job that the destination knows no more");
  t.Restart();
  JudgeGone(t, back, Resume(t, *plan, back.notes_of("no-job-of-this-form")),
            "a note that no job of this form is behind");
}

// ---- job.blobs

void BlobsOfJobs(Trial& t) {
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  const auto judge = [&](const std::string& what) {
    const Blobs& blobs = t.host().blobs();
    for (const std::string& misuse : blobs.misuses()) t.Fail(what + ": " + misuse);
    if (blobs.held() > 0) {
      t.Fail(what + ": " + std::to_string(blobs.held()) + " of " + std::to_string(blobs.made()) +
             " blobs are not discarded when the writer has ended");
    }
    return !t.failed();
  };
  (void)WriteRows(t, *plan, SampleRows(t, *plan, 1, 3));
  if (t.host().blobs().made() == 0) return t.Skip("it makes no blob");
  if (!judge("a job that ends well")) return;
  t.host().before = [](const PeerRequest& request, size_t) -> std::optional<PeerAnswer> {
    if (request.seqs.empty()) return std::nullopt;
    return Answered(500, "");
  };
  (void)WriteRows(t, *plan, SampleRows(t, *plan, 11, 3));
  t.host().before = nullptr;
  if (!judge("a job that cannot be sent")) return;
  t.host().after = [](const PeerRequest& request, size_t, PeerAnswer* answer) {
    if (request.seqs.empty()) answer->body.resize(answer->body.size() / 2);
  };
  (void)WriteRows(t, *plan, SampleRows(t, *plan, 21, 3));
  t.host().after = nullptr;
  (void)judge("a job whose results are cut");
}

}  // namespace

std::vector<Check> JobChecks() {
  return {
      {"finish.async_job", 3, "a job is noted, polled with pauses, and settles every record",
       kDestination, AsyncJob},
      {"finish.stuck_job", 3, "a job that never ends ends with DEADLINE, its noted records untold",
       kDestination, StuckJob},
      {"finish.open_notes", 3,
       "jobs of earlier runs are found by their notes and settled, not made again", kDestination,
       OpenNotes},
      {"job.noted", 3, "a job's records are noted before it gets them, or as soon as it is known",
       kDestination, NotedFirst},
      {"job.failed", 3,
       "of a job that fails every record has a true outcome, and the call ends with DESTINATION",
       kDestination, Failed},
      {"job.killed", 3,
       "wherever a run dies, the next one tells by its note what is true, and sends nothing again",
       kDestination, KilledRuns},
      {"job.gone", 3, "of a job that the destination does not know nothing is claimed",
       kDestination, Gone},
      {"job.blobs", 3, "blobs are used while they are there, and discarded", kDestination,
       BlobsOfJobs},
  };
}

}  // namespace penstock::kit
