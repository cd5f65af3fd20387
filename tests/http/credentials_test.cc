// What the gateway adds to a request to prove who we are.
#include "host/http/credentials.h"

#include "tests/http/gateway_fixture.h"

namespace penstock::http {
namespace {

using penstock::testing::NoAnswer;
using penstock::testing::Respond;

// The example of the Standard Webhooks specification's own libraries.
constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr char kBody[] = R"({"test": 2432232314})";
constexpr char kId[] = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr int64_t kTime = 1614265330;
constexpr char kSignature[] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

class CredentialsTest : public penstock::testing::GatewayFixture {
 protected:
  static std::string Only(const Result<CredentialProvider>& made) {
    EXPECT_TRUE(made.ok());
    const Request request;
    std::string memory;
    const auto headers = (*made)({request, 0, &memory});
    EXPECT_TRUE(headers.ok());
    return headers->size() == 1 && headers->front().secret ? headers->front().value : "";
  }
  /// The value of a header of the n-th attempt.
  std::string Sent(size_t n, const std::string& name) const {
    const std::string& head = log_->heads.at(n);
    const size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return "";
    const size_t begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
  void OpenSigned(Script script, const std::string& secret = kSecret) {
    GatewayOptions options;
    options.credential = *StandardWebhooks("secret", secret);
    options.retry.attempts = 3;
    Open(std::move(script), std::move(options));
  }
};

TEST_F(CredentialsTest, MakesTheUsualCredentials) {
  EXPECT_EQ(Only(CredentialOf({.type = "bearer", .secret = "token", .header = ""}, "abc")),
            "Bearer abc");
  EXPECT_EQ(Only(CredentialOf({.type = "basic", .secret = "token", .header = ""}, "me:pw")),
            "Basic bWU6cHc=");
  EXPECT_EQ(CredentialOf({.type = "bearer", .secret = "token", .header = ""}, "").error().code,
            "PS-HTTP-AUTH");
  EXPECT_FALSE(CredentialOf({.type = "bearer", .secret = "token", .header = ""}, "a\n").ok());
  EXPECT_FALSE(CredentialOf({.type = "magic", .secret = "token", .header = ""}, "a").ok());
}

TEST_F(CredentialsTest, SignsAsStandardWebhooksSays) {
  OpenSigned({Respond(200)});
  clock_.SetUnixNow(kTime * 1000000 + 999999);
  Request request = Post(seqs_);
  request.body = kBody;
  request.headers = {{"Webhook-Id", kId}, {"webhook-signature", "v1,forged"}};
  EXPECT_EQ(Send(request).status, 200);
  EXPECT_EQ(Sent(0, "webhook-id"), kId);
  EXPECT_EQ(Sent(0, "webhook-timestamp"), std::to_string(kTime));
  EXPECT_EQ(Sent(0, "webhook-signature"), kSignature);
  EXPECT_EQ(log_->heads[0].find("Webhook-Id"), std::string::npos);
  EXPECT_EQ(log_->heads[0].find("forged"), std::string::npos);
}

TEST_F(CredentialsTest, AnAttemptIsSignedAnewUnderTheSameId) {
  OpenSigned({Respond(429, {{"Retry-After", "10"}}), NoAnswer(Transport::kLost), Respond(200),
              Respond(200)});
  EXPECT_EQ(Send(Post(seqs_, true)).attempts, 3u);
  const std::string id = Sent(0, "webhook-id");
  EXPECT_EQ(id.size(), 4u + 32u);
  EXPECT_EQ(Sent(1, "webhook-id"), id);
  EXPECT_EQ(Sent(2, "webhook-id"), id);
  EXPECT_GE(std::stoll(Sent(1, "webhook-timestamp")) - std::stoll(Sent(0, "webhook-timestamp")),
            10);
  EXPECT_NE(Sent(1, "webhook-signature"), Sent(0, "webhook-signature"));
  EXPECT_EQ(Send(Post(seqs_)).status, 200);
  EXPECT_NE(Sent(3, "webhook-id"), id);
}

TEST_F(CredentialsTest, SignsWithEveryKeyWhileOneIsReplaced) {
  OpenSigned({Respond(200)}, std::string(kSecret) + " whsec_" + std::string(32, 'A'));
  clock_.SetUnixNow(kTime * 1000000);
  Request request = Post(seqs_);
  request.body = kBody;
  request.headers = {{"webhook-id", kId}};
  Send(request);
  const std::string signatures = Sent(0, "webhook-signature");
  EXPECT_TRUE(signatures.starts_with(std::string(kSignature) + " v1,")) << signatures;
}

TEST_F(CredentialsTest, OnlyTheSignatureIsKeptOutOfExchanges) {
  OpenSigned({Respond(200)});
  auto writer = exchanges::Writer::Open(dir_ / "e.pxx", exchanges::Redactor());
  ASSERT_TRUE(writer.ok());
  context_.exchanges = writer->get();
  Send(Post(seqs_));
  ASSERT_TRUE((*writer)->Close().ok());
  const auto exchange = exchanges::Reader::Open(dir_ / "e.pxx")->Find(1);
  ASSERT_TRUE(exchange.ok());
  const Headers& kept = (*exchange)->request_headers;
  EXPECT_EQ(*FindHeader(kept, "webhook-id"), Sent(0, "webhook-id"));
  EXPECT_EQ(*FindHeader(kept, "webhook-timestamp"), Sent(0, "webhook-timestamp"));
  EXPECT_EQ(*FindHeader(kept, "webhook-signature"), exchanges::kSecretMark);
}

TEST_F(CredentialsTest, RefusesSecretsThatAreNone) {
  for (const char* secret : {"", "plain", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!!", "whsec_====",
                             "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw whsec_c2hvcnQ="}) {
    const auto made = StandardWebhooks("hook_secret", secret);
    ASSERT_FALSE(made.ok()) << secret;
    EXPECT_EQ(made.error().code, "PS-HTTP-AUTH");
    EXPECT_NE(made.error().message.find("hook_secret"), std::string::npos);
    EXPECT_EQ(made.error().message.find("c2hvcnQ"), std::string::npos);
  }
}

TEST_F(CredentialsTest, AnIdThatWouldBlurTheSignedTextIsNotSent) {
  OpenSigned({});
  Request request = Post(seqs_);
  request.headers = {{"webhook-id", "a.1"}};
  EXPECT_EQ(Send(request).transport, Transport::kNotSent);
  EXPECT_EQ(status_.error().code, "PS-HTTP-AUTH");
}

TEST_F(CredentialsTest, KnowsByWhatASecretIsRecognised) {
  sdk::Auth auth{.type = "standard_webhooks", .secret = "secret", .header = ""};
  EXPECT_EQ(SecretHeader(auth), "webhook-signature");
  const std::vector<std::string> texts = SecretTexts(auth, kSecret);
  EXPECT_EQ(texts.back(), std::string(kSecret).substr(6));
  auth.type = "bearer";
  EXPECT_EQ(SecretHeader(auth), "Authorization");
  EXPECT_EQ(SecretTexts(auth, "abc"), std::vector<std::string>{"abc"});
}

}  // namespace
}  // namespace penstock::http
