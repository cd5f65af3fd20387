// The same 1,999 and 2,001 changes: Collections below the threshold, jobs above it. Outcomes,
// messages, the account and its side effects are the same.
#include "tests/e2e/salesforce.h"

namespace penstock::e2e {
namespace {

using ::testing::HasSubstr;

/// What stood in the way of a record: status, code, field, message.
using Trouble = std::map<std::string, std::string>;

/// Leads of one organization, as many as there are to be.
class Leads final : public SalesforceProject<E2eTest> {
 public:
  Leads(int rows, const std::string& options) : SalesforceProject("Lead"), rows_(rows) {
    settings_.mapping = {"LastName: last_name",    "Company: company",  "Email: email",
                         "Phone: phone",           "Number__c: number", "Level__c: level",
                         "Account.Ext__c: parent", "Description: note", "Heads__c: heads",
                         "Opted__c: opted",        "Since__c: since"};
    settings_.mapping.push_back("Seen__c: seen");
    settings_.more = {"options: {" + options + "}"};
  }
  void TestBody() override {}

  /// An organization with what the rows refer to, and what they collide with.
  void Prepare();
  /// A sync; what it reports is kept.
  void Sync(const std::vector<std::string>& more = {});
  void Sql(const std::string& sql) { project_.Sql(sql); }
  int64_t Jobs() const {
    const Json jobs = account_.Stats()["jobs"];
    int64_t all = 0;
    for (const std::string& state : jobs.names()) all += jobs[state.c_str()].Int();
    return all;
  }
  int64_t Assigned() const { return account_.Stats()["assigned"]["Lead"].Int(); }
  /// Of the records 0 … 1998, by external id: what is there, without ids and times.
  std::map<std::string, std::map<std::string, std::string>> Content() const;
  Trouble Troubles() const;
  const Json& run() const { return run_; }
  int exit() const { return exit_; }

