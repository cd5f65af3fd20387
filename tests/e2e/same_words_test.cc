// One situation, one code, one sentence: what `check`, `plan` and `sync` say of the same failure,
// and that `explain` knows it.
#include <functional>

#include "tests/e2e/certificate.h"
#include "tests/e2e/e2e.h"

namespace penstock::e2e {
namespace {

using ::testing::HasSubstr;

constexpr char kLogins[] = "/services/oauth2/";
constexpr char kApi[] = "/services/data";

class SameWordsTest;

struct Trouble {
  const char* name;
  std::function<void(SameWordsTest*)> make;
  const char* code;
  const char* says;                     // a part of the message
  const char* hint;                     // a part of it
  bool whole = true;                    // the message is the same: it names no step of the work
  std::vector<std::string> start = {};  // more options of the sandbox
};

std::ostream& operator<<(std::ostream& out, const Trouble& trouble) { return out << trouble.name; }

class SameWordsTest : public E2eTest, public ::testing::WithParamInterface<Trouble> {
 public:
  SameWordsTest() : E2eTest(Account("salesforce", "Contact")) {}

  /// By the login_url, as with the vendor.
  void LogInAt(const std::string& address, const std::string& version = "v62.0") {
    settings_.config = R"({grant: client_credentials, client_id: sandbox-client, api_version: )" +
                       version + R"(, client_secret: "${env:SALESFORCE_SECRET}", login_url: ")" +
                       address + "\"}";
    Configure();
  }
  /// By a base_url.
  void SendTo(const std::string& address) {
    settings_.base_url = address;
    settings_.config =
        R"({grant: client_credentials, client_id: sandbox-client,
            client_secret: "${env:SALESFORCE_SECRET}"})";
    Configure();
  }
  void UseSecret(const std::string& secret) {
    project_.environment()["SALESFORCE_SECRET"] = secret;
  }
  /// Every request below `path` ends like this.
  void Spoil(const std::string& path, const std::string& fault) {
    account_.Faults(R"([{"match": {"path": ")" + path + R"("}, "times": -1, "fault": )" + fault +
                    "}]");
  }
  Account& account() { return account_; }

 protected:
  void SetUp() override {
    settings_.connector = "salesforce";
    settings_.object = "Contact";
    settings_.key = "{Ext__c: n}";
    settings_.mapping = {"LastName: last_name"};
    project_.FillCustomers(2);
    UseSecret("sandbox-secret");
    std::vector<std::string> options = {"--no-limits"};
    for (std::string option : GetParam().start) {
      if (option.front() != '-') option = project_.temp().path() + "/" + option;
      options.push_back(option);
    }
    if (options.size() > 1) WriteCertificate(options[2], options[4]);
    account_.Start(options);
    LogInAt(account_.url());
  }
};

std::vector<Trouble> Troubles() {
  using Test = SameWordsTest;
  return {
      {"login_closed_port", [](Test* t) { t->LogInAt("http://127.0.0.1:1"); },
       "PS-OAUTH-UNAVAILABLE", "The login at 127.0.0.1:1 (login_url) cannot be reached", "the key"},
      {"login_name_not_found", [](Test* t) { t->SendTo("https://nowhere.invalid"); },
       "PS-OAUTH-UNAVAILABLE", "The login at nowhere.invalid (base_url) cannot be reached",
       "the key"},
      {"login_certificate_of_nobody",
       [](Test*) {},
       "PS-OAUTH-UNAVAILABLE",
       "certificate",
       "the key",
       true,
       {"--tls-cert", "certificate.pem", "--tls-key", "key.pem"}},
      {"login_503", [](Test* t) { t->Spoil(kLogins, R"({"status": 503, "retry_after": 0})"); },
       "PS-OAUTH-UNAVAILABLE", "answers 503", "the key"},
      {"login_is_no_login", [](Test* t) { t->Spoil(kLogins, R"({"kind": "garbage"})"); },
       "PS-OAUTH-ANSWER", "something else than a token endpoint may be there", "the key"},
      {"login_refuses_the_secret", [](Test* t) { t->UseSecret("another-secret"); },
       "PS-OAUTH-CLIENT", "does not accept the client id or its secret", "client_id"},
      {"login_refuses_the_user", [](Test* t) { t->account().Config(R"({"blocked": true})"); },
       "PS-OAUTH-GRANT", "does not accept the grant client_credentials", "rights"},
      {"api_refuses_new_tokens", [](Test* t) { t->Spoil(kApi, R"({"kind": "unauthorized"})"); },
       "PS-OAUTH-REFUSED", "", "may use the API"},
      {"api_daily_limit", [](Test* t) { t->Spoil(kApi, R"({"status": 403})"); }, "PS-DEST-QUOTA",
       "has used up its API requests of 24 hours", "quota"},
      {"api_says_what_is_not_salesforce", [](Test* t) { t->Spoil(kApi, R"({"kind": "garbage"})"); },
       "PS-CONN-FAILED", "", "login_url, or base_url if there is one", false},
      {"api_version_not_offered", [](Test* t) { t->LogInAt(t->account().url(), "v99.0"); },
       "PS-DEST-CONFIG", "the organization does not offer the API version v99.0", "api_version"},
  };
}

TEST_P(SameWordsTest, CheckPlanAndSyncSayTheSame) {
  const Trouble& trouble = GetParam();
  trouble.make(this);
  const Output check = project_.Cli({"check", "crm", "--json"});
  const Output plan = project_.Cli({"plan", "contacts", "--json"});
  const Output sync = project_.Sync();
  const struct {
    const char* command;
    const Output& output;
    Json error;
  } kSaid[] = {{"check", check, check.json["checks"][0]["error"]},
               {"plan", plan, plan.json["errors"][0]},
               {"sync", sync, OnlyRun(sync)["error"]}};
  for (const auto& said : kSaid) {
    SCOPED_TRACE(std::string(said.command) + ": " + said.output.Text());
    EXPECT_EQ(said.error["code"].Text(), trouble.code);
    EXPECT_THAT(said.error["message"].Text(), HasSubstr(trouble.says));
    EXPECT_THAT(said.error["hint"].Text(), HasSubstr(trouble.hint));
    EXPECT_EQ(said.error["hint"].Text(), kSaid[0].error["hint"].Text());
    if (trouble.whole) {
      EXPECT_EQ(said.error["message"].Text(), kSaid[0].error["message"].Text());
    }
    EXPECT_EQ(said.output.exit, check.exit);
  }
  if (trouble.start.empty()) {
    EXPECT_TRUE(account_.Contacts().empty());
  }
  EXPECT_EQ(project_.Cli({"explain", trouble.code}).exit, 0);
}

INSTANTIATE_TEST_SUITE_P(Table, SameWordsTest, ::testing::ValuesIn(Troubles()),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace penstock::e2e
