// What the configuration says, and what is wrong with it.
#include "tests/plugins/http_fixture.h"

namespace penstock::sdk {
namespace {

class HttpConfigTest : public HttpFixture {
 protected:
  /// Why a configuration cannot be opened; "" when it can.
  std::string Refusal(const std::string& config) {
    Result<const ConnectorLibrary*> library = LoadConnector(PENSTOCK_TEST_CONNECTOR_DIR, "http");
    EXPECT_TRUE(library.ok()) << library.failure().message;
    const auto instance = ConnectorInstance::Open(**library, &host_, config);
    if (instance.ok()) return "";
    EXPECT_EQ(instance.failure().status, PENSTOCK_E_INVALID_CONFIG);
    return instance.failure().message;
  }
};

TEST_F(HttpConfigTest, BecomesACatalogWithoutARequest) {
  OpenCustomers(
      R"("upsert": {"path": "/customers/batch", "max_records": 50, "body": {"list": "{$records}"}},
         "insert": {"path": "/customers"},
         "update": {"path": "/customers/{$id}", "method": "PATCH"},
         "delete": {"path": "/customers/{email}"})");
  Result<Catalog> catalog = instance_->Discover({}, {});
  ASSERT_TRUE(catalog.ok()) << catalog.failure().message;
  EXPECT_TRUE(host_.sent.empty());
  const Object* customers = catalog->FindObject("customers");
  ASSERT_NE(customers, nullptr);
  const Field* email = customers->FindField("email");
  ASSERT_NE(email, nullptr);
  EXPECT_TRUE(email->required && email->unique);
  EXPECT_EQ(email->max_length, 320u);
  EXPECT_EQ(email->normalisers, (std::vector<Normaliser>{Normaliser::kTrim, Normaliser::kLower}));
  EXPECT_EQ(customers->FindField("d")->type, FieldType::kDecimal);
  EXPECT_FALSE(customers->FindField("plan")->required);
  EXPECT_EQ(customers->FindField("plan")->allowed, (std::vector<std::string>{"free", "paid"}));
  using Identifiers = std::vector<std::vector<std::string>>;
  EXPECT_EQ(customers->operations.at("upsert").identifiers, (Identifiers{{"email"}}));
  EXPECT_EQ(customers->operations.at("update").identifiers, (Identifiers{{"id"}}));
  EXPECT_EQ(customers->operations.at("delete").identifiers, (Identifiers{{"email"}}));
  EXPECT_TRUE(customers->operations.at("upsert").idempotent);
  EXPECT_FALSE(customers->operations.at("insert").idempotent);
  EXPECT_EQ(customers->limits.max_request_records, 50u);
  EXPECT_EQ(customers->limits.max_batch_records % 50, 0u);
  EXPECT_TRUE(instance_->Discover({"orders"}, {})->objects.empty());
}

TEST_F(HttpConfigTest, AKeyOfContentMakesSingleInsertsIdempotent) {
  const auto idempotent = [&](const std::string& insert) {
    OpenCustomers(R"("insert": {"path": "/customers", )" + insert + "}");
    return instance_->Discover({}, {})->FindObject("customers")->operations.at("insert").idempotent;
  };
  EXPECT_TRUE(idempotent(R"("idempotency_key": "content")"));
  EXPECT_FALSE(idempotent(R"("idempotency_key": "run")"));
  EXPECT_FALSE(idempotent(R"("idempotency_key": "content", "max_records": 10)"));
  EXPECT_TRUE(idempotent(R"("idempotent": true)"));
}

TEST_F(HttpConfigTest, TheAccountIsTheAddressOrWhatTheUserOrTheAnswerSays) {
  const std::string upsert = R"("upsert": {"path": "/c"})";
  OpenCustomers(upsert);
  EXPECT_EQ(instance_->Check({})->account_id, "api.example.com/v1");
  EXPECT_TRUE(host_.sent.empty());
  OpenCustomers(upsert, R"("account": "crm",)");
  EXPECT_EQ(instance_->Check({})->account_id, "crm");

  OpenCustomers(upsert, R"("headers": {"X-Team": "data"},
                           "check": {"path": "/me", "id": "/account/id", "name": "/account/name"},)");
  host_.answer = [](const SentRequest& request) {
    EXPECT_EQ(request.method + " " + request.url, "GET /me");
    EXPECT_TRUE(request.seqs.empty());
    EXPECT_EQ(request.Header("X-Team"), "data");
    return Reply{200, R"({"account": {"id": 12345678901234567890123, "name": "Shop"}})"};
  };
  Result<CheckReport> report = instance_->Check({});
  ASSERT_TRUE(report.ok()) << report.failure().message;
  EXPECT_EQ(report->account_id, "12345678901234567890123");
  EXPECT_EQ(report->account_name, "Shop");

  host_.answer = [](const SentRequest&) { return Reply{200, "{}"}; };
  EXPECT_NE(instance_->Check({}).failure().message.find("/check/id"), std::string::npos);
  host_.answer = [](const SentRequest&) { return Reply{401, "{}"}; };
  EXPECT_EQ(instance_->Check({}).failure().status, PENSTOCK_E_UNAUTHENTICATED);
  host_.answer = [](const SentRequest&) { return Reply{404, "{}"}; };
  EXPECT_EQ(instance_->Check({}).failure().status, PENSTOCK_E_NOT_FOUND);
  host_.answer = [](const SentRequest&) { return Reply{200, "<html>"}; };
  EXPECT_EQ(instance_->Check({}).failure().status, PENSTOCK_E_INTERNAL);
}

struct Wrong {
  const char* operations;
  const char* pointer;
  const char* says;
};

constexpr Wrong kWrong[] = {
    {R"("upsrt": {"path": "/c"})", "/operations/upsrt", "no operation"},
    {R"("upsert": {"path": "c"})", "/upsert/path", "must begin with /"},
    {R"("upsert": {"path": "/c/{emial}"})", "/upsert/path", "no field of customers"},
    {R"("upsert": {"path": "/c/{email"})", "/upsert/path", "{ without }"},
    {R"("upsert": {"path": "/c/{}"})", "/upsert/path", "without a name"},
    {R"("upsert": {"path": "/c/email}"})", "/upsert/path", "} without {"},
    {R"("upsert": {"path": "/c/{$key}"})", "/upsert/path", "{$key}, which is not known"},
    {R"("upsert": {"path": "/c/{$record}"})", "/upsert/path", "only \"body\""},
    {R"("upsert": {"path": "/c", "body": {"a": "${env:TOKEN}"}})", "/upsert/body/a", "environment"},
    {R"("upsert": {"path": "/c", "body": {"a": {"email": null}}})", "/upsert/body/a", "in quotes"},
    {R"("upsert": {"path": "/c", "body": {"a": ["x", "{nobody}"]}})", "/upsert/body",
     "no field of customers"},
    {R"("upsert": {"path": "/c", "body": {"a": "x {$record}"}})", "/upsert/body/a", "stand alone"},
    {R"("upsert": {"path": "/c", "max_records": 5, "body": {"a": "{email}"}})", "/upsert/body",
     "use {$records}"},
    {R"("upsert": {"path": "/c", "max_records": 5, "body": {"a": 1}})", "/upsert/body",
     "lacks {$records}"},
    {R"("upsert": {"path": "/c/{email}", "max_records": 5})", "/upsert/path", "use {$records}"},
    {R"("upsert": {"path": "/c", "record": {"a": "{email}"}, "body": {"a": 1}})", "/upsert/record",
     "not used"},
    {R"("upsert": {"path": "/c", "headers": {"Authorization": "x"}})",
     "/upsert/headers/Authorization", "set by Penstock"},
    {R"("upsert": {"path": "/c", "headers": {"X A": "x"}})", "/upsert/headers/X A", "no name"},
    {R"("upsert": {"path": "/c", "format": "form", "body": {"a": {"b": 1, "c": 2}}})",
     "/upsert/body/a", "single value"},
    {R"("upsert": {"path": "/c", "format": "form", "max_records": 2})", "/upsert/max_records",
     "must be 1"},
    {R"("upsert": {"path": "/c", "idempotency_key": "always"})", "/upsert/idempotency_key",
     "run or content"},
    {R"("delete": {"path": "/c/{name}"})", "/delete/path", "only the key"},
    {R"("upsert": {"path": "/c", "answer": {"success": {"status": 429}}})",
     "/upsert/answer/success/status", "tried again"},
    {R"("upsert": {"path": "/c", "answer": {"success": {"status": [200, 900]}}})",
     "/upsert/answer/success/status/1", "from 200 to 499"},
    {R"("upsert": {"path": "/c", "answer": {"success": {"equals": "ok"}}})",
     "/upsert/answer/success", "lacks \"at\""},
    {R"("upsert": {"path": "/c", "answer": {"success": {"at": "ok"}}})",
     "/upsert/answer/success/at", "JSON pointer"},
    {R"("upsert": {"path": "/c", "answer": {"success": {"at": "/ok", "is": true}}})",
     "/upsert/answer/success", "\"is\""},
    {R"("upsert": {"path": "/c", "answer": {"missing": {"status": 404}}})",
     "/upsert/answer/missing", "update and delete only"},
    {R"("upsert": {"path": "/c", "answer": {"results": {"at": "/r"}}})", "/upsert/answer/results",
     "lacks \"success\""},
    {R"("upsert": {"path": "/c", "answer": {"results": {"at": "/r", "lists": "failures"}}})",
     "/upsert/answer/results", "needs \"match\""},
    {R"("upsert": {"path": "/c", "answer": {"results": {"at": "/r", "success": {"at": "/ok"},
        "match": {"field": "email"}}}})",
     "/upsert/answer/results/match", "\"index\" alone"},
    {R"("upsert": {"path": "/c", "answer": {"results": {"at": "/r", "success": {"status": 200}}}})",
     "/upsert/answer/results/success/status", "whole answer"},
};

