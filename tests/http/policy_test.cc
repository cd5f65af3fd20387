// What the gateway decides besides sending: addresses, headers, credentials, journal, stopping,
// redirects, capture, limits.
#include "tests/http/gateway_fixture.h"

namespace penstock::http {
namespace {

using penstock::testing::NoAnswer;
using penstock::testing::Respond;
using PolicyTest = penstock::testing::GatewayFixture;

TEST_F(PolicyTest, SendsTheRequestAndReturnsTheAnswer) {
  Open({Respond(207, {{"X-A", "b"}}, "body")});
  Request request = Post(seqs_);
  request.tag = 42;
  request.headers = {{"Content-Type", "application/json"}};
  Response response = Send(request);
  EXPECT_TRUE(status_.ok());
  EXPECT_EQ(response.tag, 42u);
  EXPECT_EQ(response.status, 207);
  EXPECT_EQ(response.body, "body");
  EXPECT_EQ(response.transport, Transport::kAnswered);
  EXPECT_EQ(response.attempts, 1u);
  const std::string& head = log_->heads.at(0);
  EXPECT_TRUE(head.starts_with("POST /batch HTTP/1.1\r\nHost: api.example.com\r\n")) << head;
  EXPECT_NE(head.find("Content-Length: 2\r\n"), std::string::npos);
  EXPECT_NE(head.find("Content-Type: application/json\r\n"), std::string::npos);
}

TEST_F(PolicyTest, JournalsBeforeTheFirstByteAndOnlyWrites) {
  Open({Respond(200), Respond(200), Respond(200)});
  size_t sent_at_journal = 99;
  journal_.on_send = [&] { sent_at_journal = log_->heads.size(); };
  EXPECT_TRUE(Perform({Post(seqs_), Get(), Post(seqs_)}).ok());
  EXPECT_EQ(sent_at_journal, 0u);
  ASSERT_EQ(journal_.groups.size(), 1u);  // one call for all, so that they share one fsync
  EXPECT_EQ(journal_.groups[0].size(), 2u);
  ASSERT_EQ(journal_.ended.size(), 2u);
  EXPECT_EQ(journal_.ended[0].status, 200);
}

TEST_F(PolicyTest, AJournalThatFailsSendsNothing) {
  Open({});
  journal_.answer = MakeError("PS-STATE-WRITE", "The disk is full.");
  Response response = Send(Post(seqs_));
  EXPECT_EQ(status_.error().code, "PS-STATE-WRITE");
  EXPECT_EQ(response.transport, Transport::kNotSent);
  EXPECT_EQ(response.error.code, "PS-STATE-WRITE");
  EXPECT_TRUE(log_->heads.empty());
}

TEST_F(PolicyTest, RequestIdsGoOnWhereTheJournalEnded) {
  GatewayOptions options;
  options.first_request_id = 500;
  Open({Respond(200), Respond(200)}, std::move(options));
  EXPECT_TRUE(Perform({Post(seqs_), Post(seqs_)}).ok());
  EXPECT_EQ(journal_.groups[0], (std::vector<uint64_t>{500, 501}));
  EXPECT_EQ(responses_[0].request_id, 500u);
}

TEST_F(PolicyTest, RefusesHostsThatAreNotAllowed) {
  GatewayOptions options;
  options.allowed_hosts = {"uploads.example.com", "*.example.net"};
  Open({Respond(200), Respond(200), Respond(200)}, std::move(options));
  for (const char* url :
       {"https://uploads.example.com/x", "https://eu.example.net/x", "https://api.example.com/x"}) {
    EXPECT_EQ(Send(Get(url)).transport, Transport::kAnswered) << url;
  }
  for (const char* url :
       {"https://evil.com/x", "https://example.net/x", "https://api.example.com.evil.com/",
        "http://api.example.com/x", "https://api.example.com:444/x",
        "https://uploads.example.com:8/", "https://user@api.example.com/x", "//evil.com/x",
        "http://127.0.0.1:1/x", "ftp://a/"}) {
    Response response = Send(Get(url));
    EXPECT_EQ(response.transport, Transport::kForbidden) << url;
    EXPECT_FALSE(response.error.message.empty()) << url;
    EXPECT_TRUE(status_.ok());
  }
}

TEST_F(PolicyTest, RefusesHeadersThatAreNotTheConnectors) {
  Open({Respond(200)});
  for (const char* name : {"Host", "content-length", "Transfer-Encoding", "Connection",
                           "Authorization", "Bad Name", ""}) {
    Request request = Get();
    request.headers = {{name, "x"}};
    EXPECT_EQ(Send(request).transport, Transport::kForbidden) << name;
  }
  Request request = Get();
  request.headers = {{"X-Ok", "a\r\nX-Evil: b"}};
  EXPECT_EQ(Send(request).transport, Transport::kForbidden);
  request.headers = {{"Authorization", "Bearer own"}};
  request.no_auth = true;
  EXPECT_EQ(Send(request).transport, Transport::kAnswered);
}

TEST_F(PolicyTest, AttachesCredentialsButKeepsThemOut) {
  GatewayOptions options;
  options.credential =
      *CredentialOf({.type = "header", .secret = "key", .header = "X-Key"}, "very-secret-key");
  Open({Respond(200), Respond(200)}, std::move(options));
  auto writer = exchanges::Writer::Open(dir_ / "e.pxx", exchanges::Redactor());
  ASSERT_TRUE(writer.ok());
  context_.exchanges = writer->get();
  Send(Get());
  EXPECT_NE(log_->heads[0].find("X-Key: very-secret-key\r\n"), std::string::npos);
  Request anonymous = Get();
  anonymous.no_auth = true;
  Send(anonymous);
  EXPECT_EQ(log_->heads[1].find("very-secret-key"), std::string::npos);
  ASSERT_TRUE((*writer)->Close().ok());
  auto reader = exchanges::Reader::Open(dir_ / "e.pxx");
  auto exchange = reader->Find(1);
  ASSERT_TRUE(exchange.ok());
  EXPECT_EQ((*exchange)->request_headers.back().second, exchanges::kSecretMark);
}

TEST_F(PolicyTest, ACredentialThatCannotBeHadStopsTheRun) {
  GatewayOptions options;
  options.credential = [](const CredentialUse&) -> Result<std::vector<CredentialHeader>> {
    return MakeError("PS-SECRET-MISSING", "There is no token.");
  };
  Open({}, std::move(options));
  Response response = Send(Post(seqs_));
  EXPECT_EQ(status_.error().code, "PS-SECRET-MISSING");
  EXPECT_EQ(response.transport, Transport::kNotSent);
}

TEST_F(PolicyTest, CancelledBeforeSendingIsNotSent) {
  Open({});
  context_.cancelled = [] { return true; };
  Response response = Send(Post(seqs_));
  EXPECT_EQ(status_.error().code, "PS-HTTP-CANCELLED");
  EXPECT_EQ(response.transport, Transport::kNotSent);
  EXPECT_TRUE(journal_.groups.empty());
}

TEST_F(PolicyTest, CancelledWhileWaitingToRetryGivesTheAnswerThatWasThere) {
  Open({Respond(429, {{"Retry-After", "20"}})});
  int polls = 0;
  context_.cancelled = [&] { return ++polls > 5; };
  Response response = Send(Post(seqs_));
  EXPECT_EQ(status_.error().code, "PS-HTTP-CANCELLED");
  EXPECT_EQ(response.transport, Transport::kAnswered);
  EXPECT_EQ(response.status, 429);
}

TEST_F(PolicyTest, TheDeadlineEndsWaiting) {
  Open({Respond(429, {{"Retry-After", "20"}})});
  int64_t start_us = clock_.MonotonicUs();
  context_.deadline_us = start_us + 5000000;
  Response response = Send(Post(seqs_));
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.retry_after_ms, 20000);
  EXPECT_LT(clock_.MonotonicUs(), context_.deadline_us);
  context_.deadline_us = clock_.MonotonicUs();
  response = Send(Post(seqs_));
  EXPECT_EQ(status_.error().code, "PS-HTTP-DEADLINE");
  EXPECT_EQ(response.transport, Transport::kNotSent);
}

TEST_F(PolicyTest, FollowsARedirectOfAGetOnTheSameHostOnce) {
  Open({Respond(302, {{"Location", "/elsewhere?x=1"}}), Respond(200, {}, "there"),
        Respond(302, {{"Location", "/a"}}), Respond(301, {{"Location", "/b"}})});
  Response response = Send(Get());
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(log_->heads[1].starts_with("GET /elsewhere?x=1 HTTP/1.1"));
  response = Send(Get());
  EXPECT_EQ(response.status, 301);  // twice is not followed
}

TEST_F(PolicyTest, RefusesARedirectToAnotherHost) {
  Open({Respond(302, {{"Location", "https://evil.com/"}}),
        Respond(307, {{"Location", "http://api.example.com/x"}}),
        Respond(308, {{"Location", "/other"}})});
  Response response = Send(Get());
  EXPECT_EQ(response.transport, Transport::kForbidden);
  EXPECT_EQ(response.error.code, "PS-HTTP-REDIRECT");
  EXPECT_NE(response.error.message.find("evil.com"), std::string::npos);
  EXPECT_EQ(Send(Get()).transport, Transport::kForbidden);  // to plain http
  response = Send(Post(seqs_));                             // a POST is never repeated elsewhere
  EXPECT_EQ(response.transport, Transport::kAnswered);
  EXPECT_EQ(response.status, 308);
}

TEST_F(PolicyTest, AWriteThatIsSentElsewhereMayHaveBeenDone) {
  Open({Respond(303, {{"Location", "https://evil.com/"}}),
        Respond(307, {{"Location", "https://evil.com/"}})});
  Response response = Send(Post(seqs_));
  EXPECT_EQ(response.transport, Transport::kLost);
  EXPECT_EQ(response.error.code, "PS-HTTP-REDIRECT");
  EXPECT_EQ(Send(Post(seqs_)).transport, Transport::kForbidden);  // "do it there": not done here
}

TEST_F(PolicyTest, ARefusalAfterAnUnclearAttemptSaysSo) {
  Open({Respond(502), Respond(401)});
  const Response response = Send(Post(seqs_, true));
  EXPECT_EQ(response.status, 401);
  ASSERT_FALSE(journal_.ended.empty());
  EXPECT_TRUE(journal_.ended.back().maybe_applied);
}

TEST_F(PolicyTest, KeepsEachRequestOnceWithItsEarlierStatuses) {
  Open({Respond(429), Respond(500), Respond(200, {}, "fine")});
  auto writer = exchanges::Writer::Open(dir_ / "e.pxx", exchanges::Redactor());
  ASSERT_TRUE(writer.ok());
  context_.exchanges = writer->get();
  Response response = Send(Post(seqs_, true));
  EXPECT_EQ(response.attempts, 3u);
  ASSERT_TRUE((*writer)->Close().ok());
  auto reader = exchanges::Reader::Open(dir_ / "e.pxx");
  EXPECT_EQ(reader->ids().size(), 1u);
  auto exchange = *std::move(*reader->Find(response.request_id));
  EXPECT_EQ(exchange.earlier, (std::vector<int32_t>{429, 500}));
  EXPECT_EQ(exchange.status, 200);
  EXPECT_EQ(exchange.seqs, seqs_);
  EXPECT_EQ(exchange.request.text, "{}");
  EXPECT_EQ(exchange.response.text, "fine");
}

TEST_F(PolicyTest, WaitsForTheBudget) {
  GatewayOptions options;
  options.limiters.resize(1);
  options.limiters[0].name = "default";
  options.limiters[0].requests = 2;
  options.limiters[0].window_ms = 1000;
  Open({Respond(200), Respond(200), Respond(200), Respond(200), Respond(200)}, std::move(options));
  EXPECT_TRUE(Perform({Get(), Get(), Get(), Get(), Get()}).ok());
  ASSERT_EQ(log_->at_us.size(), 5u);
  for (size_t i = 2; i < 5; ++i) EXPECT_GE(log_->at_us[i] - log_->at_us[i - 2], 1000000) << i;
}

TEST_F(PolicyTest, RefusesAnUnknownLimiter) {
  Open({});
  Request request = Get();
  request.limiter = "search";
  Response response = Send(request);
  EXPECT_EQ(response.transport, Transport::kForbidden);
  EXPECT_EQ(response.error.code, "PS-HTTP-LIMITER");
}

TEST_F(PolicyTest, A429PausesEverybody) {
  GatewayOptions options;
  options.limiters.resize(1);
  options.limiters[0].name = "default";
  options.limiters[0].requests = 100;
  options.limiters[0].window_ms = 1000;
  Open({Respond(429, {{"Retry-After", "9"}}), Respond(200), Respond(200)}, std::move(options));
  EXPECT_TRUE(Perform({Get()}).ok());
  EXPECT_TRUE(Perform({Get()}).ok());
  EXPECT_GE(log_->at_us[1] - log_->at_us[0], 9000000);
  EXPECT_EQ(log_->at_us.size(), 3u);
}

TEST_F(PolicyTest, ALongWaitStopsInsteadOfHanging) {
  GatewayOptions options;
  options.limiters.resize(1);
  options.limiters[0].name = "default";
  Open({Respond(429, {{"Retry-After", "3000"}})}, std::move(options));
  int64_t start_us = clock_.MonotonicUs();
  Response response = Send(Post(seqs_));
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.retry_after_ms, 3000000);
  response = Send(Post(seqs_));  // the others know it too
  EXPECT_EQ(status_.error().code, "PS-LIMITS-WAIT");
  EXPECT_EQ(response.transport, Transport::kNotSent);
  EXPECT_EQ(clock_.MonotonicUs(), start_us);
}

