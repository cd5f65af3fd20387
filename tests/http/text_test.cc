// Addresses, dates and headers as text.
#include <gtest/gtest.h>

#include "host/http/http_date.h"
#include "host/http/message.h"
#include "host/http/url.h"

namespace penstock::http {
namespace {

TEST(UrlTest, ParsesAddresses) {
  struct Case {
    const char* text;
    const char* expected;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"https://Api.Example.com", "https://api.example.com/"},
           {"https://api.example.com:443/a?b=c#d", "https://api.example.com/a?b=c"},
           {"http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x"},
           {"https://[::1]:9/x", "https://[::1]:9/x"},
           {"https://h?q=1", "https://h/?q=1"}}) {
    auto url = ParseUrl(c.text);
    ASSERT_TRUE(url.ok()) << c.text;
    EXPECT_EQ(url->Text(), c.expected);
  }
  for (const char* bad : {"", "h", "ftp://h/", "https://", "https://a b/", "https://h/\n",
                          "https://u:p@h/", "https://h:x/", "https://h:123456/", "https://[::1/",
                          "https://h\\x/", "https:///x", "https://h:/", "https://a:b:c/"}) {
    EXPECT_FALSE(ParseUrl(bad).ok()) << bad;
  }
}

TEST(UrlTest, AppendsToTheBase) {
  Url base = *ParseUrl("https://h/api/v1/");
  EXPECT_EQ(ResolveUrl(base, "/x?y")->target, "/api/v1/x?y");
  EXPECT_EQ(ResolveUrl(base, "x")->target, "/api/v1/x");
  EXPECT_EQ(ResolveUrl(base, "?a=b")->target, "/api/v1?a=b");
  EXPECT_EQ(ResolveUrl(base, "https://other/z")->Text(), "https://other/z");
  EXPECT_EQ(ResolveUrl(base, "/x?u=http://other/")->Text(), "https://h/api/v1/x?u=http://other/");
  EXPECT_FALSE(ResolveUrl(base, "//other/z").ok());
  Url root = *ParseUrl("https://h");
  EXPECT_EQ(ResolveUrl(root, "/x")->target, "/x");
  EXPECT_EQ(ResolveUrl(root, "?a")->target, "/?a");
}

TEST(UrlTest, ResolvesRedirects) {
  Url from = *ParseUrl("https://h/a/b?c");
  EXPECT_EQ(ResolveRedirect(from, "/x")->Text(), "https://h/x");
  EXPECT_EQ(ResolveRedirect(from, "x")->Text(), "https://h/a/x");
  EXPECT_EQ(ResolveRedirect(from, "//o/x")->Text(), "https://o/x");
  EXPECT_EQ(ResolveRedirect(from, "http://o/x")->Text(), "http://o/x");
}

TEST(UrlTest, KnowsLoopback) {
  for (const char* yes : {"localhost", "127.0.0.1", "127.8.9.10", "::1"}) {
    EXPECT_TRUE(IsLoopback(yes)) << yes;
  }
  for (const char* no : {"127.evil.com", "127.0.0.1.evil.com", "10.0.0.1", "localhost.evil.com"}) {
    EXPECT_FALSE(IsLoopback(no)) << no;
  }
}

TEST(HttpDateTest, ReadsAllThreeForms) {
  constexpr int64_t kNow = 1795348800;
  constexpr int64_t kExpected = 784111777;
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT", kNow), kExpected);
  EXPECT_EQ(ParseHttpDate("Sunday, 06-Nov-94 08:49:37 GMT", kNow), kExpected);
  EXPECT_EQ(ParseHttpDate("Sun Nov  6 08:49:37 1994", kNow), kExpected);
  for (const char* bad : {"", "soon", "Sun, 31 Feb 2026 08:49:37 GMT",
                          "Sun, 06 Nov 1994 25:00:00 GMT", "Sun, 06 Nov 1994", "1 2 3 4 5 6"}) {
    EXPECT_FALSE(ParseHttpDate(bad, kNow).has_value()) << bad;
  }
}

TEST(HttpDateTest, ReadsRetryAfter) {
  constexpr int64_t kNowUs = int64_t{1795348800} * 1000000;
  EXPECT_EQ(ParseRetryAfter("120", "", kNowUs), 120000);
  EXPECT_EQ(ParseRetryAfter(" 2 ", "", kNowUs), 2000);
  EXPECT_EQ(ParseRetryAfter("0", "", kNowUs), 0);
  EXPECT_EQ(ParseRetryAfter("1.5", "", kNowUs), 1500);
  EXPECT_FALSE(ParseRetryAfter("-1", "", kNowUs).has_value());
  EXPECT_FALSE(ParseRetryAfter("3 apples", "", kNowUs).has_value());
  EXPECT_EQ(ParseRetryAfter("Sun, 22 Nov 2026 12:01:00 GMT", "", kNowUs), 60000);
  EXPECT_EQ(ParseRetryAfter("Sun, 22 Nov 2026 11:00:00 GMT", "", kNowUs), 0);
  // The destination's clock is an hour behind: its own Date says what it means.
  EXPECT_EQ(
      ParseRetryAfter("Sun, 22 Nov 2026 11:01:00 GMT", "Sun, 22 Nov 2026 11:00:00 GMT", kNowUs),
      60000);
  EXPECT_TRUE(ParseRetryAfter("99999999999999999999", "", kNowUs).has_value());
}

TEST(MessageTest, ReadsWhatTheDestinationTells) {
  sdk::Limiter limiter;
  limiter.header_max = "X-HubSpot-RateLimit-Max";
  limiter.header_remaining = "X-HubSpot-RateLimit-Remaining";
  limiter.header_window_ms = "X-HubSpot-RateLimit-Interval-Milliseconds";
  limits::Told told = ReadTold(limiter, {{"x-hubspot-ratelimit-max", "190"},
                                         {"X-HubSpot-RateLimit-Remaining", "189"},
                                         {"X-HubSpot-RateLimit-Interval-Milliseconds", "oops"}});
  EXPECT_EQ(told.max, 190);
  EXPECT_EQ(told.remaining, 189);
  EXPECT_FALSE(told.window_ms.has_value());
  EXPECT_FALSE(told.daily_max.has_value());
}

TEST(MessageTest, ReadsUsedAndAllowedOfOneHeader) {
  sdk::Limiter limiter;
  limiter.header_daily_usage = "Sforce-Limit-Info";
  const auto told = [&](const std::string& value) {
    return ReadTold(limiter, {{"sforce-limit-info", value}});
  };
  EXPECT_EQ(told("api-usage=18/15000").daily_max, 15000);
  EXPECT_EQ(told("api-usage=18/15000; per-app-api-usage=17/250(x)").daily_remaining, 14982);
  EXPECT_EQ(told("api-usage=15001/15000").daily_remaining, 0);
  for (const char* other :
       {"", "/", "18", "api-usage=18/", "api-usage=/15000", "api-usage=18/0", "api-usage=18/-1",
        "api-usage=18/99999999999999999999", "api-usage=99999999999999999999/15000"}) {
    EXPECT_FALSE(told(other).daily_max.has_value()) << other;
    EXPECT_FALSE(told(other).daily_remaining.has_value()) << other;
  }
}

}  // namespace
}  // namespace penstock::http
