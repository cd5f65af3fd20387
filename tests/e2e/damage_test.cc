// Files that were damaged, lost or could not be written: noticed, named, nothing sent, nothing
// lost.
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tests/e2e/e2e.h"

namespace penstock::e2e {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class DamageTest : public E2eTest {
 protected:
  // A synced state with a later run's journal over it.
  void SetUp() override {
    settings_.mode = "mirror";
    StartAccount();
    project_.FillCustomers(kRows);
    SyncDone();
    project_.Sql("UPDATE customers SET phone = '+1' WHERE n < 50");
    SyncDone();
    project_.Sql("UPDATE customers SET phone = '+2' || n");
  }
  std::string Newest(const std::string& part) const {
    const std::vector<std::string> files = project_.Files(part);
    EXPECT_FALSE(files.empty()) << part;
    return files.empty() ? "" : files.back();
  }
  /// A command that fails with this code and sends nothing.
  void ExpectRefused(const std::vector<std::string>& command, const std::string& code) {
    account_.ResetStats();
    const Output output = project_.Cli(command);
    EXPECT_TRUE(output.exit == 1 || output.exit == 2) << output.Text();
    EXPECT_THAT(output.out, HasSubstr(code));
    EXPECT_EQ(account_.WriteCalls(), 0);
  }
  /// Flips one bit at places spread over a file, or its first `bytes`; each time the command must
  /// be refused. Then the file is as it was.
  void FlipAndTry(const std::string& file, const std::vector<std::string>& command,
                  const std::string& code, size_t bytes = SIZE_MAX) {
    const std::string whole = ReadText(file);
    ASSERT_GT(whole.size(), 100u) << file;
    for (size_t i = 0; i < kFlips; ++i) {
      const size_t at = (std::min(bytes, whole.size()) - 1) * i / (kFlips - 1);
      SCOPED_TRACE(file + " at " + std::to_string(at) + " of " + std::to_string(whole.size()));
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
      WriteText(file, damaged);
      ExpectRefused(command, code);
    }
    WriteText(file, whole);
  }
  void ExpectNothingLost() {
    const Json run = SyncDone();
    EXPECT_EQ(run["changes"]["update"].Int(), kRows);
    EXPECT_EQ(run["changes"]["insert"].Int(), 0);
    ExpectHoldsCustomers(account_, project_);
  }

