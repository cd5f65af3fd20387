// Where the API is, told by the login: signed assertions, the address in the answer, and what of it
// is refused. The connector is loopback's with another manifest (connectors/login.manifest.json).
#include <filesystem>

#include "tests/e2e/e2e.h"
#include "tests/oauth/keys.h"
#include "tests/oauth/token_server.h"

namespace penstock::e2e {
namespace {

namespace fs = std::filesystem;
using penstock::testing::KeyForm;
using penstock::testing::KeyPem;
using penstock::testing::TokenServer;
using ::testing::HasSubstr;

class LoginTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string error;
    sandbox_ =
        sandbox::SandboxProcess::Start(PENSTOCK_TEST_CONNECTOR_DIR "/loopback-sandbox", {}, &error);
    ASSERT_NE(sandbox_, nullptr) << error;
    instance_url_ = sandbox_->url();
    project_.environment()["PENSTOCK_CONNECTORS"] = PENSTOCK_TEST_LOGIN_DIR;
    project_.Write("key.pem", KeyPem(KeyForm::kPkcs8));
    settings_.connector = "login";
    settings_.object = "things";
    settings_.key = "{key: email}";
    settings_.mapping = {"name: first_name"};
    project_.FillCustomers(5);
    UseKey("login_url: \"" + server_.url() + "\"");
  }
  void UseKey(const std::string& more) {
    settings_.config =
        R"({grant: jwt_bearer, client_id: app, user: ana, private_key: "${file:key.pem}", )" +
        more + "}";
    project_.Configure(settings_);
  }

  std::string instance_url_;
  std::unique_ptr<sandbox::SandboxProcess> sandbox_;
  TokenServer server_{[this](const TokenServer::Form&, int) {
    return sandbox::Response::Json(
        200, R"({"access_token": "loopback", "instance_url": ")" + instance_url_ + "\"}");
  }};
  Project project_;
  Settings settings_;
};

TEST_F(LoginTest, TheAddressInTheAnswerIsWhereRequestsGo) {
  const Output output = project_.Sync();
  ASSERT_EQ(output.exit, 0) << output.Text();
  EXPECT_EQ(OnlyRun(output)["applied"]["created"].Int(), 5);
  ASSERT_EQ(server_.requests(), 1);
  auto form = server_.forms()[0];
  std::string claims;
  EXPECT_TRUE(penstock::testing::Verifies(form["assertion"], &claims));
  EXPECT_THAT(claims, HasSubstr("\"aud\":\"" + server_.url() + "\""));
  project_.Sql("UPDATE customers SET first_name = 'New'");
  EXPECT_EQ(project_.Sync().exit, 0);
  EXPECT_EQ(server_.requests(), 1);
  for (const std::string& file : project_.Files("/.penstock/")) {
    EXPECT_EQ(ReadText(file).find("PRIVATE KEY"), std::string::npos) << file;
  }
}

TEST_F(LoginTest, ABaseUrlIsForSandboxesAndTheAudienceStays) {
  instance_url_ = "https://elsewhere.example.org";
  settings_.base_url = server_.url();
  UseKey("login_url: \"https://login.example.com/\"");
  const Output output = project_.Cli({"check"});  // the token server is no loopback API: 404
  EXPECT_EQ(output.exit, 1) << output.Text();
  ASSERT_EQ(server_.requests(), 1);
  auto form = server_.forms()[0];
  std::string claims;
  EXPECT_TRUE(penstock::testing::Verifies(form["assertion"], &claims));
  EXPECT_THAT(claims, HasSubstr(R"("aud":"https://login.example.com")"));
}

TEST_F(LoginTest, OtherAddressesAndKeysAreOneSentence) {
  instance_url_ = "https://elsewhere.example.org";
  const Output elsewhere = project_.Sync();
  EXPECT_EQ(elsewhere.exit, 1) << elsewhere.Text();
  EXPECT_THAT(elsewhere.Text(), HasSubstr("PS-OAUTH-BASE"));
  EXPECT_THAT(elsewhere.Text(), HasSubstr("names https://elsewhere.example.org as the address of "
                                          "the API, which is none of the hosts"));
  project_.Write("key.pem", KeyPem(KeyForm::kElliptic));
  const Output key = project_.Sync();
  EXPECT_EQ(key.exit, 2) << key.Text();
  EXPECT_THAT(key.Text(), HasSubstr("PS-OAUTH-KEY"));
  EXPECT_THAT(key.Text(), HasSubstr("is no RSA key"));
  fs::remove(project_.Path("key.pem"));
  const Output missing = project_.Sync();
  EXPECT_EQ(missing.exit, 2) << missing.Text();
  EXPECT_THAT(missing.Text(), HasSubstr("PS-CONF-FILE"));
  const Output show = project_.Cli({"connector", "show", "login"});
  EXPECT_THAT(show.out, HasSubstr("told by the login"));
  EXPECT_THAT(show.out, HasSubstr("login.example.com"));
}

}  // namespace
}  // namespace penstock::e2e
