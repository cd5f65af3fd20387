// Which failures are sent again, when, and what is said when it does not help.
#include "host/http/retry.h"

#include "tests/http/gateway_fixture.h"

namespace penstock::http {
namespace {

using penstock::testing::NoAnswer;
using penstock::testing::Respond;
using penstock::testing::ScriptedTransport;
using RetryTest = penstock::testing::GatewayFixture;

TEST_F(RetryTest, CertainlyNotAppliedIsSentAgain) {
  for (int status : {429, 423, 477}) {
    Open({Respond(status), Respond(200)});
    Response response = Send(Post(seqs_));
    EXPECT_EQ(response.status, 200) << status;
    EXPECT_EQ(response.attempts, 2u);
  }
  EXPECT_EQ(journal_.groups.size(), 3u);  // once per request, not per attempt
}

TEST_F(RetryTest, AnUnclearStatusIsSentAgainOnlyWhenIdempotent) {
  for (int status : {500, 502, 504, 503}) {
    Open({Respond(status), Respond(200)});
    EXPECT_EQ(Send(Post(seqs_, true)).status, 200) << status;
    Open({Respond(status)});
    Response response = Send(Post(seqs_, false));
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.attempts, 1u);
  }
}

TEST_F(RetryTest, A503WithRetryAfterWasNotApplied) {
  Open({Respond(503, {{"Retry-After", "2"}}), Respond(200)});
  Response response = Send(Post(seqs_, false));
  EXPECT_EQ(response.status, 200);
  EXPECT_GE(log_->at_us[1] - log_->at_us[0], 2000000);
}

TEST_F(RetryTest, OtherStatusesAreFinal) {
  for (int status : {200, 207, 204, 400, 401, 403, 404, 409, 422, 501}) {
    Open({Respond(status)});
    Response response = Send(Post(seqs_, true));
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.attempts, 1u);
  }
}

TEST_F(RetryTest, ARefusedConnectionIsTriedAgain) {
  Open({NoAnswer(Transport::kNotSent), NoAnswer(Transport::kNotSent), Respond(200)});
  Response response = Send(Post(seqs_));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.attempts, 3u);
  Open({NoAnswer(Transport::kNotSent, false, true)});
  response = Send(Post(seqs_));  // a certificate does not get better
  EXPECT_EQ(response.transport, Transport::kNotSent);
  EXPECT_EQ(response.attempts, 1u);
}

TEST_F(RetryTest, GivesUpAfterTheAttemptsOfThePolicy) {
  Open({Respond(429), Respond(429), Respond(429), Respond(429), Respond(429)});
  Response response = Send(Post(seqs_));
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.attempts, 5u);
  EXPECT_EQ(response.transport, Transport::kAnswered);
}

TEST_F(RetryTest, ALostRequestIsLostUnlessIdempotent) {
  Open({NoAnswer(Transport::kLost)});
  Response response = Send(Post(seqs_, false));
  EXPECT_EQ(response.transport, Transport::kLost);
  EXPECT_EQ(response.status, 0);
  EXPECT_EQ(journal_.ended.back().transport, Transport::kLost);
  Open({NoAnswer(Transport::kLost), Respond(200)});
  EXPECT_EQ(Send(Post(seqs_, true)).status, 200);
}

TEST_F(RetryTest, ReadsAreAlwaysTriedAgain) {
  Open({NoAnswer(Transport::kLost), Respond(502), Respond(200)});
  EXPECT_EQ(Send(Get()).status, 200);
}

TEST_F(RetryTest, AClosedKeptConnectionIsReplacedAtOnce) {
  Open({NoAnswer(Transport::kLost, true), Respond(200)});
  EXPECT_EQ(Send(Post(seqs_, true)).status, 200);
  EXPECT_EQ(log_->at_us[0], log_->at_us[1]);
  EXPECT_EQ(log_->fresh, (std::vector<bool>{false, true}));
  Open({NoAnswer(Transport::kLost, true)});
  EXPECT_EQ(Send(Post(seqs_, false)).transport, Transport::kLost);
}

