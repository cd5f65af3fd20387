// Where several things happen at once: a switch of mode, an answer that never came before a
// refusal, a run that ended before it had begun.
#include <unistd.h>

#include "tests/run/fixture.h"
#include "tests/support/crash.h"

namespace penstock::testing {
namespace {

constexpr int64_t kDay = int64_t{24} * 3600 * 1'000'000;

class AwkwardTest : public RunTest {
 protected:
  std::string PathOf(const RunRecord& record) const {
    return world_->directory() + "/plans/" + record.plan_hash + ".plan";
  }
  /// A sync in a process of its own that ends, as by kill -9, when `now` says so.
  void KilledSync(const std::function<bool()>& now) {
    const auto result = test::RunToEnd({}, [&]() -> Status {
      FakeDestination destination(&world_->account, {});
      RunEnvironment env = world_->Environment(&destination);
      env.cancelled = [&] {
        if (now()) ::_exit(test::kCrashExit);
        return false;
      };
      env.progress = [&](const Progress&) {
        if (now()) ::_exit(test::kCrashExit);
      };
      return Sync(env, {}).status();
    });
    ASSERT_TRUE(result.crashed);
    world_->account.Reload();
  }
};

TEST_F(AwkwardTest, ABaselineIsSentWhenTheModeCreates) {
  Start(Mode::kDeleteOnly);
  EXPECT_EQ(SyncOnce().plan.unchanged, 10u);
  EXPECT_EQ(sent_, 0u);
  EXPECT_EQ(SyncOnce().plan.unchanged, 10u);
  world_->integration.mode = Mode::kMirror;
  const RunRecord held = SyncOnce();
  EXPECT_EQ(held.status, "held") << "the mode changed";
  EXPECT_EQ(ApplyPlan(PathOf(held)).outcomes.created, 10u);
  EXPECT_EQ(Records().size(), 10u);
  SyncOnce();
  EXPECT_EQ(sent_, 0u);
}

TEST_F(AwkwardTest, TheStateOfAKilledFirstRunBelongsToItsAccount) {
  KilledSync([&] {
    world_->account.Reload();
    return !Records().empty();
  });
  Row(0).score = "5";
  world_->account_id = "43";
  const RunRecord record = SyncOnce();
  EXPECT_EQ(CodeOf(record), "PS-STATE-IDENTITY");
  EXPECT_EQ(sent_, 0u);
  world_->account_id = "42";
  EXPECT_EQ(CodeOf(SyncOnce()), "");
  EXPECT_EQ(Records().size(), 10u);
}

TEST_F(AwkwardTest, ARunThatWasKilledWhileItReadIsSaidToBeInterrupted) {
  ASSERT_EQ(SyncOnce().status, "succeeded");
  KilledSync([] { return true; });
  std::vector<std::string> told;
  FakeDestination destination(&world_->account, {});
  RunEnvironment env = world_->Environment(&destination);
  env.run_interrupted = [&](const RunRecord& record) -> Status {
    told.push_back(record.run + " " + record.status);
    return {};
  };
  ASSERT_TRUE(Sync(env, {}).ok());
  EXPECT_EQ(told, std::vector<std::string>{"people-2 interrupted"});
  ASSERT_TRUE(Sync(env, {}).ok());
  EXPECT_EQ(told.size(), 1u);
}

TEST_F(AwkwardTest, APlanGoesOnWithoutRepeatingInsertsInDoubt) {
  Start(Mode::kInsertOnly);
  const PlannedRun planned = MakePlan();
  FakeDestination destination(&world_->account, Losing());
  auto first = Apply(world_->Environment(&destination), planned.path, {});
  ASSERT_TRUE(first.ok());
  ASSERT_GT(first->outcomes.in_doubt, 0u);
  ApplyPlan(planned.path);
  for (const auto& [key, record] : Records()) EXPECT_EQ(record.writes, 1u) << key;
}

TEST_F(AwkwardTest, WhatALookupFindsMayBeSomebodyElses) {
  Start(Mode::kInsertOnly);
  world_->account.Seed("k0@x", {{"name", "theirs"}});
  SyncOnce({}, Losing());
  SyncOnce();  // looks them up
  EXPECT_EQ(SyncOnce().standing.in_doubt, 0u);
  world_->integration.mode = Mode::kMirror;
  world_->source.rows.erase(world_->source.rows.begin());
  SyncOnce();
  ASSERT_TRUE(Records().contains("k0@x"));
  EXPECT_EQ(Records().at("k0@x").fields.at("name"), "theirs");
}

TEST_F(AwkwardTest, WhatALookupFindsMayHoldOurValuesWhichNullClears) {
  Start(Mode::kInsertOnly);
  SyncOnce({}, Losing());
  SyncOnce();  // looks them up
  world_->integration.mode = Mode::kUpsert;
  Row(1).name = std::nullopt;
  const RunRecord record = SyncOnce();
  ASSERT_EQ(record.status, "held") << "the mode changed";
  ApplyPlan(PathOf(record));
  EXPECT_FALSE(Records().at("k1@x").fields.contains("name"));
}

TEST_F(AwkwardTest, WhatWasSettledAsAppliedMayHoldOurValuesWhichNullClears) {
  SyncOnce({}, Losing());
  Row(1).name = "bad";
  EXPECT_EQ(SyncOnce().outcomes.rejected, 1u);  // what was in doubt of it still is
  FakeDestination destination(&world_->account, {});
  const RunEnvironment env = world_->Environment(&destination);
  const sdk::Catalog catalog = FakeCatalog();
  const sdk::Field* key = catalog.objects[0].FindField("email");
  ASSERT_TRUE(Settle(env, HashOfKeyText(*env.hasher, *key, "k1@x"), true).ok());
  Row(1).name = std::nullopt;
  EXPECT_EQ(SyncOnce().outcomes.updated, 1u);
  EXPECT_FALSE(Records().at("k1@x").fields.contains("name"));
}

TEST_F(AwkwardTest, OfSeveralRecordsWithOneKeyNoneIsTakenForOurInsert) {
  Start(Mode::kInsertOnly);
  SyncOnce({}, Losing());
  FaultSettings several;
  several.shared = {"k0@x"};
  const RunRecord settled = SyncOnce({}, several);
  EXPECT_EQ(settled.standing.in_doubt, 0u);
  EXPECT_EQ(settled.outcomes.created, 0u) << "it is there already";
  world_->integration.mode = Mode::kMirror;
  world_->source.rows.erase(world_->source.rows.begin());
  SyncOnce();
  EXPECT_TRUE(Records().contains("k0@x"));
}

TEST_F(AwkwardTest, ACanaryOfAHeldPlanDoesNotLiftTheGuardForTheRest) {
  ASSERT_EQ(SyncOnce().status, "succeeded");
  world_->integration.sql += " WHERE true";
  for (size_t i = 0; i < 6; ++i) Row(i).score = "9";
  const RunRecord held = SyncOnce();
  ASSERT_EQ(held.status, "held");
  SyncOptions canary;
  canary.limit = 1;
  EXPECT_EQ(ApplyPlan(PathOf(held), canary).outcomes.succeeded, 1u);
  EXPECT_EQ(SyncOnce().status, "held");
}

TEST_F(AwkwardTest, WhatExistedIsWrittenOnceTheModeOverwrites) {
  Start(Mode::kInsertOnly);
  world_->account.Seed("k0@x", {{"name", "theirs"}});
  EXPECT_EQ(SyncOnce().outcomes.skipped, 1u);
  world_->integration.mode = Mode::kUpsert;
  EXPECT_EQ(SyncOnce().outcomes.updated, 1u);
  EXPECT_EQ(Records().at("k0@x").fields.at("name"), "ann");
}

TEST_F(AwkwardTest, WhatWasMissingIsCreatedOnceTheModeCreates) {
  Start(Mode::kUpdateOnly);
  EXPECT_EQ(SyncOnce().outcomes.skipped, 10u);
  world_->integration.mode = Mode::kUpsert;
  EXPECT_EQ(SyncOnce().outcomes.created, 10u);
}

TEST_F(AwkwardTest, AKeyThatTurnsEmptyDoesNotDeleteItsRecordUnasked) {
  ASSERT_EQ(SyncOnce().status, "succeeded");
  Row(2).email = std::nullopt;
  const RunRecord held = SyncOnce();
  EXPECT_EQ(held.status, "held");
  ASSERT_FALSE(held.holds.empty());
  EXPECT_EQ(held.holds[0].rule, "keyless");
  EXPECT_EQ(ApplyPlan(PathOf(held)).outcomes.deleted, 1u);
  // That row stays without a key; other departures are not held for it.
  world_->source.rows.pop_back();
  EXPECT_EQ(SyncOnce().outcomes.deleted, 1u);
}

TEST_F(AwkwardTest, ARefusalDoesNotSettleTheUnansweredRequestBeforeIt) {
  ASSERT_EQ(SyncOnce().status, "succeeded");
  Row(1).score = "2";
  EXPECT_EQ(SyncOnce({}, Losing()).outcomes.in_doubt, 1u);  // it was applied
  Row(1).name = "bad";
  EXPECT_EQ(SyncOnce().outcomes.rejected, 1u);
  Row(1) = {"k1@x", "1", "ann", std::nullopt};  // as it was first acknowledged
  EXPECT_EQ(SyncOnce().outcomes.updated, 1u);
  EXPECT_EQ(Records().at("k1@x").fields.at("score"), "1");
}

TEST_F(AwkwardTest, AnInsertInDoubtIsDeletedThoughARefusalCameAfterIt) {
  world_->source.rows.push_back({"new@x", "1", "ann", std::nullopt});
  EXPECT_EQ(SyncOnce({}, Losing()).outcomes.in_doubt, 11u);
  world_->source.rows.back().name = "bad";
  EXPECT_EQ(SyncOnce().outcomes.rejected, 1u);
  world_->source.rows.pop_back();
  EXPECT_EQ(SyncOnce().outcomes.deleted, 1u);
  EXPECT_FALSE(Records().contains("new@x"));
}

TEST_F(AwkwardTest, WhatFinishRefusesAsAWholeIsHalvedAsWell) {
  Row(4).name = "bad";
  FaultSettings late;
  late.all_or_nothing = late.late = true;
  const RunRecord record = SyncOnce({}, late);
  EXPECT_EQ(record.outcomes.created, 9u);
  EXPECT_EQ(record.outcomes.rejected, 1u);
  EXPECT_EQ(Records().size(), 9u);
}

/// Half of what the connector was brought down with is handed over again, and refused; the other
/// half waits, and may have been applied as well.
TEST_F(AwkwardTest, WhatWasSentBeforeACrashIsInDoubtThoughTheRunStops) {
  world_->source.rows.resize(8);  // two batches of one request each
  Row(4).name = "venom";
  FaultSettings barred;
  barred.bars_crashed = true;
  const RunRecord record = SyncOnce({}, barred);
  EXPECT_EQ(CodeOf(record), "PS-DEST-AUTH");
  const size_t applied = Records().size();
  EXPECT_GT(applied, 0u);
  EXPECT_GE(record.outcomes.succeeded + record.outcomes.in_doubt, applied);
  world_->source.rows.clear();
  const RunRecord emptied = SyncOnce();
  if (emptied.status == "held") ApplyPlan(PathOf(emptied));
  EXPECT_TRUE(Records().empty()) << "each is known";
}

TEST_F(AwkwardTest, AWordOfSuccessWithoutARequestIsNotBelieved) {
  FaultSettings forgetful;
  forgetful.forget_seqs = true;
  const RunRecord record = SyncOnce({}, forgetful);
  EXPECT_EQ(record.outcomes.succeeded, 0u);
  EXPECT_GT(record.outcomes.in_doubt, 0u) << "a request was made, and may have been for them";
  EXPECT_EQ(record.outcomes.in_doubt + record.outcomes.unsent, 10u);
  EXPECT_EQ(record.status, "failed");
  EXPECT_EQ(CodeOf(record), "PS-CONN-CLAIMED");
}

TEST_F(AwkwardTest, ASuccessThatIsMadeUpLeavesTheRecordUnsentAndStopsTheRun) {
  FaultSettings lying;
  lying.makes_up = true;
  const RunRecord record = SyncOnce({}, lying);
  EXPECT_EQ(record.outcomes.succeeded, 0u);
  EXPECT_EQ(record.outcomes.unsent, 10u);
  EXPECT_EQ(record.status, "failed");
  EXPECT_EQ(CodeOf(record), "PS-CONN-CLAIMED");
  ASSERT_FALSE(record.errors.empty());
  EXPECT_EQ(record.errors[0].code, "PS-CONN-CLAIMED");
  EXPECT_EQ(record.errors[0].message,
            "connector fake claimed success without an answered request for it");
  EXPECT_EQ(SyncOnce().outcomes.created, 10u);
}

TEST_F(AwkwardTest, AWordOfSuccessAfterARequestThatWasNotAppliedIsNotBelieved) {
  FaultSettings boasting;
  boasting.boasts = true;
  const RunRecord record = SyncOnce({}, boasting);
  EXPECT_EQ(record.outcomes.succeeded, 0u);
  EXPECT_GT(record.outcomes.in_doubt, 0u) << "another request may have been for them";
  EXPECT_EQ(record.outcomes.in_doubt + record.outcomes.unsent, 10u);
  EXPECT_EQ(CodeOf(record), "PS-CONN-CLAIMED");
  EXPECT_TRUE(Records().empty());
  EXPECT_EQ(SyncOnce().outcomes.created, 10u);
}

TEST_F(AwkwardTest, WhatAnAnswerMayHaveAppliedIsNotUnsentForARequestAfterIt) {
  Start(Mode::kInsertOnly);
  FaultSettings twice;
  twice.twice = true;
  const RunRecord record = SyncOnce({}, twice);
  EXPECT_EQ(record.outcomes.in_doubt, Records().size()) << "they were applied";
  EXPECT_EQ(record.outcomes.in_doubt + record.outcomes.unsent, 10u);
  SyncOnce();
  for (const auto& [key, held] : Records()) EXPECT_EQ(held.writes, 1u) << key;
}

TEST_F(AwkwardTest, ARequestWithoutAnAnswerIsNotSplitWhereTwiceWouldBeTwo) {
  FaultSettings presuming;
  presuming.presumes = presuming.all_or_nothing = true;
  Start(Mode::kInsertOnly);
  Row(4).name = "bad";
  const RunRecord record = SyncOnce({}, presuming);
  EXPECT_EQ(sent_, 10u);
  EXPECT_EQ(record.outcomes.in_doubt, 10u);
}

TEST_F(AwkwardTest, ABadEndIsToldThoughEveryRecordHasItsOutcome) {
  FaultSettings faults;
  faults.ends_badly = true;
  const RunRecord record = SyncOnce({}, faults);
  EXPECT_EQ(record.outcomes.created, 10u);
  EXPECT_EQ(record.status, "completed_with_errors");
  EXPECT_EQ(ExitOf(record, {}), ExitCode::kDone);
  ASSERT_EQ(record.errors.size(), 1u);
  EXPECT_EQ(record.errors[0].code, "PS-CONN-CRASHED");
  EXPECT_EQ(record.errors[0].message, "connector fake was ended by SIGSEGV during finish");
  EXPECT_GE(record.errors[0].count, 1u) << "of each writer that ended so";
  EXPECT_EQ(SyncOnce().status, "succeeded");
}

TEST_F(AwkwardTest, AWordOfSuccessWithoutAnAnswerIsNotBelieved) {
  FaultSettings presuming;
  presuming.presumes = true;
  const RunRecord record = SyncOnce({}, presuming);
  EXPECT_EQ(record.outcomes.succeeded, 0u);
  EXPECT_EQ(record.outcomes.in_doubt, 10u);
}

TEST_F(AwkwardTest, WhatADyingConnectorHadSentIsDeletedWhenItsRowLeaves) {
  FaultSettings dying;
  dying.dies = true;
  world_->source.rows.resize(1);
  EXPECT_EQ(SyncOnce({}, dying).outcomes.in_doubt, 1u);
  ASSERT_EQ(Records().size(), 1u) << "it was applied";
  Row(0).email = "other@x";
  world_->integration.guard = {};
  EXPECT_EQ(SyncOnce().outcomes.deleted, 1u);
  EXPECT_FALSE(Records().contains("k0@x"));
}

TEST_F(AwkwardTest, ARecordThatBringsTheConnectorDownIsRejectedAlone) {
  Row(4).name = "poison";
  const RunRecord record = SyncOnce();
  EXPECT_EQ(record.status, "completed_with_errors") << CodeOf(record);
  EXPECT_EQ(record.outcomes.created, 9u);
  EXPECT_EQ(record.outcomes.rejected, 1u);
  ASSERT_FALSE(record.errors.empty());
  EXPECT_EQ(record.errors[0].code, "CONNECTOR_CRASHED");
  EXPECT_NE(record.errors[0].message.find("SIGSEGV"), std::string::npos);
  EXPECT_EQ(SyncOnce().plan.quarantined, 1u);
  Row(4).name = "ann";
  EXPECT_EQ(SyncOnce().outcomes.created, 1u);
}

TEST_F(AwkwardTest, WhatWasSentWhenTheConnectorWentDownIsInDoubtUntilItIsSentAgain) {
  Row(4).name = "venom";
  const RunRecord record = SyncOnce();
  EXPECT_EQ(record.outcomes.succeeded, 9u) << "upserts are sent again, down to the one";
  EXPECT_EQ(record.outcomes.in_doubt, 1u);
  Row(4).name = "ann";
  EXPECT_EQ(SyncOnce().outcomes.succeeded, 1u);
  Start(Mode::kInsertOnly);
  Row(4).name = "venom";
  const RunRecord inserted = SyncOnce();
  EXPECT_EQ(inserted.outcomes.in_doubt, 4u) << "its request, which must not be repeated";
  EXPECT_EQ(inserted.outcomes.created, 6u);
  for (const auto& [key, held] : Records()) EXPECT_EQ(held.writes, 1u) << key;
}

TEST_F(AwkwardTest, TheThirdRecordThatBringsTheConnectorDownStopsTheRun) {
  for (const size_t i : {1, 4, 8}) Row(i).name = "poison";
  const RunRecord record = SyncOnce();
  EXPECT_EQ(CodeOf(record), "PS-CONN-CRASHED");
  EXPECT_EQ(record.outcomes.rejected, 3u);
  EXPECT_EQ(record.outcomes.rejected + record.outcomes.succeeded + record.outcomes.unsent, 10u);
}

TEST_F(AwkwardTest, TheRestOfACanaryExpiresWithItsPlan) {
  const PlannedRun planned = MakePlan();
  SyncOptions canary;
  canary.limit = 3;
  EXPECT_EQ(ApplyPlan(planned.path, canary).outcomes.succeeded, 3u);
  world_->clock.now_us += kDay + 1;
  EXPECT_EQ(CodeOf(ApplyPlan(planned.path)), "PS-PLAN-EXPIRED");
  EXPECT_EQ(sent_, 0u);
}

TEST_F(AwkwardTest, AMissingJournalOfAKilledRunIsRefused) {
  KilledSync([&] {
    world_->account.Reload();
    return !Records().empty();
  });
  for (const auto& file : std::filesystem::directory_iterator(world_->directory() + "/people")) {
    if (file.path().extension() == ".psj") std::filesystem::remove(file.path());
  }
  EXPECT_EQ(CodeOf(SyncOnce()), "PS-STATE-MISSING");
  EXPECT_EQ(sent_, 0u);
  FakeDestination destination(&world_->account, {});
  ASSERT_TRUE(Forget(world_->Environment(&destination)).ok());
  EXPECT_EQ(CodeOf(SyncOnce()), "");
}

TEST_F(AwkwardTest, APlanUnderAnotherNameIsNotApplied) {
  const PlannedRun planned = MakePlan();
  const std::string other = world_->directory() + "/plans/" + std::string(64, 'a') + ".plan";
  std::filesystem::copy_file(planned.path, other);
  FakeDestination destination(&world_->account, {});
  const auto applied = Apply(world_->Environment(&destination), other, {});
  ASSERT_FALSE(applied.ok());
  EXPECT_EQ(applied.error().code, "PS-PLAN-CORRUPT");
  EXPECT_TRUE(destination.sent().empty());
}

TEST_F(AwkwardTest, AskingForNothingLeavesNoRun) {
  ASSERT_EQ(SyncOnce().status, "succeeded");
  FakeDestination destination(&world_->account, {});
  const RunEnvironment env = world_->Environment(&destination);
  EXPECT_EQ(*Retry(env, {}, true), 0u);
  EXPECT_EQ(Settle(env, Hash128{1, 2}, true).error().code, "PS-STATE-NOT-IN-DOUBT");
  EXPECT_EQ(SyncOnce().run, "people-2");
}

}  // namespace
}  // namespace penstock::testing
