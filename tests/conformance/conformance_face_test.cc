// The GoogleTest face: a fixture in C++ whose destination is an imposter that keeps records.
#include "penstock/testing/conformance.hpp"

#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "penstock/testing/imposter.hpp"
#include "sdk/testing/kit/process_state.h"

namespace {

using penstock::kit::Destination;
using penstock::kit::Facts;
using penstock::kit::Imposter;
using penstock::kit::PeerAnswer;
using penstock::kit::PeerRequest;

constexpr char kAccount[] = R"({"id": "kit"})";
constexpr char kFields[] = R"({"fields": [{"name": "key", "type": "string"},
                                          {"name": "name", "type": "string"}]})";

// Takes every record and says so.
PeerAnswer TakeAll(const PeerRequest& request) {
  rapidjson::Document body;
  body.Parse(request.body.data(), request.body.size());
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> json(buffer);
  json.StartObject();
  json.Key("results");
  json.StartArray();
  for (const auto& record : body["records"].GetArray()) {
    json.StartObject();
    json.Key("key");
    record["key"].Accept(json);
    json.Key("status");
    json.String("updated");
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  PeerAnswer answer;
  answer.body = buffer.GetString();
  return answer;
}

class FaceFixture : public penstock::kit::Fixture {
 public:
  std::string Connector() const override { return std::string(TEST_CONNECTORS) + "/broken.so"; }
  Facts Declare() const override {
    Facts facts;
    facts.config_json = R"({"token": {"$secret": "token"}})";
    facts.secrets = {{"token", "kit"}};
    facts.object = "things";
    facts.open_fields = true;
    return facts;
  }
  penstock::sdk::Result<std::unique_ptr<Destination>> Start() override {
    auto imposter = std::make_unique<Imposter>();
    imposter->When("GET", "/v1/account").Then(200, kAccount);
    imposter->When("GET", "/v1/objects/things").Then(200, kFields);
    imposter->When("POST", "/v1/things/batch").Then(TakeAll);
    return std::unique_ptr<Destination>(std::move(imposter));
  }
};

PENSTOCK_CONFORMANCE(FaceFixture, 2);

// The same with a rule broken: the face says so.
class ReadingFixture : public FaceFixture {
 public:
  Facts Declare() const override {
    Facts facts = FaceFixture::Declare();
    facts.config_json = R"({"token": {"$secret": "token"}, "break": "check.classes"})";
    return facts;
  }
};

TEST(Session, TellsWhatFailed) {
  penstock::kit::ConformanceSession session(std::make_unique<ReadingFixture>(), 3);
  const auto answer = session.Run("check.classes");
  EXPECT_TRUE(answer.failed);
  EXPECT_NE(answer.report.find("on 403 check fails with status 12"), std::string::npos)
      << answer.report;
  EXPECT_NE(answer.report.find("< 403"), std::string::npos) << answer.report;
  for (const char* id : {"check.ok", "write.accounting", "write.lost_answer", "cancel.prompt"}) {
    const auto good = session.Run(id);
    EXPECT_FALSE(good.failed || good.skipped) << id << good.report;
  }
  EXPECT_TRUE(session.Run("write.text").skipped);
  EXPECT_TRUE(session.Run("no.such").failed);
}

// A leak is in every round. What warms up, or grows by leaps and then has room, is none.
TEST(HeapGrowth, TellsALeakFromNoise) {
  std::vector<std::unique_ptr<char[]>> kept;
  kept.reserve(1000);
  int round = 0;
  const long warming = penstock::kit::HeapGrowth([&] {
    if (++round == 1 || round == 4) kept.push_back(std::make_unique<char[]>(100000));
  });
  EXPECT_LT(warming, 1000);
  const long leaking = penstock::kit::HeapGrowth([&] {
    for (int i = 0; i < 50; ++i) kept.push_back(std::make_unique<char[]>(32));
  });
  EXPECT_GE(leaking, 50 * 32);
  EXPECT_LT(leaking, 50 * 64);
}

TEST(ImposterTest, AnswersInTurnAndByRule) {
  Imposter imposter;
  imposter.When("POST", "/v1/*").Containing("poison").Then(400).Once();
  imposter.When("POST", "/v1/*").Then(200, "a").Then(200, "b");
  imposter.When("DELETE", "*").Lost();
  PeerRequest request;
  request.method = "POST";
  request.url = "/v1/things";
  request.body = "poison";
  EXPECT_EQ(imposter.Answer(request).status, 400);
  EXPECT_EQ(imposter.Answer(request).body, "a");
  EXPECT_EQ(imposter.Answer(request).body, "b");
  EXPECT_EQ(imposter.Answer(request).body, "b");
  request.method = "DELETE";
  EXPECT_EQ(imposter.Answer(request).transport, PENSTOCK_TRANSPORT_LOST);
  request.method = "GET";
  EXPECT_EQ(imposter.Answer(request).status, 404);
  EXPECT_EQ(imposter.Count("POST /v1/*"), 4u);
  ASSERT_TRUE(imposter.Reset().ok());
  EXPECT_EQ(imposter.requests().size(), 0u);
}

}  // namespace
