// A connector that works by asynchronous jobs, killed anywhere between create, note, upload,
// complete and poll: the job is found again and finished, never uploaded twice.
#include <signal.h>

#include "tests/e2e/poisoned.h"

namespace penstock::e2e {
namespace {

using ::testing::HasSubstr;

class JobsTest : public PoisonedTest, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(PoisonedTest::SetUp());
    project_.environment()["PENSTOCK_CONNECTORS"] = PENSTOCK_TEST_POISONED_DIR;
    settings_.connector = "jobs";
    settings_.destination = std::string("isolation: ") + GetParam();
    project_.Configure(settings_);
  }
  std::vector<Json> Held() const {
    std::vector<Json> records;
    std::istringstream lines(sandbox_->Call("GET", "/_sandbox/writes/things").body);
    for (std::string line; std::getline(lines, line);) records.push_back(Json::Parse(line));
    return records;
  }
  int64_t Answers(const std::string& route, const std::string& status) const {
    const Json stats = Json::Parse(sandbox_->Call("GET", "/_sandbox/stats").body);
    return std::max<int64_t>(stats["requests"][route.c_str()][status.c_str()].Int(), 0);
  }
  size_t Blobs() const { return project_.Files("/blobs/").size(); }
};

TEST_P(JobsTest, RowsGoThroughABlobAndItsResultsComeThroughAnother) {
  project_.FillCustomers(2500);
  const Output output = project_.Sync();
  EXPECT_EQ(output.exit, 0) << output.Text();
  const Json run = OnlyRun(output);
  ExpectAddsUp(run);
  EXPECT_EQ(run["applied"]["created"].Int(), 2500);
  EXPECT_EQ(Held().size(), 2500u);
  EXPECT_EQ(Blobs(), 0u);
  const Output why = project_.Cli({"why", "contacts", Email(7)});
  EXPECT_EQ(why.exit, 0) << why.Text();
}

/// Killed when the sandbox has seen so many requests, for each number there is.
TEST_P(JobsTest, KilledAnywhereTheJobIsFoundAgainAndNothingIsUploadedTwice) {
  project_.FillCustomers(40);
  ASSERT_EQ(project_.Sync().exit, 0);
  sandbox_->Call("PUT", "/_sandbox/config", R"({"latency_ms": 60})");
  const int64_t in_a_run = 12;
  int found_again = 0;
  for (int64_t at = 2; at <= in_a_run; ++at) {
    SCOPED_TRACE("killed at request " + std::to_string(at));
    project_.Sql("UPDATE customers SET first_name = first_name || '" + std::to_string(at % 10) +
                 "'");
    std::map<std::string, int64_t> before;
    for (const Json& record : Held()) before[record["id"].Text()] = record["writes"].Int();
    const int64_t begun = Requests();
    const auto child = project_.Start({"sync", "contacts", "--json"});
    while (child->Running() && Requests() - begun < at) {
    }
    child->Signal(SIGKILL);
    child->Wait();
    const Output rest = project_.Sync();
    EXPECT_EQ(rest.exit, 0) << rest.Text();
    found_again += rest.json["runs"].size() == 2 ? 1 : 0;  // one asked for the job
    for (const Json& record : Held()) {
      EXPECT_EQ(record["writes"].Int(), before[record["id"].Text()] + 1) << record["id"].Text();
    }
    EXPECT_EQ(Blobs(), 0u);
  }
  EXPECT_GT(found_again, 2);
  EXPECT_GT(Answers("PUT /v1/things/jobs/{job}/rows", "200"), 10);
  EXPECT_EQ(Answers("PUT /v1/things/jobs/{job}/rows", "409"), 0);
  EXPECT_EQ(Held().size(), 40u);
}

TEST_P(JobsTest, ACancelledRunLeavesItsJobAndSaysSo) {
  project_.FillCustomers(5);
  sandbox_->Call("PUT", "/_sandbox/faults",
                 R"([{"match": {"method": "GET", "path": "/v1/things/jobs/j1"},
                      "fault": {"delay_ms": 400}, "times": -1}])");
  const auto child = project_.Start({"sync", "contacts", "--json"});
  while (child->Running() && Answers("POST /v1/things/jobs/{job}/complete", "200") == 0) {
  }
  child->Signal(SIGINT);
  const Output cancelled = child->Wait();
  EXPECT_EQ(cancelled.exit, 5) << cancelled.Text();
  EXPECT_EQ(OnlyRun(cancelled)["outcomes"]["in_doubt"].Int(), 5) << cancelled.Text();
  EXPECT_THAT(project_.Cli({"status"}).out, HasSubstr("5 records in job j1"));
  EXPECT_THAT(project_.Cli({"why", "contacts", Email(1)}).out, HasSubstr("It is in job j1"));
  const Output plan = project_.Cli({"plan", "contacts", "--json"});
  EXPECT_EQ(plan.json["plans"][0]["rows"]["in_job"].Int(), 5) << plan.Text();
  sandbox_->Call("PUT", "/_sandbox/faults", "[]");
  const Output rest = project_.Sync();
  EXPECT_EQ(rest.exit, 0) << rest.Text();
  ASSERT_EQ(rest.json["runs"].size(), 2u) << rest.Text();
  EXPECT_EQ(rest.json["runs"][0]["applied"]["created"].Int(), 5);
  EXPECT_EQ(rest.json["runs"][1]["rows"]["unchanged"].Int(), 5);
  for (size_t i = 0; i < 2; ++i) ExpectAddsUp(rest.json["runs"][i]);
  EXPECT_EQ(Blobs(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Isolation, JobsTest, ::testing::Values("worker", "in_process"),
                         [](const auto& how) { return std::string(how.param); });

}  // namespace
}  // namespace penstock::e2e