TEST_F(PolicyTest, ADailyQuotaIsFinalAndStopsTheRun) {
  GatewayOptions options;
  options.limiters.resize(1);
  options.limiters[0].name = "default";
  Open({Respond(200), Respond(429, {}, R"({"policyName":"DAILY"})")}, std::move(options));
  Send(Get());
  Response response = Send(Post(seqs_));
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.attempts, 1u);
  EXPECT_TRUE(status_.ok());  // the connector reads the body and says so
  response = Send(Post(seqs_));
  EXPECT_EQ(response.transport, Transport::kNotSent);
  EXPECT_EQ(status_.error().code, "PS-LIMITS-QUOTA");
}

TEST(GatewayTest, RefusesAnAddressThatIsNotSafe) {
  for (const char* url : {"http://api.example.com", "api.example.com", "https://", ""}) {
    GatewayOptions options;
    options.base_url = url;
    auto gateway = Gateway::Create(std::move(options));
    ASSERT_FALSE(gateway.ok()) << url;
    EXPECT_TRUE(gateway.error().code == "PS-HTTP-URL" || gateway.error().code == "PS-HTTP-HOST");
    EXPECT_EQ(gateway.error().exit, ExitCode::kUsage);
  }
}

TEST(GatewayTest, RefusesAnUnreadableCaFile) {
  GatewayOptions options;
  options.base_url = "https://api.example.com";
  options.ca_file = "/nonexistent/ca.pem";
  auto gateway = Gateway::Create(std::move(options));
  ASSERT_FALSE(gateway.ok());
  EXPECT_EQ(gateway.error().code, "PS-HTTP-CA");
}

}  // namespace
}  // namespace penstock::http
