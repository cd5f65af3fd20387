// The HubSpot sandbox against what is known of the vendor's API (README.md beside it).
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <set>

#include "tests/sandbox/fixture.h"

namespace penstock::sandbox {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

const std::string kContacts = "/crm/v3/objects/contacts";

class HubSpotTest : public SandboxTest {
 protected:
  void SetUp() override {
    token_ = "pat-sandbox";
    Run("hubspot", {"--no-limits", "--search-lag", "0"});
  }
  Reply Batch(const std::string& call, const std::string& inputs) {
    return Call("POST", kContacts + "/batch/" + call, R"({"inputs":[)" + inputs + "]}");
  }
  // One input of an upsert by e-mail.
  static std::string Upsert(const std::string& email, const std::string& properties,
                            const std::string& trace = "") {
    return R"({"id":")" + email + R"(","idProperty":"email","properties":)" + properties +
           (trace.empty() ? "" : R"(,"objectWriteTraceId":")" + trace + "\"") + "}";
  }
  static std::string Create(const std::string& properties, const std::string& trace = "") {
    return R"({"associations":[],"properties":)" + properties +
           (trace.empty() ? "" : R"(,"objectWriteTraceId":")" + trace + "\"") + "}";
  }
  // Creates a contact and returns its id.
  std::string Contact(const std::string& properties) {
    Reply reply = Call("POST", kContacts, Create(properties));
    EXPECT_EQ(reply.status, 201) << reply.body;
    return TextOf(ParseJson(reply.body), "id");
  }
  std::string Property(const std::string& id, const std::string& name) {
    Reply reply = Call("GET", kContacts + "/" + id + "?properties=" + name);
    return TextOf(ParseJson(reply.body)["properties"], name.c_str());
  }
  void MakeProperty(const std::string& name, const std::string& type, const std::string& field_type,
                    bool unique = false) {
    Reply reply = Call("POST", "/crm/v3/properties/contacts",
                       R"({"name":")" + name + R"(","label":"L","groupName":"g","type":")" + type +
                           R"(","fieldType":")" + field_type + R"(","hasUniqueValue":)" +
                           (unique ? "true" : "false") + "}");
    ASSERT_EQ(reply.status, 201) << reply.body;
  }
  std::string Category(const Reply& reply) { return TextOf(ParseJson(reply.body), "category"); }
  std::string Message(const Reply& reply) { return TextOf(ParseJson(reply.body), "message"); }
};

TEST_F(HubSpotTest, AccountAndTokens) {
  JsonDocument details = ParseJson(Call("GET", "/account-info/v3/details").body);
  EXPECT_EQ(details["portalId"].GetInt(), 24680135);
  Reply info =
      Call("POST", "/oauth/v2/private-apps/get/access-token-info", R"({"tokenKey":"pat-sandbox"})");
  EXPECT_EQ(info.status, 200);
  EXPECT_THAT(info.body, HasSubstr("crm.objects.contacts.write"));
  EXPECT_EQ(ParseJson(Call("GET", "/oauth/v1/access-tokens/pat-sandbox").body)["hub_id"].GetInt(),
            24680135);
  for (const char* token : {"", "pat-wrong"}) {
    token_ = token;
    Reply reply = Call("GET", kContacts);
    EXPECT_EQ(reply.status, 401);
    EXPECT_EQ(Category(reply), "INVALID_AUTHENTICATION");
    EXPECT_FALSE(reply.headers["x-hubspot-correlation-id"].empty());
  }
}

