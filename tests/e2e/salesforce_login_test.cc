// Logins to Salesforce through whole runs: sessions that end among requests and in every step of a
// job, rights that are taken away, keys, audiences and clocks that differ, a login that is down.
#include <filesystem>

#include "tests/e2e/e2e.h"
#include "tests/e2e/secrets.h"
#include "tests/oauth/keys.h"

namespace penstock::e2e {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr char kTokenRoute[] = "POST /services/oauth2/token";
constexpr char kByJobs[] = "options: {path: bulk}";

class SalesforceLoginTest : public E2eTest {
 protected:
  SalesforceLoginTest() : E2eTest(Account("salesforce", "Contact")) {}

  void SetUp() override {
    settings_.connector = "salesforce";
    project_.environment()["SALESFORCE_SECRET"] = "sandbox-secret";
    settings_.object = "Contact";
    settings_.key = "{Ext__c: n}";
    settings_.mapping = {"LastName: last_name", "Phone: phone"};
    StartAccount({"--no-limits", "--data", project_.temp().path() + "/org"});
    UseSecret();
  }
  void UseSecret() {
    settings_.config = R"({grant: client_credentials, client_id: sandbox-client,
      client_secret: "${env:SALESFORCE_SECRET}"})";
    Configure();
  }
  /// The key that the app's certificate belongs to, unless `pem` is another.
  void UseKey(const std::string& more = "username: admin@example.com", std::string pem = "") {
    if (pem.empty()) pem = ReadText(project_.temp().path() + "/org/jwt.key");
    project_.Write("key.pem", pem);
    settings_.config =
        R"({grant: jwt_bearer, client_id: sandbox-client, private_key: "${file:key.pem}", )" +
        more + "}";
    Configure();
  }
  int64_t Tokens(const std::string& status = "200") const {
    return account_.Ended(status, kTokenRoute);
  }
  int64_t CallsBehindTheLogin() const {
    return account_.Calls() - Tokens() - Tokens("400") - Tokens("dropped");
  }
  void ForgetTokens() const {
    for (const std::string& file : project_.Files("/tokens/")) fs::remove(file);
  }
  void ExpectNothingTold(const Output& output) {
    // The sandbox's tokens begin with the id of its organization.
    const std::vector<std::string> secrets = {"sandbox-secret", "00D5g000000Pens!AQ", "PRIVATE KEY",
                                              "assertion=", "eyJhbGciOi"};
    ExpectTellsNothing(output, secrets);
    ExpectNoFileTells(project_, secrets, "/.penstock/");
  }
  /// Live contacts, all with this phone, each written that many times.
  void ExpectContacts(int count, const std::string& phone, int64_t writes) {
    int live = 0;
    for (Contact& contact : account_.Contacts()) {
      live += contact.properties["Phone"] == phone ? 1 : 0;
    }
    EXPECT_EQ(live, count);
    for (const auto& [id, times] : account_.Writes()) ASSERT_EQ(times, writes) << id;
  }
  void SetPhones(const std::string& phone) {
    project_.Sql("UPDATE customers SET phone = '" + phone + "'");
  }
  /// A command that is refused with one sentence, before anything is written.
  void ExpectRefused(const std::string& code, const std::string& says) {
    const int64_t before = CallsBehindTheLogin();
    const Output failed = project_.Sync();
    EXPECT_EQ(failed.exit, 1) << failed.Text();
    EXPECT_EQ(OnlyRun(failed)["error"]["code"].Text(), code) << failed.Text();
    EXPECT_THAT(OnlyRun(failed)["error"]["message"].Text(), HasSubstr(says));
    EXPECT_NE(OnlyRun(failed)["error"]["hint"].Text(), "");
    const Json outcomes = OnlyRun(failed)["outcomes"];
    EXPECT_LE(outcomes["rejected"].Int() + outcomes["in_doubt"].Int(), 0) << failed.Text();
    EXPECT_EQ(CallsBehindTheLogin(), before) << account_.Stats().Dump();
    ExpectNothingTold(failed);
  }
  /// A sync that is under way when `is_time`, and what `then` makes of it.
  Output SyncThrough(const std::function<bool()>& is_time, const std::function<void()>& then) {
    const auto child = project_.Start({"sync", "contacts", "--json"});
    while (child->Running() && !is_time()) {
    }
    EXPECT_TRUE(child->Running());
    then();
    return child->Wait();
  }
  /// The only error of a `check --json`.
  static Json ErrorOfCheck(const Output& output, int exit) {
    EXPECT_EQ(output.exit, exit) << output.Text();
    return output.json["checks"][0]["error"];
  }
  /// That `validate` refuses with the same error.
  void ExpectValidateSays(const Json& error) const {
    const Output output = project_.Cli({"validate", "--json"});
    EXPECT_EQ(output.exit, 2) << output.Text();
    EXPECT_EQ(output.json["errors"].size(), 1u) << output.Text();
    EXPECT_EQ(output.json["errors"][0].Dump(), error.Dump()) << output.Text();
  }
  int64_t JobsThatWait() const {
    const Json waiting = account_.Stats()["jobs"]["UploadComplete"];
    return waiting.exists() ? waiting.Int() : 0;
  }
};

