// What every sandbox does, shown on the loopback sandbox: faults, control paths, persistence, end.
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/sandbox/fixture.h"

namespace penstock::sandbox {
namespace {

using ::testing::HasSubstr;

constexpr char kBatch[] = "/v1/things/batch";

class ServerTest : public SandboxTest {
 protected:
  void SetUp() override {
    token_ = "loopback";
    Run("loopback");
  }
  Reply Put(const std::string& key, const std::string& op = "upsert",
            const std::string& fields = "{}") {
    return Call(
        "POST", kBatch,
        R"({"records":[{"key":")" + key + R"(","op":")" + op + R"(","fields":)" + fields + "}]}");
  }
  std::string Status(const Reply& reply) {
    JsonDocument body = ParseJson(reply.body);
    return TextOf(body["results"][0], "status");
  }
};

TEST_F(ServerTest, ProtocolOfTheLoopbackSandbox) {
  EXPECT_EQ(Status(Put("a", "upsert", R"({"name":"x","amount":1.50})")), "created");
  EXPECT_EQ(Status(Put("a", "upsert", R"({"name":null})")), "updated");
  EXPECT_EQ(Status(Put("a", "insert")), "exists");
  EXPECT_EQ(Status(Put("b", "update")), "missing");
  EXPECT_EQ(Status(Put("b", "delete")), "missing");
  EXPECT_EQ(Status(Put("b", "insert", R"({"amount":"no"})")), "rejected");
  Reply found = Call("POST", "/v1/things/lookup", R"({"keys":["a","b"]})");
  EXPECT_EQ(found.body,
            R"({"records":[{"key":"a","id":"1000000000001","fields":{"amount":1.5}}]})");
  EXPECT_EQ(Status(Put("a", "delete")), "deleted");
  EXPECT_EQ(Status(Put("a", "insert")), "created");
  EXPECT_THAT(Call("GET", "/_sandbox/objects/things").body,
              HasSubstr(R"({"id":"1000000000002","properties":{"key":"a"},"archived":false})"));
  EXPECT_EQ(Call("POST", kBatch, R"({"records":[]})").status, 400);
  EXPECT_EQ(Call("POST", "/v1/nothing/batch", R"({"records":[]})").status, 404);
  token_ = "wrong";
  EXPECT_EQ(Put("a").status, 401);
}

TEST_F(ServerTest, DropBeforeDoesNotApply) {
  Faults(R"([{"match":{"method":"POST","path":"/v1/*/batch"},"fault":{"kind":"drop_before"}}])");
  EXPECT_EQ(Call("GET", "/v1/account").status, 200);
  EXPECT_EQ(Put("a").status, 0);
  EXPECT_EQ(Writes("things", "created"), 0u);
  EXPECT_EQ(Put("a").status, 200);
}

TEST_F(ServerTest, DropAfterApplies) {
  for (const char* reset : {"false", "true"}) {
    Faults(R"([{"fault":{"kind":"drop_after","reset":)" + std::string(reset) + "}}]");
    EXPECT_EQ(Put(std::string("key-") + reset).status, 0);
  }
  EXPECT_EQ(Writes("things", "created"), 2u);
  JsonDocument stats = ParseJson(Call("GET", "/_sandbox/stats").body);
  EXPECT_EQ(stats["requests"]["POST /v1/things/batch"]["dropped"].GetInt(), 2);
}

TEST_F(ServerTest, AfterAndTimesChooseTheRequests) {
  Faults(R"([{"match":{"path":"/v1/account"},"fault":{"status":503},"after":1,"times":2}])");
  std::vector<int> seen;
  for (int i = 0; i < 5; ++i) seen.push_back(Call("GET", "/v1/account").status);
  EXPECT_THAT(seen, ::testing::ElementsAre(200, 503, 503, 200, 200));
  JsonDocument faults = ParseJson(Call("GET", "/_sandbox/faults").body);
  EXPECT_EQ(faults[0]["seen"].GetInt(), 5);
  EXPECT_EQ(faults[0]["fired"].GetInt(), 2);
}

TEST_F(ServerTest, RetryAfterInBothForms) {
  Faults(R"([{"fault":{"status":429,"retry_after":7}}])");
  EXPECT_EQ(Call("GET", "/v1/account").headers["retry-after"], "7");
  Faults(R"([{"fault":{"status":503,"retry_after_date":7}}])");
  EXPECT_THAT(Call("GET", "/v1/account").headers["retry-after"], HasSubstr(" GMT"));
  Faults(R"([{"fault":{"status":502,"apply":true,"body":"<html>","content_type":"text/html"}}])");
  Reply reply = Put("a");
  EXPECT_EQ(reply.status, 502);
  EXPECT_EQ(reply.body, "<html>");
  EXPECT_EQ(Writes("things", "created"), 1u);
}

TEST_F(ServerTest, SpoiledAnswers) {
  Faults(R"([{"fault":{"kind":"truncate"}}])");
  EXPECT_EQ(Put("a").status, 0);
  Faults(R"([{"fault":{"kind":"garbage"}}])");
  EXPECT_THAT(Put("b").headers["content-type"], HasSubstr("text/html"));
  Faults(R"([{"fault":{"kind":"empty"}}])");
  EXPECT_EQ(Put("b").body, R"({"results":[]})");
  Faults(R"([{"fault":{"kind":"omit"}}])");
  EXPECT_EQ(Put("c").body, R"({"results":[]})");
  Faults(R"([{"fault":{"kind":"content_type"}}])");
  EXPECT_EQ(Put("d").headers["content-type"], "text/plain");
  Faults(R"([{"fault":{"kind":"drip","bytes":8,"interval_ms":1}}])");
  EXPECT_EQ(Status(Put("e")), "created");
  Faults(R"([{"fault":{"kind":"huge","bytes":3000000}}])");
  EXPECT_GT(Call("GET", "/v1/account").body.size(), 3000000u);
  Faults(R"([{"fault":{"kind":"redirect","location":"http://127.0.0.2:1/"}}])");
  EXPECT_EQ(Put("f").headers["location"], "http://127.0.0.2:1/");
  Faults(R"([{"fault":{"kind":"unauthorized"},"times":-1}])");
  EXPECT_EQ(Put("f").status, 401);
  EXPECT_EQ(Put("f").status, 401);
  Faults("[]");
  // Truncated, omitted, wrongly typed and dripped ones were applied; the others were not.
  EXPECT_EQ(Writes("things", "created"), 4u);
}

TEST_F(ServerTest, BodyContainsPicksOneRecord) {
  Faults(R"([{"match":{"body_contains":"\"poison\""},"fault":{"status":500},"times":-1}])");
  EXPECT_EQ(Put("good").status, 200);
  EXPECT_EQ(Put("poison").status, 500);
}

TEST_F(ServerTest, StallEndsWhenTheSandboxStops) {
  Faults(R"([{"fault":{"kind":"stall"}}])");
  Reply reply;
  std::thread waiting([&] { reply = Put("a"); });
  while (ParseJson(Call("GET", "/_sandbox/faults").body)[0]["fired"].GetInt() == 0) {
    std::this_thread::yield();
  }
  EXPECT_EQ(sandbox_->Stop(SIGTERM), 0);
  waiting.join();
  EXPECT_EQ(reply.status, 0);
}

TEST_F(ServerTest, BadFaultsAreRefusedWithASentence) {
  for (const char* bad :
       {"{", "{}", "[{}]", R"([{"fault":{"kind":"nonsense"}}])", R"([{"fault":{"status":"500"}}])",
        R"([{"fault":{"status":5}}])", R"([{"fault":{"status":500},"match":{"verb":"GET"}}])",
        R"([{"fault":{"stats":500}}])"}) {
    Reply reply = Call("PUT", "/_sandbox/faults", bad);
    EXPECT_EQ(reply.status, 400) << bad;
    EXPECT_FALSE(TextOf(ParseJson(reply.body), "message").empty()) << bad;
  }
  EXPECT_EQ(Call("PUT", "/_sandbox/config", R"({"nonsense":1})").status, 400);
  EXPECT_EQ(Call("GET", "/_sandbox/objects/nothing").status, 404);
  EXPECT_EQ(Call("GET", "/_sandbox/nothing").status, 404);
}

TEST_F(ServerTest, StatsAndWritesAddUp) {
  Put("a", "upsert", R"({"name":"x"})");
  Put("a", "upsert", R"({"name":"x"})");
  Put("a", "upsert", R"({"name":"y"})");
  Put("b");
  Put("b", "delete");
  JsonDocument stats = ParseJson(Call("GET", "/_sandbox/stats").body);
  EXPECT_EQ(stats["requests"]["POST /v1/things/batch"]["200"].GetInt(), 5);
  EXPECT_EQ(stats["max_in_window"].GetInt(), 5);
  EXPECT_EQ(ToJson(stats["writes"]["things"]),
            R"({"created":2,"updated":1,"archived":1,"rewritten":1})");
  EXPECT_THAT(Lines(Call("GET", "/_sandbox/writes/things").body),
              ::testing::ElementsAre(R"({"id":"1000000000001","writes":3})",
                                     R"({"id":"1000000000002","writes":2})"));
  Call("POST", "/_sandbox/reset?only=stats");
  EXPECT_EQ(Writes("things", "created"), 0u);
  EXPECT_EQ(Lines(Call("GET", "/_sandbox/objects/things").body).size(), 2u);
  Call("POST", "/_sandbox/reset");
  EXPECT_EQ(Call("GET", "/_sandbox/objects/things").body, "");
}

TEST_F(ServerTest, SeededObjectsCountAsNoWrites) {
  Reply reply = Call("POST", "/_sandbox/objects/things",
                     R"({"properties":{"key":"\"old\"","amount":3}})"
                     "\n"
                     R"({"properties":{"key":"\"gone\""},"archived":true})"
                     "\n");
  EXPECT_EQ(reply.body, R"({"created":2})");
  EXPECT_EQ(Writes("things", "created"), 0u);
  EXPECT_EQ(Status(Put("old", "insert")), "exists");
  EXPECT_EQ(Status(Put("gone", "insert")), "created");
  EXPECT_EQ(Call("POST", "/_sandbox/objects/things", "[1]").status, 400);
}

class PersistenceTest : public ServerTest {
 protected:
  void SetUp() override {
    token_ = "loopback";
    directory_ =
        std::filesystem::temp_directory_path() / ("sandbox-test-" + std::to_string(getpid()));
    std::filesystem::remove_all(directory_);
    Restart();
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  void Restart() {
    sandbox_.reset();
    Run("loopback", {"--data", directory_});
  }
  std::filesystem::path directory_;
};

TEST_F(PersistenceTest, ARestartBringsEverythingBack) {
  Put("a", "upsert", R"({"name":"x","amount":12.5})");
  Put("a", "upsert", R"({"amount":null})");
  Put("b");
  Put("b", "delete");
  std::string objects = Call("GET", "/_sandbox/objects/things").body;
  std::string writes = Call("GET", "/_sandbox/writes/things").body;
  EXPECT_EQ(sandbox_->Stop(SIGKILL), -SIGKILL);
  for (int i = 0; i < 2; ++i) {
    Restart();
    EXPECT_EQ(Call("GET", "/_sandbox/objects/things").body, objects);
    EXPECT_EQ(Call("GET", "/_sandbox/writes/things").body, writes);
  }
  EXPECT_EQ(Status(Put("a", "insert")), "exists");
  EXPECT_EQ(Status(Put("b", "insert")), "created");
  Call("POST", "/_sandbox/reset");
  Restart();
  EXPECT_EQ(Call("GET", "/_sandbox/objects/things").body, "");
}

TEST_F(PersistenceTest, ALineCutShortIsForgotten) {
  Put("a");
  sandbox_->Stop(SIGTERM);
  std::ofstream(directory_ / "objects.jsonl", std::ios::app) << R"({"table":"things","row":1,"va)";
  Restart();
  EXPECT_EQ(Lines(Call("GET", "/_sandbox/objects/things").body).size(), 1u);
}

TEST_F(PersistenceTest, ADamagedFileIsNamed) {
  Put("a");
  sandbox_->Stop(SIGTERM);
  std::ofstream(directory_ / "objects.jsonl", std::ios::app) << "nonsense\n{}\n";
  std::string error;
  EXPECT_EQ(SandboxProcess::Start(std::string(PENSTOCK_TEST_CONNECTOR_DIR) + "/loopback-sandbox",
                                  {"--data", directory_}, &error),
            nullptr);
}

}  // namespace
}  // namespace penstock::sandbox