// Tokens themselves: tests/e2e/oauth_test.cc, which posts forms.
TEST_F(HubSpotTest, TheTokenEndpointReadsFormsAndHasErrorsOfItsOwnForm) {
  const Reply reply = Call("POST", "/oauth/v1/token", R"({"grant_type": "refresh_token"})");
  EXPECT_EQ(reply.status, 400);
  const JsonDocument body = ParseJson(reply.body);
  EXPECT_EQ(TextOf(body, "status"), "BAD_REQUEST");
  EXPECT_NE(TextOf(body, "correlationId"), "");
  EXPECT_EQ(Member(body, "category"), nullptr);
  EXPECT_EQ(Call("GET", "/oauth/v1/access-tokens/sandbox-at-none").status, 404);
  Config(R"({"expire_tokens": true, "expire_after_calls": 3, "token_life_s": 5,
             "refresh_tokens": [], "rotate_refresh_tokens": true})");
  EXPECT_NE(Call("PUT", "/_sandbox/config", R"({"token_life_s": 0})").status, 200);
  EXPECT_NE(Call("PUT", "/_sandbox/config", R"({"expire_tokens": false})").status, 200);
}

TEST_F(HubSpotTest, ScopesAreEnforced) {
  Config(R"({"scopes":["crm.objects.contacts.read"]})");
  EXPECT_EQ(Call("GET", kContacts).status, 200);
  EXPECT_EQ(Call("GET", "/crm/v3/properties/contacts").status, 200);
  Reply reply = Batch("upsert", Upsert("a@example.com", "{}"));
  EXPECT_EQ(reply.status, 403);
  EXPECT_EQ(Category(reply), "MISSING_SCOPES");
  EXPECT_THAT(reply.body, HasSubstr(R"("requiredGranularScopes":["crm.objects.contacts.write"])"));
  EXPECT_EQ(Call("GET", "/crm/v3/objects/deals").status, 403);
  Config(R"({"tokens":["pat-new"]})");
  EXPECT_EQ(Call("GET", kContacts).status, 401);
}

TEST_F(HubSpotTest, UpsertCreatesAndUpdatesByLowerCaseEmail) {
  Reply first = Batch("upsert", Upsert(" Ann@Example.COM ", R"({"firstname":"Ann"})"));
  ASSERT_EQ(first.status, 200) << first.body;
  JsonDocument created = ParseJson(first.body);
  EXPECT_TRUE(created["results"][0]["new"].GetBool());
  EXPECT_EQ(TextOf(created["results"][0]["properties"], "email"), "ann@example.com");
  Reply second = Batch("upsert", Upsert("ann@example.com", R"({"lastname":"Lee"})"));
  JsonDocument updated = ParseJson(second.body);
  EXPECT_FALSE(updated["results"][0]["new"].GetBool());
  EXPECT_EQ(TextOf(updated["results"][0], "id"), TextOf(created["results"][0], "id"));
  EXPECT_EQ(TextOf(updated, "status"), "COMPLETE");
  EXPECT_EQ(Property(TextOf(created["results"][0], "id"), "firstname"), "Ann");
}

TEST_F(HubSpotTest, ResultsAreInAnotherOrderThanInputs) {
  std::string inputs;
  std::vector<std::string> sent;
  for (int i = 0; i < 100; ++i) {
    sent.push_back("user" + std::to_string(i) + "@example.com");
    inputs += (i > 0 ? "," : "") + Upsert(sent.back(), "{}", std::to_string(i));
  }
  JsonDocument body = ParseJson(Batch("upsert", inputs).body);
  std::vector<std::string> seen;
  for (const auto& result : body["results"].GetArray()) {
    seen.push_back(TextOf(result["properties"], "email"));
    EXPECT_EQ(TextOf(result, "objectWriteTraceId"), "");
  }
  EXPECT_NE(seen, sent);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()),
            std::set<std::string>(sent.begin(), sent.end()));
}

