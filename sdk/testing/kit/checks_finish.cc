// finish.*, end.*: the last calls of a writer, and asynchronous jobs.
#include "sdk/testing/kit/holdings.h"
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
    if (kept != nullptr && kept->outcome != PENSTOCK_IN_DOUBT) {
      return t.Fail("a record of a job that never ends is " + kept->Show());
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
      {"finish.stuck_job", 3, "a job that never ends ends with DEADLINE, its records in doubt",
       kDestination, StuckJob},
      {"finish.bare", 3, "finish without a batch does nothing", kDestination, BareFinish},
      {"end.without_finish", 3, "end makes no request and reports nothing", kDestination,
       WithoutFinish},
  };
}

}  // namespace penstock::kit
