// penstock-check --record: what a real account answered becomes a fixture without its secrets,
// which replays it. Sandboxes stand in for the accounts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sdk/testing/kit/redact.h"
#include "sdk/testing/kit/yaml.h"
#include "sdk/testing/process.h"
#include "tests/conformance/run_kit.h"

namespace penstock::conformance {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kConnectors = PENSTOCK_TEST_CONNECTOR_DIR;

struct Account {
  const char* connector;
  const char* secret;
  const char* settings;  // the account's file without base_url
  const char* file;
  const char* other;
};

class Record : public ::testing::TestWithParam<Account> {
 protected:
  void SetUp() override {
    std::string error;
    sandbox_ = sandbox::SandboxProcess::Start(Path() + "-sandbox", {}, &error);
    ASSERT_NE(sandbox_, nullptr) << error;
    WriteFile(account_, std::string(GetParam().settings) + "base_url: " + sandbox_->url() + "\n");
  }
  static std::string Path() { return kConnectors + "/" + GetParam().connector; }
  std::string Live() const {
    return Path() + ".so --live --config " + account_.string() + " --record ";
  }

  std::unique_ptr<sandbox::SandboxProcess> sandbox_;
  const Room room_{"record"};
  const fs::path account_ = room_ / "account.yaml";
};

TEST_P(Record, IsReplayedWithoutTheAccount) {
  const fs::path file = room_ / GetParam().file;
  const Ran live = RunKit(Live() + file.string());
  ASSERT_EQ(live.code, 0) << live.out;
  EXPECT_THAT(live.out, HasSubstr("look through it before you share it"));
  const std::string text = ReadFile(file);
  EXPECT_THAT(text, Not(HasSubstr(GetParam().secret)));
  EXPECT_THAT(text, Not(HasSubstr("Bearer")));
  EXPECT_THAT(text, AnyOf(HasSubstr("$secret: token"), HasSubstr(R"("$secret":"access_token")")));
  EXPECT_THAT(text, Not(HasSubstr("127.0.0.1")));
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);

  sandbox_.reset();
  const std::string replay = Path() + ".so --fixture " + file.string();
  const Ran same = RunKit(replay +
                          " --check live.round_trip --check check.ok --check check.classes --check "
                          "discover.schema --check write.request_flags");
  EXPECT_EQ(same.code, 0) << same.out << text;
  EXPECT_THAT(same.out, HasSubstr("4 passed, 0 failed, 1 skipped"));
  EXPECT_THAT(same.out, HasSubstr("the recording holds no answer to"));

  // Requests that are not the recorded ones fail the round trip.
  const size_t at = text.find("recorded") + 10;
  std::string other = text;
  other[at] = other[at] == '1' ? '2' : '1';
  WriteFile(room_ / GetParam().other, other);
  const Ran differs = RunKit(Path() + ".so --fixture " + (room_ / GetParam().other).string() +
                             " --check live.round_trip");
  EXPECT_EQ(differs.code, 1) << differs.out;
}