TEST_F(HubSpotTest, WithTraceIdsTheGoodOnesAreWritten) {
  Reply reply = Batch("upsert", Upsert("a@example.com", R"({"firstname":"A"})", "t1") + "," +
                                    Upsert("b@example.com", R"({"nope":"1"})", "t2") + "," +
                                    Upsert("not-an-email", "{}", "t3"));
  ASSERT_EQ(reply.status, 207) << reply.body;
  JsonDocument body = ParseJson(reply.body);
  EXPECT_EQ(body["results"].Size(), 1u);
  EXPECT_EQ(body["numErrors"].GetInt(), 2);
  std::set<std::string> failed;
  for (const auto& error : body["errors"].GetArray()) {
    failed.insert(error["context"]["objectWriteTraceId"][0].GetString());
    EXPECT_EQ(TextOf(error, "category"), "VALIDATION_ERROR");
    EXPECT_THAT(TextOf(error, "message"), HasSubstr("Property values were not valid: [{"));
    EXPECT_TRUE(error["errors"].IsArray());
    EXPECT_TRUE(error["links"].IsObject());
  }
  EXPECT_THAT(failed, UnorderedElementsAre("t2", "t3"));
  EXPECT_EQ(Writes("contacts", "created"), 1u);
}

TEST_F(HubSpotTest, WithoutOrWithRepeatedTraceIdsNothingIsWritten) {
  for (const char* trace : {"", "same"}) {
    Reply reply = Batch("upsert", Upsert("a@example.com", "{}", trace) + "," +
                                      Upsert("b@example.com", R"({"nope":"1"})", trace));
    EXPECT_EQ(reply.status, 400);
    EXPECT_THAT(Message(reply), HasSubstr(R"("error":"PROPERTY_DOESNT_EXIST","name":"nope")"));
    EXPECT_TRUE(ParseJson(reply.body)["errors"].Empty());
  }
  EXPECT_EQ(Writes("contacts", "created"), 0u);
}

TEST_F(HubSpotTest, TraceIdsInResultsCanBeSwitchedOn) {
  Config(R"({"trace_ids_in_results":true})");
  JsonDocument body = ParseJson(Batch("upsert", Upsert("a@example.com", "{}", "t1")).body);
  EXPECT_EQ(TextOf(body["results"][0], "objectWriteTraceId"), "t1");
}

TEST_F(HubSpotTest, DuplicateIdsFailTheWholeBatch) {
  Reply reply = Batch(
      "upsert", Upsert("a@example.com", "{}", "1") + "," + Upsert("A@Example.com ", "{}", "2"));
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(Message(reply),
            "Duplicate IDs found in batch input: [a@example.com]. IDs must be unique");
  std::string id = Contact(R"({"email":"b@example.com","hs_additional_emails":"c@example.com"})");
  reply = Batch("upsert",
                Upsert("b@example.com", "{}", "1") + "," + Upsert("c@example.com", "{}", "2"));
  EXPECT_EQ(Message(reply), "Duplicate IDs found in batch input: [" + id + "]. IDs must be unique");
  EXPECT_THAT(reply.body, HasSubstr("\"context\":{\"ids\":[\"" + id + "\"]}"));
}

TEST_F(HubSpotTest, TheSameIdTwiceFailsReadsAndArchives) {
  const std::string id = Contact(R"({"email":"b@example.com"})");
  const std::string one = R"({"id":")" + id + "\"}";
  Reply reply = Batch("archive", one + "," + one);
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(Message(reply), HasSubstr("Duplicate IDs"));
  EXPECT_EQ(Call("GET", kContacts + "/" + id).status, 200);
  reply = Call("POST", kContacts + "/batch/read",
               R"({"inputs":[{"id":"b@example.com"},{"id":"B@example.com"}],"idProperty":"email",
                   "properties":[],"propertiesWithHistory":[]})");
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(Message(reply), HasSubstr("Duplicate IDs"));
}

TEST_F(HubSpotTest, SingleCallsAreAsStrictAsBatches) {
  EXPECT_EQ(Call("POST", kContacts, R"({"properties":{}})").status, 400);
  EXPECT_EQ(Call("POST", kContacts, R"({"associations":[],"properties":{},"x":1})").status, 400);
  const std::string id = Contact(R"({"email":"b@example.com"})");
  EXPECT_EQ(Call("PATCH", kContacts + "/" + id, R"({"properties":{},"x":1})").status, 400);
  EXPECT_EQ(Call("GET", kContacts + "?limit=10abc").status, 400);
}

