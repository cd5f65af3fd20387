// The receiver of the http connector: who gets in, what is done once only.
#include "tests/sandbox/fixture.h"

namespace penstock::sandbox {
namespace {

class HttpSandbox : public SandboxTest {
 protected:
  void SetUp() override {
    Run("http");
    token_ = "http-sandbox";
  }
};

TEST_F(HttpSandbox, WritesSingleRecords) {
  EXPECT_EQ(Call("POST", "/api/customers", R"({"email":"a@x.org","name":"Ann"})").status, 201);
  const Reply again = Call("POST", "/api/customers", R"({"email":"a@x.org","name":"Ann"})");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(TextOf(ParseJson(again.body)["error"], "code"), "EXISTS");
  EXPECT_EQ(Call("PUT", "/api/customers/a@x.org", R"({"email":"a@x.org","name":"Ann"})").body,
            R"({"status":"unchanged","id":"1000000000001"})");
  EXPECT_EQ(Call("PUT", "/api/customers/b@x.org", R"({"name":"Bob"})").status, 201);
  EXPECT_EQ(Call("PUT", "/api/customers/b@x.org", R"({"email":"c@x.org"})").status, 400);
  EXPECT_EQ(Call("PATCH", "/api/customers/c@x.org", R"({"name":"Cid"})").status, 404);
  EXPECT_EQ(Call("PUT", "/api/customers/nobody", R"({"name":"x"})").status, 422);
  EXPECT_EQ(Call("DELETE", "/api/customers/b@x.org").status, 204);
  EXPECT_EQ(Call("DELETE", "/api/customers/b@x.org").status, 404);
  EXPECT_EQ(Call("POST", "/api/orders", "{}").status, 404);
  token_ = "other";
  EXPECT_EQ(Call("GET", "/api/account").status, 401);
}

TEST_F(HttpSandbox, WritesWhatIsGoodOfABatch) {
  JsonDocument answer = ParseJson(
      Call("POST", "/api/customers/batch",
           R"({"records":[{"email":"a@x.org"},{"email":"bad"},{"email":"c@x.org","amount":"1"}]})")
          .body);
  ASSERT_EQ(answer["results"].Size(), 3u);
  EXPECT_EQ(TextOf(answer["results"][2], "status"), "created");
  EXPECT_EQ(TextOf(answer["results"][1]["error"], "code"), "INVALID_EMAIL");
  EXPECT_EQ(TextOf(answer["results"][0]["error"], "field"), "amount");
  EXPECT_EQ(Writes("customers", "created"), 1u);
  answer = ParseJson(
      Call("POST", "/api/customers/report", R"({"records":[{"email":"b@x.org"},{"email":"bad"}]})")
          .body);
  ASSERT_EQ(answer["failures"].Size(), 1u);
  EXPECT_EQ(answer["failures"][0]["index"].GetInt(), 1);
}

TEST_F(HttpSandbox, AllOrNothingIsNothingForOneBadRecord) {
  EXPECT_EQ(
      Call("POST", "/api/customers/strict", R"({"records":[{"email":"a@x.org"},{"email":"bad"}]})")
          .status,
      400);
  EXPECT_EQ(Writes("customers", "created"), 0u);
  EXPECT_EQ(Call("POST", "/api/customers/strict", R"({"records":[{"email":"a@x.org"}]})").body,
            R"({"written":1})");
  for (const char* body : {"", "[]", R"({"records":[]})", R"({"records":[{}],"more":1})",
                           R"({"records":[{}],"operation":"erase"})"}) {
    EXPECT_EQ(Call("POST", "/api/customers/strict", body).status, 400) << body;
  }
}

TEST_F(HttpSandbox, NobodyGetsThroughTheSignedDoorWithoutASignature) {
  const Reply reply = Call("POST", "/hooks/customers", R"({"email":"a@x.org"})");
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(TextOf(ParseJson(reply.body)["error"], "code"), "signature_missing");
  EXPECT_EQ(Writes("customers", "created"), 0u);
}

}  // namespace
}  // namespace penstock::sandbox