 private:
  const int rows_;
  Json run_;
  int exit_ = -1;
};

void Leads::Prepare() {
  std::string schema =
      ReadText(PENSTOCK_TEST_SOURCE_DIR "/plugins/salesforce/sandbox/default_org.yaml");
  const size_t lead = schema.find("  Lead:\n");
  const std::string company = "      Company: {type: string, length: 255, required: true}\n";
  schema.insert(schema.find(company, lead), R"(
      Number__c: {type: double, precision: 18, scale: 0, label: Number, unique: true}
      Level__c: {type: picklist, label: Level, restricted: true, values: [One, Two], inactive: [Old]}
      AccountId: {type: reference, label: Account ID, to: [Account], relationship: Account}
      Heads__c: {type: double, precision: 18, scale: 2, label: Heads}
      Opted__c: {type: boolean, label: Opted}
      Since__c: {type: date, label: Since}
      Seen__c: {type: datetime, label: Seen}
)");
  const std::string path = project_.Path("org.yaml");
  WriteText(path, schema);
  StartOrganization({"--no-limits", "--schema", path});
  account_.Config(R"({"duplicate_rule": true})");
  for (const char* n : {"1", "2"}) {
    const sandbox::Reply reply = account_.Call(
        "POST", "/_sandbox/objects/Account",
        std::string(R"({"id": "00100000000000)") + n +
            R"(AAA", "archived": false, "properties": {"Name": "A", "Ext__c": "P)" + n + "\"}}\n");
    ASSERT_EQ(reply.status / 100, 2) << reply.body;
  }
  account_.Put("00Q000000000001EAA", {{"LastName", "Other"},
                                      {"Company", "C"},
                                      {"Number__c", "777777"},
                                      {"Email", "taken@example.com"}});
  Sql("CREATE TABLE customers (n INTEGER, last_name TEXT, company TEXT, email TEXT, phone TEXT, "
      "number INTEGER, level TEXT, parent TEXT, note TEXT, heads TEXT, opted INTEGER, since TEXT, "
      "seen TEXT);"
      "WITH RECURSIVE series(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM series WHERE n + 1 < " +
      std::to_string(rows_) +
      ") INSERT INTO customers SELECT n, 'Last' || n, 'C, \"' || n || '\"', 'u' || n || "
      "'@example.com', '+' || n, n, CASE n % 3 WHEN 0 THEN 'One' WHEN 1 THEN 'Two' END, "
      "CASE n % 2 WHEN 0 THEN 'P1' END, 'two' || char(10) || 'lines', n || '.25', n % 2, "
      "'2026-01-02', '2026-01-02 03:04:05' FROM series");
}

void Leads::Sync(const std::vector<std::string>& more) {
  const Output output = project_.Sync(more);
  exit_ = output.exit;
  run_ = OnlyRun(output);
  ExpectAddsUp(run_);
  if (run_["changes"].null()) ADD_FAILURE() << output.Text();
}

std::map<std::string, std::map<std::string, std::string>> Leads::Content() const {
  std::map<std::string, std::map<std::string, std::string>> content;
  for (auto& [key, contact] : Held()) {
    if (key == "1999" || key == "2000") continue;
    auto& properties = content[key];
    properties = contact.properties;
    for (const char* name : {"Id", "CreatedDate", "LastModifiedDate", "SystemModstamp"}) {
      properties.erase(name);
    }
  }
  return content;
}

Trouble Leads::Troubles() const {
  Trouble troubles;
  for (const char* status : {"rejected", "invalid"}) {
    const Json list =
        project_.Cli({"records", "contacts", "--status", status, "--limit", "0", "--json"}).json;
    for (size_t i = 0; i < list["records"].size(); ++i) {
      const Json record = list["records"][i];
      troubles[record["key"].Text()] = std::string(status) + " " + record["code"].Text() + " [" +
                                       record["field"].Text() + "] " + record["message"].Text();
    }
  }
  return troubles;
}

struct Variant {
  const char* name;
  const char* options;
  bool assigns;
};

std::ostream& operator<<(std::ostream& out, const Variant& variant) { return out << variant.name; }

constexpr Variant kVariants[] = {
    {"plain", "", false},
    {"assigned", "assignment_rule: 01Q5g0000004C93", true},
};

class SalesforcePathsTest : public ::testing::TestWithParam<Variant> {
 protected:
  SalesforcePathsTest() : few_(1999, GetParam().options), many_(2001, GetParam().options) {}

  /// `operation`: of the 1,999 and the 2,001 changes; null: of few.
  void BothSync(const char* operation, const std::vector<std::string>& more = {}) {
    few_.Sync(more);
    many_.Sync(more);
    if (operation != nullptr) {
      EXPECT_EQ(few_.run()["changes"][operation].Int(), 1999) << few_.run().Dump();
      EXPECT_EQ(many_.run()["changes"][operation].Int(), 2001) << many_.run().Dump();
    }
    EXPECT_EQ(few_.exit(), many_.exit()) << few_.run().Dump() << many_.run().Dump();
    EXPECT_EQ(few_.run()["status"].Text(), many_.run()["status"].Text());
    for (const char* counts : {"rows", "changes", "outcomes", "applied", "standing"}) {
      const Json few = few_.run()[counts], many = many_.run()[counts];
      for (const std::string& name : few.names()) {
        const int64_t more_of_it = many[name.c_str()].Int() - few[name.c_str()].Int();
        EXPECT_TRUE(more_of_it == 0 || more_of_it == 2) << counts << "." << name << "\n"
                                                        << few_.run().Dump() << "\n"
                                                        << many_.run().Dump();
      }
    }
    const Trouble few_troubles = few_.Troubles(), many_troubles = many_.Troubles();
    for (const auto& [key, trouble] : few_troubles) {
      const auto same = many_troubles.find(key);
      EXPECT_EQ(same == many_troubles.end() ? "" : same->second, trouble) << key;
    }
    EXPECT_EQ(few_troubles.size(), many_troubles.size());
    const auto few = few_.Content(), many = many_.Content();
    EXPECT_EQ(few.size(), many.size());
    int wrong = 0;
    for (const auto& [key, properties] : few) {
      const auto other = many.find(key);
      if (other == many.end()) {
        ADD_FAILURE() << key << " is only among the 1,999";
      } else if (properties != other->second && ++wrong <= 3) {
        EXPECT_EQ(properties, other->second) << key;
      }
    }
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(few_.Jobs(), 0);
    EXPECT_EQ(many_.Assigned() - few_.Assigned(), GetParam().assigns ? 2 : 0);
  }
  void Sql(const std::string& sql) {
    few_.Sql(sql);
    many_.Sql(sql);
  }

  Leads few_, many_;
};

// Rows that go wrong, each in a way of its own; and others that are never sent.
constexpr char kBad[] = R"(
    UPDATE customers SET email = 'no mail' WHERE n = 100;
    UPDATE customers SET parent = 'NO:BODY' WHERE n = 101;
    UPDATE customers SET number = 777777 WHERE n = 102;
    UPDATE customers SET email = 'taken@example.com' WHERE n = 103;
    UPDATE customers SET email = 'no mail', parent = 'NOBODY', number = 777777 WHERE n = 104;
    UPDATE customers SET email = NULL, note = NULL, seen = NULL, heads = NULL WHERE n = 105;
    UPDATE customers SET note = '#N/A' WHERE n = 106;
    UPDATE customers SET last_name = '  ' WHERE n = 107;
    UPDATE customers SET last_name = NULL WHERE n = 108;
    UPDATE customers SET heads = '12345678901234567890' WHERE n = 109;
    INSERT INTO customers (n, last_name, company) VALUES (5001, 'L', replace(hex(zeroblob(150)), '0', 'x'));
    INSERT INTO customers (n, last_name, company, level) VALUES (5002, 'L', 'C', 'Old');
)";
constexpr char kMended[] = R"(
    DELETE FROM customers WHERE n >= 5000;
    UPDATE customers SET last_name = 'L', email = 'm' || n || '@example.com', number = n, parent = 'P1', heads = 1
      WHERE n BETWEEN 100 AND 109;
)";
// All rows change: values become NULL, references are cleared, good rows go bad.
constexpr char kChanged[] = R"(
    UPDATE customers SET phone = '+1' || n, seen = NULL, last_name = 'L' || n,
      note = CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN '#N/A' ELSE note END,
      opted = CASE n % 7 WHEN 0 THEN NULL ELSE 1 - opted END,
      level = CASE n % 4 WHEN 0 THEN NULL ELSE 'Two' END,
      email = CASE n WHEN 200 THEN 'no mail' WHEN 201 THEN 'taken@example.com'
              ELSE 'v' || n || '@example.com' END,
      number = CASE n WHEN 202 THEN 777777 ELSE n END,
      heads = CASE n % 3 WHEN 0 THEN NULL ELSE '7' END,
      parent = CASE WHEN n % 10 = 0 THEN NULL WHEN n = 203 THEN 'NOBODY' ELSE 'P2' END;
    INSERT INTO customers (n, last_name, company, level) VALUES (5002, 'L', 'C', 'Old');
)";
constexpr char kAllButOneLeave[] = R"(
    DELETE FROM customers WHERE n >= 5000;
    INSERT INTO customers (n, last_name, company) VALUES (-1, 'Last', 'C');
)";