TEST_F(HubSpotTest, UpdatesCanBeAllOrNothing) {
  const std::string id = Contact(R"({"email":"b@example.com"})");
  const std::string inputs = R"({"id":")" + id +
                             R"(","properties":{"firstname":"B"},"objectWriteTraceId":"1"},)" +
                             R"({"id":"1","properties":{},"objectWriteTraceId":"2"})";
  Config(R"({"update_all_or_nothing":true})");
  EXPECT_EQ(Batch("update", inputs).status, 404);
  EXPECT_EQ(Property(id, "firstname"), "");
  Config(R"({"update_all_or_nothing":false})");
  EXPECT_EQ(Batch("update", inputs).status, 207);
}

TEST_F(HubSpotTest, SecondaryEmailLeadsToTheSameContact) {
  std::string id = Contact(R"({"email":"b@example.com","hs_additional_emails":"C@example.com"})");
  JsonDocument body =
      ParseJson(Batch("upsert", Upsert("c@example.com", R"({"firstname":"C"})")).body);
  EXPECT_EQ(TextOf(body["results"][0], "id"), id);
  EXPECT_EQ(Property(id, "email"), "b@example.com");
}

TEST_F(HubSpotTest, ABatchHasOneToAHundredInputs) {
  std::string inputs;
  for (int i = 0; i < 101; ++i) {
    inputs += (i > 0 ? "," : "") + Upsert("user" + std::to_string(i) + "@example.com", "{}");
  }
  EXPECT_EQ(Batch("upsert", inputs).status, 400);
  EXPECT_EQ(Batch("upsert", "").status, 400);
  EXPECT_EQ(Writes("contacts", "created"), 0u);
}

TEST_F(HubSpotTest, ShapesAreStrict) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"upsert", R"({"idProperty":"email","properties":{}})"},
      {"upsert", R"({"id":"a@example.com","idProperty":"email"})"},
      {"upsert", R"({"id":5,"idProperty":"email","properties":{}})"},
      {"upsert", Upsert("a@example.com", R"({"phone":5})")},
      {"upsert", Upsert("a@example.com", R"({"phone":null})")},
      {"upsert", R"({"id":"a@example.com","idproperty":"email","properties":{}})"},
      {"upsert", R"({"id":"a@example.com","properties":{}})"},
      {"create", R"({"properties":{}})"},
      {"update", R"({"id":"1","properties":[]})"},
      {"archive", R"({"id":1})"},
  };
  for (const auto& [call, input] : bad) {
    Reply reply = Batch(call, input);
    EXPECT_EQ(reply.status, 400) << call << " " << input;
    EXPECT_EQ(Category(reply), "VALIDATION_ERROR");
  }
  for (const char* body : {"", "{", "{}", "[]", R"({"inputs":{}})"}) {
    EXPECT_EQ(Call("POST", kContacts + "/batch/upsert", body).status, 400) << body;
  }
  EXPECT_EQ(Call("POST", kContacts + "/batch/read", R"({"inputs":[{"id":"1"}]})").status, 400);
}

