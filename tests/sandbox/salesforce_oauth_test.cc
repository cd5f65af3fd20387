// How tokens are given and taken away.
#include <gmock/gmock.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <csignal>
#include <filesystem>

#include "tests/sandbox/salesforce_fixture.h"

namespace penstock::sandbox {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Base64Url(const std::string& text) {
  std::string out((text.size() + 2) / 3 * 4 + 1, '\0');
  out.resize(static_cast<std::size_t>(EVP_EncodeBlock(
      reinterpret_cast<unsigned char*>(out.data()),
      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()))));
  while (out.ends_with('=')) out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

// A token of these claims, signed with the private key of a file.
std::string Sign(const std::string& claims, const std::string& key_file,
                 const std::string& header = R"({"alg":"RS256"})") {
  const std::string text = Base64Url(header) + "." + Base64Url(claims);
  std::FILE* file = std::fopen(key_file.c_str(), "r");
  EVP_PKEY* key = PEM_read_PrivateKey(file, nullptr, nullptr, nullptr);
  std::fclose(file);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key);
  std::size_t size = 1024;
  std::string signature(size, '\0');
  EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                 reinterpret_cast<const unsigned char*>(text.data()), text.size());
  signature.resize(size);
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  return text + "." + Base64Url(signature);
}

class SalesforceOAuthTest : public SalesforceTest {
 protected:
  static constexpr std::int64_t kNow = 1'800'000'000;  // seconds

  void SetUp() override {
    folder_ = ::testing::TempDir() + "salesforce_oauth_test";
    std::filesystem::remove_all(folder_);
    Start({"--data", folder_});
    Config(R"({"clock_ms":1800000000000})");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Claims(const std::string& audience, const std::string& expires,
                     const std::string& issuer = "sandbox-client",
                     const std::string& user = "admin@example.com") {
    return R"({"iss":")" + issuer + R"(","sub":")" + user + R"(","aud":")" + audience +
           R"(","exp":)" + expires + "}";
  }
  Reply Bearer(const std::string& assertion) {
    return Token("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" +
                 assertion);
  }
  // The description of a refusal, "" if a token came.
  std::string Refusal(const Reply& reply) {
    JsonDocument body = ParseJson(reply.body);
    if (reply.status == 200) return "";
    EXPECT_EQ(reply.status, 400);
    return TextOf(body, "error") + ": " + TextOf(body, "error_description");
  }
  std::string JwtRefusal(const std::string& claims) {
    return Refusal(Bearer(Sign(claims, folder_ + "/jwt.key")));
  }

  std::string folder_;
};

TEST_F(SalesforceOAuthTest, AnswerTellsInstanceAndIdentity) {
  const Reply reply =
      Token("grant_type=client_credentials&client_id=sandbox-client&client_secret=sandbox-secret");
  JsonDocument body = ParseJson(reply.body);
  EXPECT_EQ(TextOf(body, "instance_url"), sandbox_->url());
  EXPECT_EQ(TextOf(body, "token_type"), "Bearer");
  EXPECT_EQ(TextOf(body, "issued_at"), "1800000000000");
  EXPECT_FALSE(body.HasMember("refresh_token"));
  token_ = TextOf(body, "access_token");
  const std::string id = TextOf(body, "id");
  ASSERT_THAT(id, StartsWith(sandbox_->url() + "/id/00D"));
  JsonDocument identity = ParseJson(Call("GET", id.substr(sandbox_->url().size())).body);
  EXPECT_EQ(TextOf(identity, "username"), "admin@example.com");
  JsonDocument info = ParseJson(Call("GET", "/services/oauth2/userinfo").body);
  EXPECT_EQ(TextOf(info, "user_id"), TextOf(identity, "user_id"));
  EXPECT_EQ(TextOf(info, "organization_id"), TextOf(identity, "organization_id"));
  token_ = "other";
  EXPECT_EQ(Call("GET", "/services/oauth2/userinfo").status, 403);
}

TEST_F(SalesforceOAuthTest, OtherGrants) {
  const std::string client = "&client_id=sandbox-client&client_secret=sandbox-secret";
  EXPECT_EQ(Refusal(Token("grant_type=refresh_token&refresh_token=sandbox-refresh" + client)), "");
  EXPECT_EQ(Refusal(Token("grant_type=refresh_token&refresh_token=x" + client)),
            "invalid_grant: expired access/refresh token");
  const std::string user = "grant_type=password&username=admin%40example.com&password=";
  EXPECT_EQ(Refusal(Token(user + "sandbox-password" + client)), "");
  EXPECT_EQ(Refusal(Token(user + "x" + client)), "invalid_grant: authentication failure");
  EXPECT_EQ(Refusal(Token("grant_type=client_credentials&client_id=x&client_secret=x")),
            "invalid_client_id: client identifier invalid");
  EXPECT_EQ(
      Refusal(Token("grant_type=client_credentials&client_id=sandbox-client&client_secret=x")),
      "invalid_client: invalid client credentials");
  EXPECT_EQ(Refusal(Token("grant_type=magic" + client)),
            "unsupported_grant_type: grant type not supported");
  // Name and secret of the client may come as Basic authentication: sandbox-client:sandbox-secret.
  const Reply basic =
      sandbox_->Call("POST", "/services/oauth2/token", "grant_type=client_credentials", "",
                     {{"Content-Type", "application/x-www-form-urlencoded"},
                      {"Authorization", "Basic c2FuZGJveC1jbGllbnQ6c2FuZGJveC1zZWNyZXQ="}});
  EXPECT_EQ(Refusal(basic), "");
  Config(R"({"blocked":true})");
  EXPECT_THAT(Refusal(Token("grant_type=client_credentials" + client)),
              StartsWith("invalid_grant: "));
}

