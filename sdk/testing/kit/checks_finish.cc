// finish.*, end.*: the last calls of a writer, and asynchronous jobs.
#include <algorithm>
#include <deque>

#include "sdk/testing/kit/jobs.h"
#include "sdk/testing/kit/library.h"
#include "sdk/testing/kit/raw_calls.h"
#include "sdk/testing/kit/writes.h"

namespace penstock::kit {
namespace {

constexpr char kNoJobs[] = "the destination has no asynchronous jobs (sandbox: jobs:, or moods:)";

void AsyncJob(Trial& t) {
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  if (!t.destination()->SetJobs("slow")) return t.Skip(kNoJobs);
  const std::vector<Row> rows = SampleRows(t, *plan, 1, 3);
  const Written written = WriteRows(t, *plan, rows);
  if (!ExpectSuccess(t, written, rows, "a job that takes its time")) return;
  if (t.host().slept_ms() == 0) t.Fail("it polls without waiting in between");
  if (t.host().notes().empty()) {
    t.Fail("it does not note the job, which a restart would then lose");
  }
}

/// The notes that the host has, with those of `rows` that are in them, as a later run hands them
/// back: under new seqs, and nothing of them but their keys.
class HandedBack {
 public:
  HandedBack(Trial& t, const WritePlan& plan, const std::vector<Row>& rows) {
    tokens_ = t.host().notes();
    for (const auto& [seqs, token] : tokens_) {
      std::vector<Row> noted;
      for (const Row& row : rows) {
        if (std::find(seqs.begin(), seqs.end(), row.seq) == seqs.end()) continue;
        Row& again = noted.emplace_back(row);
        again.seq += kNewSeqs;
        for (size_t f = 0; f < again.values.size(); ++f) {
          if (f != plan.key) again.values[f] = Value::Absent();
        }
      }
      if (noted.empty()) continue;
      records_ += noted.size();
      const PackedBatch& batch = batches_.emplace_back(noted, plan.n_fields());
      notes_.push_back({token, &batch.c()});
    }
  }
  const std::vector<sdk::OpenNote>& notes() const { return notes_; }
  size_t records() const { return records_; }

 private:
  static constexpr uint64_t kNewSeqs = 1000;
  std::vector<std::pair<std::vector<uint64_t>, std::string>> tokens_;
  std::deque<PackedBatch> batches_;
  std::vector<sdk::OpenNote> notes_;
  size_t records_ = 0;
};

/// A run is stopped while it waits for its job; the next one is handed the note.
void OpenNotes(Trial& t) {
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  if (!t.destination()->SetJobs("slow")) return t.Skip(kNoJobs);
  const std::vector<Row> rows = SampleRows(t, *plan, 1, 3);
  t.host().on_sleep = [&t] { t.host().Cancel(); };
  const Written first = WriteRows(t, *plan, rows);
  t.host().on_sleep = {};
  t.host().Uncancel();
  if (first.status.ok()) return t.Skip("its job was done before it waited");
  const HandedBack back(t, *plan, rows);
  if (back.records() == 0) return t.Skip("it had noted no job when it was stopped");
  const std::vector<Exchange> before = t.host().writes();
  t.host().Forget();
  auto writer = t.instance()->Begin(plan->assignment, back.notes(), t.host().Context());
  if (!writer.ok()) return t.Fail("begin with an open note fails: " + writer.failure().message);
  size_t succeeded = 0;
  const sdk::Status status = (*writer)->Finish([&](const penstock_outcome& outcome) {
    const bool good = outcome.outcome >= PENSTOCK_CREATED && outcome.outcome <= PENSTOCK_UNCHANGED;
    succeeded += good ? 1 : 0;
  });
  if (!status.ok()) return t.Fail("finish with an open note fails: " + status.failure().message);
  if (succeeded != back.records()) {
    t.Fail("of " + std::to_string(back.records()) + " records of a job that ended well, " +
           std::to_string(succeeded) + " are a success");
  }
  for (const Exchange& write : t.host().writes()) {
    const PeerRequest& made = before.empty() ? write.request : before.front().request;
    if (write.request.method == made.method && write.request.url == made.url) {
      return t.Fail("it makes another job (" + made.method + " " + made.url +
                    ") instead of asking for the one that it noted");
    }
  }
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

void BareFinish(Trial& t) {
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  t.host().Forget();
  auto writer = t.instance()->Begin(plan->assignment, {}, t.host().Context());
  if (!writer.ok()) return t.Fail("begin fails: " + writer.failure().message);
  size_t reported = 0;
  const sdk::Status status =
      (*writer)->Finish([&reported](const penstock_outcome&) { ++reported; });
  if (!status.ok()) t.Fail("finish without a batch fails: " + status.failure().message);
  if (reported > 0) t.Fail("finish reports records that were never handed over");
  if (!t.host().writes().empty()) t.Fail("finish without a batch makes a request");
}

void WithoutFinish(Trial& t) {
  const Library library(t.subject().path);
  const penstock_connector* table = TableOf(t, library);
  if (table == nullptr) return;
  RawHost host(Shape::kFull, &t.transcript());
  RawDestination destination(table, Shape::kFull);
  (void)destination.Open(host, RawConfig(t));
  if (destination.c() == nullptr) return t.Skip("it does not open");
  RawWriter writer(table, Shape::kFull);
  (void)writer.Begin(destination, AnAssignment(t));
  if (writer.c() == nullptr) return t.Skip("it does not begin");
  (void)writer.Write(3);
  const int requests = host.requests;
  const size_t outcomes = writer.outcomes.size();
  writer.End();
  if (host.requests != requests) t.Fail("end makes a request");
  if (writer.outcomes.size() != outcomes) t.Fail("end reports outcomes");
}

}  // namespace

std::vector<Check> FinishChecks() {
  return {
      {"finish.async_job", 3, "a job is noted, polled with pauses, and settles every record",
       kDestination, AsyncJob},
      {"finish.stuck_job", 3, "a job that never ends ends with DEADLINE, its noted records untold",
       kDestination, StuckJob},
      {"finish.open_notes", 3,
       "a job of an earlier run is found by its note and settled, not made again", kDestination,
       OpenNotes},
      {"finish.bare", 3, "finish without a batch does nothing", kDestination, BareFinish},
      {"end.without_finish", 3, "end makes no request and reports nothing", kDestination,
       WithoutFinish},
  };
}

}  // namespace penstock::kit