TEST_F(SalesforceLoginTest, ASessionThatEndsAmongCollectionsIsRenewedOnce) {
  project_.FillCustomers(1500);
  SetPhones("+1");
  SyncDone();
  SetPhones("+2");
  account_.Config(R"({"expire_after_calls": 4})");
  const Json run = SyncDone();
  EXPECT_EQ(run["applied"]["updated"].Int(), 1500);
  EXPECT_EQ(Tokens(), 2);
  EXPECT_GE(account_.Ended("401"), 1);
  ExpectContacts(1500, "+2", 2);
}

TEST_F(SalesforceLoginTest, ASessionThatEndsInAnyStepOfAJobIsRenewedOnce) {
  settings_.more = {kByJobs};
  Configure();
  account_.Config(R"({"bulk_polls": 1})");
  project_.FillCustomers(60);
  SetPhones("+0");
  SyncDone();
  SetPhones("+1");
  account_.ResetStats();
  SyncDone();
  const int64_t needed = account_.Calls();
  EXPECT_GE(needed, 8);  // create, upload, complete, two polls, three files
  for (int64_t calls = 0; calls < needed; ++calls) {
    SCOPED_TRACE("the session ends after call " + std::to_string(calls));
    const std::string phone = "+1" + std::to_string(calls);
    SetPhones(phone);
    account_.Config(R"({"expire_after_calls": )" + std::to_string(calls) + "}");
    account_.ResetStats();
    EXPECT_EQ(SyncDone()["applied"]["updated"].Int(), 60);
    EXPECT_EQ(Tokens(), 1);
    EXPECT_GE(account_.Ended("401"), 1);
    EXPECT_EQ(account_.Calls() - account_.Ended("401") - Tokens(), needed);
    ExpectContacts(60, phone, 3 + calls);
  }
}

TEST_F(SalesforceLoginTest, RightsTakenAwayAreOneSentenceAndNothingIsLost) {
  settings_.more = {"options: {path: collections}"};
  Configure();
  project_.FillCustomers(3);
  SetPhones("+1");
  account_.Config(R"({"blocked": true})");
  ExpectRefused("PS-OAUTH-GRANT",
                "does not accept the grant client_credentials of this app: user is not admin "
                "approved to access this app");
  account_.Config(R"({"blocked": false})");
  SyncDone();

  // In the middle of a run.
  project_.FillCustomers(3000, 3);
  SetPhones("+2");
  account_.Config(R"({"block_after_calls": 8})");
  const Output failed = project_.Sync();
  EXPECT_EQ(failed.exit, 1) << failed.Text();
  const Json run = OnlyRun(failed);
  EXPECT_EQ(run["error"]["code"].Text(), "PS-OAUTH-GRANT") << failed.Text();
  EXPECT_EQ(run["outcomes"]["rejected"].Int() + run["outcomes"]["in_doubt"].Int(), 0);
  EXPECT_GT(run["outcomes"]["succeeded"].Int(), 0);
  EXPECT_GT(run["outcomes"]["unsent"].Int(), 0);
  ExpectAddsUp(run);
  ExpectNothingTold(failed);
  account_.Config(R"({"blocked": false})");
  const Json rest = SyncDone();
  EXPECT_EQ(rest["applied"]["created"].Int() + rest["applied"]["updated"].Int(),
            run["outcomes"]["unsent"].Int());
  SetPhones("+2");
  EXPECT_EQ(SyncDone()["rows"]["unchanged"].Int(), 3003);
}

