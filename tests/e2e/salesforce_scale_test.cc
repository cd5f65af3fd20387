// 500 accounts and 20,000 contacts from PostgreSQL into Salesforce: by collections below the
// threshold, by jobs above it; every request counted, every value compared.
#include <sstream>

#include "tests/e2e/salesforce.h"
#include "tests/e2e/warehouse.h"

namespace penstock::e2e {
namespace {

constexpr int kAccounts = 500;
constexpr int kRows = 20'000;
constexpr int kBadMails = kRows / 1'000, kNoAccounts = kRows / 5'000;
constexpr int kChanged = kRows / 100, kDeleted = kRows / 100;

bool HasBadMail(int n) { return n % 1'000 == 7; }
bool HasNoAccount(int n) { return n % 5'000 == 11; }
bool IsChanged(int n) { return n % 100 == 3; }
bool IsDeleted(int n) { return n % 100 == 5; }

/// Requests by what they are for.
struct Calls {
  int64_t collections = 0, created = 0, uploaded = 0, completed = 0, polls = 0, results = 0;
};

class SalesforceScaleTest : public SalesforceProject<WarehouseTest> {
 protected:
  void SetUp() override {
    UseWarehouse();
    settings_.key = "{Ext__c: ext}";
    settings_.model = "SELECT * FROM people";
    settings_.mapping = {"Account.Ext__c: account",
                         "FirstName: first_name",
                         "LastName: last_name",
                         "Email: email",
                         "Phone: phone",
                         "Spend__c: spend"};
    // So that a hundredth of the rows goes by jobs, too; accounts keep the default.
    settings_.more = {"options: {bulk_threshold: 150}"};
    StartOrganization();
    account_.Config(R"({"bulk_polls": 1})");
    project_.Write("integrations/accounts.yaml",
                   "source: warehouse\nmodel: {table: accounts}\ndestination: crm\n"
                   "object: Account\nmode: mirror\nkey: {Ext__c: ext}\n"
                   "mapping: {Name: name, AnnualRevenue: revenue}\n");
    Fill();
  }
  void Fill() {
    Exec(
        "CREATE TABLE accounts AS SELECT 'A' || n AS ext, 'Company ' || n AS name, "
        "n * 1000 AS revenue FROM generate_series(0, " +
        std::to_string(kAccounts - 1) + ") AS n");
    Exec(
        "CREATE TABLE people AS SELECT n, 'C' || n AS ext, CASE WHEN n % 5000 = 11 THEN 'NOBODY' "
        "ELSE 'A' || n % 500 END AS account, 'Łucja ' || n AS first_name, "
        "'\"山田\", ' || n AS last_name, CASE WHEN n % 1000 = 7 THEN 'nobody' ELSE 'user' || n || "
        "'@example.com' END AS email, CASE WHEN n % 7 > 0 THEN '+1' || n END AS phone, "
        "(n / 100.0)::numeric(12, 2) AS spend FROM generate_series(1, " +
        std::to_string(kRows) + ") AS n");
  }
  Calls Counted() const {
    Calls calls;
    const Json requests = account_.Stats()["requests"];
    for (const std::string& route : requests.names()) {
      int64_t count = 0;
      for (const std::string& status : requests[route.c_str()].names()) {
        EXPECT_EQ(status.substr(0, 2), "20") << route;
        count += requests[route.c_str()][status.c_str()].Int();
      }
      const bool read = route.starts_with("GET ");
      const bool of_job = route.find("/jobs/ingest/") != std::string::npos;
      if (!read && route.find("/composite/sobjects") != std::string::npos) {
        calls.collections += count;
      } else if (route.ends_with("/jobs/ingest")) {
        calls.created += count;
      } else if (route.ends_with("/batches")) {
        calls.uploaded += count;
      } else if (of_job && !read) {
        calls.completed += count;
      } else if (of_job && (route.ends_with("Results") || route.ends_with("unprocessedrecords"))) {
        calls.results += count;
      } else if (of_job) {
        calls.polls += count;
      }
    }
    return calls;
  }
  /// What was counted since the last reset is jobs and nothing else that writes.
  void ExpectJobs(int64_t records, int64_t collections = 0) const {
    const Calls calls = Counted();
    EXPECT_GE(calls.created, (records + 49'999) / 50'000);
    EXPECT_LE(calls.created, (records + 49'999) / 50'000 + 1);  // the last one of each writer
    EXPECT_EQ(calls.uploaded, calls.created);
    EXPECT_EQ(calls.completed, calls.created);
    EXPECT_EQ(calls.polls, 2 * calls.created);
    EXPECT_EQ(calls.results, 3 * calls.created);
    EXPECT_EQ(calls.collections, collections);
    EXPECT_EQ(account_.WriteCalls(), 3 * calls.created + collections);
  }
  /// Live accounts' keys by their ids.
  std::map<std::string, std::string> AccountKeys() const {
    std::map<std::string, std::string> keys;
    std::istringstream lines(account_.Call("GET", "/_sandbox/objects/Account").body);
    for (std::string line; std::getline(lines, line);) {
      const Json json = Json::Parse(line);
      const int n = std::atoi(json["properties"]["Ext__c"].Text().substr(1).c_str());
      EXPECT_EQ(json["properties"]["Name"].Text(), "Company " + std::to_string(n));
      EXPECT_EQ(json["properties"]["AnnualRevenue"].Int(), n * 1000);
      keys[json["id"].Text()] = json["properties"]["Ext__c"].Text();
    }
    return keys;
  }
  void ExpectHeld(bool changed, bool deleted) const;
};

std::string Cents(int n) {
  std::string text = std::to_string(n / 100);
  const int rest = n % 100;
  if (rest == 0) return text;
  text += "." + std::string(rest < 10 ? "0" : "") + std::to_string(rest);
  if (text.back() == '0') text.pop_back();
  return text;
}

std::map<std::string, std::string> Expected(int n, bool changed) {
  const std::string number = std::to_string(n);
  std::map<std::string, std::string> fields = {{"FirstName", "Łucja " + number},
                                               {"LastName", "\"山田\", " + number},
                                               {"Email", "user" + number + "@example.com"},
                                               {"Spend__c", Cents(n)}};
  if (n % 7 > 0) fields["Phone"] = "+1" + number;
  if (changed && IsChanged(n)) fields["Phone"] = "+44" + number;
  return fields;
}

void SalesforceScaleTest::ExpectHeld(bool changed, bool deleted) const {
  const std::map<std::string, std::string> accounts = AccountKeys();
  EXPECT_EQ(accounts.size(), static_cast<size_t>(kAccounts));
  std::map<std::string, Contact> held;
  for (Contact& contact : account_.Contacts()) {
    if (contact.archived) continue;
    std::string key = contact.properties["Ext__c"];
    EXPECT_TRUE(held.emplace(std::move(key), std::move(contact)).second);
  }
  int there = 0, wrong = 0;
  for (int n = 1; n <= kRows && wrong < 5; ++n) {
    if (HasBadMail(n) || (!changed && HasNoAccount(n)) || (deleted && IsDeleted(n))) continue;
    ++there;
    const auto found = held.find("C" + std::to_string(n));
    ASSERT_NE(found, held.end()) << n;
    auto& properties = found->second.properties;
    const auto account = accounts.find(properties["AccountId"]);
    bool same = account != accounts.end() && account->second == "A" + std::to_string(n % kAccounts);
    const auto expected = Expected(n, changed);
    for (const char* name : {"FirstName", "LastName", "Email", "Phone", "Spend__c"}) {
      same = same && properties[name] == (expected.contains(name) ? expected.at(name) : "");
    }
    if (same) continue;
    ++wrong;
    ADD_FAILURE() << ::testing::PrintToString(properties);
  }
  EXPECT_EQ(held.size(), static_cast<size_t>(there));
}

TEST_F(SalesforceScaleTest, AccountsByCollectionsAndContactsByJobsAreAllThere) {
  const Output accounts = project_.Cli({"sync", "accounts", "--json"});
  EXPECT_EQ(accounts.exit, 0) << accounts.Text();
  EXPECT_EQ(OnlyRun(accounts)["applied"]["created"].Int(), kAccounts);
  EXPECT_EQ(Counted().collections, 3);
  EXPECT_EQ(account_.WriteCalls(), 3 + 1);  // and the login

  account_.ResetStats();
  const Json first = SyncTo(3, "completed_with_errors");
  EXPECT_EQ(first["applied"]["created"].Int(), kRows - kBadMails - kNoAccounts);
  EXPECT_EQ(first["outcomes"]["rejected"].Int(), kBadMails + kNoAccounts);
  ExpectJobs(kRows);
  ExpectHeld(false, false);
  const Output rejected =
      project_.Cli({"records", "contacts", "--status", "rejected", "--limit", "0", "--json"});
  std::map<std::string, int> codes;
  for (size_t i = 0; i < rejected.json["records"].size(); ++i) {
    const Json record = rejected.json["records"][i];
    const int n = std::atoi(record["key"].Text().substr(1).c_str());
    EXPECT_TRUE(HasBadMail(n) || HasNoAccount(n)) << n;
    EXPECT_EQ(record["code"].Text(), HasBadMail(n) ? "INVALID_EMAIL_ADDRESS" : "INVALID_FIELD");
    ++codes[record["code"].Text()];
  }
  EXPECT_EQ(codes["INVALID_EMAIL_ADDRESS"], kBadMails);
  EXPECT_EQ(codes["INVALID_FIELD"], kNoAccounts);

  // The account may have come meanwhile: these are tried once more at once, then with pauses.
  account_.ResetStats();
  EXPECT_EQ(SyncTo(3, "completed_with_errors")["outcomes"]["rejected"].Int(), kNoAccounts);
  EXPECT_EQ(account_.WriteCalls(), 1);
  account_.ResetStats();
  const Json idle = SyncDone();
  EXPECT_EQ(idle["rows"]["unchanged"].Int(), kRows - kBadMails - kNoAccounts);
  EXPECT_EQ(idle["rows"]["quarantined"].Int(), kBadMails + kNoAccounts);
  EXPECT_EQ(account_.Calls(), 0);

  Exec("UPDATE people SET phone = '+44' || n WHERE n % 100 = 3");
  Exec("UPDATE people SET account = 'A' || n % 500 WHERE account = 'NOBODY'");
  const Json changed = SyncDone();
  EXPECT_EQ(changed["applied"]["created"].Int(), kNoAccounts);
  EXPECT_EQ(changed["applied"]["updated"].Int(), kChanged);
  ExpectJobs(kChanged, /*collections=*/1);
  ExpectHeld(true, false);

  Exec("DELETE FROM people WHERE n % 100 = 5");
  account_.ResetStats();
  EXPECT_EQ(SyncDone()["applied"]["deleted"].Int(), kDeleted);
  ExpectJobs(kDeleted);
  ExpectHeld(true, true);
}

}  // namespace
}  // namespace penstock::e2e
