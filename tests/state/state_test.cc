// The state's files: anchors, lineages, identities, what compaction keeps and removes.
#include "core/state/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/file/file.h"
#include "tests/state/history.h"

namespace penstock::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<std::unique_ptr<StateView>> Open(const std::string& directory, const StateAnchor& anchor) {
  return StateView::Open(directory, anchor, directory, 1u << 20);
}

Error OpenError(const std::string& directory, const StateAnchor& anchor) {
  const auto view = Open(directory, anchor);
  return view.ok() ? Error() : view.error();
}

TEST(State, NothingIsAnEmptyState) {
  const TemporaryDirectory directory;
  for (const std::string& path : {directory.path(), directory / "missing"}) {
    const auto view = Open(path, {});
    ASSERT_TRUE(view.ok());
    EXPECT_TRUE((*view)->empty());
    EXPECT_EQ((*view)->generation(), 0u);
    EXPECT_EQ((*view)->last_outcome(), 0u);
    EXPECT_EQ((*view)->partitions(), 1024u);
    EXPECT_FALSE((*view)->identity().has_value());
    EXPECT_TRUE(ShouldCompact(**view));
    EXPECT_FALSE((*view)->Find(HashOf(1))->has_value());
  }
  // A lineage was given out, and the run died before its journal.
  EXPECT_TRUE(Open(directory.path(), {kLineage, 0, 0}).ok());
}

TEST(State, AMissingOrOlderStateIsRefused) {
  const TemporaryDirectory directory;
  const std::string& path = directory.path();
  EXPECT_EQ(OpenError(path, {kLineage, 0, 5}).code, "PS-STATE-MISSING");
  EXPECT_EQ(OpenError(path, {kLineage, 3, 5}).code, "PS-STATE-MISSING");
  History history(path, 1, 50);
  history.Run(30);
  EXPECT_EQ(OpenError(path, {kLineage, 1, 1}).code, "PS-STATE-MISSING");
  history.Compact();
  const StateAnchor anchor = history.anchor();
  EXPECT_EQ(anchor.generation, 1u);
  EXPECT_TRUE(Open(path, anchor).ok());
  EXPECT_EQ(OpenError(path, {kLineage, 2, 1}).code, "PS-STATE-OLDER");
  const Error error = OpenError(path, {kLineage, 1, anchor.last_outcome + 1});
  EXPECT_EQ(error.code, "PS-STATE-OLDER");
  EXPECT_THAT(error.message, HasSubstr("outcome " + std::to_string(anchor.last_outcome)));
  // Newer than the store: the process died between the two.
  EXPECT_TRUE(Open(path, {kLineage, 0, 0}).ok());
  EXPECT_TRUE(Open(path, {}).ok());
  // An older generation put back by hand.
  history.Run(30);
  history.Compact();
  std::filesystem::remove(directory / "state-000000000002.pst");
  EXPECT_EQ(OpenError(path, history.anchor()).code, "PS-STATE-OLDER");
}

TEST(State, AnotherLineageIsRefused) {
  const TemporaryDirectory directory;
  History history(directory.path(), 1, 50);
  history.Run(30);
  EXPECT_EQ(OpenError(directory.path(), {"lineage-2", 0, 0}).code, "PS-STATE-LINEAGE");
  history.Compact();
  const Error error = OpenError(directory.path(), {"lineage-2", 0, 0});
  EXPECT_EQ(error.code, "PS-STATE-LINEAGE");
  EXPECT_THAT(error.message, HasSubstr("lineage-1"));
  EXPECT_THAT(error.message, HasSubstr("lineage-2"));
}

TEST(State, AMissingJournalIsNoticed) {
  const TemporaryDirectory directory;
  History history(directory.path(), 1, 50);
  for (int i = 0; i < 3; ++i) history.Run(30);
  std::filesystem::remove(JournalPath(directory.path(), 2));
  const Error error = OpenError(directory.path(), {kLineage, 0, 0});
  EXPECT_EQ(error.code, "PS-STATE-MISSING");
  EXPECT_THAT(error.message, HasSubstr("are missing"));
  std::filesystem::copy_file(JournalPath(directory.path(), 1), JournalPath(directory.path(), 2));
  EXPECT_EQ(OpenError(directory.path(), {kLineage, 0, 0}).code, "PS-STATE-CORRUPT");
}