TEST_F(SalesforceLoginTest, RightsTakenAwayWhileAJobRunsLeaveItToTheNextRun) {
  settings_.more = {kByJobs};
  Configure();
  project_.FillCustomers(60);
  SetPhones("+1");
  account_.Config(R"({"bulk_hold": true})");
  const Output failed = SyncThrough([&] { return JobsThatWait() == 1; },
                                    [&] { account_.Config(R"({"blocked": true})"); });
  EXPECT_EQ(failed.exit, 1) << failed.Text();
  EXPECT_EQ(OnlyRun(failed)["error"]["code"].Text(), "PS-OAUTH-GRANT") << failed.Text();
  EXPECT_EQ(OnlyRun(failed)["outcomes"]["in_doubt"].Int(), 60);
  ExpectNothingTold(failed);
  // While nobody can ask, nothing is sent again.
  const Output still = project_.Sync();
  EXPECT_EQ(still.exit, 1) << still.Text();
  EXPECT_THAT(still.Text(), HasSubstr("PS-OAUTH-GRANT"));
  account_.Config(R"({"blocked": false, "bulk_hold": false})");
  EXPECT_EQ(project_.Sync().exit, 0);
  EXPECT_EQ(account_.Stats()["jobs"]["JobComplete"].Int(), 1);
  ExpectContacts(60, "+1", 1);
  EXPECT_EQ(SyncDone()["rows"]["unchanged"].Int(), 60);
}

TEST_F(SalesforceLoginTest, ALoginThatIsDownIsOneSentenceAndNothingIsLost) {
  project_.FillCustomers(60);
  SetPhones("+1");
  const std::string down = R"([{"match": {"path": "/services/oauth2/"}, "times": -1,
                                "fault": {"kind": "drop_before"}}])";
  account_.Faults(down);
  ExpectRefused("PS-OAUTH-UNAVAILABLE", "The login at 127.0.0.1:");
  // A job runs, the session ends, and there is no new one.
  account_.Faults("[]");
  settings_.more = {kByJobs};
  Configure();
  account_.Config(R"({"bulk_hold": true})");
  const Output failed = SyncThrough([&] { return JobsThatWait() == 1; },
                                    [&] {
                                      account_.Faults(down);
                                      account_.Config(R"({"expire_tokens": true})");
                                    });
  EXPECT_EQ(failed.exit, 3) << failed.Text();
  EXPECT_EQ(OnlyRun(failed)["outcomes"]["in_doubt"].Int(), 60);
  EXPECT_THAT(failed.out, HasSubstr("PS-OAUTH-UNAVAILABLE"));
  account_.Faults("[]");
  account_.Config(R"({"bulk_hold": false})");
  EXPECT_EQ(project_.Sync().exit, 0);
  ExpectContacts(60, "+1", 1);
  // Nobody listens at all.
  ForgetTokens();
  account_.Stop();
  SetPhones("+2");
  const Output nobody = project_.Sync();
  EXPECT_EQ(nobody.exit, 1) << nobody.Text();
  EXPECT_EQ(OnlyRun(nobody)["error"]["code"].Text(), "PS-OAUTH-UNAVAILABLE") << nobody.Text();
  EXPECT_THAT(nobody.Text(), HasSubstr("cannot be reached"));
}

TEST_F(SalesforceLoginTest, WrongSecretsKeysAndAudiencesAreOneSentenceEach) {
  project_.FillCustomers(2);
  project_.environment()["SALESFORCE_SECRET"] = "another-secret";
  ExpectRefused("PS-OAUTH-CLIENT",
                "does not accept the client id or its secret: invalid client credentials");
  project_.environment()["SALESFORCE_SECRET"] = "sandbox-secret";
  UseKey("username: admin@example.com, login_url: \"https://other.my.salesforce.com\"");
  ExpectRefused("PS-OAUTH-AUDIENCE",
                "does not accept https://other.my.salesforce.com as the audience");
  UseKey("username: gone@example.com");
  ExpectRefused("PS-OAUTH-GRANT", "does not accept that user gone@example.com lets this app in");
  UseKey("username: admin@example.com",
         penstock::testing::KeyPem(penstock::testing::KeyForm::kPkcs8));
  ExpectRefused("PS-OAUTH-GRANT",
                "does not accept the assertion: the app may have another certificate");
  UseKey();
  EXPECT_EQ(SyncDone()["applied"]["created"].Int(), 2);
}

