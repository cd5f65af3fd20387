// What is sent: addresses, headers, bodies, keys.
#include <set>

#include "tests/plugins/http_fixture.h"

namespace penstock::sdk {
namespace {

class HttpRequestTest : public HttpFixture {
 protected:
  /// The only request that writing this batch made.
  SentRequest Sent(const std::string& operation, const std::vector<std::string>& fields,
                   TestBatch& batch) {
    host_.sent.clear();
    outcomes_.clear();
    const Status status = Write(Assigned(operation, fields), batch);
    EXPECT_TRUE(status.ok()) << status.failure().message;
    EXPECT_EQ(host_.sent.size(), 1u);
    return host_.sent.empty() ? SentRequest() : host_.sent[0];
  }
};

TEST_F(HttpRequestTest, KeepsEveryDigitAndEveryType) {
  OpenCustomers(
      R"("upsert": {"path": "/c", "body": {"who": "{email}", "values": ["{n}", "{d}", "{b}",
    "{day}", "{at}", "{extra}", "{many}", "{raw}", "{f}", "{name}"], "fixed": [1, 2.5, true, null, "x"],
    "text": "n is {n}, d is {d}, {{braces}}", "gone": "{plan}", "gone text": "x{plan}"}})");
  TestBatch batch(12);
  const std::vector<penstock_value> many = {batch.Text("x"), batch.Text("y\"")};
  penstock_value list = TestBatch::Number(PENSTOCK_LIST, 0);
  list.len = 2;
  list.v.list = many.data();
  penstock_value real{};
  real.type = PENSTOCK_DOUBLE;
  real.v.f64 = 0.1;
  batch.Add(7, {batch.Text("a\"\n\xC3\xA9@x"), TestBatch::Number(PENSTOCK_INT64, 9007199254740993),
                batch.Text("12345678901234567890.120", PENSTOCK_DECIMAL),
                TestBatch::Number(PENSTOCK_BOOL, 0), TestBatch::Number(PENSTOCK_DATE, 20779),
                TestBatch::Number(PENSTOCK_TIMESTAMP, 1795341600123456),
                batch.Text(R"({"k":[1.10]})", PENSTOCK_JSON), list,
                batch.Text("bytes", PENSTOCK_BYTES), real, TestBatch::Null(), TestBatch::Absent()});
  const SentRequest sent = Sent(
      "upsert", {"email", "n", "d", "b", "day", "at", "extra", "many", "raw", "f", "name", "plan"},
      batch);
  EXPECT_EQ(sent.method + " " + sent.url, "POST /c");
  EXPECT_EQ(sent.Header("Content-Type"), "application/json");
  EXPECT_EQ(
      sent.body,
      "{\"who\":\"a\\\"\\n\xC3\xA9@x\",\"values\":[9007199254740993,12345678901234567890.120,"
      R"(false,"2026-11-22","2026-11-22T10:00:00.123456Z",{"k":[1.10]},["x","y\""],"Ynl0ZXM=",)"
      R"(0.1,null],"fixed":[1,2.5,true,null,"x"],)"
      R"("text":"n is 9007199254740993, d is 12345678901234567890.120, {braces}"})");
  EXPECT_EQ(sent.seqs, std::vector<uint64_t>{7});
  EXPECT_TRUE(sent.idempotent);
  EXPECT_EQ(Outcome(7), PENSTOCK_UPDATED);
}

TEST_F(HttpRequestTest, WithoutABodyTheRecordIsTheBody) {
  OpenCustomers(R"("upsert": {"path": "/c"}, "delete": {"path": "/c/{email}"},
                   "insert": {"path": "/c/many", "max_records": 3},
                   "update": {"path": "/c/{email}", "method": "PUT", "body": null})");
  TestBatch batch(3);
  batch.Add(1, {batch.Text("a@x"), TestBatch::Null(), TestBatch::Absent()});
  EXPECT_EQ(Sent("upsert", {"email", "name", "n"}, batch).body, R"({"email":"a@x","name":null})");
  EXPECT_EQ(Sent("insert", {"email", "name", "n"}, batch).body, R"([{"email":"a@x","name":null}])");
  const SentRequest update = Sent("update", {"email", "name", "n"}, batch);
  EXPECT_EQ(update.method, "PUT");
  EXPECT_EQ(update.body, "");
  EXPECT_EQ(update.Header("Content-Type"), "");
  TestBatch key(1);
  key.Add(1, {key.Text("a@x")});
  const SentRequest removed = Sent("delete", {"email"}, key);
  EXPECT_EQ(removed.method + " " + removed.url, "DELETE /c/a%40x");
  EXPECT_EQ(removed.body, "");
}

