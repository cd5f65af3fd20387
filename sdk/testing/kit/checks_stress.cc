// exc.*, write.borrowed, write.parallel, mem.*, perf.*, isolated.*: under load.
#include <algorithm>
#include <ctime>
#include <thread>

#include "sdk/runtime/elf_facts.h"
#include "sdk/testing/kit/failing_new.h"
#include "sdk/testing/kit/holdings.h"
#include "sdk/testing/kit/library.h"
#include "sdk/testing/kit/opener.h"
#include "sdk/testing/kit/process_state.h"
#include "sdk/testing/kit/raw_calls.h"
#include "sdk/testing/kit/report.h"
#include "sdk/testing/kit/runner.h"
#include "sdk/testing/kit/text.h"
#include "sdk/testing/kit/writes.h"

namespace penstock::kit {
namespace {

// Runs one call with its n-th allocation failing. False once the call needs fewer.
template <typename Body>
bool Starved(Trial& t, uint64_t n, const char* what, Body&& body) {
  RawResult result;
  bool escaped = false;
  try {
    result = body(n);
  } catch (...) {
    escaped = true;
  }
  const bool hit = AllocationFailed();
  FailAllocation(0);
  const std::string when = std::string(what) + " when allocation " + std::to_string(n) + " fails";
  if (escaped) {
    t.Fail(when + ": an exception comes out of the connector");
    return false;
  }
  if (hit) Report(t, result, when);
  return hit && !t.failed();
}

void Contained(Trial& t) {
  const auto elf = sdk::ReadElf(t.subject().path);
  if (elf.ok() && !elf->Imports("_Znwm")) {
    return t.Skip(
        "the library has an operator new of its own; check a build with -shared-libstdc++");
  }
  const Library library(t.subject().path);
  const penstock_connector* table = TableOf(t, library);
  if (table == nullptr) return;
  RawHost host(Shape::kFull, &t.transcript());
  const std::string config = RawConfig(t), assignment = AnAssignment(t);
  constexpr uint64_t kMost = 400;
  const auto opened = [&](uint64_t n) {
    RawDestination destination(table, Shape::kFull, n);
    return destination.Open(host, config);
  };
  for (uint64_t n = 1; n < kMost && Starved(t, n, "open", opened); ++n) {
  }
  RawDestination destination(table, Shape::kFull);
  (void)destination.Open(host, config);
  if (destination.c() == nullptr) return t.Skip("it does not open");
  for (uint64_t n = 1; n < kMost && Starved(t, n, "check",
                                            [&](uint64_t m) {
                                              destination.starve = m;
                                              return destination.Check();
                                            });
       ++n) {
  }
  for (uint64_t n = 1; n < kMost && Starved(t, n, "discover",
                                            [&](uint64_t m) {
                                              destination.starve = m;
                                              return destination.Discover("{}");
                                            });
       ++n) {
  }
  destination.starve = 0;
  for (uint64_t n = 1; n < kMost && Starved(t, n, "begin",
                                            [&](uint64_t m) {
                                              RawWriter writer(table, Shape::kFull);
                                              writer.starve = m;
                                              return writer.Begin(destination, assignment);
                                            });
       ++n) {
  }
  for (uint64_t n = 1; n < kMost && !t.failed(); ++n) {
    RawWriter writer(table, Shape::kFull);
    if (!writer.Begin(destination, assignment).broken.empty() || writer.c() == nullptr) return;
    if (!Starved(t, n, "write_batch", [&](uint64_t m) {
          writer.starve = m;
          return writer.Write(3);
        })) {
      return;
    }
  }
}

// The batch can be read during the call only, and never written.
void Borrowed(Trial& t) {
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  auto writer = t.instance()->Begin(plan->assignment, {}, t.host().WriterContext());
  if (!writer.ok()) return t.Fail("begin fails: " + writer.failure().message);
  size_t reported = 0;
  const auto count = [&reported](const penstock_outcome&) { ++reported; };
  for (uint64_t round = 0; round < 3; ++round) {
    PackedBatch batch(SampleRows(t, *plan, 1 + round * 5, 5), plan->n_fields());
    batch.MakeReadOnly();
    const sdk::Status status = (*writer)->Write(batch.c(), count);
    if (!status.ok()) return t.Fail("write_batch fails: " + status.failure().message);
  }
  const sdk::Status status = (*writer)->Finish(count);
  if (!status.ok()) return t.Fail("finish fails: " + status.failure().message);
  if (reported != 15) t.Fail("15 records, " + std::to_string(reported) + " outcomes");
}

void Parallel(Trial& t) {
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  const size_t n = std::min<size_t>(plan->assignment.limits.max_parallel_writers, 4);
  if (n < 2) return t.Skip("the catalog allows one writer only");
  // All writers are there before the first of them writes.
  struct Lane {
    std::vector<Row> rows;
    std::unique_ptr<sdk::ConnectorWriter> writer;
    Written written;
  };
  std::vector<Lane> lanes(n);
  for (size_t i = 0; i < n; ++i) {
    lanes[i].rows = SampleRows(t, *plan, 1 + i * 1000, 40);
    auto writer = t.instance()->Begin(plan->assignment, {}, t.host().WriterContext());
    if (!writer.ok()) return t.Fail("begin of another writer fails: " + writer.failure().message);
    lanes[i].writer = *std::move(writer);
  }
  std::vector<std::thread> threads;
  for (Lane& lane : lanes) {
    threads.emplace_back(
        [&lane, &plan] { WriteThrough(*plan, lane.rows, *lane.writer, &lane.written); });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < n; ++i) {
    const std::string who = "writer " + std::to_string(i + 1) + " of several";
    if (!ExpectSuccess(t, lanes[i].written, lanes[i].rows, who)) return;
    if (lanes[i].written.outcomes.size() != lanes[i].rows.size()) {
      return t.Fail(who + " is told about records of another one");
    }
    ExpectHeld(t, *plan, lanes[i].rows, who);
  }
}

void FlatMemory(Trial& t) {
  if (t.settings().worker) return t.Skip("the memory is the worker's; run this one in process");
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  const bool insert = plan->assignment.operation == "insert";
  auto writer = t.instance()->Begin(plan->assignment, {}, t.host().WriterContext());
  if (!writer.ok()) return t.Fail("begin fails: " + writer.failure().message);
  // The same records again and again: the destination does not grow, nor may the connector.
  constexpr uint64_t kBatches = 250;
  // One answer, recorded, for all: what is measured is the connector.
  std::optional<PeerAnswer> recorded;
  t.host().before = [&](const PeerRequest& request, size_t) {
    return request.seqs.empty() ? std::nullopt : recorded;
  };
  t.host().after = [&](const PeerRequest& request, size_t, PeerAnswer* answer) {
    if (!request.seqs.empty() && !recorded && !insert) recorded = *answer;
  };
  const std::vector<Row> sample = SampleRows(t, *plan, 1, 5);
  uint64_t batch = 0;
  const long grown = HeapGrowth([&] {
    for (uint64_t i = 0; i < kBatches && !t.failed(); ++i, ++batch) {
      std::vector<Row> rows = sample;
      for (Row& row : rows) row.seq += batch * 5;
      const PackedBatch packed(rows, plan->n_fields());
      const sdk::Status status = (*writer)->Write(packed.c(), [](const penstock_outcome&) {});
      if (!status.ok()) t.Fail("write_batch fails: " + status.failure().message);
      t.host().Forget();
    }
  });
  if (!t.failed() && grown > 128 * static_cast<long>(kBatches)) {
    t.Fail("the heap grows by " + std::to_string(grown) + " bytes with every " +
           std::to_string(kBatches) + " batches of 5 records");
  }
}

double CpuSeconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void Floor(Trial& t) {
  if (t.facts().baseline <= 0) {
    return t.Skip("there is no baseline (baseline: records a CPU second, in the fixture)");
  }
  const auto plan = PlanFor(t, MainOperation(t));
  if (!plan) return;
  std::vector<Row> rows = SampleRows(t, *plan, 1, 5000);
  t.host().before = [](const PeerRequest&, size_t) { return PeerAnswer{}; };
  const double start = CpuSeconds();
  (void)WriteRows(t, *plan, rows);
  const double rate = static_cast<double>(rows.size()) / std::max(CpuSeconds() - start, 1e-6);
  if (rate < 0.8 * t.facts().baseline) {
    t.Warn(std::to_string(static_cast<long>(rate)) + " records a CPU second, the baseline is " +
           std::to_string(static_cast<long>(t.facts().baseline)));
  }
}

void SameIsolated(Trial& t) {
  if (!HasWorker()) return t.Skip("the program penstock-worker is not installed");
  Settings in_process = t.settings(), worker = t.settings();
  in_process.worker = false;
  worker.worker = true;
  for (const Check& check : AllChecks()) {
    if (check.level != 3) continue;
    const Bench here{t.subject(), in_process, t.facts(), t.destination()};
    const Bench there{t.subject(), worker, t.facts(), t.destination()};
    const Outcome one = RunApart(check, here), two = RunApart(check, there);
    // A crash in process is a failed call through the worker: bad is bad.
    if (one.verdict != two.verdict && !(IsBad(one.verdict) && IsBad(two.verdict))) {
      t.Fail(std::string(check.id) + ": " + std::string(VerdictName(one.verdict)) +
             " in process, " + std::string(VerdictName(two.verdict)) + " in the worker" +
             (two.seen.empty() ? "" : ": " + JoinSome(two.seen, 1)));
    }
  }
}

}  // namespace

std::vector<Check> StressChecks() {
  return {
      {"exc.contained", 4, "an allocation that fails ends the call, not the process", kNothing,
       Contained},
      {"write.borrowed", 4, "a batch is read during the call only, and never written", kDestination,
       Borrowed},
      {"write.parallel", 4, "several writers at once do not mix", kOracle, Parallel},
      {"mem.flat", 4, "memory stays flat over a thousand batches", kDestination, FlatMemory},
      {"perf.floor", 4, "not much slower than the stored baseline", kDestination, Floor},
      {"isolated.same", 4, "the worker process makes no difference", kDestination, SameIsolated},
  };
}

}  // namespace penstock::kit