  static constexpr int kRows = 300;
  static constexpr size_t kFlips = 7;
};

TEST_F(DamageTest, FlippedBitsInTheState) {
  FlipAndTry(Newest("/state-"), {"sync", "contacts", "--json"}, "PS-STATE-");
  ExpectNothingLost();
}

TEST_F(DamageTest, FlippedBitsInAJournal) {
  const std::string journal = Newest("/journal-");
  FlipAndTry(journal, {"sync", "contacts", "--json"}, "PS-STATE-", fs::file_size(journal) * 3 / 4);
  ExpectNothingLost();
}

// It tells no outcome: without it the run counts as interrupted, and all that it did is known.
TEST_F(DamageTest, AFlippedBitInAJournalsLastFrame) {
  const std::string journal = Newest("/journal-");
  std::string bytes = ReadText(journal);
  bytes.back() = static_cast<char>(bytes.back() ^ 0x10);
  WriteText(journal, bytes);
  ExpectNothingLost();
}

TEST_F(DamageTest, FlippedBitsInAPlan) {
  const Output plan = project_.Cli({"plan", "contacts", "--json"});
  const std::string hash = plan.json["plans"][0]["hash"].Text();
  ASSERT_FALSE(hash.empty()) << plan.Text();
  FlipAndTry(project_.Path(".penstock/default/plans/" + hash + ".plan"), {"apply", hash, "--json"},
             "PS-PLAN-CORRUPT");
  const Output applied = project_.Cli({"apply", hash, "--json"});
  EXPECT_EQ(applied.exit, 0) << applied.Text();
  ExpectHoldsCustomers(account_, project_);
}

TEST_F(DamageTest, AnEditedChangelogIsFound) {
  EXPECT_EQ(project_.Cli({"changelog", "verify", "--json"}).exit, 0);
  const std::string file = project_.Path(".penstock/default/changelog.jsonl");
  const std::string whole = ReadText(file);
  std::string edited = whole;
  const size_t at = edited.find("succeeded");
  ASSERT_NE(at, std::string::npos) << whole;
  edited[at] = 'S';
  WriteText(file, edited);
  const Output verified = project_.Cli({"changelog", "verify", "--json"});
  EXPECT_EQ(verified.exit, 1) << verified.Text();
  EXPECT_THAT(verified.out, HasSubstr("PS-LOG-CORRUPT"));
}

TEST_F(DamageTest, AStateThatIsGoneOrOlderIsNotRebuiltSilently) {
  const std::string state = Newest("/state-");
  const std::string journal = Newest("/journal-");
  fs::rename(state, state + "-away");
  ExpectRefused({"sync", "contacts", "--json"}, "PS-STATE-");
  fs::rename(state + "-away", state);
  // As after restoring a backup from before the last run.
  fs::rename(journal, project_.temp().path() + "/journal");
  ExpectRefused({"sync", "contacts", "--json"}, "PS-STATE-");
  fs::rename(project_.temp().path() + "/journal", journal);
  ExpectNothingLost();
}

TEST_F(DamageTest, AStoreThatIsNoDatabaseIsNamed) {
  const std::string store = project_.Path(".penstock/default/store.db");
  const std::string whole = ReadText(store);
  std::error_code ignored;
  fs::remove(store + "-wal", ignored);
  fs::remove(store + "-shm", ignored);
  WriteText(store, std::string(8192, 'x'));
  ExpectRefused({"sync", "contacts", "--json"}, "PS-STORE-");
}

TEST_F(DamageTest, ALostStoreIsNamed) {
  const std::string store = project_.Path(".penstock/default/store.db");
  fs::rename(store, store + "-away");
  ExpectRefused({"sync", "contacts", "--json"}, "PS-STORE-MISSING");
  fs::rename(store + "-away", store);
  ExpectNothingLost();
}

TEST_F(DamageTest, AChangelogThatWasCutOffStaysSo) {
  const std::string file = project_.Path(".penstock/default/changelog.jsonl");
  fs::remove(file);
  for (int n = 0; n < 6; ++n) SyncDone();
  const Output verified = project_.Cli({"changelog", "verify", "--json"});
  EXPECT_EQ(verified.exit, 1) << verified.Text();
  EXPECT_THAT(verified.out, HasSubstr("PS-LOG-CORRUPT"));
}

TEST_F(DamageTest, ALostSecretIsNoReasonToSendEverything) {
  const std::string secret = project_.Path(".penstock/default/secret");
  fs::rename(secret, secret + "-away");
  ExpectRefused({"sync", "contacts", "--json"}, "PS-SECRET-");
  fs::rename(secret + "-away", secret);
  ExpectNothingLost();
}

// A file system of a few pages over the folder of the plans, seen by that command alone.
TEST_F(DamageTest, ADiskThatIsFullWhileThePlanIsWritten) {
  const auto run = [&](const std::string& command) {
    std::vector<std::string> unshare = {"-m"};
    if (geteuid() != 0) unshare.insert(unshare.begin(), "-Ur");
    unshare.insert(
        unshare.end(),
        {"sh", "-c", "mount -t tmpfs -o size=16k none .penstock/default/plans && " + command});
    return Child::Start({"unshare", unshare, project_.environment(), project_.directory()},
                        project_.temp().path())
        ->Wait();
  };
  if (run("true").exit != 0) {
    GTEST_SKIP() << "This machine lets nobody mount a small file system (unshare -m).";
  }
  account_.ResetStats();
  const Output output = run("{ '" + PenstockPath() +
                            "' sync contacts --json; code=$?; ls -A .penstock/default/plans "
                            ">&2; exit $code; }");
  EXPECT_EQ(output.exit, 1) << output.Text();
  EXPECT_THAT(output.out, ::testing::AnyOf(HasSubstr("PS-PLAN-WRITE"), HasSubstr("PS-FILE-FULL")));
  EXPECT_THAT(output.out, HasSubstr("full"));
  EXPECT_EQ(output.err, "") << "something is left of the plan";
  EXPECT_EQ(account_.WriteCalls(), 0);
  ExpectNothingLost();
}

}  // namespace
}  // namespace penstock::e2e
