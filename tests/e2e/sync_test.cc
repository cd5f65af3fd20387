// A model's changes arrive, nothing else is sent, and what was refused stays explained.
#include <set>

#include "tests/e2e/e2e.h"

namespace penstock::e2e {
namespace {

class SyncTest : public E2eTest {
 protected:
  void SetUp() override { StartAccount(); }

  /// Every 50th row has an address that HubSpot refuses.
  void FillWithBadOnes(int count) {
    project_.FillCustomers(count);
    project_.Sql("UPDATE customers SET email = 'user' || n || '@nowhere' WHERE n % 50 = 7");
  }
  std::vector<std::string> Emails() const {
    std::vector<std::string> emails;
    for (const auto& [email, contact] : account_.ByEmail()) emails.push_back(email);
    return emails;
  }
};

TEST_F(SyncTest, SendsWhatChangedAndNothingElse) {
  project_.FillCustomers(250);
  const Json first = SyncDone();
  EXPECT_EQ(first["rows"]["read"].Int(), 250);
  EXPECT_EQ(first["changes"]["insert"].Int(), 250);
  EXPECT_EQ(first["applied"]["created"].Int(), 250);
  EXPECT_EQ(account_.WriteCalls(), 3);
  const auto contacts = account_.ByEmail();
  ASSERT_EQ(contacts.size(), 250u);
  EXPECT_EQ(contacts.at(Email(7)).properties.at("phone"), "+1555000007");

  account_.ResetStats();
  const Json second = SyncDone();
  EXPECT_EQ(second["rows"]["unchanged"].Int(), 250);
  EXPECT_EQ(second["requests"].Int(), 0);
  EXPECT_EQ(account_.Calls(), 0);

  project_.Sql("UPDATE customers SET phone = '+44' WHERE n = 7");
  const Json third = SyncDone();
  EXPECT_EQ(third["changes"]["update"].Int(), 1);
  EXPECT_EQ(third["applied"]["updated"].Int(), 1);
  EXPECT_EQ(account_.WriteCalls(), 1);
  EXPECT_EQ(account_.ByEmail().at(Email(7)).properties.at("phone"), "+44");
  for (const auto& [id, writes] : account_.Writes()) {
    EXPECT_EQ(writes, id == contacts.at(Email(7)).id ? 2 : 1) << id;
  }
}

TEST_F(SyncTest, FollowsNullsAndConstants) {
  settings_.mapping = {"firstname: first_name", "phone: phone",
                       "city: {column: stage, null: leave}", "company: {const: Shop}"};
  Configure();
  project_.FillCustomers(3);
  SyncDone();
  EXPECT_EQ(account_.ByEmail().at(Email(1)).properties.at("company"), "Shop");
  project_.Sql("UPDATE customers SET phone = NULL, stage = NULL WHERE n = 1");
  const Json run = SyncDone();
  EXPECT_EQ(run["changes"]["update"].Int(), 1);
  const Contact contact = account_.ByEmail().at(Email(1));
  EXPECT_THAT(contact.properties,
              ::testing::Contains(std::pair<const std::string, std::string>("city", "lead")));
  const auto phone = contact.properties.find("phone");
  EXPECT_TRUE(phone == contact.properties.end() || phone->second.empty());
}

TEST_F(SyncTest, AnotherSpellingOfTheSameIsNoChange) {
  project_.FillCustomers(20);
  SyncDone();
  account_.ResetStats();
  settings_.mapping = {"phone: tel", "firstname: first_name", "lastname: last_name"};
  settings_.model =
      "SELECT phone AS tel, last_name, first_name, upper(email) || ' ' AS email FROM customers "
      "ORDER BY n DESC";
  Configure();
  const Json run = SyncDone();
  EXPECT_EQ(run["rows"]["unchanged"].Int(), 20);
  EXPECT_EQ(account_.WriteCalls(), 0);
}

TEST_F(SyncTest, RowsThatCannotBeSentAreInvalid) {
  settings_.mode = "mirror";
  settings_.mapping.push_back("lifecyclestage: stage");
  Configure();
  project_.FillCustomers(40);
  SyncDone();
  account_.ResetStats();
  project_.Sql(
      "UPDATE customers SET email = NULL WHERE n = 1;"
      "UPDATE customers SET email = '  ' WHERE n = 2;"
      "UPDATE customers SET stage = 'galaxy' WHERE n = 3;"
      "INSERT INTO customers SELECT n, ' ' || upper(email), 'Other', last_name, phone, stage "
      "FROM customers WHERE n = 4;"
      "UPDATE customers SET phone = '+1' WHERE n = 5");
  const Output plan = project_.Cli({"plan", "contacts", "--json"});
  EXPECT_EQ(account_.WriteCalls(), 0) << plan.Text();
  for (const char* word : {"galaxy", "lifecyclestage", "user00004@example.com"}) {
    EXPECT_THAT(plan.out, ::testing::HasSubstr(word));
  }
  // 1 and 2 left the model with their keys, which is held; 3 and 4 are invalid, no departure.
  const Output held = project_.Sync();
  EXPECT_EQ(held.exit, 4) << held.Text();
  EXPECT_THAT(held.out, ::testing::HasSubstr("keyless"));
  EXPECT_EQ(account_.WriteCalls(), 0);
  const Output applied = project_.Cli({"apply", OnlyRun(held)["plan"]["hash"].Text(), "--json"});
  EXPECT_EQ(applied.exit, 3) << applied.Text();
  const Json run = OnlyRun(applied);
  ExpectAddsUp(run);
  EXPECT_EQ(run["rows"]["invalid"].Int(), 5);
  EXPECT_EQ(run["changes"]["update"].Int(), 1);
  EXPECT_EQ(run["changes"]["delete"].Int(), 2);
  const auto contacts = account_.ByEmail();
  EXPECT_EQ(contacts.size(), 38u);
  EXPECT_EQ(contacts.at(Email(3)).properties.at("lifecyclestage"), "lead");
  EXPECT_EQ(contacts.at(Email(4)).properties.at("firstname"), "First4");

  settings_.more = {"tolerate: {invalid: 10}"};
  Configure();
  account_.ResetStats();
  SyncTo(0, "completed_with_errors");
  EXPECT_EQ(account_.WriteCalls(), 0);
}

TEST_F(SyncTest, OneBadRecordFailsNoOther) {
  FillWithBadOnes(1000);
  const Json first = SyncTo(3, "completed_with_errors");
  EXPECT_EQ(first["outcomes"]["rejected"].Int(), 20);
  EXPECT_EQ(first["outcomes"]["succeeded"].Int(), 980);
  EXPECT_EQ(first["standing"]["rejected"].Int(), 20);
  ASSERT_EQ(first["errors"].size(), 1u) << first.Dump();
  EXPECT_EQ(first["errors"][0]["code"].Text(), "INVALID_EMAIL");
  EXPECT_EQ(first["errors"][0]["count"].Int(), 20);
  EXPECT_THAT(first["errors"][0]["example_key"].Text(), ::testing::HasSubstr("@nowhere"));
  EXPECT_EQ(account_.WriteCalls(), 10);
  std::vector<std::string> good;
  for (int n = 0; n < 1000; ++n) {
    if (n % 50 != 7) good.push_back(Email(n));
  }
  EXPECT_EQ(Emails(), good);

  account_.ResetStats();
  const Json second = SyncDone();
  EXPECT_EQ(second["rows"]["quarantined"].Int(), 20);
  EXPECT_EQ(second["standing"]["rejected"].Int(), 20);
  EXPECT_EQ(account_.Calls(), 0);

  project_.Sql("UPDATE customers SET first_name = 'Changed' WHERE n = 57");
  const Json third = SyncTo(3, "completed_with_errors");
  EXPECT_EQ(third["rows"]["quarantined"].Int(), 19);
  EXPECT_EQ(third["outcomes"]["rejected"].Int(), 1);
  EXPECT_EQ(account_.WriteCalls(), 1);

  project_.Sql("UPDATE customers SET email = 'repaired57@example.com' WHERE n = 57");
  account_.ResetStats();
  const Json fourth = SyncDone();
  EXPECT_EQ(fourth["outcomes"]["succeeded"].Int(), 1);
  EXPECT_EQ(fourth["standing"]["rejected"].Int(), 19);

  const Output retry = project_.Cli({"retry", "contacts", "--json"});
  EXPECT_EQ(retry.exit, 0) << retry.Text();
  account_.ResetStats();
  const Json fifth = SyncTo(3, "completed_with_errors");
  EXPECT_EQ(fifth["rows"]["quarantined"].Int(), 0);
  EXPECT_EQ(fifth["outcomes"]["rejected"].Int(), 19);
  EXPECT_EQ(account_.WriteCalls(), 1);
}

TEST_F(SyncTest, WhyShowsRequestAndResponseWithoutTheToken) {
  FillWithBadOnes(60);
  project_.Sql("UPDATE customers SET email = 'anna.smith@shop.example' WHERE n = 30");
  SyncTo(3, "completed_with_errors");
  for (int n : {7, 57}) {
    const Output why =
        project_.Cli({"why", "contacts", "user" + std::to_string(n) + "@nowhere", "--json"});
    EXPECT_EQ(why.exit, 0) << why.Text();
    EXPECT_THAT(why.out, ::testing::HasSubstr("INVALID_EMAIL"));
    EXPECT_THAT(why.out, ::testing::HasSubstr("/crm/v3/objects/contacts/batch/upsert"));
    EXPECT_THAT(why.out, ::testing::HasSubstr("First" + std::to_string(n)));
    EXPECT_THAT(why.out, ::testing::HasSubstr("207"));
    EXPECT_THAT(why.out, ::testing::Not(::testing::HasSubstr(kToken)));
  }
  const Output good = project_.Cli({"why", "contacts", Email(3), "--json"});
  EXPECT_EQ(good.exit, 0) << good.Text();
  EXPECT_TRUE(good.json.exists()) << good.Text();
  const Output near = project_.Cli({"why", "contacts", "ana.smith@shop.example"});
  EXPECT_EQ(near.exit, 1) << near.Text();
  EXPECT_THAT(near.out, ::testing::HasSubstr("anna.smith@shop.example"));
}

TEST_F(SyncTest, TheTokenIsWrittenNowhere) {
  FillWithBadOnes(60);
  SyncTo(3, "completed_with_errors");
  project_.Cli({"plan", "contacts"});
  project_.Cli({"check"});
  account_.Faults(R"([{"match":{"path":"/crm/v3/objects/contacts/batch/"},"times":-1,
                       "fault":{"kind":"unauthorized"}}])");
  project_.Sql("UPDATE customers SET phone = '+1'");
  const Output failed = project_.Sync();
  EXPECT_EQ(failed.out.find(kToken), std::string::npos) << failed.Text();
  EXPECT_EQ(failed.err.find(kToken), std::string::npos) << failed.Text();
  const std::vector<std::string> files = project_.Files("/");
  EXPECT_GT(files.size(), 4u);
  for (const std::string& file : files) {
    EXPECT_EQ(ReadText(file).find(kToken), std::string::npos) << file;
  }
}

TEST_F(SyncTest, AnAppliedPlanSendsExactlyThat) {
  project_.FillCustomers(30);
  const Output plan = project_.Cli({"plan", "contacts", "--json"});
  ASSERT_EQ(plan.exit, 0) << plan.Text();
  EXPECT_EQ(account_.WriteCalls(), 0);
  EXPECT_EQ(account_.Contacts().size(), 0u);
  const std::string hash = plan.json["plans"][0]["hash"].Text();
  ASSERT_FALSE(hash.empty()) << plan.Text();
  project_.Sql("UPDATE customers SET phone = '+99'");
  const Output applied = project_.Cli({"apply", hash, "--json"});
  EXPECT_EQ(applied.exit, 0) << applied.Text();
  const Json run = OnlyRun(applied);
  ExpectAddsUp(run);
  EXPECT_EQ(run["applied"]["created"].Int(), 30);
  EXPECT_EQ(account_.ByEmail().at(Email(7)).properties.at("phone"), "+1555000007");
  const Json next = SyncDone();
  EXPECT_EQ(next["changes"]["update"].Int(), 30);
}

}  // namespace
}  // namespace penstock::e2e
