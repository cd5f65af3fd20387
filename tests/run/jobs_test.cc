// A destination that works by asynchronous jobs: runs that are killed or give up between the steps
// of a job, and what the next run makes of it.
#include <unistd.h>

#include <algorithm>
#include <set>

#include "core/run/context.h"
#include "core/state/journal.h"
#include "tests/property/fake_jobs.h"
#include "tests/run/fixture.h"
#include "tests/support/crash.h"

namespace penstock::testing {
namespace {

FaultSettings ByJobs() {
  FaultSettings faults;
  faults.jobs = true;
  return faults;
}

class JobsTest : public RunTest {
 protected:
  /// A sync that is killed (or not) at a step of its first job.
  bool KilledAt(const std::string& step, bool done_early = false) {
    FaultSettings faults = ByJobs();
    faults.job_done_early = done_early;
    faults.die_at = step;
    EXPECT_EQ(world_->BeforeCrash(), "");
    const test::RunResult result = test::RunToEnd({}, [&]() -> Status {
      auto record = world_->BareSync(faults);
      return record.ok() ? Status() : record.status();
    });
    EXPECT_EQ(world_->AfterCrash(), "");
    return result.crashed;
  }
  /// An `apply` that is killed at a step of its first job.
  void ApplyKilledAt(const std::string& step, const std::string& path) {
    FaultSettings dies = ByJobs();
    dies.die_at = step;
    ASSERT_EQ(world_->BeforeCrash(), "");
    const test::RunResult result = test::RunToEnd({}, [&]() -> Status {
      FakeDestination destination(&world_->account, dies);
      auto record = penstock::Apply(world_->Environment(&destination), path, {});
      return record.ok() ? Status() : record.status();
    });
    ASSERT_TRUE(result.crashed);
    ASSERT_EQ(world_->AfterCrash(), "");
  }
  RunRecord Apply(const std::string& path) {
    FakeDestination destination(&world_->account, ByJobs());
    auto record = penstock::Apply(world_->Environment(&destination), path, {});
    EXPECT_TRUE(record.ok()) << record.error().message;
    return record.ok() ? *record : RunRecord();
  }
  RunRecord Sync(const FaultSettings& faults) {
    FakeDestination destination(&world_->account, faults);
    destination.set_account_id(world_->account_id);
    RunEnvironment env = world_->Environment(&destination);
    settled_.clear();
    awaited_.clear();
    env.jobs_awaited = [&](const std::vector<OpenJob>& jobs) {
      EXPECT_EQ(awaited_.size(), settled_.size()) << "told when it was over";
      awaited_.push_back(jobs);
    };
    env.run_settled = [&](const RunRecord& record) { settled_.push_back(record); };
    auto record = penstock::Sync(env, {});
    EXPECT_TRUE(record.ok()) << record.error().message;
    sent_ = destination.sent().size();
    return record.ok() ? *record : RunRecord();
  }
  static bool Tells(const RunRecord& record, const std::string& code) {
    return std::any_of(record.errors.begin(), record.errors.end(),
                       [&](const ErrorCount& error) { return error.code == code; });
  }
  std::map<std::string, FakeJob> Jobs() {
    return FakeJobs(world_->account.path() + ".jobs", &world_->account).Jobs();
  }
  /// Of each job what was uploaded once is applied once, and no key is in two jobs that ran.
  void CheckJobs() {
    std::set<std::string> applied;
    for (const auto& [name, job] : Jobs()) {
      EXPECT_LE(job.uploads, 1u) << name;
      for (const auto& [key, result] : job.results) {
        EXPECT_TRUE(applied.insert(key).second) << key << " is in two jobs";
      }
    }
    for (const auto& [key, record] : world_->account.Records()) EXPECT_EQ(record.writes, 1u) << key;
  }
  std::vector<OpenJob> Open() {
    FakeDestination destination(&world_->account, {});
    auto view = OpenState(world_->Environment(&destination));
    EXPECT_TRUE(view.ok());
    auto jobs = OpenJobs(view->get());
    return jobs.ok() ? *jobs : std::vector<OpenJob>();
  }

