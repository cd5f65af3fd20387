// Runs that are killed or cancelled at any moment: nothing acknowledged is sent again, the next
// sync makes the account equal to the model.
#include "tests/e2e/crash.h"

namespace penstock::e2e {
namespace {

using ::testing::HasSubstr;

class CrashTest : public CrashFixture {
 protected:
  void SetUp() override {
    settings_.mode = "mirror";
    StartAccount({"--no-limits", "--latency", "15"});
    project_.FillCustomers(kRows);
  }
  Json Status() const { return project_.Cli({"status", "--json"}).json["integrations"][0]; }
};

TEST_F(CrashTest, KilledAtFiftyMomentsNothingAcknowledgedIsSentAgain) {
  KillManyTimes({50, kRows / 100 + 2});
}

TEST_F(CrashTest, AKilledRunIsClosedAsInterrupted) {
  auto child = project_.Start({"sync", "contacts", "--json"});
  while (child->Running() && account_.WriteCalls() < 5) {
  }
  child->Signal(SIGKILL);
  child->Wait();
  // It is told as what it is before anybody settles it, with the counts of its journal.
  const Json told = OnlyRun(project_.Cli({"runs", "contacts", "--json"}));
  EXPECT_EQ(told["status"].Text(), "interrupted");
  ExpectAddsUp(told);
  EXPECT_LT(told["outcomes"]["unsent"].Int(), kRows) << told.Dump();
  EXPECT_EQ(OnlyRun(project_.Cli({"show", "contacts-1", "--json"})).Dump(), told.Dump());
  EXPECT_EQ(Status()["last_run"].Dump(), told.Dump());
  EXPECT_EQ(Status()["unsent"].Int(), told["outcomes"]["unsent"].Int());
  EXPECT_THAT(project_.Cli({"runs"}).out, HasSubstr("contacts-1  interrupted  "));
  EXPECT_THAT(project_.Cli({"show", "contacts"}).out,
              HasSubstr("Run contacts-1  interrupted; the next sync settles what it left open\n"));
  // A plan sends nothing, settles nothing and says that a run is open.
  project_.Cli({"plan", "contacts"});  // what was in flight has ended when this has
  const int64_t calls = account_.WriteCalls();
  const Output plan = project_.Cli({"plan", "contacts"});
  EXPECT_EQ(plan.exit, 0) << plan.Text();
  EXPECT_THAT(plan.out + plan.err, HasSubstr("Run contacts-1 was interrupted."));
  EXPECT_EQ(account_.WriteCalls(), calls);
  SyncDone();
  const Output runs = project_.Cli({"runs", "contacts", "--json"});
  EXPECT_EQ(runs.exit, 0) << runs.Text();
  ASSERT_EQ(runs.json["runs"].size(), 2u) << runs.Text();
  const Json settled = runs.json["runs"][1];
  EXPECT_EQ(settled["status"].Text(), "interrupted") << runs.Text();
  EXPECT_EQ(settled["outcomes"].Dump(), told["outcomes"].Dump()) << "the counts stay the same";
  EXPECT_EQ(settled["applied"].Dump(), told["applied"].Dump());
  for (size_t i = 0; i < 2; ++i) ExpectAddsUp(runs.json["runs"][i]);
  ExpectHoldsCustomers(account_, project_);
}

TEST_F(CrashTest, WhoLooksOnTakesNoRunAtWorkForDead) {
  account_.Faults(R"([{"match":{"path":"/crm/v3/objects/contacts/batch/"},"times":-1,
                       "fault":{"kind":"stall"}}])");
  const auto child = project_.Start({"sync", "contacts", "--json"});
  while (child->Running() && project_.Files("/journal-").empty()) {
  }
  EXPECT_EQ(OnlyRun(project_.Cli({"runs", "--json"}))["status"].Text(), "running");
  EXPECT_THAT(project_.Cli({"show", "contacts-1"}).out, HasSubstr("contacts-1  running  since "));
  EXPECT_THAT(project_.Cli({"status"}).out, HasSubstr("running in run contacts-1"));
  EXPECT_THAT(project_.Cli({"plan", "contacts"}).out, HasSubstr("Run contacts-1 is at work."));
  EXPECT_THAT(project_.Cli({"plan", "contacts", "--json"}).out,
              HasSubstr(R"("open_run":"contacts-1","open_run_at_work":true)"));
  EXPECT_TRUE(child->Running());
  child->Signal(SIGKILL);
  child->Wait();
  EXPECT_EQ(OnlyRun(project_.Cli({"runs", "--json"}))["status"].Text(), "interrupted");
  EXPECT_THAT(project_.Cli({"plan", "contacts"}).out, HasSubstr("Run contacts-1 was interrupted."));
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
