// A destination that is logged in to by OAuth: tokens end, are revoked and shared, and are nowhere
// to be read.
#include <filesystem>
#include <set>

#include "tests/e2e/e2e.h"
#include "tests/e2e/secrets.h"

namespace penstock::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSecret[] = "sandbox-client-secret";
constexpr char kRefreshToken[] = "sandbox-refresh-token";
constexpr char kConfig[] =
    R"({client_id: sandbox-client, client_secret: "${env:APP_SECRET}", refresh_token: "${env:APP_REFRESH}"})";

class OAuthTest : public E2eTest {
 protected:
  void SetUp() override {
    settings_.config = kConfig;
    project_.environment()["APP_SECRET"] = kSecret;
    project_.environment()["APP_REFRESH"] = kRefreshToken;
    project_.environment()["HUBSPOT_TOKEN"] = "";
    StartAccount();
  }

  int64_t TokenRequests(const std::string& status = "200") const {
    return account_.Ended(status, "POST /oauth/v1/token");
  }
  /// Whatever a command printed or left must not hold a secret or a token.
  void ExpectTellsNothing(const Output& output) { e2e::ExpectTellsNothing(output, Secrets()); }
  void ExpectNoFileTells() { e2e::ExpectNoFileTells(project_, Secrets()); }
  /// Access tokens of the sandbox begin alike.
  static std::vector<std::string> Secrets() {
    return {kSecret, kRefreshToken, "sandbox-at-", "sandbox-rt-"};
  }
  std::vector<std::string> TokenFiles() const {
    std::vector<std::string> tokens;
    for (const std::string& file : project_.Files("/tokens/")) {
      if (file.ends_with(".token")) tokens.push_back(file);
    }
    return tokens;
  }
};

TEST_F(OAuthTest, OneTokenServesCheckAndSync) {
  project_.FillCustomers(250);
  const Output check = project_.Cli({"check"});
  EXPECT_EQ(check.exit, 0) << check.Text();
  EXPECT_EQ(TokenRequests(), 1);
  const Json run = SyncDone();
  EXPECT_EQ(run["applied"]["created"].Int(), 250);
  ExpectHoldsCustomers(account_, project_);
  EXPECT_EQ(TokenRequests(), 1);
  ASSERT_EQ(TokenFiles().size(), 1u);
  EXPECT_EQ(std::filesystem::status(TokenFiles()[0]).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  // A damaged file is made anew.
  WriteText(TokenFiles()[0], ReadText(TokenFiles()[0]).substr(0, 40));
  project_.Sql("UPDATE customers SET phone = '+44'");
  SyncDone();
  EXPECT_EQ(TokenRequests(), 2);
  ExpectTellsNothing(check);
  ExpectNoFileTells();
}

TEST_F(OAuthTest, ATokenThatEndsInMidRunIsRenewedOnce) {
  project_.FillCustomers(1000);
  EXPECT_EQ(project_.Cli({"check"}).exit, 0);
  account_.Config(R"({"expire_after_calls": 4})");
  const Output output = project_.Sync();
  EXPECT_EQ(output.exit, 0) << output.Text();
  const Json run = OnlyRun(output);
  ExpectAddsUp(run);
  EXPECT_EQ(run["outcomes"]["succeeded"].Int(), 1000);
  EXPECT_EQ(TokenRequests(), 2);
  EXPECT_GT(account_.Ended("401"), 0) << account_.Stats().Dump();
  ExpectHoldsCustomers(account_, project_);
  for (const auto& [id, writes] : account_.Writes()) EXPECT_EQ(writes, 1) << id;
  ExpectTellsNothing(output);
  ExpectNoFileTells();
}

TEST_F(OAuthTest, TokensThatLiveSecondsAreRenewedBeforeTheyEnd) {
  account_.Config(R"({"token_life_s": 2, "rotate_refresh_tokens": true})");
  account_.Faults(R"([{"match":{"method":"POST","path":"/crm/v3/objects/contacts/batch/upsert"},
                       "times":-1,"fault":{"kind":"delay","delay_ms":700}}])");
  project_.FillCustomers(6000);  // 60 requests, 10 at once: longer than two tokens live
  const Json run = SyncDone();
  EXPECT_EQ(run["outcomes"]["succeeded"].Int(), 6000);
  EXPECT_GT(TokenRequests(), 1);
  EXPECT_EQ(TokenRequests("400"), 0);  // the newest refresh token, always
  project_.Sql("UPDATE customers SET phone = '+44' WHERE n < 10");
  SyncDone();
  EXPECT_EQ(TokenRequests("400"), 0);
  ExpectNoFileTells();
}

TEST_F(OAuthTest, TwoProcessesMakeOneTokenRequest) {
  account_.Faults(R"([{"match":{"path":"/oauth/v1/token"},"times":-1,
                       "fault":{"kind":"delay","delay_ms":1500}}])");
  project_.FillCustomers(20);
  const auto check = project_.Start({"check"});
  const auto sync = project_.Start({"sync", "contacts", "--json"});
  const Output checked = check->Wait(), synced = sync->Wait();
  EXPECT_EQ(checked.exit, 0) << checked.Text();
  EXPECT_EQ(synced.exit, 0) << synced.Text();
  EXPECT_EQ(TokenRequests(), 1);
}