TEST_F(HubSpotTest, OnlyUniquePropertiesNameRecords) {
  Reply reply = Batch("upsert", R"({"id":"x","idProperty":"firstname","properties":{}})");
  EXPECT_EQ(Message(reply), "Unable to perform update/upsert by non-unique 0-1 property firstname");
  MakeProperty("external_id", "string", "text", true);
  reply =
      Batch("upsert",
            R"({"id":"X-1","idProperty":"external_id","properties":{"email":"a@example.com"}})");
  ASSERT_EQ(reply.status, 200) << reply.body;
  reply =
      Batch("upsert",
            R"({"id":"X-1","idProperty":"external_id","properties":{"email":"b@example.com"}})");
  EXPECT_FALSE(ParseJson(reply.body)["results"][0]["new"].GetBool());
  // The first e-mail is free again, the second is not.
  Contact(R"({"email":"a@example.com"})");
  reply = Batch(
      "upsert",
      R"({"id":"X-2","idProperty":"external_id","objectWriteTraceId":"t","properties":{"email":"b@example.com"}})");
  EXPECT_EQ(reply.status, 207);
  EXPECT_EQ(TextOf(ParseJson(reply.body)["errors"][0], "category"), "CONFLICT");
  for (int i = 0; i < 9; ++i) MakeProperty("u" + std::to_string(i), "string", "text", true);
  EXPECT_EQ(
      Call(
          "POST", "/crm/v3/properties/contacts",
          R"({"name":"u10","label":"L","groupName":"g","type":"string","fieldType":"text","hasUniqueValue":true})")
          .status,
      400);
}

TEST_F(HubSpotTest, ConflictsOfCreates) {
  std::string id = Contact(R"({"email":"a@example.com"})");
  Reply reply = Call("POST", kContacts, Create(R"({"email":"A@example.com"})"));
  EXPECT_EQ(reply.status, 409);
  EXPECT_EQ(Message(reply), "Contact already exists. Existing ID: " + id);
  reply = Batch("create", Create(R"({"email":"b@example.com"})", "1") + "," +
                              Create(R"({"email":"B@example.com"})", "2") + "," +
                              Create(R"({"email":"a@example.com"})", "3"));
  EXPECT_EQ(reply.status, 207);
  EXPECT_EQ(ParseJson(reply.body)["numErrors"].GetInt(), 2);
  EXPECT_EQ(Batch("create", Create(R"({"email":"c@example.com"})")).status, 201);
}

TEST_F(HubSpotTest, ValuesAreCheckedByType) {
  MakeProperty("score", "number", "number");
  MakeProperty("vip", "bool", "booleancheckbox");
  MakeProperty("birthday", "date", "date");
  const std::vector<std::pair<std::string, std::string>> bad = {
      {R"({"score":"ten"})", "INVALID_INTEGER"},
      {R"({"score":"1.2.3"})", "INVALID_INTEGER"},
      {R"({"vip":"yes"})", "INVALID_OPTION"},
      {R"({"birthday":"31.01.2026"})", "INVALID_DATE"},
      {R"({"birthday":"2026-02-30"})", "INVALID_DATE"},
      {R"({"birthday":"1767225600001"})", "INVALID_DATE"},
      {R"({"closedate":"tomorrow"})", "INVALID_DATE"},
      {R"({"lifecyclestage":"Customer"})", "INVALID_OPTION"},
      {R"({"hubspot_owner_id":"7"})", "INVALID_OWNER_ID"},
      {R"({"email":"a@b"})", "INVALID_EMAIL"},
      {R"({"createdate":"2026-01-01T00:00:00Z"})", "READ_ONLY_VALUE"},
      {R"({"nope":"1"})", "PROPERTY_DOESNT_EXIST"},
      {R"({"firstname":")" + std::string(65'537, 'x') + "\"}", "VALUE_TOO_LONG"},
  };
  for (const auto& [properties, code] : bad) {
    Reply reply = Call("POST", kContacts, Create(properties));
    EXPECT_EQ(reply.status, 400);
    EXPECT_THAT(Message(reply), HasSubstr("\"error\":\"" + code + "\""))
        << properties.substr(0, 80);
  }
  std::string long_name(65'536, 'x');
  EXPECT_EQ(Property(Contact(R"({"firstname":")" + long_name + "\"}"), "firstname"), long_name);
}