TEST_F(RetryTest, AnEarlierDoubtIsNotForgotten) {
  // The first attempt may have been applied; that the others were not does not settle it.
  Open({Respond(500), Respond(429), Respond(429), Respond(429), Respond(429)});
  Response response = Send(Post(seqs_, true));
  EXPECT_EQ(response.transport, Transport::kLost);
  EXPECT_EQ(response.error.code, "PS-HTTP-LOST");
  Open({NoAnswer(Transport::kLost), NoAnswer(Transport::kNotSent), NoAnswer(Transport::kNotSent),
        NoAnswer(Transport::kNotSent), NoAnswer(Transport::kNotSent)});
  EXPECT_EQ(Send(Post(seqs_, true)).transport, Transport::kLost);
  // A later answer that tells what the destination holds does.
  Open({Respond(500), Respond(400)});
  EXPECT_EQ(Send(Post(seqs_, true)).status, 400);
  // Reads change nothing: the last answer is what counts.
  Open({Respond(500), Respond(429), Respond(429), Respond(429), Respond(429)});
  EXPECT_EQ(Send(Get()).status, 429);
}

TEST_F(RetryTest, RetryAfterInSecondsAndAsADate) {
  clock_.SetUnixNow(int64_t{1795348800} * 1000000);  // Sun, 22 Nov 2026 12:00:00 GMT
  Open({Respond(429, {{"Retry-After", "7"}}), Respond(200)});
  EXPECT_EQ(Send(Post(seqs_)).status, 200);
  int64_t waited_us = log_->at_us[1] - log_->at_us[0];
  EXPECT_GE(waited_us, 7000000);
  EXPECT_LE(waited_us, 7250000);

  clock_.SetUnixNow(int64_t{1795348800} * 1000000);
  Open({Respond(429, {{"Retry-After", "Sun, 22 Nov 2026 12:00:30 GMT"}}), Respond(200)});
  EXPECT_EQ(Send(Post(seqs_)).status, 200);
  waited_us = log_->at_us[3] - log_->at_us[2];
  EXPECT_GE(waited_us, 30000000);
  EXPECT_LE(waited_us, 30250000);
}

TEST(BackoffTest, GrowsToACapWithFullJitter) {
  std::mt19937_64 random(1);
  int64_t lowest = 1000000;
  int64_t highest = 0;
  for (int i = 0; i < 2000; ++i) {
    int64_t first = BackoffMs(1, std::nullopt, random);
    EXPECT_LE(first, 500);
    lowest = std::min(lowest, first);
    highest = std::max(highest, first);
    EXPECT_LE(BackoffMs(3, std::nullopt, random), 2000);
    EXPECT_LE(BackoffMs(40, std::nullopt, random), 30000);
  }
  EXPECT_LT(lowest, 25);
  EXPECT_GT(highest, 475);
}

TEST(SpentTest, ReadsTheBodyByPointer) {
  auto rules = DefaultSpentRules();
  EXPECT_TRUE(IsSpent(rules, 429, R"({"policyName":"DAILY"})"));
  EXPECT_FALSE(IsSpent(rules, 429, R"({"policyName":"TEN_SECONDLY_ROLLING"})"));
  EXPECT_FALSE(IsSpent(rules, 403, R"({"policyName":"DAILY"})"));
  EXPECT_FALSE(IsSpent(rules, 429, "not json"));
  EXPECT_FALSE(IsSpent(rules, 429, R"({"policyName":7})"));
  std::vector<SpentRule> other = {{403, "/0/errorCode", "REQUEST_LIMIT_EXCEEDED"}};
  EXPECT_TRUE(IsSpent(other, 403, R"([{"errorCode":"REQUEST_LIMIT_EXCEEDED"}])"));
}

}  // namespace
}  // namespace penstock::http