TEST(State, CompactionKeepsThePreviousGenerationAndItsJournals) {
  const TemporaryDirectory directory;
  History history(directory.path(), 1, 50);
  history.Run(30);
  history.Run(30);
  history.Compact();
  EXPECT_THAT(
      *file::List(directory.path()),
      ElementsAre("journal-0000000001.psj", "journal-0000000002.psj", "state-000000000001.pst"));
  history.Run(30);
  PutFile(directory / "state-000000000002.pst.tmp", "of a killed compaction");
  PutFile(directory / "state-000000000009.pst.tmp", "of another one");
  PutFile(directory / "journal-0000000004.psj.tmp", "of a killed run");
  PutFile(directory / "plan.json", "somebody else's");
  history.Compact();
  EXPECT_THAT(*file::List(directory.path()),
              ElementsAre("journal-0000000003.psj", "plan.json", "state-000000000001.pst",
                          "state-000000000002.pst"));
  // The previous generation and its journal still say the same.
  std::filesystem::rename(directory / "state-000000000002.pst", directory / "aside");
  auto view = Open(directory.path(), {kLineage, 1, 0});
  ASSERT_TRUE(view.ok());
  ASSERT_NO_FATAL_FAILURE(ExpectSame(view->get(), history.model()));
  std::filesystem::rename(directory / "aside", directory / "state-000000000002.pst");
  history.Compact();
  EXPECT_THAT(*file::List(directory.path()),
              ElementsAre("plan.json", "state-000000000002.pst", "state-000000000003.pst"));
  EXPECT_EQ(history.Open()->last_run(), 3u);
}

TEST(State, CompactionCanLeaveJournalsToRetention) {
  const TemporaryDirectory directory;
  History history(directory.path(), 1, 50);
  StateAnchor anchor;
  for (int i = 0; i < 3; ++i) {
    history.Run(30);
    auto view = Open(directory.path(), anchor);
    ASSERT_TRUE(view.ok());
    CompactOptions options;
    options.identity = IdentityOf("contacts");
    options.lineage = kLineage;
    options.keep_journals = true;
    const auto made = Compact(directory.path(), view->get(), options);
    ASSERT_TRUE(made.ok());
    anchor = *made;
  }
  EXPECT_TRUE(file::Exists(JournalPath(directory.path(), 1)));
  auto view = Open(directory.path(), anchor);
  ASSERT_TRUE(view.ok());
  EXPECT_EQ((*view)->overlaid_outcomes(), 0u);
  ASSERT_NO_FATAL_FAILURE(ExpectSame(view->get(), history.model()));
}

TEST(State, CompactionRefusesWhatItMustNotMix) {
  const TemporaryDirectory directory;
  History history(directory.path(), 1, 50);
  history.Run(30);
  history.Compact();
  history.Run(30, false);
  CompactOptions options;
  options.identity = IdentityOf("contacts");
  options.lineage = kLineage;
  auto view = history.Open();
  EXPECT_EQ(Compact(directory.path(), view.get(), options).error().code, "PS-STATE-OPEN");
  history.Settle();
  view = history.Open();
  options.identity = IdentityOf("others");
  EXPECT_EQ(Compact(directory.path(), view.get(), options).error().code, "PS-STATE-IDENTITY");
  options.identity = IdentityOf("contacts");
  options.lineage = "lineage-2";
  EXPECT_EQ(Compact(directory.path(), view.get(), options).error().code, "PS-STATE-LINEAGE");
  options.lineage = kLineage;
  EXPECT_TRUE(Compact(directory.path(), view.get(), options).ok());
  EXPECT_EQ(Compact(directory.path(), view.get(), options).error().code, "PS-STATE-STALE");
}