TEST_F(HubSpotTest, ValuesAreNormalised) {
  MakeProperty("score", "number", "number");
  MakeProperty("birthday", "date", "date");
  std::string id = Contact(R"({"email":" A@Example.com","score":"1.50","birthday":"1767225600000",)"
                           R"("closedate":"2026-01-31T08:00:00.5+01:00","firstname":" Ann "})");
  EXPECT_EQ(Property(id, "email"), "a@example.com");
  EXPECT_EQ(Property(id, "score"), "1.50");
  EXPECT_EQ(Property(id, "birthday"), "2026-01-01");
  EXPECT_EQ(Property(id, "closedate"), "2026-01-31T07:00:00.500Z");
  EXPECT_EQ(Property(id, "firstname"), " Ann ");
  Call("PATCH", kContacts + "/" + id, R"({"properties":{"score":""}})");
  EXPECT_THAT(Call("GET", kContacts + "/" + id + "?properties=score").body,
              HasSubstr(R"("score":null)"));
}

TEST_F(HubSpotTest, ArchivedContactsAreGoneAndTheirEmailIsFree) {
  std::string id = Contact(R"({"email":"a@example.com"})");
  EXPECT_EQ(Batch("archive", R"({"id":")" + id + R"("},{"id":"1"})").status, 204);
  EXPECT_EQ(Batch("archive", R"({"id":")" + id + R"("})").status, 204);
  EXPECT_EQ(Writes("contacts", "archived"), 1u);
  EXPECT_EQ(Call("GET", kContacts + "/" + id).status, 404);
  EXPECT_EQ(Call("GET", kContacts + "/" + id + "?archived=true").status, 200);
  Reply reply = Batch("update", R"({"id":")" + id + R"(","properties":{}})");
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(Category(reply), "OBJECT_NOT_FOUND");
  std::string other = Contact(R"({"email":"o@example.com"})");
  reply =
      Batch("update", R"({"id":")" + id + R"(","properties":{},"objectWriteTraceId":"1"},{"id":")" +
                          other + R"(","properties":{"phone":"1"},"objectWriteTraceId":"2"})");
  ASSERT_EQ(reply.status, 207);
  JsonDocument body = ParseJson(reply.body);
  EXPECT_EQ(TextOf(body["errors"][0], "category"), "OBJECT_NOT_FOUND");
  EXPECT_EQ(ToJson(body["errors"][0]["context"]),
            R"({"objectWriteTraceId":["1"],"ids":[")" + id + "\"]}");
  EXPECT_EQ(Property(other, "phone"), "1");
  JsonDocument upsert = ParseJson(Batch("upsert", Upsert("a@example.com", "{}")).body);
  EXPECT_TRUE(upsert["results"][0]["new"].GetBool());
  EXPECT_NE(TextOf(upsert["results"][0], "id"), id);
}

TEST_F(HubSpotTest, ReadsById) {
  std::string id = Contact(R"({"email":"a@example.com","phone":"1"})");
  EXPECT_EQ(Call("GET", kContacts + "/A%40example.com?idProperty=email&properties=phone").status,
            200);
  EXPECT_EQ(Call("PATCH", kContacts + "/a@example.com?idProperty=email",
                 R"({"properties":{"phone":"2"}})")
                .status,
            200);
  EXPECT_EQ(Property(id, "phone"), "2");
  Reply reply = Call("POST", kContacts + "/batch/read",
                     R"({"inputs":[{"id":"A@example.com"},{"id":"b@example.com"}],)"
                     R"("idProperty":"email","properties":["phone"],"propertiesWithHistory":[]})");
  ASSERT_EQ(reply.status, 207);
  JsonDocument body = ParseJson(reply.body);
  EXPECT_EQ(TextOf(body["results"][0]["properties"], "phone"), "2");
  EXPECT_EQ(ToJson(body["errors"][0]["context"]), R"({"ids":["b@example.com"]})");
  reply = Call("POST", "/crm/v3/objects/0-1/batch/read",
               R"({"inputs":[{"id":")" + id + R"("}],"properties":[],"propertiesWithHistory":[]})");
  EXPECT_EQ(reply.status, 200);
}