TEST_F(SalesforceLoginTest, ASecretGoesToTheVendorsHostsOnly) {
  project_.FillCustomers(1);
  settings_.base_url.clear();
  const struct {
    const char *address, *says;
  } kCases[] = {
      {"https://login.example.com", "login_url leads to login.example.com, and connector"},
      {"https://login.example.com/path", "login_url leads to login.example.com, and connector"},
      {"https://login.salesforce.com:8443", "login_url leads to login.salesforce.com:8443, and"},
      {"http://mycompany.my.salesforce.com", "login_url leads to mycompany.my.salesforce.com"},
      {"http://mycompany.my.salesforce.com:443", "by https"},
      {"https://salesforce.com.example.com", "*.salesforce.com"},
      {"https://ana:secret@login.salesforce.com", "login_url is no address"},
      {"https://login.salesforce.com/services/oauth2/token",
       "login_url ends with /services/oauth2/token, which Penstock adds"},
      {"https://login.salesforce.com?next=x", "login_url has more than a host and a path"},
      {"https://login.salesforce.com/#x", "login_url has more than a host and a path"},
      {"ftp://login.salesforce.com", "login_url is no address"},
      {"https://", "login_url is no address"},
      {"https://login.salesforce.com:99999", "login_url is no address"},
      {"mycompany", "login_url is no address"},
  };
  for (const auto& a_case : kCases) {
    SCOPED_TRACE(a_case.address);
    UseKey(std::string("username: admin@example.com, login_url: \"") + a_case.address + "\"");
    const Json checked = ErrorOfCheck(project_.Cli({"check", "crm", "--json"}), 2);
    EXPECT_EQ(checked["code"].Text(), "PS-CONF-CONFIG");
    EXPECT_THAT(checked["message"].Text(), HasSubstr(a_case.says));
    EXPECT_GT(checked["line"].Int(), 1);
    EXPECT_THAT(checked.Dump(), ::testing::Not(HasSubstr("secret")));
    // From a variable it is the same; and whoever validates need not have the key.
    UseKey(R"(username: admin@example.com, login_url: "${env:LOGIN}")");
    project_.environment()["LOGIN"] = a_case.address;
    fs::remove(project_.Path("key.pem"));
    ExpectValidateSays(checked);
  }
  UseKey("username: admin@example.com, login_url: mycompany");
  ExpectValidateSays(ErrorOfCheck(project_.Cli({"check", "crm", "--json"}), 2));
  UseKey(R"(username: admin@example.com, login_url: "${env:LOGIN}")");
  project_.environment()["LOGIN"] = "";  // not set: warned of, not judged
  EXPECT_EQ(project_.Cli({"validate"}).exit, 0);
  for (const char* good : {"https://login.salesforce.com/", "https://acme.my.salesforce.com",
                           "https://acme.my.site.force.com/customers", "http://127.0.0.1:1"}) {
    project_.environment()["LOGIN"] = good;
    const Output output = project_.Cli({"validate"});
    EXPECT_EQ(output.exit, 0) << good << output.Text();
  }
}

TEST_F(SalesforceLoginTest, ClocksThatDifferAreNamedOrDoNoHarm) {
  project_.FillCustomers(2);
  UseKey();
  for (const char* offset : {"600000", "-600000"}) {
    account_.Config(R"({"clock_offset_ms": )" + std::string(offset) + "}");
    ExpectRefused("PS-OAUTH-CLOCK", "and an assertion is good for three minutes only");
  }
  for (const char* offset : {"120000", "-120000"}) {
    account_.Config(R"({"clock_offset_ms": )" + std::string(offset) + "}");
    ForgetTokens();
    EXPECT_EQ(project_.Cli({"check"}).exit, 0);
  }
  // No time is in a secret; and how long its token lives is told by the server's clock alone.
  UseSecret();
  for (const char* offset : {"86400000", "-86400000"}) {
    account_.Config(R"({"clock_offset_ms": )" + std::string(offset) + "}");
    ForgetTokens();
    account_.ResetStats();
    EXPECT_EQ(project_.Cli({"check"}).exit, 0);
    SetPhones(offset);
    SyncDone();
    EXPECT_EQ(Tokens(), 1);
  }
}

}  // namespace
}  // namespace penstock::e2e
