// Salesforce on both paths, killed: at random moments, and between every two steps of a job. The
// job is found again by its note and finished; nothing is written twice.
#include "tests/e2e/crash.h"
#include "tests/e2e/salesforce.h"

namespace penstock::e2e {
namespace {

using ::testing::HasSubstr;

class SalesforceCrashTest : public SalesforceProject<CrashFixture> {
 protected:
  void ExpectHoldsModel() override { ExpectHoldsTable(); }
};

TEST_F(SalesforceCrashTest, CollectionsKilledAtAnyMomentNothingAcknowledgedIsSentAgain) {
  settings_.more = {"options: {path: collections}"};
  StartOrganization({"--no-limits", "--latency", "15"});
  project_.FillCustomers(kRows);
  KillManyTimes({.times = 6, .calls = kRows / 200 + 2, .in_middle = 0});
}

TEST_F(SalesforceCrashTest, JobsKilledAtAnyMomentNothingAcknowledgedIsSentAgain) {
  settings_.more = {"options: {path: bulk}"};
  StartOrganization({"--no-limits", "--latency", "30"});
  project_.FillCustomers(kRows);
  // Where each step of a job is hit is SalesforceStepsTest's.
  KillManyTimes({.times = 4, .calls = 6, .in_middle = -1, .once = true});
}

// Of the sandbox's statistics.
int64_t Jobs(const Json& stats, std::initializer_list<const char*> states) {
  int64_t jobs = 0;
  for (const char* state : states) jobs += std::max<int64_t>(stats["jobs"][state].Int(), 0);
  return jobs;
}
int64_t Closed(const Json& stats) {
  return Jobs(stats, {"UploadComplete", "InProgress", "JobComplete", "Failed"});
}
int64_t Made(const Json& stats) { return Closed(stats) + Jobs(stats, {"Open", "Aborted"}); }
int64_t Uploads(const Json& stats) { return stats["uploads"].Int(); }
int64_t Read(const Json& stats) {
  const Json read =
      stats["requests"]["GET /services/data/{version}/jobs/ingest/{job}/successfulResults"]["200"];
  return std::max<int64_t>(read.Int(), 0);
}

struct Step {
  const char* name;
  const char* rule;                 // of the fault that holds the run there
  int64_t (*reached)(const Json&);  // what has grown when it may be killed; null: the fault fired
  bool noted;
  int jobs, uploads, aborted;  // of both runs together
  bool always = false;         // with every operation, not with upserts alone
};

#define JOBS "/services/data/v62.0/jobs/ingest"
constexpr Step kSteps[] = {
    {"created_not_noted",
     R"({"match":{"method":"POST","path":")" JOBS R"("},"fault":{"kind":"stall","apply":true}})",
     Made, false, 2, 1, 0},
    {"noted_not_uploaded",
     R"({"match":{"method":"PUT","path":")" JOBS R"("},"fault":{"kind":"stall"}})", nullptr, true,
     2, 1, 1},
    {"uploaded_not_answered",
     R"({"match":{"method":"PUT","path":")" JOBS R"("},"fault":{"kind":"stall","apply":true}})",
     Uploads, true, 2, 2, 1, true},
    {"uploaded_not_completed",
     R"({"match":{"method":"PATCH","path":")" JOBS R"("},"fault":{"kind":"stall"}})", nullptr, true,
     2, 2, 1},
    {"completed_not_answered",
     R"({"match":{"method":"PATCH","path":")" JOBS R"("},"fault":{"kind":"stall","apply":true}})",
     Closed, true, 1, 1, 0, true},
    {"completed_not_polled",
     R"({"match":{"method":"GET","path":")" JOBS R"("},"fault":{"kind":"stall"}})", nullptr, true,
     1, 1, 0},
    {"between_polls",
     R"({"match":{"method":"GET","path":")" JOBS R"("},"fault":{"kind":"stall"},"after":1})",
     nullptr, true, 1, 1, 0},
    {"between_files",
     R"({"match":{"method":"GET","path":")" JOBS R"(/*/failedResults"},"fault":{"kind":"stall"}})",
     Read, true, 1, 1, 0, true},
    // Last: the sandbox counts the answer that is cut off here some time after the kill.
    {"amid_results",
     R"({"match":{"method":"GET","path":")" JOBS
     R"(/*/successfulResults"},"fault":{"kind":"drip","bytes":64,"interval_ms":1000}})",
     nullptr, true, 1, 1, 0},
};
#undef JOBS

// A table whose rows change, come or leave, and the mode that makes one operation of it.
struct Work {
  const char* name;
  const char* mode;
  const char* change;  // of the table, in each round; "@" is the round
  int64_t rows;        // that it changes
  bool all;            // for all steps
};

std::ostream& operator<<(std::ostream& out, const Work& work) { return out << work.name; }

constexpr Work kWorks[] = {
    {"upsert", "mirror", "UPDATE customers SET phone = '+@' || n", 20, true},
    {"delete", "mirror", "DELETE FROM customers WHERE n IN (SELECT n FROM customers LIMIT 2)", 2,
     false},
    {"update", "update_only", "UPDATE customers SET last_name = '@' || n", 20, false},
    {"insert", "insert_only",
     "INSERT INTO customers SELECT n + 20 * @, 'new' || n || '@@example.com', 'N', 'N', '1', 's' "
     "FROM customers WHERE n < 20",
     20, false},
};

class SalesforceStepsTest : public SalesforceProject<E2eTest>,
                            public ::testing::WithParamInterface<Work> {
 protected:
  static constexpr int kRows = 20;

  void SetUp() override {
    settings_.more = {"options: {path: bulk}"};
    settings_.mode = GetParam().mode;
    StartOrganization();
    account_.Config(R"({"bulk_polls": 1})");
    project_.FillCustomers(kRows);
    for (int n = 0; settings_.mode == "update_only" && n < kRows; ++n) {
      account_.Put(
          "003000000000" + std::to_string(100 + n) + "AAA",
          {{"Ext__c", std::to_string(n)}, {"LastName", "Old"}, {"HasOptedOutOfEmail", "false"}});
    }
  }
  int64_t Fired() const {
    return Json::Parse(account_.Call("GET", "/_sandbox/faults").body)[0]["fired"].Int();
  }
  size_t Blobs() const { return project_.Files("/blobs/").size(); }
  Json Status() const { return project_.Cli({"status", "--json"}).json["integrations"][0]; }
  // Starts a sync, and waits until it has come to that step.
  std::unique_ptr<Child> HeldAt(const Step& step, const Json& before) {
    account_.Faults(std::string("[") + step.rule + "]");
    auto child = project_.Start({"sync", "contacts", "--json"});
    while (child->Running()) {
      if (step.reached == nullptr ? Fired() > 0
                                  : step.reached(account_.Stats()) > step.reached(before)) {
        break;
      }
    }
    EXPECT_TRUE(child->Running()) << child->Wait().Text();
    return child;
  }
  // What is said of the rows before the next sync, and that a plan leaves them where they are.
  void ExpectToldOf(const Step& step, const std::string& key) {
    const Json jobs = Status()["jobs"];
    ASSERT_EQ(jobs.size(), step.noted ? 1u : 0u);
    const Output plan = project_.Cli({"plan", "contacts", "--json"});
    const Json planned = plan.json["plans"][0], changes = planned["changes"];
    const bool rows_left = std::string(GetParam().name) == "delete";
    EXPECT_EQ(planned["rows"]["in_job"].Int(), step.noted && !rows_left ? GetParam().rows : 0)
        << plan.Text();
    EXPECT_EQ(changes["insert"].Int() + changes["update"].Int() + changes["delete"].Int(),
              step.noted ? 0 : GetParam().rows)
        << plan.Text();
    if (!step.noted) return;
    EXPECT_EQ(jobs[0]["records"].Int(), GetParam().rows);
    const Output why = project_.Cli({"why", "contacts", key});
    EXPECT_THAT(why.out, HasSubstr("It is in job " + jobs[0]["job"].Text()));
  }
  void KillAt(const Step& step, int round);
  void Change(int round);
};

void SalesforceStepsTest::Change(int round) {
  std::string sql = GetParam().change;
  for (size_t at = 0; (at = sql.find('@', at)) != std::string::npos;) {
    const bool escaped = sql.compare(at, 2, "@@") == 0;
    const std::string text = escaped ? "@" : std::to_string(round);
    sql.replace(at, escaped ? 2 : 1, text);
    at += text.size();
  }
  project_.Sql(sql);
}

void SalesforceStepsTest::KillAt(const Step& step, int round) {
  const std::string leaves = project_.SqlRows("SELECT min(n) FROM customers")[0][0];
  Change(round);
  const std::string comes = project_.SqlRows("SELECT max(n) FROM customers")[0][0];
  const Json before = account_.Stats();
  const auto writes_before = account_.Writes();
  const auto child = HeldAt(step, before);
  child->Signal(SIGKILL);
  child->Wait();
  account_.Faults("[]");
  ExpectToldOf(step, std::string(GetParam().name) == "delete" ? leaves : comes);

  const Output rest = project_.Sync();
  EXPECT_EQ(rest.exit, 0) << rest.Text();
  const Json runs = rest.json["runs"];
  ASSERT_EQ(runs.size(), step.noted ? 2u : 1u) << rest.Text();
  int64_t succeeded = 0;
  for (size_t i = 0; i < runs.size(); ++i) {
    ExpectAddsUp(runs[i]);
    EXPECT_EQ(runs[i]["status"].Text(), "succeeded") << rest.Text();
    succeeded += runs[i]["outcomes"]["succeeded"].Int();
  }
  EXPECT_EQ(succeeded, GetParam().rows) << rest.Text();
  const Json after = account_.Stats();
  EXPECT_EQ(Made(after) - Made(before), step.jobs);
  EXPECT_EQ(Uploads(after) - Uploads(before), step.uploads);
  EXPECT_EQ(Jobs(after, {"Aborted"}) - Jobs(before, {"Aborted"}), step.aborted);
  EXPECT_EQ(Jobs(after, {"JobComplete"}) - Jobs(before, {"JobComplete"}), 1);
  int64_t written = 0;
  for (const auto& [id, writes] : account_.Writes()) {
    const auto old = writes_before.find(id);
    const int64_t more = writes - (old == writes_before.end() ? 0 : old->second);
    EXPECT_LE(more, 1) << id;
    written += more;
  }
  EXPECT_EQ(written, GetParam().rows);
  ExpectHoldsTable();
  EXPECT_EQ(Blobs(), 0u);
}

TEST_P(SalesforceStepsTest, TheJobIsFoundAgainAndFinished) {
  SyncDone();
  int round = 0;
  for (const Step& step : kSteps) {
    if (!step.always && !GetParam().all) continue;
    SCOPED_TRACE(step.name);
    KillAt(step, ++round);
    if (HasFailure()) return;
  }
  EXPECT_EQ(Status()["jobs"].size(), 0u);
  account_.ResetStats();
  SyncDone();
  EXPECT_EQ(account_.Calls(), 0);
}

INSTANTIATE_TEST_SUITE_P(Each, SalesforceStepsTest, ::testing::ValuesIn(kWorks),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace penstock::e2e