TEST_F(HubSpotTest, ListsAreReadInPages) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(Contact(R"({"email":"u)" + std::to_string(i) + R"(@example.com"})"));
  }
  Call("DELETE", kContacts + "/" + ids[1]);
  std::vector<std::string> seen;
  std::string after;
  do {
    JsonDocument page = ParseJson(
        Call("GET", kContacts + "?limit=2" + (after.empty() ? "" : "&after=" + after)).body);
    for (const auto& result : page["results"].GetArray()) seen.push_back(TextOf(result, "id"));
    after = page.HasMember("paging") ? TextOf(page["paging"]["next"], "after") : "";
  } while (!after.empty());
  EXPECT_THAT(seen, ElementsAre(ids[0], ids[2], ids[3], ids[4]));
}

TEST_F(HubSpotTest, SearchFiltersAndLagsBehind) {
  std::string a = Contact(R"({"email":"a@example.com","city":"Bonn"})");
  std::string b = Contact(R"({"email":"b@example.com","city":"Bonn","followercount":"12"})");
  auto search = [&](const std::string& filter) {
    Reply reply = Call("POST", kContacts + "/search",
                       R"({"filterGroups":[{"filters":[)" + filter +
                           R"(]}],"sorts":[],"properties":[],"limit":10,"after":"0"})");
    EXPECT_EQ(reply.status, 200) << reply.body;
    std::set<std::string> ids;
    JsonDocument body = ParseJson(reply.body);
    for (const auto& result : body["results"].GetArray()) ids.insert(TextOf(result, "id"));
    return ids;
  };
  EXPECT_THAT(search(R"({"propertyName":"email","operator":"EQ","value":"A@example.com"})"),
              ElementsAre(a));
  EXPECT_THAT(search(R"({"propertyName":"city","operator":"EQ","value":"bonn"})"),
              ElementsAre(a, b));
  EXPECT_THAT(search(R"({"propertyName":"followercount","operator":"GT","value":"9"})"),
              ElementsAre(b));
  EXPECT_THAT(search(R"({"propertyName":"email","operator":"IN","values":["b@example.com"]})"),
              ElementsAre(b));
  Config(R"({"search_lag_ms":60000})");
  EXPECT_TRUE(
      search(R"({"propertyName":"email","operator":"EQ","value":"a@example.com"})").empty());
  EXPECT_EQ(Call("POST", kContacts + "/search", R"({"filterGroups":[]})").status, 400);
}

TEST_F(HubSpotTest, Properties) {
  JsonDocument list = ParseJson(Call("GET", "/crm/v3/properties/contacts").body);
  EXPECT_GE(list["results"].Size(), 40u);
  MakeProperty("tier", "string", "text");
  Reply reply = Call("GET", "/crm/v3/properties/0-1/tier");
  EXPECT_EQ(TextOf(ParseJson(reply.body), "type"), "string");
  EXPECT_EQ(
      Call("POST", "/crm/v3/properties/contacts",
           R"({"name":"tier","label":"L","groupName":"g","type":"string","fieldType":"text"})")
          .status,
      409);
  for (const char* bad :
       {R"({"name":"x"})",
        R"({"name":"Bad Name","label":"L","groupName":"g","type":"string","fieldType":"text"})",
        R"({"name":"x","label":"L","groupName":"g","type":"text","fieldType":"text"})"}) {
    EXPECT_EQ(Call("POST", "/crm/v3/properties/contacts", bad).status, 400) << bad;
  }
  EXPECT_EQ(Call("DELETE", "/crm/v3/properties/contacts/tier").status, 204);
  EXPECT_EQ(Call("GET", "/crm/v3/properties/contacts/tier").status, 404);
  EXPECT_EQ(Call("DELETE", "/crm/v3/properties/contacts/email").status, 400);
  EXPECT_EQ(Call("GET", "/crm/v3/properties/nothings").status, 404);
}