TEST_F(HttpConfigTest, SaysWhereAConfigurationIsWrong) {
  for (const Wrong& wrong : kWrong) {
    const std::string said = Refusal(Customers(wrong.operations));
    EXPECT_NE(said.find("/objects/customers"), std::string::npos) << wrong.operations << said;
    EXPECT_NE(said.find(wrong.pointer), std::string::npos) << wrong.operations << "\n" << said;
    EXPECT_NE(said.find(wrong.says), std::string::npos) << wrong.operations << "\n" << said;
  }
}

TEST_F(HttpConfigTest, SaysWhereTheRestIsWrong) {
  const std::string upsert = R"("upsert": {"path": "/c"})";
  EXPECT_NE(Refusal("[]").find("not a JSON object"), std::string::npos);
  EXPECT_NE(Refusal("{}").find("/objects has no object"), std::string::npos);
  EXPECT_NE(Refusal(R"({"objects": {"a": {"key": "k", "fields": {"e": "string"}}}})")
                .find("/objects/a/key must name one of"),
            std::string::npos);
  EXPECT_NE(Refusal(R"({"objects": {"a": {"key": "k", "fields": {"k": "strig"}}}})")
                .find("/objects/a/fields/k must be one of string"),
            std::string::npos);
  EXPECT_NE(Refusal(Customers(upsert, R"("headers": {"X-A": "{email}"},)")).find("/headers/X-A"),
            std::string::npos);
  EXPECT_NE(Refusal(Customers(upsert, R"("check": {"path": "me"},)")).find("/check/path"),
            std::string::npos);
  EXPECT_NE(Refusal(Customers(upsert, R"("colour": "red",)")).find("has \"colour\""),
            std::string::npos);
  EXPECT_NE(Refusal(Customers(upsert, R"("auth": 1,)")).find("/auth must be a text"),
            std::string::npos);
  EXPECT_EQ(Refusal(Customers(upsert)), "");
}

