// What the program says to a user of Salesforce: each sentence names what happened and what to do.
#include "tests/e2e/salesforce.h"

namespace penstock::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class SalesforceWordsTest : public SalesforceProject<E2eTest> {
 protected:
  Output Strict() const { return project_.Cli({"status", "--strict"}); }
};

class SalesforceTwinsTest : public SalesforceWordsTest,
                            public ::testing::WithParamInterface<const char*> {};

TEST_P(SalesforceTwinsTest, KeysThatDifferInCaseAreNamedBoth) {
  settings_.more = {std::string("options: {path: ") + GetParam() + "}"};
  StartOrganization();
  project_.FillCustomers(20);
  project_.Sql(
      "UPDATE customers SET n = 'Key-A' WHERE n = 3; UPDATE customers SET n = 'kEY-a' "
      "WHERE n = 4");
  const Json run = SyncTo(3, "completed_with_errors");
  EXPECT_EQ(run["outcomes"]["rejected"].Int(), 2) << run.Dump();
  const auto says = [](const std::string& one, const std::string& other) {
    return "Salesforce ignores the case of Ext__c, so \"" + one + "\" and \"" + other +
           "\" are one record to it, and it refuses both rows; leave one of them out of the model, "
           "or make the keys differ in more than case";
  };
  const Output records = project_.Cli({"records", "contacts", "--status", "rejected"});
  EXPECT_THAT(records.out,
              AllOf(HasSubstr(says("Key-A", "kEY-a")), HasSubstr(says("kEY-a", "Key-A"))));
  EXPECT_THAT(project_.Cli({"why", "contacts", "kEY-a"}).out, HasSubstr(says("kEY-a", "Key-A")));
  const Output shown = project_.Cli({"show", "contacts"});
  EXPECT_THAT(shown.out, HasSubstr("are one record to it, and it refuses both rows; leave one of "
                                   "them out of the model, or make the keys differ in more than "
                                   "case → penstock why contacts "))
      << "to its end";
}

INSTANTIATE_TEST_SUITE_P(Each, SalesforceTwinsTest, ::testing::Values("collections", "bulk"),
                         [](const auto& each) { return std::string(each.param); });

TEST_F(SalesforceWordsTest, StrictKnowsInvalidAndUnsentRows) {
  settings_.more = {"tolerate: {invalid: 9, rejected: 9}"};
  StartOrganization();
  project_.FillCustomers(10);
  EXPECT_EQ(Strict().exit, 3) << "it never ran";
  EXPECT_EQ(project_.Sync({"--limit", "4"}).exit, 0);
  const Output canary = Strict();
  EXPECT_EQ(canary.exit, 3) << canary.Text();
  EXPECT_THAT(canary.out, HasSubstr("not as the model says: 6 unsent"));
  SyncDone();
  EXPECT_EQ(Strict().exit, 0) << Strict().Text();
  project_.Sql("UPDATE customers SET last_name = hex(zeroblob(50)) WHERE n = 3");
  SyncTo(0, "completed_with_errors");
  EXPECT_EQ(project_.Cli({"status"}).exit, 0);
  const Output invalid = Strict();
  EXPECT_EQ(invalid.exit, 3) << invalid.Text();
  EXPECT_THAT(invalid.out, AllOf(HasSubstr("not as the model says: 1 invalid"),
                                 HasSubstr("penstock records contacts --status invalid")));
  const Output json = project_.Cli({"status", "--strict", "--json"});
  EXPECT_EQ(json.exit, 3);
  EXPECT_EQ(json.json["integrations"][0]["invalid"].Int(), 1);
  EXPECT_THAT(project_.Cli({"status", "--help"}).out, HasSubstr("invalid or unsent"));
  project_.Sql("UPDATE customers SET last_name = 'short' WHERE n = 3");
  SyncDone();
  EXPECT_EQ(Strict().exit, 0) << Strict().Text();
}

