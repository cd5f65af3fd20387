// What token endpoints answer: a token with its times, or one sentence.
#include "host/oauth/answer.h"

#include <gtest/gtest.h>

namespace penstock::oauth {
namespace {

constexpr int64_t kSecond = 1000000;
constexpr int64_t kNow_s = 1795348800;  // Sun, 22 Nov 2026 12:00:00 GMT
constexpr char kNowText[] = "Sun, 22 Nov 2026 12:00:00 GMT";

class AnswerTest : public ::testing::Test {
 protected:
  Result<Token> Read(int status, const std::string& body, const std::string& date = kNowText) {
    http::Response response;
    response.status = status;
    response.body = body;
    if (!date.empty()) response.headers = {{"date", date}};
    return ReadAnswer(response, {account_, base_url_from_, 3600, kNow_s * kSecond, redactor_});
  }
  // Code and sentence.
  std::string Said(int status, const std::string& body, const std::string& date = kNowText) {
    const auto read = Read(status, body, date);
    return read.ok() ? "ok" : read.error().code + " " + read.error().message;
  }

  Account account_ = [] {
    Account account;
    account.grant = "jwt_bearer";
    account.user = "ana@example.com";
    account.audience = "https://wrong.example.com";
    account.token_host = "https://login.example.com";
    return account;
  }();
  std::string base_url_from_;
  exchanges::Redactor redactor_;
};

TEST_F(AnswerTest, TheKeyThatTheAddressComesFromIsNamed) {
  account_.host_key = "base_url";
  EXPECT_EQ(Said(503, ""),
            "PS-OAUTH-UNAVAILABLE The login at login.example.com (base_url) answers 503: it may do "
            "so for a while.");
}

TEST_F(AnswerTest, TimesComeFromTheAnswer) {
  const auto read =
      Read(200, R"({"access_token": "t", "expires_in": 1800, "token_type": "bearer"})");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->expires_at_us, (kNow_s + 1800) * kSecond);
  EXPECT_EQ(read->renew_at_us, (kNow_s + 1800 - 180) * kSecond);
  EXPECT_EQ(Read(200, R"({"access_token": "t", "expires_in": "60"})")->expires_at_us,
            (kNow_s + 60) * kSecond);
  EXPECT_EQ(Read(200, R"({"access_token": "t", "expires_in": -5})")->expires_at_us,
            (kNow_s + 1) * kSecond);
}

TEST_F(AnswerTest, WithoutExpiresInTheAgeOfTheSessionCounts) {
  const auto life = [&](const std::string& issued_at, const std::string& date = kNowText) {
    const auto read =
        Read(200, R"({"access_token": "t", "issued_at": ")" + issued_at + "\"}", date);
    return read.ok() ? read->expires_at_us / kSecond - kNow_s : -1;
  };
  EXPECT_EQ(life("1795348800000"), 3600);
  EXPECT_EQ(life("1795348200000"), 3000);                                   // ten minutes old
  EXPECT_EQ(life("1795348200000", "Sun, 22 Nov 2026 11:50:00 GMT"), 3600);  // by its own clock
  EXPECT_EQ(life("1795340000000"), 60);    // older than it can be: used for a moment
  EXPECT_EQ(life("1795358800000"), 3600);  // from the future
  EXPECT_EQ(life("yesterday"), 3600);
  EXPECT_EQ(life("1795348200000", ""), 3600);
}

TEST_F(AnswerTest, RefreshTokensBelongToTheirGrant) {
  const std::string body = R"({"access_token": "t", "refresh_token": "r"})";
  EXPECT_EQ(Read(200, body)->refresh_token, "");
  account_.grant = "refresh_token";
  EXPECT_EQ(Read(200, body)->refresh_token, "r");
}

TEST_F(AnswerTest, WhatIsNoTokenIsSaidToBeNone) {
  for (const char* body :
       {"", "{}", "[]", "<html>log in</html>", R"({"access_token": ""})", R"({"access_token": 7})",
        R"({"access_token": "a b"})", "{\"access_token\": \"a\\nX-Header: b\"}",
        R"({"access_token": "t", "token_type": "mac"})"}) {
    EXPECT_TRUE(Said(200, body).starts_with("PS-OAUTH-ANSWER The login at login.example.com"))
        << body << Said(200, body);
  }
  base_url_from_ = "instance_url";
  EXPECT_TRUE(Said(200, R"({"access_token": "t"})").find("answers without \"instance_url\"") !=
              std::string::npos);
}