TEST_F(HttpConfigTest, RefusesAssignmentsItCannotCarryOut) {
  OpenCustomers(R"("upsert": {"path": "/c/{plan}"})");
  TestBatch batch(2);
  Fill(&batch, 1);
  EXPECT_EQ(Write(Assigned("delete", {"email"}), batch).failure().status, PENSTOCK_E_UNSUPPORTED);
  EXPECT_EQ(Write(Assigned("upsert", {"name", "plan"}), batch).failure().status,
            PENSTOCK_E_UNSUPPORTED);
  EXPECT_EQ(Write(Assign("orders", "upsert", {"email"}), batch).failure().status,
            PENSTOCK_E_NOT_FOUND);
  EXPECT_EQ(Write(Assigned("upsert", {"email", "plan", "color"}), batch).failure().status,
            PENSTOCK_E_NOT_FOUND);
  const Status unmapped = Write(Assigned("upsert", {"email", "name"}), batch);
  ASSERT_FALSE(unmapped.ok());
  EXPECT_EQ(unmapped.failure().status, PENSTOCK_E_INVALID_CONFIG);
  EXPECT_NE(unmapped.failure().message.find("plan"), std::string::npos);
  OpenCustomers(R"("upsert": {"path": "/c", "max_records": 9, "answer": {"results": {"at": "/r",
                   "success": {"at": "/ok"}, "match": {"field": "plan", "at": "/plan"}}}})");
  EXPECT_EQ(Write(Assigned("upsert", {"email", "name"}), batch).failure().status,
            PENSTOCK_E_INVALID_CONFIG);
  Open("http", R"({"objects": {"customers": {"key": "email", "fields": {"email": "string",
      "name": {"type": "string", "required": true}}, "operations": {"insert": {"path": "/c"}}}}})");
  const Status incomplete = Write(Assigned("insert", {"email"}), batch);
  ASSERT_FALSE(incomplete.ok());
  EXPECT_EQ(incomplete.failure().status, PENSTOCK_E_INVALID_ARGUMENT);
  EXPECT_TRUE(host_.sent.empty());
}

}  // namespace
}  // namespace penstock::sdk