TEST_F(SalesforceWordsTest, TheRecordsOfStatusAddUp) {
  StartOrganization();
  project_.FillCustomers(10);
  SyncDone();
  project_.Sql("UPDATE customers SET email = 'no mail' WHERE n < 3");
  project_.FillCustomers(2, 10);
  project_.Sql("UPDATE customers SET email = 'no mail' WHERE n = 11");
  EXPECT_EQ(SyncTo(3, "completed_with_errors")["outcomes"]["rejected"].Int(), 4);
  const Output page = project_.Cli({"status"});
  EXPECT_THAT(page.out, HasSubstr("  records   12 known = 8 acknowledged + 4 rejected; an earlier "
                                  "change of 3 of the others was acknowledged\n"));
  const Json json = project_.Cli({"status", "--json"}).json["integrations"][0];
  EXPECT_EQ(json["known"].Int(), 12) << json.Dump();
  EXPECT_EQ(json["acknowledged"].Int(), 11);
  EXPECT_EQ(json["standing"]["rejected"].Int(), 4);
}

TEST_F(SalesforceWordsTest, ARefusedRecordsAnswerIsItsOwn) {
  StartOrganization();
  project_.FillCustomers(60);
  project_.Sql("UPDATE customers SET last_name = NULL WHERE n = 7");
  SyncTo(3, "completed_with_errors");
  const Output why = project_.Cli({"why", "contacts", "7"});
  EXPECT_THAT(why.out, HasSubstr("answer    (without 59 items about other records) "
                                 "[{\"success\":false,"));
}

TEST_F(SalesforceWordsTest, ADeletedRecordsRequestShowsItsOwnId) {
  StartOrganization();
  project_.FillCustomers(60);
  SyncDone();
  const std::string id = Held().at("7").id;
  project_.Sql("DELETE FROM customers WHERE n < 20");
  EXPECT_EQ(SyncDone()["applied"]["deleted"].Int(), 20);
  const Output why = project_.Cli({"why", "contacts", "7"});
  EXPECT_THAT(why.out, AllOf(HasSubstr("DELETE "), HasSubstr("ids=…" + id +
                                                             "… (without 19 items "
                                                             "about other records) → 200")));
  const std::string url = project_.Cli({"why", "contacts", "7", "--json"})
                              .json["last_attempt"]["exchange"]["url"]
                              .Text();
  EXPECT_EQ(std::count(url.begin(), url.end(), ','), 19) << url;
}

TEST_F(SalesforceWordsTest, AWrongOptionIsNamedWithItsLine) {
  StartOrganization();
  ASSERT_EQ(project_.Cli({"check", "crm"}).exit, 0);
  project_.FillCustomers(2);
  settings_.more = {"options:\n      serial: true\n      bulk_threshold: 0"};
  Configure();
  const Output refused = project_.Cli({"validate", "--json"});
  EXPECT_EQ(refused.exit, 2) << refused.Text();
  const Json error = refused.json["errors"][0];
  EXPECT_EQ(error["message"].Text(),
            "Option \"bulk_threshold\" of contacts is 0, and takes a whole number from 1 to "
            "1,000,000,000.");
  const std::string yaml = ReadText(project_.Path("penstock.yaml"));
  const size_t at = yaml.find("bulk_threshold");
  EXPECT_EQ(error["line"].Int(),
            1 + std::count(yaml.begin(), yaml.begin() + static_cast<long>(at), '\n'));
  const Output synced = project_.Cli({"sync", "contacts"});
  EXPECT_EQ(synced.exit, 2);
  EXPECT_THAT(synced.Text(), HasSubstr("penstock.yaml:" + std::to_string(error["line"].Int())));
}

