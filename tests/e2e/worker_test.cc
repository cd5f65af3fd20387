// Runs with a connector that a record brings down: the others are written, and the host goes on.
#include "tests/e2e/poisoned.h"

namespace penstock::e2e {
namespace {

using ::testing::HasSubstr;

class WorkerTest : public PoisonedTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(PoisonedTest::SetUp());
    project_.environment()["PENSTOCK_CONNECTORS"] = PENSTOCK_TEST_POISONED_DIR;
  }
  void Poison(int n, const std::string& order) {
    project_.Sql("UPDATE customers SET first_name = '" + order +
                 "' WHERE n = " + std::to_string(n));
  }
  size_t Held() const {
    const std::string body = sandbox_->Call("GET", "/_sandbox/objects/things").body;
    return static_cast<size_t>(std::count(body.begin(), body.end(), '\n'));
  }
};

TEST_F(WorkerTest, OneOfTenThousandRecordsBringsTheConnectorDown) {
  project_.FillCustomers(10'000);
  Poison(4711, "segv");
  const Output output = project_.Sync();
  EXPECT_EQ(output.exit, 3) << output.Text();
  const Json run = OnlyRun(output);
  ExpectAddsUp(run);
  EXPECT_EQ(run["outcomes"]["succeeded"].Int(), 9'999);
  EXPECT_EQ(run["outcomes"]["rejected"].Int(), 1);
  EXPECT_EQ(run["errors"][0]["code"].Text(), "CONNECTOR_CRASHED");
  EXPECT_EQ(run["errors"][0]["example_key"].Text(), Email(4711));
  EXPECT_THAT(run["errors"][0]["message"].Text(), HasSubstr("SIGSEGV"));
  EXPECT_EQ(Held(), 9'999u);
  EXPECT_THAT(project_.Cli({"why", "contacts", Email(4711)}).out, HasSubstr("SIGSEGV"));

  const int64_t before = Requests();
  EXPECT_EQ(OnlyRun(project_.Sync())["rows"]["quarantined"].Int(), 1);
  EXPECT_EQ(Requests(), before);
  Poison(4711, "Mended");
  const Json mended = OnlyRun(project_.Sync());
  EXPECT_EQ(mended["applied"]["created"].Int(), 1);
  EXPECT_EQ(Held(), 10'000u);
}

TEST_F(WorkerTest, AThirdPoisonousRecordStopsTheRun) {
  project_.FillCustomers(300);
  for (const int n : {10, 110, 210}) Poison(n, "abort");
  const Output output = project_.Sync();
  EXPECT_EQ(output.exit, 1) << output.Text();
  const Json run = OnlyRun(output);
  ExpectAddsUp(run);
  EXPECT_EQ(run["error"]["code"].Text(), "PS-CONN-CRASHED");
  EXPECT_EQ(run["outcomes"]["rejected"].Int(), 3);
  // What another writer had sent when the connector went down has no answer: the next run asks.
  for (const int n : {10, 110, 210}) Poison(n, "Mended");
  const Json mended = OnlyRun(project_.Sync());
  ExpectAddsUp(mended);
  EXPECT_EQ(mended["status"].Text(), "succeeded");
  EXPECT_EQ(mended["standing"]["in_doubt"].Int(), 0);
  EXPECT_EQ(Held(), 300u);
}

TEST_F(WorkerTest, ALoopIsStoppedAndTheRestIsWritten) {
  settings_.destination = "worker: {silence: 1s}";
  project_.Configure(settings_);
  project_.FillCustomers(3);
  Poison(1, "loop");
  const Output output = project_.Sync();
  const Json run = OnlyRun(output);
  EXPECT_EQ(run["outcomes"]["succeeded"].Int(), 2) << output.Text();
  EXPECT_THAT(run["errors"][0]["message"].Text(), HasSubstr("did nothing for its host"));
}

// The worker and the connector have no sanitizer here, as when they are installed: with one there
// is no limit.
TEST_F(WorkerTest, MemoryThatGrowsIsStoppedAndTheRestIsWritten) {
  project_.UseProgram(PENSTOCK_TEST_UNSANITIZED_DIR "/penstock");
  project_.environment()["PENSTOCK_CONNECTORS"] = PENSTOCK_TEST_UNSANITIZED_DIR;
  settings_.destination = "worker: {memory: 256MiB}";
  project_.Configure(settings_);
  project_.FillCustomers(1'000);
  Poison(471, "eat");
  const Output output = project_.Sync();
  EXPECT_EQ(output.exit, 3) << output.Text();
  const Json run = OnlyRun(output);
  ExpectAddsUp(run);
  EXPECT_EQ(run["outcomes"]["succeeded"].Int(), 999);
  EXPECT_EQ(run["outcomes"]["rejected"].Int(), 1);
  EXPECT_EQ(run["errors"][0]["example_key"].Text(), Email(471));
  EXPECT_THAT(run["errors"][0]["message"].Text(), HasSubstr("its memory of 256 MiB is used up"));
  EXPECT_EQ(Held(), 999u);
}

TEST_F(WorkerTest, InProcessIsThereForDebugging) {
  settings_.destination = "isolation: in_process";
  project_.Configure(settings_);
  project_.FillCustomers(3);
  EXPECT_EQ(OnlyRun(project_.Sync())["outcomes"]["succeeded"].Int(), 3);
  settings_.destination = "isolation: in_process\n    worker: {memory: 1GiB}";
  project_.Configure(settings_);
  const Output refused = project_.Cli({"validate"});
  EXPECT_EQ(refused.exit, 2);
  EXPECT_THAT(refused.err, HasSubstr("says nothing with isolation: in_process"));
}

}  // namespace
}  // namespace penstock::e2e