TEST_P(SalesforcePathsTest, TheThresholdChangesTheWayAndNothingElse) {
  few_.Prepare();
  many_.Prepare();
  Sql(kBad);
  BothSync("insert");
  int64_t jobs = many_.Jobs();
  EXPECT_GE(jobs, 1);  // one a writer
  EXPECT_EQ(many_.Troubles().size(), 10u);
  if (GetParam().assigns) return;
  Sql(kMended);
  BothSync(nullptr);
  EXPECT_EQ(many_.exit(), 0) << many_.run().Dump();

  Sql(kChanged);
  BothSync("update");
  EXPECT_GT(many_.Jobs(), jobs);
  jobs = many_.Jobs();
  EXPECT_EQ(many_.Troubles().size(), 5u);

  Sql(kAllButOneLeave);
  few_.Sync();
  many_.Sync();
  Sql("DELETE FROM customers WHERE n >= 0");
  BothSync("delete", {"--allow", "deletes=3000"});
  EXPECT_GT(many_.Jobs(), jobs);
  EXPECT_EQ(many_.Content().size(), 2u);
}

INSTANTIATE_TEST_SUITE_P(Each, SalesforcePathsTest, ::testing::ValuesIn(kVariants),
                         [](const auto& each) { return std::string(each.param.name); });

class SalesforcePinnedTest : public SalesforceProject<E2eTest>,
                             public ::testing::WithParamInterface<const char*> {
 protected:
  SalesforcePinnedTest() : SalesforceProject("Lead") {}
};

TEST_P(SalesforcePinnedTest, WhatJobsCannotHonourStaysWithCollections) {
  settings_.mapping = {"LastName: last_name", "Company: first_name", "Email: email"};
  settings_.more = {std::string("options: {bulk_threshold: 10, ") + GetParam() + "}"};
  StartOrganization();
  account_.Config(R"({"duplicate_rule": true})");
  project_.FillCustomers(30);
  project_.Sql("UPDATE customers SET email = 'same@example.com' WHERE n < 2");
  const bool blocks = std::string(GetParam()).find("allow_save") == std::string::npos;
  const Json run = SyncTo(blocks ? 3 : 0, blocks ? "completed_with_errors" : "succeeded");
  EXPECT_EQ(run["applied"]["created"].Int(), blocks ? 29 : 30);
  EXPECT_EQ(account_.Stats()["jobs"].size(), 0u);
  settings_.more = {std::string("options: {path: bulk, ") + GetParam() + "}"};
  Configure();
  project_.Sql("UPDATE customers SET first_name = 'x'");
  const int64_t calls = account_.WriteCalls();
  const Output output = project_.Sync();
  EXPECT_EQ(output.exit, 2) << output.Text();
  EXPECT_THAT(output.Text(), HasSubstr("does not go with path: bulk, whose jobs cannot honour it"));
  EXPECT_LE(account_.WriteCalls() - calls, 1);  // a login
}

INSTANTIATE_TEST_SUITE_P(Each, SalesforcePinnedTest,
                         ::testing::Values("serial: true", "duplicate_rule: allow_save",
                                           "assignment_rule: default"),
                         [](const auto& each) { return "Option" + std::to_string(each.index); });

}  // namespace
}  // namespace penstock::e2e