  std::vector<RunRecord> settled_;
  std::vector<std::vector<OpenJob>> awaited_;  // by run
};

TEST_F(JobsTest, AreOneRunWhereNothingGoesWrong) {
  const RunRecord record = Sync(ByJobs());
  EXPECT_EQ(record.status, "succeeded");
  EXPECT_EQ(record.outcomes.created, 10u);
  EXPECT_TRUE(settled_.empty());
  EXPECT_TRUE(awaited_.empty());
  CheckJobs();
  EXPECT_EQ(world_->Converge(), "");
}

class KilledAtTest : public JobsTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(KilledAtTest, EachRowIsAppliedOnceAndCountsAddUp) {
  ASSERT_TRUE(KilledAt(GetParam()));
  const RunRecord record = Sync(ByJobs());
  EXPECT_EQ(record.status, "succeeded");
  ASSERT_EQ(Open().size(), 0u);
  uint64_t settled = 0;
  for (const RunRecord& run : settled_) settled += run.outcomes.succeeded;
  EXPECT_EQ(record.plan.read, 10u);
  EXPECT_GE(record.plan.unchanged, settled);  // and what had an outcome before the end
  CheckJobs();
  EXPECT_EQ(world_->Converge(), "");
}

/// The next sync dies over the same job as well.
TEST_P(KilledAtTest, AndOnceMoreWhileItIsSettled) {
  ASSERT_TRUE(KilledAt(GetParam()));
  (void)KilledAt("poll");
  (void)KilledAt("report");
  const RunRecord record = Sync(ByJobs());
  EXPECT_EQ(record.status, "succeeded");
  CheckJobs();
  EXPECT_EQ(world_->Converge(), "");
}

INSTANTIATE_TEST_SUITE_P(Steps, KilledAtTest,
                         ::testing::Values("create", "note", "upload", "complete", "poll",
                                           "report"),
                         [](const auto& step) { return std::string(step.param); });

TEST_F(JobsTest, AJobThatStillRunsHoldsItsRecordsUntilItHasTold) {
  FaultSettings stuck = ByJobs();
  stuck.job_stuck = true;
  const RunRecord first = Sync(stuck);
  EXPECT_EQ(first.outcomes.in_doubt, 10u);
  const std::vector<OpenJob> open = Open();
  ASSERT_FALSE(open.empty());
  EXPECT_EQ(open[0].token, "job1");
  EXPECT_EQ(open[0].since_us, world_->clock.now_us);
  const PlannedRun planned = MakePlan();
  EXPECT_EQ(planned.header.counts.quarantined, 10u);
  EXPECT_EQ(planned.header.counts.in_job, 10u);
  EXPECT_EQ(planned.header.counts.row_changes, 0u);

  world_->source.rows[0].score = "2";  // changes meanwhile
  world_->source.rows.pop_back();      // and one that leaves
  world_->clock.now_us += 60'000'000;
  const RunRecord second = Sync(stuck);
  EXPECT_EQ(sent_, 0u);
  EXPECT_EQ(second.plan.quarantined, 9u);
  EXPECT_EQ(second.plan.remove, 0u);
  ASSERT_FALSE(settled_.empty());
  ASSERT_EQ(awaited_.size(), 1u);
  uint64_t awaited = 0;
  for (const OpenJob& job : awaited_[0]) awaited += job.records;
  EXPECT_EQ(awaited, 10u);
  EXPECT_EQ(awaited_[0].size(), open.size());
  EXPECT_EQ(awaited_[0][0].run, first.ordinal);
  EXPECT_EQ(settled_[0].outcomes.in_doubt, 10u);
  EXPECT_EQ(settled_[0].plan.row_changes, 10u);
  EXPECT_EQ(Open()[0].since_us, open[0].since_us);

  const RunRecord third = Sync(ByJobs());
  EXPECT_EQ(settled_[0].outcomes.created, 10u);
  EXPECT_EQ(third.outcomes.updated, 1u);  // the row that had changed
  EXPECT_EQ(third.outcomes.deleted, 1u);
  EXPECT_EQ(sent_, 2u);
  EXPECT_TRUE(Open().empty());
  EXPECT_EQ(world_->Converge(), "");
}

TEST_F(JobsTest, WhatAJobLeftUnprocessedIsSentByTheSameSyncThatSettledIt) {
  FaultSettings stuck = ByJobs();
  stuck.job_stuck = true;
  (void)Sync(stuck);
  FaultSettings half = ByJobs();
  half.job_half = true;
  (void)Sync(half);
  EXPECT_EQ(settled_[0].outcomes.created, 5u);
  EXPECT_EQ(settled_[0].outcomes.unsent, 5u);
  EXPECT_EQ(settled_[0].status, "succeeded");  // nothing is left undone
  EXPECT_EQ(ExitOf(settled_[0], {}), ExitCode::kDone);
  EXPECT_EQ(sent_, 5u);
  EXPECT_EQ(world_->Converge(), "");
}

TEST_F(JobsTest, AJobThatIsGoneLeavesOrdinaryDoubts) {
  ASSERT_TRUE(KilledAt("poll"));
  FakeJobs(world_->account.path() + ".jobs", &world_->account).Forget("job1");
  const RunRecord record = Sync(ByJobs());
  EXPECT_TRUE(Tells(settled_[0], "JOB_GONE"));
  EXPECT_EQ(record.outcomes.succeeded, sent_);
  EXPECT_TRUE(Open().empty());
  EXPECT_EQ(world_->Converge(), "");
}

TEST_F(JobsTest, ARowThatAnEarlierRunsJobRefusedIsSentOnceItIsCorrected) {
  Start(Mode::kInsertOnly);
  world_->source.rows.resize(1);  // so that the job that is killed is the row's
  world_->source.rows[0].name = "bad";
  ASSERT_TRUE(KilledAt("poll"));
  (void)Sync(ByJobs());
  ASSERT_EQ(settled_.size(), 1u);
  EXPECT_EQ(settled_[0].outcomes.rejected, 1u);
  world_->source.rows[0].name = "good";
  EXPECT_EQ(Sync(ByJobs()).outcomes.created, 1u) << "its job has told: nothing is in doubt of it";
  EXPECT_EQ(world_->account.Records().size(), 1u);
}

TEST_F(JobsTest, AreSettledByHand) {
  FaultSettings stuck = ByJobs();
  stuck.job_stuck = true;
  (void)Sync(stuck);
  FakeDestination destination(&world_->account, {});
  const RunEnvironment env = world_->Environment(&destination);
  const sdk::Catalog catalog = FakeCatalog();
  const sdk::Field* key = catalog.objects[0].FindField("email");
  ASSERT_TRUE(Settle(env, HashOfKeyText(*env.hasher, *key, "k0@x"), false).ok());
  ASSERT_TRUE(Settle(env, HashOfKeyText(*env.hasher, *key, "k1@x"), true).ok());
  uint64_t held = 0;
  for (const OpenJob& job : Open()) held += job.records;
  EXPECT_EQ(held, 8u);
  EXPECT_EQ(MakePlan().header.counts.row_changes, 1u);
}

TEST_F(JobsTest, OfAnotherAccountAreRefused) {
  ASSERT_TRUE(KilledAt("poll"));
  world_->account_id = "43";
  FakeDestination destination(&world_->account, ByJobs());
  destination.set_account_id("43");
  const auto record = penstock::Sync(world_->Environment(&destination), {});
  ASSERT_FALSE(record.ok());
  EXPECT_EQ(record.error().code, "PS-STATE-IDENTITY");
  EXPECT_FALSE(Open().empty());
}

TEST_F(JobsTest, ARunThatIsCancelledLeavesItsJobs) {
  FakeDestination destination(&world_->account, ByJobs());
  RunEnvironment env = world_->Environment(&destination);
  env.cancelled = [this] { return !Jobs().empty() && Jobs().at("job1").completed; };
  const auto cancelled = penstock::Sync(env, {});
  ASSERT_TRUE(cancelled.ok());
  EXPECT_EQ(cancelled->status, "cancelled");
  // The other job may have been settled by then.
  const OutcomeCounts& counts = cancelled->outcomes;
  EXPECT_EQ(counts.succeeded + counts.in_doubt + counts.unsent, 10u);
  EXPECT_GT(counts.in_doubt, 0u);
  EXPECT_FALSE(Open().empty());
  EXPECT_EQ(Sync(ByJobs()).status, "succeeded");
  CheckJobs();
}

/// The mode and the mapping are edited meanwhile: the job is asked for as it was made.
TEST_F(JobsTest, AreHandedBackWithTheOperationThatTheyHad) {
  ASSERT_TRUE(KilledAt("poll"));
  const Op before = Open().at(0).op;
  world_->integration.mode = Mode::kUpdateOnly;
  world_->integration.mapping.pop_back();
  const RunRecord record = Sync(ByJobs());
  EXPECT_EQ(before, Op::kUpsert);
  EXPECT_GT(settled_.at(0).outcomes.created, 0u);
  EXPECT_TRUE(Open().empty());
  EXPECT_FALSE(record.error) << record.error->message;
}

/// An approved plan goes on where its jobs ended.
TEST_F(JobsTest, OfAPlanAreSettledBeforeItGoesOn) {
  const PlannedRun planned = MakePlan();
  ApplyKilledAt("poll", planned.path);
  const RunRecord record = Apply(planned.path);
  EXPECT_FALSE(record.error) << record.error->message;
  EXPECT_EQ(record.plan.unchanged + record.outcomes.succeeded, 10u);
  CheckJobs();
  EXPECT_EQ(world_->Converge(), "");
}

TEST_F(JobsTest, OfAPlanHoldTheirRecordsWhileTheyRun) {
  world_->source.rows.resize(4);
  const PlannedRun planned = MakePlan();
  ApplyKilledAt("poll", planned.path);
  world_->clock.now_us += int64_t{25} * 3600 * 1'000'000;  // what was interrupted may go on
  FaultSettings stuck = ByJobs();
  stuck.job_stuck = true;
  FakeDestination destination(&world_->account, stuck);
  const auto record = penstock::Apply(world_->Environment(&destination), planned.path, {});
  ASSERT_TRUE(record.ok()) << record.error().message;
  EXPECT_FALSE(record->error) << record->error->message;
  EXPECT_TRUE(destination.sent().empty());
  EXPECT_EQ(record->plan.quarantined, 4u);
  EXPECT_EQ(Sync(ByJobs()).status, "succeeded");
  CheckJobs();
}

/// The destination ends a job whose run was killed, and nothing of it is sent again.
TEST_F(JobsTest, ThatWereDoneBeforeAnybodyAskedAreAskedFor) {
  ASSERT_TRUE(KilledAt("poll", /*done_early=*/true));
  EXPECT_FALSE(world_->account.Records().empty());
  EXPECT_EQ(Sync(ByJobs()).status, "succeeded");
  CheckJobs();
}

/// The plan says upsert, the job update, since the record was found at the destination.
TEST_F(JobsTest, OfARecordThatWasLookedUpAreKnownToItsPlan) {
  Start(Mode::kUpsert);
  world_->source.rows.resize(1);
  world_->source.rows[0].score = std::nullopt;
  world_->account.Seed("k0@x", {{"name", "theirs"}});
  const PlannedRun planned = MakePlan();
  ApplyKilledAt("poll", planned.path);
  ASSERT_EQ(Open().at(0).op, Op::kUpdate);
  const RunRecord record = Apply(planned.path);
  EXPECT_FALSE(record.error) << record.error->message;
  EXPECT_EQ(record.plan.unchanged, 1u);
  EXPECT_EQ(record.plan.quarantined, 0u);
}

/// A connector may keep in its token how far a job has come.
TEST_F(JobsTest, ThatAreNotedAgainAreHandedBackWithTheirLastToken) {
  world_->source.rows.resize(4);
  ASSERT_TRUE(KilledAt("poll"));
  FaultSettings again = ByJobs();
  again.job_stuck = again.job_noted_again = true;
  (void)Sync(again);
  ASSERT_FALSE(Open().empty());
  for (const OpenJob& job : Open()) EXPECT_TRUE(job.token.ends_with("+")) << job.token;
  EXPECT_EQ(Sync(ByJobs()).status, "succeeded");
  CheckJobs();
  EXPECT_EQ(world_->Converge(), "");
}

TEST_F(JobsTest, ABadEndIsToldThoughEveryRecordHasItsOutcome) {
  ASSERT_TRUE(KilledAt("poll"));
  FaultSettings bad = ByJobs();
  bad.ends_badly = true;
  (void)Sync(bad);
  EXPECT_TRUE(Tells(settled_.at(0), "PS-CONN-CRASHED"));
  EXPECT_EQ(settled_[0].status, "completed_with_errors");
}

/// What a killed run had not heard of its jobs is in doubt, not unsent.
TEST_F(JobsTest, AWriteThatFailsAfterItMadeOneLeavesItToFinish) {
  FaultSettings complaining = ByJobs();
  complaining.job_complains = true;
  const RunRecord record = Sync(complaining);
  EXPECT_EQ(record.outcomes.created, 10u);
  EXPECT_EQ(record.outcomes.in_doubt, 0u);
  EXPECT_EQ(record.status, "completed_with_errors");
  EXPECT_TRUE(Tells(record, "gave_up"));
  CheckJobs();
  EXPECT_EQ(world_->Converge(), "");
}

TEST_F(JobsTest, ARunThatIsKilledWhileItSettlesLeavesTheRestInDoubt) {
  ASSERT_TRUE(KilledAt("poll"));
  ASSERT_TRUE(KilledAt("poll"));
  (void)Sync(ByJobs());
  bool settled = false;
  for (const RunRecord& run : FileStore(world_->directory() + "/store").Runs()) {
    if (run.status != "interrupted" || run.trigger != "settle") continue;
    settled = true;
    EXPECT_EQ(run.outcomes.unsent, 0u);
    EXPECT_EQ(run.outcomes.in_doubt, run.plan.row_changes);
  }
  EXPECT_TRUE(settled);
}

/// Every write of a run with jobs, and of the run that settles them, cut off in turn.
TEST_F(JobsTest, SurviveACrashAtEveryWriteOfTheJournal) {
  for (const test::Crash kind : {test::Crash::kKill, test::Crash::kPowerLoss}) {
    test::CrashOptions options;
    options.kind = kind;
    test::ForEachCrashPoint(
        options,
        [&] {
          Start(Mode::kMirror);
          ASSERT_TRUE(KilledAt("complete"));
        },
        [&]() -> Status {
          auto record = world_->BareSync(ByJobs());
          return record.ok() ? Status() : record.status();
        },
        [&](const test::RunResult& point) {
          SCOPED_TRACE("operations before the end: " + std::to_string(point.operations));
          ASSERT_EQ(world_->AfterCrash(), "");
          const RunRecord record = Sync(ByJobs());
          ASSERT_FALSE(record.error) << record.error->message;
          CheckJobs();
          ASSERT_EQ(world_->Converge(), "");
        },
        /*step=*/3);
  }
}

}  // namespace
}  // namespace penstock::testing