TEST_F(HttpRequestTest, PutsRecordsIntoRequestsOfTheirSize) {
  OpenCustomers(R"("upsert": {"path": "/c/batch", "max_records": 2, "headers": {"X-Kind": "batch"},
    "body": {"data": {"rows": "{$records}"}, "source": "penstock"},
    "record": {"id": "{email}", "attributes": {"label": "<{name}>"}}})");
  host_.answer = [](const SentRequest&) { return Reply{202, ""}; };
  TestBatch batch(2);
  Fill(&batch, 3);
  ASSERT_TRUE(Write(Assigned("upsert", {"email", "name"}), batch).ok());
  EXPECT_EQ(host_.calls, std::vector<size_t>{2});
  EXPECT_EQ(host_.sent[0].body,
            R"({"data":{"rows":[{"id":"a@x","attributes":{"label":"<name>"}},)"
            R"({"id":"b@x","attributes":{"label":"<name>"}}]},"source":"penstock"})");
  EXPECT_EQ(host_.sent[0].seqs, (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(host_.sent[1].seqs, std::vector<uint64_t>{3});
  EXPECT_EQ(host_.sent[1].Header("X-Kind"), "batch");
  EXPECT_EQ(outcomes_.size(), 3u);
}

TEST_F(HttpRequestTest, SendsForms) {
  OpenCustomers(R"("upsert": {"path": "/c", "format": "form",
    "body": {"e-mail": "{email}", "who": "{name} & co", "n": "{n}", "fixed": 1, "gone": "{plan}"}},
    "insert": {"path": "/c", "format": "form"})");
  TestBatch batch(4);
  batch.Add(
      1, {batch.Text("a b@x"), batch.Text("\xC3\xA9=~"), TestBatch::Null(), TestBatch::Absent()});
  const SentRequest sent = Sent("upsert", {"email", "name", "n", "plan"}, batch);
  EXPECT_EQ(sent.Header("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(sent.body, "e-mail=a+b%40x&who=%C3%A9%3D~+%26+co&n=&fixed=1");
  EXPECT_EQ(Sent("insert", {"email", "name", "n", "plan"}, batch).body,
            "email=a+b%40x&name=%C3%A9%3D~&n=");
}

TEST_F(HttpRequestTest, AValueCannotLeadToAnotherAddress) {
  OpenCustomers(
      R"("update": {"path": "/c/{email}/notes?by={name}"}, "delete": {"path": "/c/{email}"})");
  TestBatch batch(2);
  batch.Add(1, {batch.Text("a/../b?c#d%e x"), batch.Text("\xC3\xA9&z=1")});
  EXPECT_EQ(Sent("update", {"email", "name"}, batch).url,
            "/c/a%2F..%2Fb%3Fc%23d%25e%20x/notes?by=%C3%A9%26z%3D1");
  // Nothing may be sent to /c/, which is all of them, nor above.
  for (const char* email : {"", ".", ".."}) {
    host_.sent.clear();
    outcomes_.clear();
    TestBatch key(1);
    key.Add(1, {key.Text(email)}).Add(2, {key.Text("b@x")});
    ASSERT_TRUE(Write(Assigned("delete", {"email"}), key).ok());
    ASSERT_EQ(host_.sent.size(), 1u);
    EXPECT_EQ(host_.sent[0].url, "/c/b%40x");
    EXPECT_EQ(Outcome(1), PENSTOCK_REJECTED) << email;
    EXPECT_EQ(Outcome(2), PENSTOCK_DELETED);
  }
}

TEST_F(HttpRequestTest, AValueCannotAddAHeader) {
  OpenCustomers(R"("upsert": {"path": "/c", "headers": {"X-Name": "n-{name}"}})",
                R"("headers": {"x-name": "common", "X-Team": "data"},)");
  TestBatch batch(2);
  batch.Add(1, {batch.Text("a@x"), batch.Text("ok")});
  const SentRequest sent = Sent("upsert", {"email", "name"}, batch);
  EXPECT_EQ(sent.Header("X-Name"), "n-ok");
  EXPECT_EQ(sent.Header("x-name"), "");
  EXPECT_EQ(sent.Header("X-Team"), "data");
  TestBatch evil(2);
  evil.Add(2, {evil.Text("a@x"), evil.Text("a\r\nX-Evil: b")});
  host_.sent.clear();
  ASSERT_TRUE(Write(Assigned("upsert", {"email", "name"}), evil).ok());
  EXPECT_TRUE(host_.sent.empty());
  EXPECT_EQ(Outcome(2), PENSTOCK_REJECTED);
  EXPECT_EQ(outcomes_[2].field, "name");
}

TEST_F(HttpRequestTest, AddressesByTheDestinationsIdWhereItIsKnown) {
  OpenCustomers(R"("update": {"path": "/c/{$id}", "method": "PATCH"},
                   "delete": {"path": "/c/batch", "method": "POST", "max_records": 10,
                              "record": "{$id}", "body": {"ids": "{$records}"}})");
  TestBatch batch(2);
  Fill(&batch, 2, {"7/8"});
  EXPECT_EQ(Sent("update", {"email", "name"}, batch).url, "/c/7%2F8");
  EXPECT_EQ(Outcome(1), PENSTOCK_UPDATED);
  EXPECT_EQ(Outcome(2), PENSTOCK_REJECTED);
  EXPECT_EQ(outcomes_[2].code, "ID_UNKNOWN");
  EXPECT_EQ(outcomes_[2].error_class, PENSTOCK_CLASS_REFERENCE);
  TestBatch three(2);
  Fill(&three, 3, {"1", "", "3"});
  const SentRequest removed = Sent("delete", {"email", "name"}, three);
  EXPECT_EQ(removed.body, R"({"ids":["1","3"]})");
  EXPECT_EQ(removed.seqs, (std::vector<uint64_t>{1, 3}));
  EXPECT_EQ(Outcome(2), PENSTOCK_REJECTED);
}

TEST_F(HttpRequestTest, AKeyIsTheSameForTheSameRequest) {
  OpenCustomers(R"("upsert": {"path": "/c", "idempotency_key": "run"},
                   "insert": {"path": "/c", "idempotency_key": {"of": "content", "header": "webhook-id"}},
                   "update": {"path": "/c", "idempotent": false})");
  const auto key = [&](const std::string& operation, const std::string& name,
                       const std::string& run) {
    TestBatch batch(2);
    batch.Add(1, {batch.Text("a@x"), batch.Text(name)});
    Assignment assignment = Assigned(operation, {"email", "name"});
    assignment.run = run;
    host_.sent.clear();
    EXPECT_TRUE(Write(assignment, batch).ok());
    EXPECT_EQ(host_.sent[0].idempotent, operation != "update");
    return host_.sent[0].Header(operation == "insert" ? "webhook-id" : "Idempotency-Key");
  };
  EXPECT_EQ(key("upsert", "x", "1").size(), 36u);
  EXPECT_EQ(key("upsert", "x", "1"), key("upsert", "x", "1"));
  EXPECT_NE(key("upsert", "x", "1"), key("upsert", "y", "1"));
  // A value that comes back in a later run must not be taken for a repetition.
  EXPECT_NE(key("upsert", "x", "1"), key("upsert", "x", "2"));
  EXPECT_EQ(key("insert", "x", "1"), key("insert", "x", "2"));
  EXPECT_NE(key("insert", "x", "1"), key("insert", "y", "1"));
  EXPECT_EQ(key("update", "x", "1"), "");
}

}  // namespace
}  // namespace penstock::sdk
