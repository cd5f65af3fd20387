// Two projects that write to one account at the same time share its rate limit.
#include "tests/e2e/e2e.h"

namespace penstock::e2e {
namespace {

class SharedBudgetTest : public E2eTest {};

TEST_F(SharedBudgetTest, TwoProjectsStayWithinTheAccountsLimit) {
  constexpr int kRows = 6500;
  // 100 requests in 10 s; the two need about 140.
  StartAccount({"--profile", "free", "--latency", "10"});
  Project other;
  other.Configure(settings_);
  other.environment()["PENSTOCK_SHARED_DIR"] = project_.environment()["PENSTOCK_SHARED_DIR"];
  project_.FillCustomers(kRows);
  other.FillCustomers(kRows, kRows);
  const auto first = project_.Start({"sync", "contacts", "--json"});
  const auto second = other.Start({"sync", "contacts", "--json"});
  for (const Output& output : {first->Wait(), second->Wait()}) {
    EXPECT_EQ(output.exit, 0) << output.Text();
    const Json run = OnlyRun(output);
    ExpectAddsUp(run);
    EXPECT_EQ(run["applied"]["created"].Int(), kRows);
  }
  const Json stats = account_.Stats();
  EXPECT_EQ(stats["throttled"].Int(), 0) << stats.Dump();
  EXPECT_LE(stats["max_in_window"].Int(), 100) << stats.Dump();
  EXPECT_EQ(account_.WriteCalls(), 2 * kRows / 100);
  EXPECT_EQ(account_.Contacts().size(), 2u * kRows);
}

}  // namespace
}  // namespace penstock::e2e
