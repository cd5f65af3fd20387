// Contacts of a Salesforce organization, synced by sObject Collections against the sandbox.
#include "tests/e2e/salesforce.h"

namespace penstock::e2e {
namespace {

class SalesforceTest : public SalesforceProject<E2eTest> {};

TEST_F(SalesforceTest, KeepsContactsAsTheTableIs) {
  StartOrganization();
  project_.FillCustomers(450);
  const Output validated = project_.Cli({"validate"});
  EXPECT_EQ(validated.exit, 0) << validated.Text();
  const Output checked = project_.Cli({"check"});
  EXPECT_EQ(checked.exit, 0) << checked.Text();
  EXPECT_THAT(checked.out, ::testing::HasSubstr("Penstock Sandbox"));
  const Json first = SyncDone();
  EXPECT_EQ(first["applied"]["created"].Int(), 450);
  EXPECT_EQ(account_.WriteCalls(), 3 + 1);  // and the login
  const auto held = Held();
  ASSERT_EQ(held.size(), 450u);
  EXPECT_EQ(held.at("7").properties.at("LastName"), "Last7");

  account_.ResetStats();
  EXPECT_EQ(SyncDone()["rows"]["unchanged"].Int(), 450);
  EXPECT_EQ(account_.Calls(), 0);

  project_.Sql(
      "UPDATE customers SET phone = '+44' WHERE n = 8; DELETE FROM customers WHERE n < 5;"
      "INSERT INTO customers VALUES (900, 'new@example.com', 'O''Neil', '\"x\"', NULL, 'lead')");
  const Json third = SyncDone();
  EXPECT_EQ(third["applied"]["created"].Int(), 1);
  EXPECT_EQ(third["applied"]["updated"].Int(), 1);
  EXPECT_EQ(third["applied"]["deleted"].Int(), 5);
  const auto after = Held();
  EXPECT_EQ(after.size(), 446u);
  EXPECT_EQ(after.at("8").properties.at("Phone"), "+44");
  EXPECT_EQ(after.at("900").properties.at("LastName"), "\"x\"");
  EXPECT_FALSE(after.contains("4"));
}

TEST_F(SalesforceTest, KeepsContactsByJobs) {
  settings_.more = {"options: {path: bulk}"};
  StartOrganization();
  project_.FillCustomers(650);
  project_.Sql("UPDATE customers SET email = 'no mail' WHERE n = 4");
  const Json first = SyncTo(3, "completed_with_errors");
  EXPECT_EQ(first["applied"]["created"].Int(), 649);
  const int64_t jobs = account_.Stats()["jobs"]["JobComplete"].Int();
  EXPECT_GE(jobs, 1);
  EXPECT_EQ(account_.WriteCalls(), 3 * jobs + 1);  // create, upload, complete; and the login
  EXPECT_EQ(first["outcomes"]["rejected"].Int(), 1);
  const Output mail = project_.Cli({"why", "contacts", "4"});
  EXPECT_THAT(mail.out, ::testing::HasSubstr("INVALID_EMAIL_ADDRESS"));
  EXPECT_EQ(Held().size(), 649u);

  project_.Sql(
      "DELETE FROM customers WHERE n < 5; UPDATE customers SET phone = NULL, last_name = '\"x\", y'"
      " WHERE n = 8");
  const Json second = SyncDone();
  EXPECT_EQ(second["applied"]["updated"].Int(), 1);
  EXPECT_EQ(second["applied"]["deleted"].Int(), 4);
  const auto held = Held();
  EXPECT_EQ(held.size(), 645u);
  EXPECT_EQ(held.at("8").properties.at("LastName"), "\"x\", y");
  EXPECT_EQ(SyncDone()["rows"]["unchanged"].Int(), 645);
}

TEST_F(SalesforceTest, SaysWhyARecordWasRefused) {
  settings_.more = {"options: {duplicate_rule: block, serial: true}"};
  StartOrganization();
  settings_.mapping.push_back("Account.Ext__c: stage");
  Configure();
  project_.FillCustomers(20);
  project_.Sql(
      "UPDATE customers SET stage = CASE n WHEN 3 THEN 'NOBODY' END;"
      "UPDATE customers SET email = 'no mail' WHERE n = 4");
  const Json run = SyncTo(3, "completed_with_errors");
  EXPECT_EQ(run["applied"]["created"].Int(), 18);
  EXPECT_EQ(run["outcomes"]["rejected"].Int(), 2);
  const Output parent = project_.Cli({"why", "contacts", "3"});
  EXPECT_THAT(parent.out, ::testing::HasSubstr("Foreign key external ID"));
  const Output mail = project_.Cli({"why", "contacts", "4"});
  EXPECT_THAT(mail.out, ::testing::HasSubstr("INVALID_EMAIL_ADDRESS"));
  EXPECT_EQ(Held().size(), 18u);
}

TEST_F(SalesforceTest, NamesFieldsThatCannotBeWritten) {
  StartOrganization();
  settings_.object = "Account";
  settings_.mapping = {"Name: last_name", "Rank__c: phone"};
  Configure();
  project_.FillCustomers(1);
  const Output output = project_.Sync();
  EXPECT_EQ(output.exit, 2) << output.Text();
  EXPECT_THAT(output.Text(), ::testing::HasSubstr("a formula or a roll-up summary calculates it"));
}

}  // namespace
}  // namespace penstock::e2e