struct Refusal {
  int status;
  const char* body;
  const char* says;
};

TEST_F(AnswerTest, RefusalsAreOneSentence) {
  redactor_.Add("s3cret-key");
  const Refusal table[] = {
      {400, R"({"error": "invalid_client_id", "error_description": "client identifier invalid"})",
       "PS-OAUTH-CLIENT The login at login.example.com does not accept the client id or its "
       "secret: client identifier invalid."},
      {401, R"({"error": "invalid_client"})", "PS-OAUTH-CLIENT "},
      {400,
       R"({"error": "invalid_grant", "error_description": "failure - invalid client credentials"})",
       "PS-OAUTH-CLIENT "},
      {400, R"({"error": "invalid_grant", "error_description": "no client credentials user"})",
       "PS-OAUTH-GRANT "},
      {401, "", "PS-OAUTH-CLIENT "},
      {400, R"({"status": "BAD_CLIENT_SECRET", "message": "missing or invalid client secret"})",
       "PS-OAUTH-CLIENT "},
      {400, R"({"error": "invalid_grant", "error_description": "user hasn't approved s3cret-key"})",
       "PS-OAUTH-GRANT The login at login.example.com does not accept that user ana@example.com "
       "lets this app in: user hasn't approved «secret»."},
      {400, R"({"status": "BAD_REFRESH_TOKEN", "message": "missing or invalid refresh token"})",
       "PS-OAUTH-GRANT "},
      {400, R"({"error": "invalid_grant", "error_description": "audience is invalid"})",
       "PS-OAUTH-AUDIENCE The login at login.example.com does not accept "
       "https://wrong.example.com as the audience of an assertion: audience is invalid."},
      {400, R"({"error": "invalid_grant", "error_description": "invalid assertion"})",
       "PS-OAUTH-GRANT The login at login.example.com does not accept the assertion: the app may "
       "have another certificate: invalid assertion."},
      {400, R"({"error": "invalid_scope", "error_description": "no\nsuch"})",
       "PS-OAUTH-REQUEST The login at login.example.com refuses to give a token "
       "(invalid_scope): no such."},
      {404, "<html>", "PS-OAUTH-ANSWER The login at login.example.com answers 404"},
      {302, "", "PS-OAUTH-ANSWER "},
      {429, "", "PS-OAUTH-UNAVAILABLE The login at login.example.com answers 429"},
      {503, R"({"error": "invalid_grant"})", "PS-OAUTH-UNAVAILABLE "},
  };
  for (const Refusal& row : table) {
    EXPECT_TRUE(Said(row.status, row.body).starts_with(row.says)) << row.body << "\n"
                                                                  << Said(row.status, row.body);
  }
}

TEST_F(AnswerTest, ClocksThatDifferAreNamedWithBothTimes) {
  const std::string body = R"({"error": "invalid_grant", "error_description": "expired"})";
  const std::string behind = "Sun, 22 Nov 2026 12:05:00 GMT";
  EXPECT_EQ(Said(400, body, behind),
            "PS-OAUTH-CLOCK The login at login.example.com refuses the assertion: expired; its "
            "clock says 2026-11-22T12:05:00Z, this machine's 2026-11-22T12:00:00Z, and an "
            "assertion is good for three minutes only.");
  EXPECT_TRUE(Said(400, body, "Sun, 22 Nov 2026 11:55:00 GMT").starts_with("PS-OAUTH-CLOCK"));
  EXPECT_TRUE(Said(400, body, "Sun, 22 Nov 2026 12:01:00 GMT").starts_with("PS-OAUTH-GRANT"));
  EXPECT_TRUE(Said(400, body, "tomorrow").starts_with("PS-OAUTH-GRANT"));
  account_.grant = "client_credentials";  // no time is in it
  EXPECT_TRUE(Said(400, body, behind).starts_with("PS-OAUTH-GRANT"));
}

TEST_F(AnswerTest, NobodyThereIsTriedLater) {
  http::Response response;
  response.transport = http::Transport::kNotSent;
  response.error = MakeError("PS-HTTP-CONNECT", "Nobody listens.");
  const auto read = ReadAnswer(response, {account_, "", 3600, 0, redactor_});
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, "PS-OAUTH-UNAVAILABLE");
  EXPECT_EQ(read.error().message,
            "The login at login.example.com cannot be reached: Nobody listens.");
}

}  // namespace
}  // namespace penstock::oauth
