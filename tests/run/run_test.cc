// Plans, guards and the small verbs through core/run's surface.
#include "tests/run/fixture.h"
#include "tests/support/crash.h"

namespace penstock::testing {
namespace {

TEST_F(RunTest, APlanIsRefusedWhenOtherOutcomesCameSince) {
  const PlannedRun planned = MakePlan();
  world_->source.rows[0].score = "2";
  ASSERT_EQ(SyncOnce().status, "succeeded");
  const RunRecord record = ApplyPlan(planned.path);
  EXPECT_EQ(CodeOf(record), "PS-PLAN-STALE");
  EXPECT_EQ(sent_, 0u);
}

TEST_F(RunTest, APlanIsAppliedOnceAndNotAgain) {
  const PlannedRun planned = MakePlan();
  EXPECT_EQ(ApplyPlan(planned.path).outcomes.created, 10u);
  const RunRecord again = ApplyPlan(planned.path);
  EXPECT_EQ(sent_, 0u) << CodeOf(again);
}

TEST_F(RunTest, APlanExpires) {
  const PlannedRun planned = MakePlan();
  world_->clock.now_us += int64_t{25} * 3600 * 1'000'000;
  EXPECT_EQ(CodeOf(ApplyPlan(planned.path)), "PS-PLAN-EXPIRED");
  EXPECT_EQ(sent_, 0u);
}

TEST_F(RunTest, APlanOfAnotherMappingIsRefused) {
  const PlannedRun planned = MakePlan();
  world_->integration.mapping.pop_back();
  EXPECT_EQ(CodeOf(ApplyPlan(planned.path)), "PS-PLAN-OTHER");
  EXPECT_EQ(sent_, 0u);
}

TEST_F(RunTest, TwoPlansOfTheSameInputHaveTheSameHash) {
  const std::string first = MakePlan().header.hash;
  std::swap(world_->source.rows[0], world_->source.rows[5]);
  EXPECT_EQ(MakePlan().header.hash, first);
}

TEST_F(RunTest, AnotherAccountIsRefusedBeforeAnythingIsSent) {
  ASSERT_EQ(SyncOnce().status, "succeeded");
  world_->source.rows[0].score = "2";
  world_->account_id = "43";
  const RunRecord record = SyncOnce();
  EXPECT_EQ(CodeOf(record), "PS-STATE-IDENTITY");
  EXPECT_NE(record.error->message.find("42"), std::string::npos);
  EXPECT_NE(record.error->message.find("43"), std::string::npos);
  EXPECT_EQ(sent_, 0u);
}

TEST_F(RunTest, AnEmptiedModelIsHeldAndReleasedByItsHash) {
  ASSERT_EQ(SyncOnce().status, "succeeded");
  world_->source.rows.clear();
  const RunRecord held = SyncOnce();
  EXPECT_EQ(held.status, "held");
  ASSERT_FALSE(held.holds.empty());
  EXPECT_EQ(held.holds[0].rule, "empty_model");
  EXPECT_EQ(sent_, 0u);
  EXPECT_EQ(ExitOf(held, {}), ExitCode::kHeld);
  const RunRecord applied = ApplyPlan(world_->directory() + "/plans/" + held.plan_hash + ".plan");
  EXPECT_EQ(applied.outcomes.deleted, 10u);
  EXPECT_TRUE(world_->account.Records().empty());
}

TEST_F(RunTest, KeyChurnIsHeld) {
  ASSERT_EQ(SyncOnce().status, "succeeded");
  for (TableRow& row : world_->source.rows) row.email = "other-" + *row.email;
  const RunRecord held = SyncOnce();
  EXPECT_EQ(held.status, "held");
  EXPECT_EQ(sent_, 0u);
}

TEST_F(RunTest, ACanarySendsSoManyAndTheRestNextTime) {
  SyncOptions canary;
  canary.limit = 3;
  const RunRecord record = SyncOnce(canary);
  EXPECT_EQ(record.outcomes.succeeded, 3u);
  EXPECT_EQ(record.outcomes.unsent, 7u);
  EXPECT_EQ(ExitOf(record, {}), ExitCode::kDone);
  EXPECT_EQ(SyncOnce().outcomes.succeeded, 7u);
}

TEST_F(RunTest, OnlyUpsertsLeavesTheDeletesOut) {
  ASSERT_EQ(SyncOnce().status, "succeeded");
  world_->source.rows.pop_back();
  world_->source.rows[0].score = "5";
  const PlannedRun planned = MakePlan();
  SyncOptions only;
  only.only = "upserts";
  const RunRecord record = ApplyPlan(planned.path, only);
  EXPECT_EQ(record.outcomes.updated, 1u);
  EXPECT_EQ(record.outcomes.deleted, 0u);
  EXPECT_EQ(record.outcomes.unsent, 1u);
}

TEST_F(RunTest, RejectedIsSentAgainOnlyWhenItsRowChangesOrWhenAsked) {
  world_->source.rows[3].name = "bad";
  EXPECT_EQ(SyncOnce().outcomes.rejected, 1u);
  const RunRecord second = SyncOnce();
  EXPECT_EQ(sent_, 0u);
  EXPECT_EQ(second.plan.quarantined, 1u);
  EXPECT_EQ(second.standing.rejected, 1u);
  FakeDestination destination(&world_->account, {});
  auto retried = Retry(world_->Environment(&destination), {}, true);
  ASSERT_TRUE(retried.ok());
  EXPECT_EQ(*retried, 1u);
  EXPECT_EQ(SyncOnce().outcomes.rejected, 1u);
  world_->source.rows[3].name = "good";
  EXPECT_EQ(SyncOnce().outcomes.succeeded, 1u);
  EXPECT_EQ(world_->last_run.has_value(), false);
}

TEST_F(RunTest, ForgettingStartsAfresh) {
  ASSERT_EQ(SyncOnce().status, "succeeded");
  FakeDestination destination(&world_->account, {});
  auto aside = Forget(world_->Environment(&destination));
  ASSERT_TRUE(aside.ok());
  EXPECT_TRUE(std::filesystem::exists(*aside));
  const RunRecord record = SyncOnce();
  EXPECT_EQ(record.plan.fresh, 10u);
  EXPECT_EQ(record.outcomes.updated, 10u);
}

TEST_F(RunTest, AMissingStateIsRefused) {
  ASSERT_EQ(SyncOnce().status, "succeeded");
  for (const auto& file : std::filesystem::directory_iterator(world_->directory() + "/people")) {
    if (file.path().filename().string().starts_with("state-")) std::filesystem::remove(file.path());
    if (file.path().filename().string().starts_with("journal-"))
      std::filesystem::remove(file.path());
  }
  FakeDestination destination(&world_->account, {});
  auto record = Sync(world_->Environment(&destination), {});
  ASSERT_FALSE(record.ok());
  EXPECT_EQ(record.error().code, "PS-STATE-MISSING");
  EXPECT_TRUE(destination.sent().empty());
}

TEST_F(RunTest, ASecondRunIsRefusedWithTheFirstOnesName) {
  std::filesystem::create_directories(world_->directory() + "/people");
  auto lock =
      IntegrationLock::Acquire(world_->directory() + "/people", "run people-7, pid 1", 0, {});
  ASSERT_TRUE(lock.ok());
  FakeDestination destination(&world_->account, {});
  auto record = Sync(world_->Environment(&destination), {});
  ASSERT_FALSE(record.ok());
  EXPECT_EQ(record.error().code, "PS-RUN-LOCKED");
  EXPECT_NE(record.error().message.find("people-7"), std::string::npos);
}

/// What the store says of a run that was killed is "running", until the next one settles it.
class RecordNowTest : public RunTest {
 protected:
  /// A run that is killed after so many operations on files.
  void KillAt(uint64_t operation) {
    ASSERT_EQ(world_->BeforeCrash(), "");
    test::CrashOptions options;
    options.kind = test::Crash::kKill;
    options.at = operation;
    const test::RunResult result = test::RunToEnd(options, [&]() -> Status {
      auto record = world_->BareSync({});
      return record.ok() ? Status() : record.status();
    });
    crashed_ = result.crashed;
    ASSERT_EQ(world_->AfterCrash(), "");
  }
  FileStore Store() const { return FileStore(world_->directory() + "/store"); }
  RunRecord Stored(const std::string& run) const {
    FileStore store = Store();
    const auto found = store.FindRun(run);
    return found.ok() ? found->value_or(RunRecord()) : RunRecord();
  }
  RunRecord Now(const RunRecord& record) const {
    FileStore store = Store();
    auto now = RecordNow(&store, Directory(), record);
    EXPECT_TRUE(now.ok()) << now.error().message;
    return now.ok() ? *now : RunRecord();
  }
  std::string Directory() const { return world_->directory() + "/people"; }