TEST_F(SalesforceWordsTest, OptionsAreShownWithTheConnector) {
  const Output shown = project_.Cli({"connector", "show", "salesforce"});
  EXPECT_EQ(shown.exit, 0) << shown.Text();
  for (const char* part :
       {"assignment_rule", "duplicate_rule", "Takes one of block, allow_save.", "serial",
        "Takes true or false.", "path", "Takes one of auto, collections, bulk.", "bulk_threshold",
        "2000", "Takes a whole number from 1 to 1,000,000,000."}) {
    EXPECT_THAT(shown.out, HasSubstr(part));
  }
  const Output json = project_.Cli({"connector", "show", "salesforce", "--json"});
  const Json options = json.json["options"];
  ASSERT_EQ(options.size(), 5u) << json.Text();
  EXPECT_EQ(options[3]["name"].Text(), "path");
  EXPECT_EQ(options[3]["type"].Text(), "string");
  EXPECT_EQ(options[3]["default"].Text(), "auto");
  EXPECT_EQ(options[3]["allowed"][2].Text(), "bulk");
  EXPECT_THAT(options[3]["description"].Text(), HasSubstr("jobs of Bulk API 2.0"));
}

TEST_F(SalesforceWordsTest, ExplainKnowsWhoseACodeIs) {
  StartOrganization();
  project_.FillCustomers(6);
  project_.Sql("UPDATE customers SET last_name = NULL WHERE n = 2");
  account_.Config(R"({"record_faults": [{"object": "Contact", "field": "FirstName",
      "value": "First4", "code": "ACME_TRIGGER_SAYS_NO", "message": "not on Fridays"}]})");
  SyncTo(3, "completed_with_errors");
  const Output vendors = project_.Cli({"explain", "REQUIRED_FIELD_MISSING"});
  EXPECT_EQ(vendors.exit, 0) << vendors.Text();
  EXPECT_THAT(vendors.out, AllOf(HasSubstr("Salesforce's own code, from its answer"),
                                 HasSubstr("Met last in run contacts-1: "),
                                 Not(HasSubstr("none of Penstock's"))));
  const Output foreign = project_.Cli({"explain", "acme_trigger_says_no"});
  EXPECT_EQ(foreign.exit, 0) << foreign.Text();
  EXPECT_THAT(foreign.out,
              AllOf(HasSubstr("none of Penstock's codes: the destination (connector salesforce) "
                              "gave it with its answer"),
                    HasSubstr("Met last in run contacts-1: Not on Fridays.")));
  EXPECT_THAT(project_.Cli({"explain", "JOB_ABORTED"}).out, HasSubstr("Sync again"));
  EXPECT_THAT(project_.Cli({"explain", "salesforce.JOB_ABORTED"}).out, HasSubstr("Sync again"));
  EXPECT_THAT(project_.Cli({"explain", "key_missing"}).out, HasSubstr("The row has no key"));
  EXPECT_THAT(project_.Cli({"explain", "HTTP_503"}).out, HasSubstr("HTTP_503"));
  const Output unknown = project_.Cli({"explain", "JOB_ABROTED"});
  EXPECT_EQ(unknown.exit, 2);
  EXPECT_THAT(unknown.err, HasSubstr("Did you mean \"JOB_ABORTED\"?"));
}

TEST_F(SalesforceWordsTest, AnAddressThatNobodyAnswersIsNamedByItsKey) {
  StartOrganization();
  project_.FillCustomers(2);
  account_.Stop();
  const Output by_base = project_.Cli({"check", "crm"});
  EXPECT_EQ(by_base.exit, 1) << by_base.Text();
  EXPECT_THAT(by_base.Text(),
              AllOf(HasSubstr(" (base_url) cannot be reached"), Not(HasSubstr("login_url"))));
  EXPECT_THAT(project_.Cli({"sync", "contacts"}).Text(),
              AllOf(HasSubstr(" (base_url) cannot be reached"), Not(HasSubstr("login_url"))));
  settings_.config = "{grant: client_credentials, client_id: sandbox-client, login_url: \"" +
                     settings_.base_url + "\",\n      client_secret: \"${env:SALESFORCE_SECRET}\"}";
  settings_.base_url.clear();
  Configure();
  const Output by_login = project_.Cli({"check", "crm"});
  EXPECT_EQ(by_login.exit, 1) << by_login.Text();
  EXPECT_THAT(by_login.Text(),
              AllOf(HasSubstr(" (login_url) cannot be reached"), Not(HasSubstr("base_url"))));
}

}  // namespace
}  // namespace penstock::e2e
