// What a plan says it will cost, against what the organization counted: below and above the
// threshold of jobs, with options that decide about them, and with both ways in one run.
#include "tests/e2e/salesforce.h"

namespace penstock::e2e {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kLooksOfAJob = 2;  // as a plan has it; how many it takes is a matter of time
constexpr int64_t kCallsOfAJob = 6 + kLooksOfAJob;

struct Case {
  const char* name;
  const char* options;
  int rows;
  int64_t calls, jobs;  // as the plan has to say
};

std::ostream& operator<<(std::ostream& out, const Case& a_case) { return out << a_case.name; }

class SalesforceCostsTest : public SalesforceProject<E2eTest> {
 protected:
  struct Cost {
    int64_t calls = 0, jobs = 0, looks = 0;
  };

  void UseOptions(const std::string& options) {
    settings_.more = {"options: {" + options + "}"};
    Configure();
  }
  Cost Planned() const {
    const Output output = project_.Cli({"plan", "contacts", "--json"});
    EXPECT_EQ(output.exit, 0) << output.Text();
    const Json estimate = output.json["plans"][0]["estimate"];
    const int64_t jobs = estimate["jobs"].Int();
    return {estimate["requests"].Int(), jobs, jobs * kLooksOfAJob};
  }
  /// Requests that write, and all those of jobs, since the last reset.
  Cost Counted() const {
    Cost cost;
    const Json requests = account_.Stats()["requests"];
    for (const std::string& route : requests.names()) {
      const bool of_job = route.find("/jobs/ingest") != std::string::npos;
      if (!of_job && (route.starts_with("GET ") || route.find("/composite/") == std::string::npos))
        continue;
      for (const std::string& status : requests[route.c_str()].names()) {
        const int64_t count = requests[route.c_str()][status.c_str()].Int();
        cost.calls += count;
        if (route.ends_with("/jobs/ingest")) cost.jobs += count;
        if (route.starts_with("GET ") && route.ends_with("/{job}")) cost.looks += count;
      }
    }
    return cost;
  }
  /// A sync that costs what the plan said. Jobs are shared among two writers as it happens: one
  /// that got no batch makes no job.
  void SyncAsPlanned(const Cost& planned) {
    account_.ResetStats();
    SyncDone();
    const Cost counted = Counted();
    EXPECT_LE(counted.jobs, planned.jobs);
    EXPECT_GE(counted.jobs, planned.jobs > 0 ? 1 : 0);
    EXPECT_GE(counted.looks, counted.jobs);
    EXPECT_EQ(planned.calls - planned.looks - (counted.calls - counted.looks),
              (planned.jobs - counted.jobs) * (kCallsOfAJob - kLooksOfAJob));
  }
};

class SalesforceCostTest : public SalesforceCostsTest,
                           public ::testing::WithParamInterface<Case> {};

TEST_P(SalesforceCostTest, IsWhatTheOrganizationCounts) {
  const Case& a_case = GetParam();
  StartOrganization();
  UseOptions(a_case.options);
  project_.FillCustomers(a_case.rows);
  const Cost planned = Planned();
  EXPECT_EQ(planned.calls, a_case.calls);
  EXPECT_EQ(planned.jobs, a_case.jobs);
  SyncAsPlanned(planned);
}

INSTANTIATE_TEST_SUITE_P(
    Each, SalesforceCostTest,
    ::testing::Values(Case{"at_the_threshold", "bulk_threshold: 300", 300, 2, 0},
                      Case{"above_the_threshold", "bulk_threshold: 300", 301, 16, 2},
                      Case{"below_the_usual_threshold", "", 401, 3, 0},
                      Case{"above_the_usual_threshold", "", 2001, 16, 2},
                      Case{"jobs_for_all", "path: bulk", 10, 8, 1},
                      Case{"jobs_for_none", "path: collections, bulk_threshold: 300", 301, 2, 0},
                      Case{"serial", "serial: true, bulk_threshold: 300", 301, 2, 0},
                      Case{"allow_save", "duplicate_rule: allow_save, bulk_threshold: 300", 301, 2,
                           0}),
    [](const auto& each) { return std::string(each.param.name); });

TEST_F(SalesforceCostsTest, JobsAndRequestsOfOneRun) {
  StartOrganization();
  UseOptions("bulk_threshold: 300");
  project_.FillCustomers(340);
  SyncDone();
  project_.Sql("DELETE FROM customers WHERE n < 15");
  project_.Sql("UPDATE customers SET phone = '+1'");
  project_.FillCustomers(10, 1000);
  const Cost planned = Planned();  // 325 updates by jobs; 10 inserts and 15 deletes
  EXPECT_EQ(planned.jobs, 2);
  EXPECT_EQ(planned.calls, 2 * kCallsOfAJob + 2);
  const Output output = project_.Cli({"plan", "contacts"});
  EXPECT_THAT(output.out, HasSubstr("about 18 API calls and 2 jobs; more calls while a job takes"));
  SyncAsPlanned(planned);
}

}  // namespace
}  // namespace penstock::e2e
