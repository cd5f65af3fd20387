// 100,000 contacts from PostgreSQL: all of them there as they should be, in as many calls as there
// are hundreds; and one bad record in about every request.
#include "tests/e2e/warehouse.h"

namespace penstock::e2e {
namespace {

using ::testing::HasSubstr;

constexpr int kRows = 100'000;
constexpr int kCalls = kRows / 100;

class ScaleTest : public WarehouseTest {
 protected:
  void SetUp() override {
    UseWarehouse();
    StartAccount({"--no-limits"});
  }
};

std::string Cents(int n) {
  const std::string rest = std::to_string(n % 100);
  std::string text = std::to_string(n / 100);
  if (n % 100 != 0) text += "." + std::string(rest.size() == 1 ? "0" : "") + rest;
  if (text.find('.') != std::string::npos && text.back() == '0') text.pop_back();
  return text;
}

TEST_F(ScaleTest, AHundredThousandContactsAreAllThere) {
  settings_.mode = "mirror";
  settings_.mapping = {"firstname: first_name", "lastname: last_name", "annualrevenue: revenue",
                       "closedate: closed"};
  settings_.model =
      "SELECT ' User' || n || '@Example.COM' AS email, 'Łucja ' || n AS first_name, "
      "CASE WHEN n % 7 > 0 THEN '山田 ' || n END AS last_name, (n / 100.0)::numeric(12, 2) AS "
      "revenue, '2026-01-01 00:00:00.25Z'::timestamptz + n * interval '1 s' AS closed "
      "FROM generate_series(1, " +
      std::to_string(kRows) + ") AS n";
  Configure();
  const Json first = SyncDone();
  EXPECT_EQ(first["applied"]["created"].Int(), kRows);
  EXPECT_EQ(account_.WriteCalls(), kCalls);
  const auto contacts = account_.ByEmail();
  ASSERT_EQ(contacts.size(), static_cast<size_t>(kRows));
  int wrong = 0;
  for (int n = 1; n <= kRows && wrong < 5; ++n) {
    const auto found = contacts.find("user" + std::to_string(n) + "@example.com");
    ASSERT_NE(found, contacts.end()) << n;
    const auto& held = found->second.properties;
    const auto last_name = held.find("lastname");
    const std::string expected_last = n % 7 > 0 ? "山田 " + std::to_string(n) : "";
    const bool same = held.at("firstname") == "Łucja " + std::to_string(n) &&
                      (last_name == held.end() ? "" : last_name->second) == expected_last &&
                      held.at("annualrevenue") == Cents(n);
    if (!same) {
      ++wrong;
      ADD_FAILURE() << n << ": " << held.at("firstname") << ", " << held.at("annualrevenue");
    }
  }
  EXPECT_EQ(contacts.at("user1@example.com").properties.at("closedate"),
            "2026-01-01T00:00:01.250Z");

  account_.ResetStats();
  const Json second = SyncDone();
  EXPECT_EQ(second["rows"]["unchanged"].Int(), kRows);
  EXPECT_EQ(account_.Calls(), 0);
}

TEST_F(ScaleTest, AThousandBadRecordsFailNoOther) {
  Exec(
      "CREATE TABLE people AS SELECT n, CASE WHEN n % 100 = 7 THEN 'user' || n || '@nowhere' "
      "ELSE 'user' || n || '@example.com' END AS email, 'First' || n AS first_name, "
      "'Last' || n AS last_name, '+1' || n AS phone FROM generate_series(1, " +
      std::to_string(kRows) + ") AS n");
  settings_.model = "SELECT * FROM people";
  Configure();
  const Json first = SyncTo(3, "completed_with_errors");
  EXPECT_EQ(first["outcomes"]["rejected"].Int(), kCalls);
  EXPECT_EQ(first["outcomes"]["succeeded"].Int(), kRows - kCalls);
  EXPECT_EQ(account_.WriteCalls(), kCalls);
  EXPECT_EQ(account_.ByEmail().size(), static_cast<size_t>(kRows - kCalls));
  const Output rejected =
      project_.Cli({"records", "contacts", "--status", "rejected", "--limit", "0", "--json"});
  ASSERT_EQ(rejected.json["records"].size(), static_cast<size_t>(kCalls));
  for (size_t i = 0; i < kCalls; i += 111) {
    const Json record = rejected.json["records"][i];
    EXPECT_THAT(record["key"].Text(), HasSubstr("@nowhere"));
    EXPECT_EQ(record["code"].Text(), "INVALID_EMAIL");
    const Output why = project_.Cli({"why", "contacts", record["key"].Text(), "--json"});
    EXPECT_THAT(why.out, HasSubstr("INVALID_EMAIL")) << why.Text();
    EXPECT_THAT(why.out, HasSubstr("\"status\":207")) << why.Text();
  }

  account_.ResetStats();
  const Json second = SyncDone();
  EXPECT_EQ(second["rows"]["quarantined"].Int(), kCalls);
  EXPECT_EQ(account_.Calls(), 0);

  Exec("UPDATE people SET email = 'mended@example.com' WHERE n = 1007");
  account_.ResetStats();
  EXPECT_EQ(SyncDone()["outcomes"]["succeeded"].Int(), 1);
  EXPECT_EQ(account_.WriteCalls(), 1);

  const Output retry = project_.Cli({"retry", "contacts", "--json"});
  EXPECT_EQ(retry.exit, 0) << retry.Text();
  account_.ResetStats();
  EXPECT_EQ(SyncTo(3, "completed_with_errors")["outcomes"]["rejected"].Int(), kCalls - 1);
  EXPECT_EQ(account_.WriteCalls(), 10);
}

}  // namespace
}  // namespace penstock::e2e
