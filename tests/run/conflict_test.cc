// Two keys of one record, and several records of one key: what each sync says and leaves alone.
#include "core/run/shared_ids.h"
#include "core/state/journal.h"
#include "tests/run/fixture.h"

namespace penstock::testing {
namespace {

using ConflictTest = RunTest;

TEST_F(ConflictTest, ADeleteSparesTheRecordThatThisRunFoundUnderAnotherKey) {
  ASSERT_EQ(SyncOnce().status, "succeeded");
  // The address changed in both places: the record got a second key, the row a new one.
  world_->account.Alias("other@x", "k3@x");
  Row(3).email = "other@x";
  const RunRecord record = SyncOnce();
  EXPECT_EQ(record.outcomes.updated, 1u);
  EXPECT_EQ(record.outcomes.deleted, 0u);
  EXPECT_EQ(record.outcomes.skipped, 1u);
  ASSERT_FALSE(record.errors.empty());
  EXPECT_EQ(record.errors[0].code, "SHARED_ID");
  EXPECT_TRUE(Records().contains("k3@x"));
  const RunRecord next = SyncOnce();
  EXPECT_EQ(next.plan.remove, 0u) << "the record is the new key's now";
  Row(3).score = "8";
  EXPECT_EQ(SyncOnce().outcomes.updated, 1u);
  EXPECT_EQ(Records().at("k3@x").fields.at("score"), "8");
}

TEST_F(ConflictTest, WhatAnotherKeyOverwroteIsWrittenAgainOnceThatKeyLeaves) {
  for (const Mode mode : {Mode::kMirror, Mode::kUpsert}) {
    Start(mode);
    ASSERT_EQ(SyncOnce().status, "succeeded");
    world_->account.Alias("other@x", "k3@x");  // the destination takes it for the same record
    world_->source.rows.push_back({"other@x", "9", "other", std::nullopt});
    EXPECT_EQ(SyncOnce().standing.shared_ids, 2u);
    EXPECT_EQ(Records().at("k3@x").fields.at("name"), "other");
    SyncOnce();
    EXPECT_EQ(sent_, 0u) << "while both are there they do not take turns";
    world_->source.rows.pop_back();
    EXPECT_EQ(SyncOnce().outcomes.deleted, 0u);
    EXPECT_EQ(SyncOnce().outcomes.updated, 1u) << ModeName(mode);
    EXPECT_EQ(Records().at("k3@x").fields.at("name"), *Row(3).name);
    EXPECT_EQ(Records().at("k3@x").fields.at("score"), *Row(3).score);
    SyncOnce();
    EXPECT_EQ(sent_, 0u);
  }
}

TEST_F(ConflictTest, ADeleteThatIsLeftForLaterDoesNotHaveItsSurvivorWrittenAgainEachTime) {
  ASSERT_EQ(SyncOnce().status, "succeeded");
  world_->account.Alias("other@x", "k3@x");
  world_->source.rows.push_back({"other@x", "9", "other", std::nullopt});
  SyncOnce();
  world_->source.rows.pop_back();
  SyncOptions upserts;
  upserts.only = "upserts";
  SyncOnce(upserts);
  EXPECT_EQ(SyncOnce(upserts).outcomes.updated, 0u);
  EXPECT_EQ(SyncOnce().outcomes.skipped, 1u) << "now it is made, and found to be shared";
  EXPECT_EQ(SyncOnce().outcomes.updated, 1u);
  EXPECT_EQ(Records().at("k3@x").fields.at("name"), *Row(3).name);
}

TEST_F(ConflictTest, ADepartureWaitsForTheDeletesThatAreLeftForLater) {
  world_->account.Seed("k9@x", {{"name", "theirs"}});
  world_->integration.delete_created_only = true;
  ASSERT_EQ(SyncOnce().status, "succeeded");
  world_->account.Alias("other@x", "k3@x");
  world_->source.rows.push_back({"other@x", "9", "other", std::nullopt});
  SyncOnce();  // it updates, so that `delete: created` will spare it
  world_->source.rows.pop_back();
  world_->source.rows.erase(world_->source.rows.begin() + 5);
  SyncOptions upserts;
  upserts.only = "upserts";
  SyncOnce(upserts);
  EXPECT_EQ(SyncOnce().outcomes.deleted, 1u);
  EXPECT_EQ(SyncOnce().outcomes.updated, 1u);
  EXPECT_EQ(Records().at("k3@x").fields.at("name"), *Row(3).name);
  EXPECT_TRUE(Records().contains("k9@x"));
  SyncOnce();
  EXPECT_EQ(sent_, 0u);
}

TEST_F(ConflictTest, APlanThatIsAppliedInPartsTellsTheSurvivorToo) {
  ASSERT_EQ(SyncOnce().status, "succeeded");
  world_->account.Alias("other@x", "k3@x");
  world_->source.rows.push_back({"other@x", "9", "other", std::nullopt});
  SyncOnce();
  world_->source.rows.pop_back();
  Row(1).name = Row(2).name = "eve";
  const PlannedRun planned = MakePlan();
  FakeDestination destination(&world_->account, {});
  for (const uint64_t limit : {1, 2}) {  // one change; the other, and the delete
    SyncOptions part;
    part.limit = limit;
    ASSERT_TRUE(Apply(world_->Environment(&destination), planned.path, part).ok());
  }
  EXPECT_EQ(SyncOnce().outcomes.updated, 1u);
  EXPECT_EQ(Records().at("k3@x").fields.at("name"), *Row(3).name);
}

TEST_F(ConflictTest, ADepartureIsWrittenDownLast) {
  Start(Mode::kUpsert);
  ASSERT_EQ(SyncOnce().status, "succeeded");
  world_->account.Alias("other@x", "k3@x");
  world_->source.rows.push_back({"other@x", "9", "other", std::nullopt});
  SyncOnce();
  world_->source.rows.pop_back();
  SyncOnce();
  // The departure is planned once: were it written down first, a kill behind it would lose the
  // rest.
  std::vector<Mark> marks;
  JournalVisitor visitor;
  visitor.outcome = [&](const Outcome& outcome) -> Status {
    marks.push_back(outcome.mark);
    return {};
  };
  ASSERT_TRUE(ReadJournal(JournalPath(world_->directory() + "/people", 3), visitor).ok());
  EXPECT_EQ(marks, (std::vector<Mark>{Mark::kOverwritten, Mark::kDeparted}));
}

TEST_F(ConflictTest, OfSeveralRecordsWithOneKeyNoneIsDeleted) {
  SyncOnce({}, Losing());
  world_->source.rows.erase(world_->source.rows.begin());
  FaultSettings several;
  several.shared = {"k0@x"};
  const RunRecord kept = SyncOnce({}, several);
  EXPECT_EQ(kept.outcomes.rejected, 1u);
  EXPECT_EQ(kept.outcomes.deleted, 0u);
  ASSERT_FALSE(kept.errors.empty());
  EXPECT_EQ(kept.errors[0].code, "SEVERAL_RECORDS");
  EXPECT_TRUE(Records().contains("k0@x"));
  EXPECT_EQ(SyncOnce().outcomes.deleted, 1u) << "one of them is left";
  EXPECT_FALSE(Records().contains("k0@x"));
}

TEST_F(ConflictTest, TwoKeysOfOneRecordAreAConflictUntilOneOfThemLeaves) {
  EXPECT_EQ(SyncOnce().standing.shared_ids, 0u);
  world_->account.Alias("other@x", "k3@x");
  world_->source.rows.push_back({"other@x", "1", "ann", std::nullopt});
  EXPECT_EQ(SyncOnce().standing.shared_ids, 2u);
  const RunRecord quiet = SyncOnce();
  EXPECT_EQ(quiet.standing.shared_ids, 2u) << "a run that sends nothing still knows it";
  FakeDestination destination(&world_->account, {});
  auto view = OpenState(world_->Environment(&destination));
  ASSERT_TRUE(view.ok());
  EXPECT_EQ((*view)->counts().shared_ids, 2u);
  for (const size_t ids_at_once : {1, 3, 100}) {  // one pass or many: the same
    EXPECT_EQ(*CountSharedIds(view->get(), ids_at_once), 2u);
    const auto shared = ListSharedIds(view->get(), ids_at_once);
    ASSERT_EQ(shared->size(), 1u);
    EXPECT_EQ(shared->front().keys.size(), 2u);
  }
  view->reset();
  world_->source.rows.pop_back();
  const RunRecord left = SyncOnce();
  EXPECT_EQ(left.outcomes.skipped, 1u) << "its record is the other key's";
  EXPECT_EQ(left.standing.shared_ids, 0u);
  EXPECT_TRUE(Records().contains("k3@x"));
}

TEST_F(ConflictTest, AReturningKeyCanComeBackIntoAConflict) {
  Start(Mode::kUpsert);
  world_->account.Alias("other@x", "k3@x");
  world_->source.rows.push_back({"other@x", "1", "ann", std::nullopt});
  EXPECT_EQ(SyncOnce().standing.shared_ids, 2u);
  const TableRow row = world_->source.rows.back();
  world_->source.rows.pop_back();
  EXPECT_EQ(SyncOnce().standing.shared_ids, 0u);
  world_->source.rows.push_back(row);
  const RunRecord back = SyncOnce();
  EXPECT_EQ(sent_, 1u) << "the one that stayed, since the other had its record";
  EXPECT_EQ(back.standing.shared_ids, 2u);
}

}  // namespace
}  // namespace penstock::testing
