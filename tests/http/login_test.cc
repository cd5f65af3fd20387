// A credential that gets old: renewed after a 401, once, and never mistaken for a failure.
#include "tests/http/gateway_fixture.h"

namespace penstock::http {
namespace {

using penstock::testing::NoAnswer;
using penstock::testing::Respond;

// Tokens t1, t2, …; the address of the API may move with each.
class CountingLogin final : public Login {
 public:
  Result<std::string> BaseUrl(const CredentialUse&) override {
    if (!error.ok()) return error.error();
    return bases.empty() ? std::string() : bases[std::min(renewed, bases.size() - 1)];
  }
  Result<std::vector<CredentialHeader>> Headers(const CredentialUse& use) override {
    *use.memory = "t" + std::to_string(renewed + 1);
    return std::vector<CredentialHeader>{{"Authorization", "Bearer " + *use.memory}};
  }
  Status Renew(const CredentialUse& use) override {
    refused.push_back(*use.memory);
    if (!error_of_renew.ok()) return error_of_renew;
    if (*use.memory == "t" + std::to_string(renewed + 1)) ++renewed;
    return {};
  }

  size_t renewed = 0;
  std::vector<std::string> bases, refused;
  Status error, error_of_renew;
};

class LoginTest : public penstock::testing::GatewayFixture {
 protected:
  void OpenWith(Script script) {
    GatewayOptions options;
    options.login = login_;
    options.allowed_hosts = {"*.example.com"};
    Open(std::move(script), std::move(options));
  }
  std::shared_ptr<CountingLogin> login_ = std::make_shared<CountingLogin>();
};

TEST_F(LoginTest, A401IsSentOnceMoreWithANewCredential) {
  OpenWith({Respond(401), Respond(200)});
  const Response response = Send(Post(seqs_));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.attempts, 2u);
  EXPECT_TRUE(status_.ok());
  EXPECT_EQ(login_->refused, std::vector<std::string>{"t1"});
  EXPECT_NE(log_->heads[0].find("Bearer t1"), std::string::npos);
  EXPECT_NE(log_->heads[1].find("Bearer t2"), std::string::npos);
  ASSERT_EQ(journal_.ended.size(), 1u);
  EXPECT_EQ(journal_.groups.size(), 1u);
  EXPECT_FALSE(journal_.ended[0].maybe_applied);  // the first attempt did nothing for certain
}

TEST_F(LoginTest, ItCostsNoAttemptOfThePolicy) {
  OpenWith({Respond(429), Respond(429), Respond(401), Respond(429), Respond(429), Respond(200)});
  const Response response = Send(Post(seqs_));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.attempts, 6u);
}

TEST_F(LoginTest, ASecond401EndsTheCall) {
  OpenWith({Respond(401), Respond(401)});
  const Response response = Send(Post(seqs_));
  EXPECT_EQ(response.status, 401);
  ASSERT_FALSE(status_.ok());
  EXPECT_EQ(status_.error().code, "PS-OAUTH-REFUSED");
  EXPECT_EQ(login_->refused.size(), 1u);
  ASSERT_EQ(journal_.ended.size(), 1u);
  EXPECT_EQ(journal_.ended[0].status, 401);
}

TEST_F(LoginTest, ARenewalThatFailsEndsTheCallWithItsReason) {
  login_->error_of_renew = MakeError("PS-OAUTH-GRANT", "Revoked.");
  OpenWith({Respond(401)});
  const Response response = Send(Post(seqs_));
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(status_.error().code, "PS-OAUTH-GRANT");
  EXPECT_FALSE(journal_.ended[0].maybe_applied);
}

TEST_F(LoginTest, RequestsThatWereRefusedTogetherRenewTogether) {
  OpenWith({Respond(401), Respond(401), Respond(200), Respond(200)});
  ASSERT_TRUE(Perform({Post(seqs_), Get()}).ok());
  EXPECT_EQ(login_->renewed, 1u);
  EXPECT_EQ(login_->refused, (std::vector<std::string>{"t1", "t1"}));
}

TEST_F(LoginTest, WithoutALoginA401IsAnAnswer) {
  Open({Respond(401)});
  EXPECT_EQ(Send(Get()).status, 401);
  EXPECT_TRUE(status_.ok());
  OpenWith({Respond(401)});
  Request request = Get();
  request.no_auth = true;
  EXPECT_EQ(Send(request).status, 401);
  EXPECT_TRUE(status_.ok());
  EXPECT_TRUE(login_->refused.empty());
}

TEST_F(LoginTest, TheLoginTellsWhereTheApiIs) {
  login_->bases = {"https://eu7.example.com/root", "https://us2.example.com"};
  OpenWith({Respond(200), Respond(401), Respond(200)});
  EXPECT_EQ(Send(Get("/things")).status, 200);
  EXPECT_NE(log_->heads[0].find("GET /root/things"), std::string::npos) << log_->heads[0];
  EXPECT_NE(log_->heads[0].find("Host: eu7.example.com"), std::string::npos);
  EXPECT_EQ(Send(Get("/things")).status, 200);  // it moved
  EXPECT_NE(log_->heads[2].find("GET /things"), std::string::npos);
  EXPECT_NE(log_->heads[2].find("Host: us2.example.com"), std::string::npos);
}

TEST_F(LoginTest, WithoutATokenNothingIsSent) {
  login_->error = MakeError("PS-OAUTH-CLIENT", "Wrong.");
  OpenWith({});
  const Response response = Send(Post(seqs_));
  EXPECT_EQ(response.transport, Transport::kNotSent);
  EXPECT_EQ(response.error.code, "PS-OAUTH-CLIENT");
  EXPECT_EQ(status_.error().code, "PS-OAUTH-CLIENT");
  EXPECT_TRUE(journal_.groups.empty());
}

}  // namespace
}  // namespace penstock::http