  bool crashed_ = true;
};

TEST_F(RecordNowTest, SaysWhatTheNextRunWillWriteDown) {
  uint64_t interrupted = 0;
  for (uint64_t operation = 1;; ++operation) {
    SCOPED_TRACE("killed at operation " + std::to_string(operation));
    Start(Mode::kMirror);
    KillAt(operation);
    if (!crashed_) break;
    const RunRecord stored = Stored("people-1");
    if (stored.run.empty()) continue;  // it had not begun
    const RunRecord now = Now(stored);
    EXPECT_EQ(Stored("people-1").status, stored.status) << "it only reads";
    if (stored.status != "running") {
      EXPECT_EQ(now.status, stored.status);
      continue;
    }
    ++interrupted;
    EXPECT_EQ(now.status, "interrupted");
    (void)SyncOnce();
    const RunRecord settled = Stored("people-1");
    EXPECT_EQ(settled.status, "interrupted");
    EXPECT_EQ(now.outcomes.succeeded, settled.outcomes.succeeded);
    EXPECT_EQ(now.outcomes.in_doubt, settled.outcomes.in_doubt);
    EXPECT_EQ(now.outcomes.unsent, settled.outcomes.unsent);
    EXPECT_EQ(now.outcomes.changes(), now.plan.row_changes + now.plan.remove);
  }
  EXPECT_GT(interrupted, 5u);
}

TEST_F(RecordNowTest, ARunAtWorkHasItsLockAndIsTheNewest) {
  FileStore store = Store();
  RunRecord dead, at_work;
  dead.integration = at_work.integration = "people";
  ASSERT_TRUE(store.BeginRun(&dead).ok());
  EXPECT_EQ(Now(dead).status, "interrupted") << "nobody has the lock";
  auto lock = IntegrationLock::Acquire(Directory(), "run people-2, pid 1", 0, {});
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(Now(dead).status, "running");
  ASSERT_TRUE(store.BeginRun(&at_work).ok());
  EXPECT_EQ(Now(at_work).status, "running");
  EXPECT_EQ(Now(dead).status, "interrupted") << "the lock is the newer one's";
  RunRecord read = at_work;
  at_work.status = "succeeded";
  ASSERT_TRUE(store.FinishRun(at_work).ok());
  lock->reset();
  EXPECT_EQ(Now(read).status, "succeeded") << "it ended after it was read";
}

TEST_F(RecordNowTest, WithoutItsJournalAllIsInDoubt) {
  FileStore store = Store();
  RunRecord record;
  record.integration = "people";
  record.plan.row_changes = record.outcomes.unsent = 7;
  record.journalled = true;
  ASSERT_TRUE(store.BeginRun(&record).ok());
  const RunRecord now = Now(record);
  EXPECT_EQ(now.status, "interrupted");
  EXPECT_EQ(now.outcomes.in_doubt, 7u);
  EXPECT_EQ(now.outcomes.unsent, 0u);
  ASSERT_TRUE(now.error);
  EXPECT_EQ(now.error->code, "PS-STATE-MISSING");
}

}  // namespace
}  // namespace penstock::testing