TEST_F(HubSpotTest, SparseUpsertsCanBeRefused) {
  Contact(R"({"email":"a@example.com","firstname":"A","phone":"1"})");
  Config(R"({"reject_sparse_upserts":true})");
  EXPECT_EQ(Batch("upsert", Upsert("a@example.com", R"({"phone":"2"})")).status, 400);
  EXPECT_EQ(Batch("upsert", Upsert("a@example.com", R"({"phone":"2","firstname":""})")).status,
            200);
}

TEST_F(HubSpotTest, FaultsSpeakTheVendorsLanguage) {
  Faults(R"([{"match":{"path":"/crm"},"fault":{"status":429}},
             {"match":{"path":"/account-info"},"fault":{"kind":"unauthorized"}}])");
  Reply reply = Call("GET", kContacts);
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(TextOf(ParseJson(reply.body), "policyName"), "TEN_SECONDLY_ROLLING");
  EXPECT_FALSE(ParseJson(reply.body).HasMember("category"));
  EXPECT_EQ(Category(Call("GET", "/account-info/v3/details")), "INVALID_AUTHENTICATION");
  Faults(R"([{"match":{"path":"*/batch/upsert"},"fault":{"kind":"empty"}}])");
  reply = Batch("upsert", Upsert("a@example.com", "{}", "1"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(ParseJson(reply.body)["results"].Empty());
  EXPECT_EQ(Writes("contacts", "created"), 0u);
}

TEST_F(HubSpotTest, TheOtherFormOfA429AndAMigrationsRetryAfter) {
  Config(R"({"rate_limit_category":true})");
  Faults(R"([{"times":1,"match":{"path":"/crm"},"fault":{"status":429}}])");
  Reply reply = Call("GET", kContacts);
  EXPECT_EQ(Category(reply), "RATE_LIMITS");
  EXPECT_FALSE(ParseJson(reply.body).HasMember("policyName"));
  Faults(R"([{"times":1,"match":{"path":"/crm"},"fault":{"status":477}}])");
  reply = Call("GET", kContacts);
  EXPECT_EQ(reply.status, 477);
  EXPECT_EQ(reply.headers["retry-after"], "2");
}

TEST_F(HubSpotTest, ErrorsCanBeGrouped) {
  Config(R"({"group_errors":true})");
  Reply reply = Batch("update", R"({"id":"1","properties":{},"objectWriteTraceId":"a"},)"
                                R"({"id":"2","properties":{},"objectWriteTraceId":"b"})");
  ASSERT_EQ(reply.status, 207);
  JsonDocument body = ParseJson(reply.body);
  ASSERT_EQ(body["errors"].Size(), 1u);
  EXPECT_EQ(body["errors"][0]["context"]["objectWriteTraceId"].Size(), 2u);
}

TEST_F(HubSpotTest, ARestartKeepsContactsAndProperties) {
  auto directory =
      std::filesystem::temp_directory_path() / ("hubspot-sandbox-test-" + std::to_string(getpid()));
  std::filesystem::remove_all(directory);
  Run("hubspot", {"--data", directory});
  MakeProperty("external_id", "string", "text", true);
  std::string id = Contact(R"({"email":"a@example.com","external_id":"7"})");
  sandbox_->Stop(SIGKILL);
  Run("hubspot", {"--data", directory});
  JsonDocument body =
      ParseJson(Call("GET", kContacts + "/7?idProperty=external_id&properties=external_id").body);
  EXPECT_EQ(TextOf(body, "id"), id);
  EXPECT_EQ(Call("POST", kContacts, Create(R"({"email":"a@example.com"})")).status, 409);
  std::filesystem::remove_all(directory);
}

TEST_F(HubSpotTest, AnotherAccount) {
  Run("hubspot", {"--account", "77", "--token", "one", "--token", "two"});
  token_ = "two";
  JsonDocument details = ParseJson(Call("GET", "/account-info/v3/details").body);
  EXPECT_EQ(details["portalId"].GetInt(), 77);
}

}  // namespace
}  // namespace penstock::sandbox
