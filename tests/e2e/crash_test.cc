// Runs that are killed or cancelled at any moment: nothing acknowledged is sent again, the next
// sync makes the account equal to the model.
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>
#include <set>
#include <thread>

#include "core/state/journal.h"
#include "tests/e2e/e2e.h"

namespace penstock::e2e {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRows = 3000;
constexpr int kKills = 50;
constexpr int kLeave = 60;  // rows that leave, and new ones that come, between two kills

/// Ids of the records that a journal acknowledges.
struct Acknowledged {
  std::set<std::string> ids;
  bool closed = false;
};

class CrashTest : public E2eTest {
 protected:
  void SetUp() override {
    settings_.mode = "mirror";
    StartAccount({"--no-limits", "--latency", "15"});
    project_.FillCustomers(kRows);
  }

  /// Every phone changes, some rows leave, others come.
  void ChangeModel(int round) {
    const std::string low = std::to_string(round * kLeave);
    project_.Sql("DELETE FROM customers WHERE n < " + low + ";UPDATE customers SET phone = '+" +
                 std::to_string(round) + "' || n");
    if (round > 0) project_.FillCustomers(kLeave, kRows + (round - 1) * kLeave);
  }

  std::string NewestJournal() const {
    const std::vector<std::string> journals = project_.Files("/journal-");
    return journals.empty() ? "" : journals.back();
  }

  static Acknowledged ReadAcknowledged(const std::string& path) {
    Acknowledged acknowledged;
    JournalVisitor visitor;
    visitor.outcome = [&](const Outcome& outcome) -> Status {
      if (outcome.mark == Mark::kNone && Succeeded(outcome.kind)) {
        EXPECT_FALSE(outcome.destination_id.empty()) << outcome.key;
        acknowledged.ids.insert(outcome.destination_id);
      }
      return {};
    };
    const auto summary = ReadJournal(path, visitor);
    EXPECT_TRUE(summary.ok()) << summary.error().message;
    acknowledged.closed = summary.ok() && summary->close.has_value();
    return acknowledged;
  }

