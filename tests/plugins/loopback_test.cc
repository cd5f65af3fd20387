// The loopback connector against scripted answers.
#include "tests/plugins/connector_fixture.h"

namespace penstock::sdk {
namespace {

class LoopbackTest : public ConnectorFixture {
 protected:
  void SetUp() override { Open("loopback", R"({"token": {"$secret": "token"}})"); }
};

TEST_F(LoopbackTest, ChecksTheAccount) {
  host_.answer = [](const SentRequest& request) {
    EXPECT_EQ(request.url, "/v1/account");
    EXPECT_TRUE(request.idempotent);
    return Reply{200, R"({"id": "loopback", "name": "Loopback sandbox"})"};
  };
  Result<CheckReport> report = instance_->Check({});
  ASSERT_TRUE(report.ok()) << report.failure().message;
  EXPECT_EQ(report->account_id, "loopback");
}

TEST_F(LoopbackTest, DiscoversObjects) {
  host_.answer = [](const SentRequest&) {
    return Reply{200, R"({"objects": [{"name": "things", "key": "key", "max_batch": 100, "fields": [
      {"name": "name", "type": "string"}, {"name": "size", "type": "number"},
      {"name": "on", "type": "bool"}, {"name": "x", "type": "any"}]}]})"};
  };
  Result<Catalog> catalog = instance_->Discover({"things"}, {});
  ASSERT_TRUE(catalog.ok()) << catalog.failure().message;
  const Object* things = catalog->FindObject("things");
  ASSERT_NE(things, nullptr);
  EXPECT_EQ(things->FindField("size")->type, FieldType::kDecimal);
  EXPECT_EQ(things->FindField("on")->type, FieldType::kBoolean);
  EXPECT_TRUE(things->operations.at("upsert").idempotent);
  EXPECT_FALSE(things->operations.at("insert").idempotent);
}

TEST_F(LoopbackTest, WritesExactValuesAndReadsEveryStatus) {
  host_.answer = [](const SentRequest& request) {
    EXPECT_EQ(request.url, "/v1/things/batch");
    EXPECT_EQ(request.seqs, (std::vector<uint64_t>{1, 2, 3, 4}));
    EXPECT_EQ(
        request.body,
        R"({"records":[{"key":"a","op":"upsert","fields":{"n":12345678901234567890.5}},)"
        R"({"key":"b","op":"upsert","fields":{"n":null}},)"
        R"({"key":"c","op":"upsert","fields":{}},{"key":"4","op":"upsert","fields":{"n":true}}]})");
    return Reply{200, R"({"results": [{"key": "a", "status": "created", "id": "1"},
      {"key": "b", "status": "updated", "id": "2"},
      {"key": "c", "status": "rejected", "code": "bad_key", "message": "no", "field": "key"},
      {"key": "4", "status": "sideways"}]})"};
  };
  TestBatch batch(2);
  batch.Add(1, {batch.Text("a"), batch.Text("12345678901234567890.5", PENSTOCK_DECIMAL)});
  batch.Add(2, {batch.Text("b"), TestBatch::Null()});
  batch.Add(3, {batch.Text("c"), TestBatch::Absent()});
  batch.Add(4, {TestBatch::Number(PENSTOCK_INT64, 4), TestBatch::Number(PENSTOCK_BOOL, 1)});
  ASSERT_TRUE(Write(Assign("things", "upsert", {"key", "n"}), batch).ok());
  EXPECT_EQ(outcomes_[1].outcome, PENSTOCK_CREATED);
  EXPECT_EQ(outcomes_[2].outcome, PENSTOCK_UPDATED);
  EXPECT_EQ(outcomes_[2].id, "2");
  EXPECT_EQ(outcomes_[3].outcome, PENSTOCK_REJECTED);
  EXPECT_EQ(outcomes_[3].code, "bad_key");
  EXPECT_EQ(outcomes_[4].outcome, PENSTOCK_IN_DOUBT);
}

