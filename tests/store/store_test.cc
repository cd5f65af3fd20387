// The store through its public surface: what outlives a process.
#include "host/store/store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "host/store/run_codec.h"

namespace penstock::store {
namespace {

namespace fs = std::filesystem;

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::temp_directory_path() /
                 ("store-" + std::to_string(::getpid()) + "-" +
                  ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(directory_);
    options_.path = (directory_ / "store.db").string();
    options_.changelog_path = (directory_ / "changelog.jsonl").string();
    options_.actor = "anna@host";
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::unique_ptr<Store> Open() {
    auto store = Store::Open(options_);
    EXPECT_TRUE(store.ok()) << (store.ok() ? "" : store.error().message);
    return store.ok() ? *std::move(store) : nullptr;
  }
  std::vector<ChangelogLine> Log() {
    std::vector<ChangelogLine> lines;
    EXPECT_TRUE(ReadChangelog(options_.changelog_path, [&](const ChangelogLine& line) {
                  lines.push_back(line);
                  return Status();
                }).ok());
    return lines;
  }

  fs::path directory_;
  StoreOptions options_;
};

RunRecord Sample() {
  RunRecord r;
  r.integration = "contacts";
  r.plan_hash = "abc";
  r.status = "completed_with_errors";
  r.plan.read = 10;
  r.plan.insert = 4;
  r.plan.invalid_by_code = {{"KEY_MISSING", 2}, {"TOO_LONG", 1}};
  r.plan.fields = {{"phone", 3}};
  r.outcomes.succeeded = 3;
  r.outcomes.rejected = 1;
  r.standing.rejected = 1;
  r.errors = {{"INVALID_EMAIL", "Not an address.", 1, "x@"}};
  r.holds = {{"deletes", "would delete much"}};
  r.requests = 7;
  r.started_us = 5;
  r.ended_us = 9;
  r.error = UsageError("PS-X-Y", "It \"broke\".", "Mend it.");
  return r;
}

TEST_F(StoreTest, ARunSurvivesWhole) {
  RunRecord record = Sample();
  {
    auto store = Open();
    ASSERT_TRUE(store->BeginRun(&record).ok());
    EXPECT_EQ(record.run, "contacts-1");
    EXPECT_EQ(record.status, "running");
    record.status = "completed_with_errors";
    ASSERT_TRUE(store->FinishRun(record).ok());
  }
  auto found = Open()->FindRun("contacts-1");
  ASSERT_TRUE(found.ok() && found->has_value());
  const RunRecord& r = **found;
  EXPECT_EQ(EncodeRun(r), EncodeRun(record));
  EXPECT_EQ(r.plan.invalid_by_code.at("KEY_MISSING"), 2u);
  EXPECT_EQ(r.errors[0].example_key, "x@");
  EXPECT_EQ(r.error->exit, ExitCode::kUsage);
  EXPECT_EQ(r.holds[0].rule, "deletes");
}

TEST_F(StoreTest, OrdinalsGoOnPerIntegration) {
  auto store = Open();
  for (const char* integration : {"a", "a", "b", "a"}) {
    RunRecord record;
    record.integration = integration;
    ASSERT_TRUE(store->BeginRun(&record).ok());
  }
  auto runs = store->Runs("a", 0);
  ASSERT_TRUE(runs.ok());
  ASSERT_EQ(runs->size(), 3u);
  EXPECT_EQ(runs->front().run, "a-3");
  EXPECT_EQ(store->Runs("", 2)->size(), 2u);
  EXPECT_FALSE(store->FindRun("a-9")->has_value());
}

TEST_F(StoreTest, ProcessesNeverShareAnOrdinal) {
  ASSERT_NE(Open(), nullptr);
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto store = Store::Open(options_);
      bool ok = store.ok();
      for (int n = 0; n < 10 && ok; ++n) {
        RunRecord record;
        record.integration = "a";
        ok = (*store)->BeginRun(&record).ok();
      }
      ::_exit(ok ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  std::set<uint32_t> ordinals;
  auto runs = Open()->Runs("a", 0);
  for (const RunRecord& r : *runs) ordinals.insert(r.ordinal);
  EXPECT_EQ(ordinals.size(), 40u);
}

TEST_F(StoreTest, AnchorAndBasisAreReplaced) {
  auto store = Open();
  EXPECT_TRUE(store->Anchor("a")->lineage.empty());
  EXPECT_FALSE(store->Basis("a")->has_value());
  ASSERT_TRUE(store->SaveAnchor("a", {"l1", 1, 10}).ok());
  ASSERT_TRUE(store->SaveAnchor("a", {"l1", 2, 1ull << 62}).ok());
  ASSERT_TRUE(store->SaveBasis("a", {Mode::kMirror, "k", "m", "p"}).ok());
  auto again = Open();
  EXPECT_EQ(again->Anchor("a")->generation, 2u);
  EXPECT_EQ(again->Anchor("a")->last_outcome, 1ull << 62);
  EXPECT_EQ((*again->Basis("a"))->mode, Mode::kMirror);
  EXPECT_EQ((*again->Basis("a"))->mapping_digest, "p");
}

TEST_F(StoreTest, ChangedSettingsGoIntoTheChangelogOnce) {
  auto store = Open();
  SettingsOrigin origin{"4f2a"};
  ASSERT_TRUE(store->RecordSettings("c", {{"mode", "upsert"}, {"key", "email"}}, origin).ok());
  ASSERT_TRUE(store->RecordSettings("c", {{"mode", "upsert"}, {"key", "email"}}, origin).ok());
  ASSERT_TRUE(store->RecordSettings("c", {{"mode", "mirror"}}, origin).ok());
  const auto lines = Log();
  ASSERT_EQ(lines.size(), 3u);  // with the genesis
  EXPECT_EQ(lines[1].kind, "settings.recorded");
  EXPECT_EQ(lines[2].kind, "settings.changed");
  EXPECT_EQ(lines[2].actor, "anna@host");
  EXPECT_EQ(lines[2].data, R"({"git_commit":"4f2a","changes":[)"
                           R"({"setting":"mode","before":"upsert","after":"mirror"},)"
                           R"({"setting":"key","before":"email","after":null}]})");
}

TEST_F(StoreTest, KnowsTheNewestEntryOfTheChangelog) {
  auto store = Open();
  EXPECT_FALSE(store->Head()->has_value());
  for (int i = 0; i < 11; ++i) ASSERT_TRUE(store->Log("run.finished", "c", "{}").ok());
  const auto head = *store->Head();
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->seq, 12u);
  EXPECT_TRUE(VerifyChangelog(options_.changelog_path, head).ok());
}

TEST_F(StoreTest, ADamagedStoreIsNamed) {
  ASSERT_NE(Open(), nullptr);
  fs::remove(options_.path + "-wal");
  std::ofstream(options_.path, std::ios::binary | std::ios::trunc) << std::string(8192, 'x');
  auto store = Store::Open(options_);
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code, "PS-STORE-CORRUPT") << store.error().message;
  EXPECT_EQ(store.error().file, options_.path);
}

TEST_F(StoreTest, FlippedBitsNeverCrash) {
  {
    auto store = Open();
    for (int i = 0; i < 50; ++i) {
      RunRecord record = Sample();
      ASSERT_TRUE(store->BeginRun(&record).ok());
    }
  }
  std::ostringstream text;
  text << std::ifstream(options_.path, std::ios::binary).rdbuf();
  const std::string good = text.str();
  for (size_t at = 0; at < good.size(); at += 997) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x40);
    fs::remove(options_.path + "-wal");
    fs::remove(options_.path + "-shm");
    std::ofstream(options_.path, std::ios::binary | std::ios::trunc) << bad;
    auto store = Store::Open(options_);
    if (!store.ok()) continue;
    const auto runs = (*store)->Runs("contacts", 0);
    EXPECT_TRUE(runs.ok() || runs.error().code.starts_with("PS-STORE-"));
  }
}

TEST_F(StoreTest, TheFileIsTheOwnersAlone) {
  ASSERT_NE(Open(), nullptr);
  const auto mode = fs::status(options_.path).permissions();
  EXPECT_EQ(mode & (fs::perms::group_all | fs::perms::others_all), fs::perms::none);
}

TEST_F(StoreTest, FactsAreKept) {
  ASSERT_TRUE(Open()->SetFact("secret_digest", "x").ok());
  EXPECT_EQ(*Open()->Fact("secret_digest"), "x");
  EXPECT_EQ(*Open()->Fact("other"), "");
}

}  // namespace
}  // namespace penstock::store