  /// Kills at a random moment: after that many calls and some milliseconds, or just after some
  /// time. True if the program was still running.
  bool KillSomewhere(Child* child, std::mt19937* random, int64_t calls, Clock::duration whole) {
    const int64_t before = account_.WriteCalls();
    const auto begun = Clock::now();
    if ((*random)() % 4 == 0) {
      const auto wait = whole * static_cast<int>((*random)() % 100) / 100;
      std::this_thread::sleep_until(begun + wait);
    } else {
      const int64_t goal = static_cast<int64_t>((*random)() % static_cast<uint64_t>(calls));
      while (child->Running() && account_.WriteCalls() - before < goal) {
      }
      std::this_thread::sleep_for(std::chrono::microseconds((*random)() % 30'000));
    }
    const bool running = child->Running();
    child->Signal(SIGKILL);
    child->Wait();
    return running;
  }
};

TEST_F(CrashTest, KilledAtFiftyMomentsNothingAcknowledgedIsSentAgain) {
  const char* given = std::getenv("PENSTOCK_SEED");
  const unsigned seed =
      given != nullptr ? static_cast<unsigned>(std::atoi(given)) : std::random_device()();
  std::cout << "seed " << seed << " (set PENSTOCK_SEED to repeat it)\n";
  std::mt19937 random(seed);
  const auto begun = Clock::now();
  SyncDone();
  const Clock::duration whole = Clock::now() - begun;
  const int64_t calls = kRows / 100 + 2;
  int in_middle = 0;
  size_t acknowledged_total = 0;
  for (int round = 1; round <= kKills && !HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round) + ", seed " + std::to_string(seed));
    ChangeModel(round);
    const std::string journal_before = NewestJournal();
    const auto child = project_.Start({"sync", "contacts", "--json"});
    const bool killed = KillSomewhere(child.get(), &random, calls, whole);
    const std::string journal = NewestJournal();
    Acknowledged acknowledged;
    if (journal != journal_before) acknowledged = ReadAcknowledged(journal);
    acknowledged_total += acknowledged.ids.size();
    if (killed && !acknowledged.ids.empty() && !acknowledged.closed) ++in_middle;

    const auto before = account_.Writes();
    SyncDone();
    auto after = account_.Writes();
    int again = 0;
    for (const std::string& id : acknowledged.ids) {
      if (after[id] != before.at(id) && ++again <= 3) ADD_FAILURE() << id << " was written again";
    }
    EXPECT_EQ(again, 0) << "of " << acknowledged.ids.size() << " acknowledged records";
    ExpectHoldsCustomers(account_, project_);
  }
  std::cout << in_middle << " runs were killed in mid-push, " << acknowledged_total
            << " records were acknowledged before\n";
  EXPECT_GT(in_middle, 5);
  account_.ResetStats();
  SyncDone();
  EXPECT_EQ(account_.Calls(), 0);
  const Output log = project_.Cli({"changelog", "verify", "--json"});
  EXPECT_EQ(log.exit, 0) << log.Text();
}

TEST_F(CrashTest, AKilledRunIsClosedAsInterrupted) {
  auto child = project_.Start({"sync", "contacts", "--json"});
  while (child->Running() && account_.WriteCalls() < 5) {
  }
  child->Signal(SIGKILL);
  child->Wait();
  // A plan sends nothing, settles nothing and says that a run is open.
  project_.Cli({"plan", "contacts"});  // what was in flight has ended when this has
  const int64_t calls = account_.WriteCalls();
  const Output plan = project_.Cli({"plan", "contacts"});
  EXPECT_EQ(plan.exit, 0) << plan.Text();
  EXPECT_THAT(plan.out + plan.err, ::testing::HasSubstr("contacts-1"));
  EXPECT_EQ(account_.WriteCalls(), calls);
  SyncDone();
  const Output runs = project_.Cli({"runs", "contacts", "--json"});
  EXPECT_EQ(runs.exit, 0) << runs.Text();
  ASSERT_EQ(runs.json["runs"].size(), 2u) << runs.Text();
  EXPECT_THAT(runs.out, ::testing::HasSubstr("\"interrupted\""));
  for (size_t i = 0; i < 2; ++i) ExpectAddsUp(runs.json["runs"][i]);
  ExpectHoldsCustomers(account_, project_);
}

TEST_F(CrashTest, AnInterruptedApplyGoesOnWithTheSamePlan) {
  const Output plan = project_.Cli({"plan", "contacts", "--json"});
  const std::string hash = plan.json["plans"][0]["hash"].Text();
  auto child = project_.Start({"apply", hash, "--json"});
  while (child->Running() && account_.WriteCalls() < 10) {
  }
  child->Signal(SIGKILL);
  child->Wait();
  const Acknowledged acknowledged = ReadAcknowledged(NewestJournal());
  const auto before = account_.Writes();
  project_.Sql("UPDATE customers SET phone = 'later'");  // not in the approved plan
  const Output rest = project_.Cli({"apply", hash, "--json"});
  EXPECT_EQ(rest.exit, 0) << rest.Text();
  ExpectAddsUp(OnlyRun(rest));
  auto after = account_.Writes();
  for (const std::string& id : acknowledged.ids) EXPECT_EQ(after[id], before.at(id)) << id;
  EXPECT_EQ(account_.ByEmail().size(), static_cast<size_t>(kRows));
  EXPECT_EQ(account_.ByEmail()[Email(9)].properties["phone"], "+1555000009");
}

TEST_F(CrashTest, InterruptedBySigintItFinishesWhatIsInFlight) {
  for (const int signal : {SIGINT, SIGTERM}) {
    ChangeModel(signal == SIGINT ? 0 : 1);
    const int64_t begun = account_.WriteCalls();
    account_.Config(R"({"latency_ms":1000})");  // so that most of the 30 calls are still to come
    auto child = project_.Start({"sync", "contacts", "--json"});
    while (child->Running() && account_.WriteCalls() - begun < 5) {
    }
    child->Signal(signal);
    const Output output = child->Wait();
    account_.Config(R"({"latency_ms":15})");
    EXPECT_EQ(output.exit, 5) << output.Text();
    const Json run = OnlyRun(output);
    EXPECT_EQ(run["status"].Text(), "cancelled");
    ExpectAddsUp(run);
    EXPECT_GE(run["outcomes"]["succeeded"].Int(), 400) << output.Text();
    EXPECT_GT(run["outcomes"]["unsent"].Int(), 0) << output.Text();
    EXPECT_EQ(run["outcomes"]["in_doubt"].Int(), 0) << output.Text();
    const Acknowledged acknowledged = ReadAcknowledged(NewestJournal());
    EXPECT_TRUE(acknowledged.closed);
    const auto before = account_.Writes();
    SyncDone();
    auto after = account_.Writes();
    for (const std::string& id : acknowledged.ids) EXPECT_EQ(after[id], before.at(id)) << id;
    ExpectHoldsCustomers(account_, project_);
  }
}

}  // namespace
}  // namespace penstock::e2e