TEST_F(LoopbackTest, SendsAllRequestsOfABatchTogether) {
  host_.backwards = true;
  host_.answer = [](const SentRequest& request) {
    std::string results;
    for (const uint64_t seq : request.seqs) {
      results += (results.empty() ? "" : ",") + std::string(R"({"status": "created", "id": ")") +
                 std::to_string(seq) + "\"}";
    }
    return Reply{200, "{\"results\": [" + results + "]}"};
  };
  TestBatch batch(1);
  for (uint64_t seq = 1; seq <= 250; ++seq) batch.Add(seq, {batch.Text(std::to_string(seq))});
  ASSERT_TRUE(Write(Assign("things", "insert", {"key"}), batch).ok());
  EXPECT_EQ(host_.calls, std::vector<size_t>{3});
  EXPECT_FALSE(host_.sent[0].idempotent);
  EXPECT_EQ(outcomes_.size(), 250u);
  EXPECT_EQ(outcomes_[250].id, "250");
}

TEST_F(LoopbackTest, SplitsARefusedBatchAndRejectsARefusedRecord) {
  host_.answer = [](const SentRequest&) {
    return Reply{400, R"({"code": "bad_request", "message": "bad"})"};
  };
  TestBatch two(1);
  two.Add(1, {two.Text("a")}).Add(2, {two.Text("b")});
  ASSERT_TRUE(Write(Assign("things", "upsert", {"key"}), two).ok());
  EXPECT_EQ(outcomes_[1].outcome, PENSTOCK_SPLIT);
  TestBatch one(1);
  one.Add(3, {one.Text("a")});
  ASSERT_TRUE(Write(Assign("things", "upsert", {"key"}), one).ok());
  EXPECT_EQ(outcomes_[3].outcome, PENSTOCK_REJECTED);
}

TEST_F(LoopbackTest, TellsWhatIsSafeToSendAgain) {
  const auto outcome_of = [this](Reply reply, penstock_status status) {
    host_.answer = [reply](const SentRequest&) { return reply; };
    outcomes_.clear();
    TestBatch batch(1);
    batch.Add(1, {batch.Text("a")});
    const Status written = Write(Assign("things", "upsert", {"key"}), batch);
    EXPECT_EQ(written.ok() ? static_cast<penstock_status>(PENSTOCK_OK) : written.failure().status,
              status);
    return outcomes_[1].outcome;
  };
  EXPECT_EQ(outcome_of({0, "", Transport::kNotSent}, PENSTOCK_E_UNAVAILABLE), PENSTOCK_UNSENT);
  EXPECT_EQ(outcome_of({0, "", Transport::kLost}, PENSTOCK_E_UNAVAILABLE), PENSTOCK_IN_DOUBT);
  EXPECT_EQ(outcome_of({502}, PENSTOCK_E_UNAVAILABLE), PENSTOCK_IN_DOUBT);
  EXPECT_EQ(outcome_of({503}, PENSTOCK_E_UNAVAILABLE), PENSTOCK_IN_DOUBT);
  EXPECT_EQ(outcome_of({503, "", Transport::kOk, 1000}, PENSTOCK_E_UNAVAILABLE), PENSTOCK_UNSENT);
  EXPECT_EQ(outcome_of({429}, PENSTOCK_E_RATE_LIMITED), PENSTOCK_UNSENT);
  EXPECT_EQ(outcome_of({401}, PENSTOCK_E_UNAUTHENTICATED), PENSTOCK_UNSENT);
  EXPECT_EQ(outcome_of({404}, PENSTOCK_E_NOT_FOUND), PENSTOCK_UNSENT);
  EXPECT_EQ(outcome_of({200, "not json"}, PENSTOCK_OK), PENSTOCK_IN_DOUBT);
}

TEST_F(LoopbackTest, LooksKeysUp) {
  host_.answer = [](const SentRequest& request) {
    EXPECT_EQ(request.body, R"({"keys":["a","b"]})");
    EXPECT_TRUE(request.seqs.empty());
    return Reply{200, R"({"records": [{"key": "b", "id": "7", "fields": {}}]})"};
  };
  TestBatch keys(1);
  const std::vector<penstock_value> values = {keys.Text("a"), keys.Text("b")};
  std::map<size_t, std::string> found;
  const Status status = instance_->Lookup(
      Assign("things", "lookup", {"key"}), values, 1,
      [&](const FoundRecord& r) {
        found[r.index] = r.matches == Matches::kOne ? std::string(r.destination_id) : "-";
      },
      {});
  ASSERT_TRUE(status.ok()) << status.failure().message;
  EXPECT_EQ(found, (std::map<size_t, std::string>{{0, "-"}, {1, "7"}}));
}

}  // namespace
}  // namespace penstock::sdk
