// Rate limits of the HubSpot sandbox, on a clock that stands still until a test moves it.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "tests/sandbox/fixture.h"

namespace penstock::sandbox {
namespace {

constexpr std::int64_t kStart = 1'800'000'000'000;
const std::string kDetails = "/account-info/v3/details";

class LimitsTest : public SandboxTest {
 protected:
  void SetUp() override { token_ = "pat-sandbox"; }
  void RunStopped(std::vector<std::string> arguments) {
    Run("hubspot", std::move(arguments));
    SetClock(kStart);
  }
  void SetClock(std::int64_t ms) { Config(R"({"clock_ms":)" + std::to_string(ms) + "}"); }
  // Sends `count` requests from four threads; how many were admitted.
  int Send(int count) {
    std::atomic<int> left{count}, admitted{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        while (left.fetch_sub(1) > 0) {
          if (Call("GET", kDetails).status == 200) ++admitted;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    return admitted;
  }
};

TEST_F(LimitsTest, TheWindowOfEachProfile) {
  for (const auto& [profile, limit] : {std::pair("free", 100), std::pair("pro", 190)}) {
    RunStopped({"--profile", profile});
    EXPECT_EQ(Send(limit + 20), limit) << profile;
    SetClock(kStart + 9'999);
    EXPECT_EQ(Call("GET", kDetails).status, 429);
    SetClock(kStart + 10'000);
    EXPECT_EQ(Call("GET", kDetails).status, 200);
    JsonDocument stats = ParseJson(Call("GET", "/_sandbox/stats").body);
    EXPECT_EQ(stats["throttled"].GetInt(), 21);
    EXPECT_EQ(stats["max_in_window"].GetInt(), limit + 21);
  }
}

TEST_F(LimitsTest, HeadersCountDown) {
  RunStopped({"--profile", "enterprise"});
  Reply first = Call("GET", kDetails);
  EXPECT_EQ(first.headers["x-hubspot-ratelimit-daily"], "1000000");
  EXPECT_EQ(first.headers["x-hubspot-ratelimit-max"], "190");
  EXPECT_EQ(first.headers["x-hubspot-ratelimit-remaining"], "189");
  EXPECT_EQ(first.headers["x-hubspot-ratelimit-interval-milliseconds"], "10000");
  Reply second = Call("GET", kDetails);
  EXPECT_EQ(second.headers["x-hubspot-ratelimit-remaining"], "188");
  EXPECT_EQ(second.headers["x-hubspot-ratelimit-daily-remaining"], "999998");
}

TEST_F(LimitsTest, TheBodyOfARefusedRequest) {
  RunStopped({"--profile", "free"});
  Send(100);
  Reply reply = Call("GET", kDetails);
  ASSERT_EQ(reply.status, 429);
  JsonDocument body = ParseJson(reply.body);
  EXPECT_EQ(TextOf(body, "errorType"), "RATE_LIMIT");
  EXPECT_EQ(TextOf(body, "policyName"), "TEN_SECONDLY_ROLLING");
  EXPECT_EQ(TextOf(body, "message"), "You have reached your ten_secondly_rolling limit.");
  EXPECT_EQ(reply.headers.count("retry-after"), 0u);
}

TEST_F(LimitsTest, TheDayEndsAtMidnight) {
  RunStopped({"--profile", "pro"});
  Config(R"({"daily_used":649999})");
  EXPECT_EQ(Call("GET", kDetails).status, 200);
  Reply reply = Call("GET", kDetails);
  ASSERT_EQ(reply.status, 429);
  JsonDocument body = ParseJson(reply.body);
  EXPECT_EQ(TextOf(body, "policyName"), "DAILY");
  EXPECT_EQ(TextOf(body, "message"), "You have reached your daily limit.");
  SetClock(kStart + 86'400'000);
  EXPECT_EQ(Call("GET", kDetails).status, 200);
}

TEST_F(LimitsTest, SearchesHaveTheirOwnLimitAndNoHeaders) {
  RunStopped({"--search-lag", "0"});
  auto search = [&] {
    return Call("POST", "/crm/v3/objects/contacts/search",
                R"({"filterGroups":[],"sorts":[],"properties":[],"limit":1,"after":"0"})");
  };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(search().status, 200);
  Reply refused = search();
  ASSERT_EQ(refused.status, 429);
  JsonDocument body = ParseJson(refused.body);
  EXPECT_EQ(TextOf(body, "policyName"), "SECONDLY");
  EXPECT_EQ(TextOf(body, "message"), "You have reached your secondly limit.");
  EXPECT_EQ(refused.headers.count("x-hubspot-ratelimit-max"), 0u);
  EXPECT_EQ(Call("GET", kDetails).status, 200);
}

TEST_F(LimitsTest, NoLimits) {
  Run("hubspot", {"--no-limits"});
  EXPECT_EQ(Send(300), 300);
  // Said in headers too: a client that learned lower limits from its manifest may then forget them.
  EXPECT_EQ(Call("GET", kDetails).headers["x-hubspot-ratelimit-max"], "1000000");
  Config(R"({"limits":true})");
  EXPECT_EQ(Call("GET", kDetails).headers["x-hubspot-ratelimit-max"], "190");
}

}  // namespace
}  // namespace penstock::sandbox