TEST_F(OAuthTest, RevokedConsentIsOneSentenceAndNobodyIsRejected) {
  project_.FillCustomers(30);
  SyncDone();
  account_.Config(R"({"expire_tokens": true, "refresh_tokens": []})");
  project_.Sql("UPDATE customers SET phone = '+44'");
  const Output failed = project_.Sync();
  EXPECT_EQ(failed.exit, 1) << failed.Text();
  EXPECT_THAT(failed.Text(), HasSubstr("PS-OAUTH-GRANT"));
  EXPECT_THAT(failed.Text(), HasSubstr("does not accept the refresh token, which may be revoked "
                                       "or expired: missing or invalid refresh token"));
  EXPECT_THAT(failed.Text(), Not(HasSubstr("status 3")));
  const Json run = OnlyRun(failed);
  EXPECT_EQ(run["outcomes"]["rejected"].Int(), 0);
  EXPECT_EQ(run["standing"]["rejected"].Int(), 0);
  EXPECT_EQ(TokenRequests("400"), 1);
  const Output check = project_.Cli({"check"});
  EXPECT_EQ(check.exit, 1) << check.Text();
  EXPECT_THAT(check.Text(), HasSubstr("PS-OAUTH-GRANT"));
  ExpectTellsNothing(failed);
  ExpectTellsNothing(check);
  ExpectNoFileTells();
  // Consent given anew.
  account_.Config(R"({"refresh_tokens": ["sandbox-refresh-token-2"]})");
  project_.environment()["APP_REFRESH"] = "sandbox-refresh-token-2";
  const Json again = SyncDone();
  EXPECT_EQ(again["applied"]["updated"].Int(), 30);
  EXPECT_THAT(project_.Cli({"explain", "PS-OAUTH-GRANT"}).out,
              HasSubstr("authorise the app again"));
}

TEST_F(OAuthTest, TheLoginOfAnotherAppAndAServerThatIsDown) {
  project_.FillCustomers(3);
  project_.environment()["APP_SECRET"] = "another-secret";
  const Output wrong = project_.Sync();
  EXPECT_EQ(wrong.exit, 1) << wrong.Text();
  EXPECT_THAT(wrong.Text(), HasSubstr("PS-OAUTH-CLIENT"));
  project_.environment()["APP_SECRET"] = kSecret;
  account_.Faults(R"([{"match":{"path":"/oauth/v1/token"},"times":-1,"fault":{"status":503}}])");
  const Output down = project_.Sync();
  EXPECT_EQ(down.exit, 1) << down.Text();
  EXPECT_THAT(down.Text(), HasSubstr("answers 503"));
  EXPECT_EQ(account_.WriteCalls(), 0);
  account_.Faults("[]");
  EXPECT_EQ(SyncDone()["applied"]["created"].Int(), 3);
}

TEST_F(OAuthTest, ATokenThatIsRefusedAtOnceStopsTheRun) {
  project_.FillCustomers(250);
  EXPECT_EQ(project_.Cli({"check"}).exit, 0);
  account_.Faults(R"([{"match":{"path":"/crm/v3/objects/contacts/batch/"},"times":-1,
                       "fault":{"kind":"unauthorized"}}])");
  const Output failed = project_.Sync();
  EXPECT_EQ(failed.exit, 1) << failed.Text();
  EXPECT_THAT(failed.Text(), HasSubstr("PS-OAUTH-REFUSED"));
  EXPECT_EQ(OnlyRun(failed)["outcomes"]["rejected"].Int(), 0);
  EXPECT_EQ(OnlyRun(failed)["outcomes"]["in_doubt"].Int(), 0);
  account_.Faults("[]");
  EXPECT_EQ(SyncDone()["applied"]["created"].Int(), 250);
}

struct BadConfig {
  const char* config;
  const char* says;
};

TEST_F(OAuthTest, HalfALoginIsRefusedBeforeAnythingRuns) {
  const BadConfig table[] = {
      {"{}", "needs \"access_token\", or \"client_id\", \"client_secret\" and \"refresh_token\""},
      {"{client_id: sandbox-client}", "needs \"client_secret\""},
      {R"({access_token: "${env:APP_SECRET}", refresh_token: "${env:APP_REFRESH}"})",
       "are two ways to log in"},
      {R"({client_id: a, client_secret: abc, refresh_token: "${env:APP_REFRESH}"})", "plain text"},
  };
  for (const BadConfig& row : table) {
    settings_.config = row.config;
    Configure();
    const Output refused = project_.Cli({"validate"});
    EXPECT_EQ(refused.exit, 2) << refused.Text();
    EXPECT_THAT(refused.Text(), HasSubstr(row.says));
  }
}

}  // namespace
}  // namespace penstock::e2e