TEST_P(Record, LeavesNoFileWhenTheCheckFails) {
  sandbox_->Call("PUT", "/_sandbox/faults",
                 R"([{"match": {"path": "/*"}, "fault": {"status": 401}, "times": -1}])");
  const Ran ran = RunKit(Live() + (room_ / "x.yaml").string());
  EXPECT_EQ(ran.code, 1) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("nothing is recorded, because the check failed"));
  EXPECT_FALSE(fs::exists(room_ / "x.yaml"));
}

INSTANTIATE_TEST_SUITE_P(
    All, Record,
    ::testing::Values(
        Account{"loopback", "loopback",
                "config: {token: {$secret: token}}\nsecrets: {token: loopback}\n", "recorded.yaml",
                "other.yaml"},
        Account{"hubspot", "pat-sandbox",
                "config: {access_token: {$secret: access_token}}\nsecrets: {access_token: "
                "pat-sandbox}\nfields: [firstname, company]\n",
                "recorded.json", "other.json"}),
    [](const auto& account) { return std::string(account.param.connector); });

// Before anything is sent: the account cannot be reached in these.
TEST(RecordRefuses, WhatCannotBeWritten) {
  const Room room("refuse");
  const auto run = [&](const std::string& secret, const fs::path& file) {
    WriteFile(room / "account.yaml", "config: {token: {$secret: token}}\nsecrets: {token: " +
                                         secret + "}\nbase_url: http://127.0.0.1:1\n");
    const Ran ran = RunKit(kConnectors + "/loopback.so --live --config " +
                           (room / "account.yaml").string() + " --record " + file.string());
    EXPECT_EQ(ran.code, 2) << ran.out;
    return ran.out;
  };
  WriteFile(room / "there.yaml", "mine");
  EXPECT_THAT(run("loopback", room / "there.yaml"), HasSubstr("there.yaml is there already"));
  EXPECT_EQ(ReadFile(room / "there.yaml"), "mine");
  EXPECT_THAT(run("loopback", "/nowhere/x.yaml"), HasSubstr("/nowhere/x.yaml cannot be written"));
  EXPECT_THAT(run("abc", room / "x.yaml"), HasSubstr("shorter than 6 characters"));
  EXPECT_FALSE(fs::exists(room / "x.yaml"));
}

std::string Redacted(const std::map<std::string, std::string>& secrets, const std::string& body) {
  auto redactor = kit::Redactor::For(secrets);
  if (!redactor.ok()) return redactor.failure().message;
  redactor->Learn(body);
  rapidjson::Document json;
  return kit::ParseExact(body, &json) ? redactor->Value(json) : redactor->Text(body);
}

TEST(Redactor, TakesSecretsOutInEveryForm) {
  const std::map<std::string, std::string> secrets = {{"password", "kit-user:p/ss word+1"}};
  EXPECT_EQ(Redacted(secrets, R"({"a": "kit-user:p/ss word+1", "b": ["x p/ss word+1 y"]})"),
            R"({"a":"redacted","b":["x redacted y"]})");
  // Percent-encoded, and as basic authentication.
  EXPECT_EQ(Redacted(secrets, "q=p%2Fss%20word%2B1&r=a2l0LXVzZXI6cC9zcyB3b3JkKzE="),
            "q=redacted&r=redacted");
  EXPECT_EQ(Redacted({{"s", "whsec_c2VjcmV0"}}, R"("c2VjcmV0")"), R"("redacted")");
}

TEST(Redactor, TakesOutWhatAnswersHold) {
  EXPECT_EQ(Redacted({}, R"({"access_token": "abcdef123456789", "note": "abcdef123456789!"})"),
            R"({"access_token":"redacted-1","note":"redacted-1!"})");
  EXPECT_EQ(
      Redacted({}, R"({"X-Api-Key": "short", "refreshToken": 12, "tokens": 3, "key": "kit1"})"),
      R"({"X-Api-Key":"redacted","refreshToken":0,"tokens":3,"key":"kit1"})");
  EXPECT_EQ(Redacted({}, "Authorization: Bearer abc.def-123456; Basic information"),
            "Authorization: Bearer redacted-1; Basic information");
  // All that stands under such a name.
  EXPECT_EQ(Redacted({}, R"({"credentials": {"key": "abcdefghijkl", "list": [{"of": "short"}]}})"),
            R"({"credentials":{"key":"redacted-1","list":[{"of":"redacted"}]}})");
  EXPECT_EQ(Redacted({}, R"({"login": "eyJhbGciOi.eyJzdWIiOi.c2ln"})"),
            R"({"login":"redacted-1"})");
}

// A field may be called so, and its values are the kit's own.
TEST(Redactor, LeavesWhatARequestSaid) {
  auto redactor = kit::Redactor::For({});
  ASSERT_TRUE(redactor.ok());
  redactor->Said(R"({"user_token": "kit-user_token-1"})");
  const std::string answer = R"({"user_token":"kit-user_token-1","next_token":"abcdef123456789"})";
  redactor->Learn(answer);
  rapidjson::Document json;
  ASSERT_TRUE(kit::ParseExact(answer, &json));
  EXPECT_EQ(redactor->Value(json),
            R"({"user_token":"kit-user_token-1","next_token":"redacted-1"})");
  // The same word where a later request repeats it.
  EXPECT_EQ(redactor->Text("/things?after=abcdef123456789"), "/things?after=redacted-1");
}

TEST(Yaml, IsWrittenAsItIsRead) {
  const std::string json =
      R"({"a":"true","b":"12","c":1.50,"d":null,"e":[],"f":{},"g":"x: \"y\"\n\u0001é","":[true,"~",""],"/p":{"h":"-"}})";
  const auto back = kit::YamlToJson(kit::JsonToYaml(json));
  ASSERT_TRUE(back.ok()) << back.failure().message << kit::JsonToYaml(json);
  EXPECT_EQ(*back, json);
}

}  // namespace
}  // namespace penstock::conformance
