// Jobs of Bulk API 2.0 that end badly, and runs that end before their jobs do: what is told of each
// record, and that the next sync repairs exactly what is left.
#include <signal.h>

#include <algorithm>

#include "tests/e2e/salesforce.h"

namespace penstock::e2e {
namespace {

using ::testing::HasSubstr;

constexpr int kRows = 30;

class SalesforceJobsTest : public SalesforceProject<E2eTest> {
 protected:
  void SetUp() override {
    settings_.more = {"options: {path: bulk}"};
    StartOrganization();
    project_.FillCustomers(kRows);
  }
  int64_t Answers(const std::string& request, const char* status) const {
    const std::string name = request.substr(0, request.find(' ') + 1) +
                             "/services/data/{version}/jobs/ingest/{job}" +
                             request.substr(request.find(' ') + 1);
    return std::max<int64_t>(account_.Stats()["requests"][name.c_str()][status].Int(), 0);
  }
  int64_t JobsIn(const char* state) const {
    return std::max<int64_t>(account_.Stats()["jobs"][state].Int(), 0);
  }
  Json Status() const { return project_.Cli({"status", "--json"}).json["integrations"][0]; }
  /// Starts a sync whose job stops after twelve rows, and waits until it has and is asked for.
  std::unique_ptr<Child> StalledJob() {
    account_.Config(R"({"bulk_faults": [{"kind": "stall", "at": 12}]})");
    auto child = project_.Start({"sync", "contacts", "--json"});
    while (child->Running() && (Answers("GET ", "200") == 0 || account_.Writes().size() < 12)) {
    }
    return child;
  }
  /// Each record is written once, whatever it took.
  void ExpectWrittenOnce(size_t records) const {
    const auto writes = account_.Writes();
    EXPECT_EQ(writes.size(), records);
    for (const auto& [id, times] : writes) EXPECT_EQ(times, 1) << id;
  }
  /// The next sync sends that many records, in one job, and then there is nothing left.
  void ExpectRepaired(int64_t records) {
    const int64_t jobs = JobsIn("JobComplete");
    const Json run = SyncDone();
    EXPECT_EQ(run["changes"]["insert"].Int(), records) << run.Dump();
    EXPECT_EQ(run["applied"]["created"].Int(), records) << run.Dump();
    EXPECT_EQ(JobsIn("JobComplete") - jobs, 1);
    ExpectHoldsTable();
    const int64_t calls = account_.Calls();
    SyncDone();
    EXPECT_EQ(account_.Calls(), calls);
  }
};

struct Ending {
  const char* name;
  const char* faults;  // of jobs
  int64_t done, unsent;
  const char* code;  // of the run's own error; null: it has none
  const char* says;  // "@" is the job
};

std::ostream& operator<<(std::ostream& out, const Ending& ending) { return out << ending.name; }

constexpr Ending kEndings[] = {
    {"fails", R"([{"kind": "fail", "at": 12, "message": "InternalServerError : try again"}])", 12,
     18, "JOB_FAILED", "the job @ ended as Failed: InternalServerError : try again"},
    {"unprocessed", R"([{"kind": "unprocessed", "at": 12, "count": 5}])", 25, 5, nullptr,
     "the job @ is complete, but left this record out"},
};

class SalesforceEndingsTest : public SalesforceJobsTest,
                              public ::testing::WithParamInterface<Ending> {};

TEST_P(SalesforceEndingsTest, EachRecordHasItsOutcomeAndTheNextSyncRepairsTheRest) {
  const Ending& ending = GetParam();
  account_.Config(std::string(R"({"bulk_faults": )") + ending.faults + "}");
  const Json run = SyncTo(3, "completed_with_errors");
  EXPECT_EQ(run["applied"]["created"].Int(), ending.done) << run.Dump();
  EXPECT_EQ(run["outcomes"]["unsent"].Int(), ending.unsent) << run.Dump();
  std::string says = ending.says;
  says.replace(says.find('@'), 1, "7505g0000000001AAA");
  EXPECT_THAT(run["errors"][0]["message"].Text(), HasSubstr(says)) << run.Dump();
  EXPECT_EQ(run["errors"][0]["count"].Int(), ending.unsent);
  EXPECT_EQ(run["errors"].size(), 1u) << "one thing is told once: " << run.Dump();
  if (ending.code != nullptr) {
    EXPECT_EQ(run["errors"][0]["code"].Text(), ending.code) << run.Dump();
    EXPECT_THAT(run["errors"][0]["message"].Text(),
                HasSubstr("the next sync sends the records that it left out"));
    const Output explained = project_.Cli({"explain", std::string("salesforce.") + ending.code});
    EXPECT_EQ(explained.exit, 0) << explained.Text();
    EXPECT_THAT(explained.out, HasSubstr("Of connector salesforce:"));
    EXPECT_THAT(explained.out, HasSubstr("Met last in run contacts-1: The job 7505"));
  }
  EXPECT_EQ(Status()["jobs"].size(), 0u);
  EXPECT_EQ(Held().size(), static_cast<size_t>(ending.done));
  account_.Config(R"({"bulk_faults": []})");
  ExpectRepaired(ending.unsent);
  ExpectWrittenOnce(kRows);
}

INSTANTIATE_TEST_SUITE_P(Each, SalesforceEndingsTest, ::testing::ValuesIn(kEndings),
                         [](const auto& each) { return std::string(each.param.name); });

// Rejected rows among those that were done: they are not repaired, and not sent again either.
TEST_F(SalesforceJobsTest, AJobThatFailsHasRejectedRowsToo) {
  project_.Sql("UPDATE customers SET email = 'no mail' WHERE n % 3 = 0");
  account_.Config(R"({"bulk_faults": [{"kind": "fail", "at": 20}]})");
  const Json run = SyncTo(3, "completed_with_errors");
  const int64_t created = run["applied"]["created"].Int();
  const int64_t rejected = run["outcomes"]["rejected"].Int();
  EXPECT_EQ(created + rejected, 20) << run.Dump();
  EXPECT_EQ(run["outcomes"]["unsent"].Int(), 10);
  const Json second =
      SyncTo(rejected < 10 ? 3 : 0, rejected < 10 ? "completed_with_errors" : "succeeded");
  EXPECT_EQ(second["changes"]["insert"].Int(), 10) << second.Dump();
  EXPECT_EQ(second["rows"]["quarantined"].Int(), rejected);
  EXPECT_EQ(second["rows"]["unchanged"].Int(), created);
  EXPECT_EQ(Held().size(), 20u);
  ExpectWrittenOnce(20);
}

TEST_F(SalesforceJobsTest, AnAdministratorAbortsAJobAtWork) {
  const auto child = StalledJob();
  account_.Config(R"({"bulk_abort": "*"})");
  const Output output = child->Wait();
  EXPECT_EQ(output.exit, 3) << output.Text();
  const Json run = OnlyRun(output);
  ExpectAddsUp(run);
  EXPECT_EQ(run["applied"]["created"].Int(), 12) << output.Text();
  EXPECT_EQ(run["outcomes"]["unsent"].Int(), 18) << output.Text();
  EXPECT_EQ(run["errors"][0]["count"].Int(), 18) << output.Text();
  EXPECT_EQ(run["errors"].size(), 1u) << "one thing is told once";
  EXPECT_EQ(run["errors"][0]["code"].Text(), "JOB_ABORTED");
  EXPECT_THAT(run["errors"][0]["message"].Text(),
              HasSubstr("the job 7505g0000000001AAA was aborted in Salesforce"));
  account_.Config(R"({"bulk_faults": []})");
  ExpectRepaired(18);
  ExpectWrittenOnce(kRows);
}

// Half of the deletes are done when the job fails.
TEST_F(SalesforceJobsTest, AJobOfDeletesFails) {
  SyncDone();
  project_.Sql("DELETE FROM customers WHERE n < 20");
  account_.Config(R"({"bulk_faults": [{"kind": "fail", "at": 8}]})");
  const Json run = SyncTo(3, "completed_with_errors");
  EXPECT_EQ(run["applied"]["deleted"].Int(), 8) << run.Dump();
  EXPECT_EQ(run["outcomes"]["unsent"].Int(), 12) << run.Dump();
  EXPECT_EQ(Held().size(), 22u);
  EXPECT_EQ(SyncDone()["applied"]["deleted"].Int(), 12);
  ExpectHoldsTable();
  for (const auto& [id, times] : account_.Writes()) EXPECT_LE(times, 2) << id;
}

// Standard error is a file here, as it is for cron.
TEST_F(SalesforceJobsTest, TheWaitForAnEarlierJobIsToldWhenItBegins) {
  const auto first = StalledJob();
  first->Signal(SIGINT);
  EXPECT_EQ(first->Wait().exit, 5);
  const int64_t asked = Answers("GET ", "200");
  const auto second = project_.Start({"sync", "contacts"});
  while (second->Running() && Answers("GET ", "200") == asked) {
  }
  EXPECT_EQ(second->Err(),
            "penstock: run contacts-1 left 1 job with 30 records at the destination; waiting for "
            "its results before anything new is sent\n");
  account_.Config(R"({"bulk_release": true})");
  const Output done = second->Wait();
  EXPECT_EQ(done.exit, 0) << done.Text();
  EXPECT_EQ(std::count(done.err.begin(), done.err.end(), '\n'), 1) << done.err;
  EXPECT_EQ(project_.Cli({"sync", "contacts"}).err, "") << "no job is left";
}

struct Stop {
  const char* isolation;
  int signal;  // 0: the worker alone is killed
};

std::ostream& operator<<(std::ostream& out, const Stop& stop) {
  return out << stop.isolation << stop.signal;
}

constexpr Stop kStops[] = {{"worker", SIGINT}, {"in_process", SIGTERM}, {"worker", 0}};

class SalesforceStopsTest : public SalesforceJobsTest,
                            public ::testing::WithParamInterface<Stop> {};

TEST_P(SalesforceStopsTest, TheNextSyncFinishesTheJob) {
  settings_.destination = std::string("isolation: ") + GetParam().isolation;
  Configure();
  const auto child = StalledJob();
  if (GetParam().signal == 0) {
    EXPECT_EQ(child->KillWorkers(), 1);
  } else {
    child->Signal(GetParam().signal);
  }
  const Output output = child->Wait();
  EXPECT_EQ(output.exit, GetParam().signal == 0 ? 3 : 5) << output.Text();
  const Json run = OnlyRun(output);
  ExpectAddsUp(run);
  EXPECT_EQ(run["outcomes"]["in_doubt"].Int(), kRows) << output.Text();
  EXPECT_EQ(Status()["jobs"][0]["records"].Int(), kRows);
  EXPECT_THAT(project_.Cli({"why", "contacts", "7"}).out, HasSubstr("It is in job 7505g"));
  account_.Config(R"({"bulk_release": true})");
  const Output rest = project_.Sync();
  EXPECT_EQ(rest.exit, 0) << rest.Text();
  EXPECT_THAT(rest.err, HasSubstr("run contacts-1 left 1 job with 30 records"));
  ASSERT_EQ(rest.json["runs"].size(), 2u) << rest.Text();
  EXPECT_EQ(rest.json["runs"][0]["applied"]["created"].Int(), kRows);
  EXPECT_EQ(rest.json["runs"][1]["rows"]["unchanged"].Int(), kRows);
  EXPECT_EQ(account_.Stats()["uploads"].Int(), 1);
  ExpectHoldsTable();
  ExpectWrittenOnce(kRows);
}

INSTANTIATE_TEST_SUITE_P(Each, SalesforceStopsTest, ::testing::ValuesIn(kStops),
                         [](const auto& each) {
                           return std::string(each.param.isolation) + "_" +
                                  std::to_string(each.param.signal);
                         });

}  // namespace
}  // namespace penstock::e2e