TEST_F(SalesforceOAuthTest, JwtBearer) {
  const std::string soon = std::to_string(kNow + 180);
  for (const std::string& audience :
       {std::string("https://login.salesforce.com"), std::string("https://test.salesforce.com/"),
        sandbox_->url(), sandbox_->url() + "/"}) {
    EXPECT_EQ(JwtRefusal(Claims(audience, soon)), "") << audience;
  }
  const std::string here = sandbox_->url();
  EXPECT_EQ(JwtRefusal(Claims(here, std::to_string(kNow) + "300")), "");  // milliseconds
  EXPECT_EQ(JwtRefusal(Claims("https://example.com", soon)), "invalid_grant: audience is invalid");
  EXPECT_EQ(JwtRefusal(Claims(here, std::to_string(kNow - 170))), "");  // clocks may differ
  EXPECT_EQ(JwtRefusal(Claims(here, std::to_string(kNow - 190))),
            "invalid_grant: expired authorization code");
  EXPECT_EQ(JwtRefusal(Claims(here, std::to_string(kNow + 3600))),
            "invalid_grant: expired authorization code");
  EXPECT_EQ(JwtRefusal(Claims(here, soon, "other")),
            "invalid_client_id: client identifier invalid");
  EXPECT_EQ(JwtRefusal(Claims(here, soon, "sandbox-client", "nobody@example.com")),
            "invalid_grant: user hasn't approved this consumer");
  const std::string good = Sign(Claims(here, soon), folder_ + "/jwt.key");
  EXPECT_EQ(Refusal(Bearer(good.substr(0, good.size() - 8) + "AAAAAAAA")),
            "invalid_grant: invalid assertion");
  EXPECT_EQ(Refusal(Bearer(Sign(Claims(here, soon), folder_ + "/jwt.key", R"({"alg":"none"})"))),
            "invalid_grant: invalid assertion");
  EXPECT_EQ(Refusal(Bearer("a.b")), "invalid_grant: invalid assertion");
}

TEST_F(SalesforceOAuthTest, TokensExpire) {
  LogIn();
  EXPECT_EQ(Rest("GET", "/sobjects").status, 200);
  Config(R"({"clock_ms":1800007200000})");
  EXPECT_EQ(Code(Rest("GET", "/sobjects")), "INVALID_SESSION_ID");
  Config(R"({"token_uses":2})");
  LogIn();
  EXPECT_EQ(Rest("GET", "/sobjects").status, 200);
  EXPECT_EQ(Rest("GET", "/sobjects").status, 200);
  EXPECT_EQ(Rest("GET", "/sobjects").status, 401);
  Config(R"({"token_uses":-1})");
  LogIn();
  Config(R"({"expire_tokens":true})");
  EXPECT_EQ(Rest("GET", "/sobjects").status, 401);
  LogIn();
  const Headers form = {{"Content-Type", "application/x-www-form-urlencoded"}};
  const std::string body = "token=" + token_;
  EXPECT_EQ(sandbox_->Call("POST", "/services/oauth2/revoke", body, "", form).status, 200);
  EXPECT_EQ(Rest("GET", "/sobjects").status, 401);
  EXPECT_EQ(sandbox_->Call("POST", "/services/oauth2/revoke", body, "", form).status, 400);
  // What a refresh token gave ends with it, and it gives no more.
  LogIn();
  const std::string refresh = "token=sandbox-refresh";
  EXPECT_EQ(sandbox_->Call("POST", "/services/oauth2/revoke", refresh, "", form).status, 200);
  EXPECT_EQ(Rest("GET", "/sobjects").status, 401);
  const std::string again =
      "grant_type=refresh_token&refresh_token=sandbox-refresh&client_id=sandbox-client";
  EXPECT_EQ(Refusal(Token(again)), "invalid_grant: expired access/refresh token");
  EXPECT_EQ(Call("POST", "/_sandbox/reset").status, 200);
  EXPECT_EQ(Refusal(Token(again)), "");
}

TEST_F(SalesforceOAuthTest, TokensOpenWhatTheirScopesAndTheAdministratorAllow) {
  token_ = "sandbox-token";  // the one that never expires
  EXPECT_EQ(Rest("GET", "/sobjects").status, 200);
  Config(R"({"blocked":true})");
  EXPECT_EQ(Rest("GET", "/sobjects").status, 401);
  Start({"--scopes", "openid,refresh_token"});
  EXPECT_EQ(Rest("GET", "/sobjects").status, 403);
  EXPECT_EQ(Call("GET", "/services/oauth2/userinfo").status, 200);
}

TEST_F(SalesforceOAuthTest, RecordsOutliveARestart) {
  LogIn();
  const std::string id = Create("Account", R"({"Name":"A","Ext__c":"A1"})");
  EXPECT_EQ(sandbox_->Stop(SIGTERM), 0);
  Start({"--data", folder_});
  EXPECT_EQ(KeptRow("Account", id)["Name"], "A");
  const Reply reply = Rest("PATCH", "/sobjects/Account/Ext__c/A1", R"({"Name":"B"})");
  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_THAT(Rest("GET", "/query?q=SELECT+COUNT()+FROM+User").body, HasSubstr("\"totalSize\":3"));
}

}  // namespace
}  // namespace penstock::sandbox