TEST(State, IdentityComesBackAndDifferencesAreSaid) {
  const TemporaryDirectory directory;
  History history(directory.path(), 1, 50);
  history.Run(30);
  EXPECT_EQ(history.Open()->identity(), IdentityOf("contacts")) << "known from the journals";
  history.Compact();
  const StateIdentity stored = *history.Open()->identity();
  EXPECT_EQ(stored, IdentityOf("contacts"));
  EXPECT_TRUE(CheckIdentity(stored, stored).ok());
  StateIdentity other = stored;
  other.account = "456";
  const Status status = CheckIdentity(stored, other);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, "PS-STATE-IDENTITY");
  EXPECT_THAT(status.error().message, HasSubstr("belongs to account 123"));
  EXPECT_THAT(status.error().message, HasSubstr("account 456"));
  for (const auto& change : std::vector<std::function<void(StateIdentity*)>>{
           [](auto* i) { i->object = "x"; }, [](auto* i) { i->connector = "x"; },
           [](auto* i) { i->environment = "x"; },
           [](auto* i) {
             i->key_columns = {"x", "y"};
           },
           [](auto* i) { i->key_field = "x"; }, [](auto* i) { i->key_template = "x"; },
           [](auto* i) { i->normalisers.clear(); }, [](auto* i) { i->encoding = 9; }}) {
    other = stored;
    change(&other);
    EXPECT_EQ(CheckIdentity(stored, other).error().code, "PS-STATE-IDENTITY");
  }
}

TEST(State, ShouldCompactWhenItPays) {
  const TemporaryDirectory directory;
  History history(directory.path(), 1, 50);
  history.Run(30);
  EXPECT_TRUE(ShouldCompact(*history.Open()));
  history.Compact();
  EXPECT_FALSE(ShouldCompact(*history.Open()));
  history.Run(30);
  EXPECT_FALSE(ShouldCompact(*history.Open()));
  history.Run(12000);
  EXPECT_TRUE(ShouldCompact(*history.Open()));
}

TEST(State, PartitionsGiveTheSameAsForEach) {
  const TemporaryDirectory directory;
  History history(directory.path(), 1, 5000);
  history.Run(4000);
  history.Compact();
  history.Run(2000);
  const auto view = history.Open();
  PartitionEntries entries;
  uint64_t count = 0;
  for (uint32_t p = 0; p < view->partitions(); ++p) {
    ASSERT_TRUE(view->LoadPartition(p, &entries).ok());
    for (size_t i = 0; i < entries.main.size(); ++i, ++count) {
      const MainEntry& main = entries.main[i];
      ASSERT_EQ(view->PartitionOf(main.key_hash), p);
      const auto entry = view->LoadEntry(&entries, i);
      ASSERT_TRUE(entry.ok());
      EXPECT_EQ(entry->key_hash, main.key_hash);
      EXPECT_EQ(entry->fingerprint, main.fingerprint);
      EXPECT_EQ(entry->last_run, main.last_run);
      EXPECT_EQ(entry->origin, main.origin);
      EXPECT_EQ(entry->acknowledged, (main.flags & MainEntry::kAcknowledged) != 0);
      EXPECT_EQ(entry->departed, (main.flags & MainEntry::kDeparted) != 0);
      EXPECT_EQ(entry->has_absent, (main.flags & MainEntry::kHasAbsent) != 0);
      EXPECT_EQ(entry->pending.has_value(), (main.flags & MainEntry::kPending) != 0);
      const bool plain = entry->acknowledged && !entry->departed && !entry->pending;
      EXPECT_EQ(main.PlainlyUnchanged(main.fingerprint, true), plain);
      EXPECT_EQ(main.PlainlyUnchanged(main.fingerprint, false),
                plain && entry->origin != Origin::kListed);
    }
  }
  EXPECT_EQ(count, view->counts().entries);
  EXPECT_EQ(count, history.model().entries().size());
}

}  // namespace
}  // namespace penstock::test
