// finish.bare, end.*: the last calls of a writer.
#include "sdk/testing/kit/library.h"
#include "sdk/testing/kit/raw_calls.h"
#include "sdk/testing/kit/writes.h"

namespace penstock::kit {
namespace {

void BareFinish(Trial& t) {
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  t.host().Forget();
  auto writer = t.instance()->Begin(plan->assignment, {}, t.host().WriterContext());
  if (!writer.ok()) return t.Fail("begin fails: " + writer.failure().message);
  size_t reported = 0;
  const sdk::Status status =
      (*writer)->Finish([&reported](const penstock_outcome&) { ++reported; });
  if (!status.ok()) t.Fail("finish without a batch fails: " + status.failure().message);
  if (reported > 0) t.Fail("finish reports records that were never handed over");
  if (!t.host().writes().empty()) t.Fail("finish without a batch makes a request");
}

void WithoutFinish(Trial& t) {
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  const Library library(t.subject().path);
  const penstock_connector* table = TableOf(t, library);
  if (table == nullptr) return;
  RawHost host(Shape::kFull, &t.transcript());
  Connect(t, &host);
  RawDestination destination(table, Shape::kFull);
  (void)destination.Open(host, RawConfig(t));
  if (destination.c() == nullptr) return t.Skip("it does not open");
  RawWriter writer(table, Shape::kFull);
  const RawResult begun = writer.Begin(destination, ToJson(plan->assignment));
  if (writer.c() == nullptr) return t.Fail("it does not begin: " + begun.message);
  (void)writer.Write(PackedBatch(SampleRows(t, *plan, 1, 3), plan->n_fields()).c());
  const int requests = host.requests;
  const size_t outcomes = writer.outcomes.size();
  writer.End();
  if (host.requests != requests) t.Fail("end makes a request");
  if (writer.outcomes.size() != outcomes) t.Fail("end reports outcomes");
  ReportBlobs(t, host);
}

}  // namespace

std::vector<Check> FinishChecks() {
  return {
      {"finish.bare", 3, "finish without a batch does nothing", kDestination, BareFinish},
      {"end.without_finish", 3, "end makes no request and reports nothing", kDestination,
       WithoutFinish},
  };
}

}  // namespace penstock::kit
