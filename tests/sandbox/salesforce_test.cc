// The Salesforce sandbox against what is known of the vendor's API (README.md beside it): rows,
// collections, queries, limits.
#include <gmock/gmock.h>

#include <fstream>
#include <set>
#include <sstream>

#include "tests/sandbox/salesforce_fixture.h"

namespace penstock::sandbox {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Record(const std::string& type, const std::string& fields) {
  return R"({"attributes":{"type":")" + type + "\"}" + (fields.empty() ? "" : ",") + fields + "}";
}

std::string Records(const std::string& records, bool all_or_none = false) {
  return std::string(R"({"allOrNone":)") + (all_or_none ? "true" : "false") + R"(,"records":[)" +
         records + "]}";
}

// statusCode of the first error of an item, "" if it succeeded.
std::string ItemCode(const JsonValue& item) {
  return item["success"].GetBool() ? "" : TextOf(item["errors"][0], "statusCode");
}

TEST_F(SalesforceTest, EveryAnswerCountsTheLimitAndNeedsAToken) {
  Reply reply = Rest("GET", "/limits");
  EXPECT_EQ(reply.headers["sforce-limit-info"], "api-usage=1/15000");
  EXPECT_EQ(ParseJson(reply.body)["DailyApiRequests"]["Remaining"].GetInt(), 14999);
  reply = Rest("GET", "/sobjects/Nothing/describe");
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(Code(reply), "NOT_FOUND");
  EXPECT_EQ(reply.headers["sforce-limit-info"], "api-usage=2/15000");
  EXPECT_EQ(Call("GET", "/services/data/v12.0/limits").status, 404);
  EXPECT_EQ(Rest("PUT", "/sobjects/Account").status, 405);
  EXPECT_EQ(Rest("POST", "/sobjects/Account", "{}", {{"Content-Type", "text/plain"}}).status, 415);
  JsonDocument versions = ParseJson(sandbox_->Call("GET", "/services/data/").body);
  EXPECT_EQ(TextOf(versions[versions.Size() - 1], "url"), "/services/data/v63.0");
  token_ = "nonsense";
  reply = Rest("GET", "/limits");
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(Code(reply), "INVALID_SESSION_ID");
  EXPECT_THAT(reply.body, HasSubstr("Session expired or invalid"));
}

TEST_F(SalesforceTest, DailyLimitRollsOver) {
  Config(R"({"clock_ms":1800000000000})");
  LogIn();
  Config(R"({"daily_used":14999})");
  EXPECT_EQ(Rest("GET", "/sobjects").status, 200);
  const Reply reply = Rest("GET", "/sobjects");
  EXPECT_EQ(reply.status, 403);
  EXPECT_EQ(Code(reply), "REQUEST_LIMIT_EXCEEDED");
  EXPECT_THAT(reply.body, HasSubstr("TotalRequests Limit exceeded."));
  Config(R"({"clock_ms":1800086460000})");
  LogIn();
  EXPECT_EQ(Rest("GET", "/sobjects").status, 200);
}

TEST_F(SalesforceTest, DescribeTellsWhatAFieldTakes) {
  JsonDocument account = ParseJson(Rest("GET", "/sobjects/Account/describe").body);
  std::map<std::string, const JsonValue*> fields;
  for (const JsonValue& field : account["fields"].GetArray())
    fields[TextOf(field, "name")] = &field;
  EXPECT_FALSE((*fields["Name"])["nillable"].GetBool());
  EXPECT_FALSE((*fields["Name"])["defaultedOnCreate"].GetBool());
  EXPECT_TRUE((*fields["Ext__c"])["externalId"].GetBool());
  EXPECT_TRUE((*fields["Ext__c"])["unique"].GetBool());
  EXPECT_FALSE((*fields["Code__c"])["unique"].GetBool());
  EXPECT_EQ(TextOf(*fields["Balance__c"], "type"), "currency");
  EXPECT_EQ((*fields["Balance__c"])["precision"].GetInt(), 18);
  EXPECT_EQ((*fields["Balance__c"])["scale"].GetInt(), 2);
  EXPECT_TRUE((*fields["Rating__c"])["restrictedPicklist"].GetBool());
  EXPECT_EQ((*fields["Rating__c"])["picklistValues"].Size(), 4U);
  EXPECT_FALSE((*fields["Rating__c"])["picklistValues"][3]["active"].GetBool());
  EXPECT_EQ(TextOf(*fields["ParentId"], "relationshipName"), "Parent");
  EXPECT_EQ(std::string((*fields["ParentId"])["referenceTo"][0].GetString()), "Account");
  EXPECT_FALSE((*fields["Tier__c"])["createable"].GetBool());
  EXPECT_EQ(account["recordTypeInfos"].Size(), 4U);
  JsonDocument task = ParseJson(Rest("GET", "/sobjects/task/describe").body);
  for (const JsonValue& field : task["fields"].GetArray()) {
    if (TextOf(field, "name") != "WhoId") continue;
    EXPECT_TRUE(field["polymorphicForeignKey"].GetBool());
    EXPECT_EQ(field["referenceTo"].Size(), 2U);
  }
  EXPECT_THAT(Rest("GET", "/sobjects").body, HasSubstr("Order__c"));
}

TEST_F(SalesforceTest, OrgsAreDescribedInYaml) {
  const std::string file = ::testing::TempDir() + "salesforce_org.yaml";
  std::string user = "{Username: u@example.com, LastName: U}";
  auto start = [&](const std::string& objects) {
    std::ofstream(file) << "org: {name: Small, type: Base Edition, instance: PEN6}\n"
                           "users: ["
                        << user << "]\nobjects:\n"
                        << objects;
    std::string error;
    sandbox_ =
        SandboxProcess::Start(std::string(PENSTOCK_TEST_CONNECTOR_DIR) + "/salesforce-sandbox",
                              {"--schema", file, "--account", "00D000000000001"}, &error);
    return sandbox_ != nullptr;
  };
  const std::string widget = "  Widget__c:\n    prefix: a0X\n    fields:\n";
  ASSERT_TRUE(start(widget + "      Name: {type: string, length: 80, required: true}\n"));
  LogIn();
  EXPECT_THAT(Create("Widget__c", R"({"Name":"W"})"), StartsWith("a0X"));
  EXPECT_EQ(Rest("GET", "/sobjects/Account/describe").status, 404);
  EXPECT_THAT(Rest("GET", "/query?q=SELECT+Id,Name+FROM+Organization").body,
              HasSubstr("\"Id\":\"00D000000000001EAA\",\"Name\":\"Small\""));
  EXPECT_FALSE(start(widget + "      Name: {type: sting}\n"));
  EXPECT_FALSE(start(widget + "      Name: {type: string, lenght: 80}\n"));
  EXPECT_FALSE(start(widget + "      A__c: {type: reference, to: [Nobody], relationship: A__r}\n"));
  EXPECT_FALSE(start("  Widget__c: {fields: {}}\n"));
  EXPECT_FALSE(start(widget + "      Id: {type: string}\n"));
  EXPECT_FALSE(start(widget + "      A__c: {type: string}\n      a__c: {type: string}\n"));
  user = "{Username: u@example.com, LastName: U, Emial: u@example.com}";
  EXPECT_FALSE(start(widget + "      Name: {type: string}\n"));
  std::remove(file.c_str());
}

TEST_F(SalesforceTest, RowsById) {
  const std::string id = Create("Account", R"({"Name":"Acme","Balance__c":12.5})");
  EXPECT_EQ(id.size(), 18U);
  for (const std::string& name : {id, id.substr(0, 15)}) {
    const Reply reply = Rest("GET", "/sobjects/Account/" + name + "?fields=Name,Balance__c,Id");
    EXPECT_THAT(reply.body, HasSubstr("\"Name\":\"Acme\",\"Balance__c\":12.5,\"Id\":\"" + id));
  }
  EXPECT_EQ(Rest("PATCH", "/sobjects/Account/" + id, R"({"Name":"Acme 2","Phone":null})").status,
            204);
  EXPECT_EQ(KeptRow("Account", id)["Name"], "Acme 2");
  const Reply with_id = Rest("PATCH", "/sobjects/Account/" + id, R"({"Id":")" + id + R"("})");
  EXPECT_EQ(Code(with_id), "INVALID_FIELD");
  EXPECT_EQ(Rest("DELETE", "/sobjects/Account/" + id).status, 204);
  for (const char* method : {"GET", "DELETE"}) {
    const Reply gone = Rest(method, "/sobjects/Account/" + id);
    EXPECT_EQ(gone.status, 404);
    EXPECT_EQ(Code(gone), "ENTITY_IS_DELETED");
  }
  EXPECT_EQ(Code(Rest("GET", "/sobjects/Account/0015g000000ZZZZ")), "NOT_FOUND");
  EXPECT_EQ(Code(Rest("POST", "/sobjects/Account", R"({"Nmae":"x"})")), "INVALID_FIELD");
  EXPECT_EQ(Code(Rest("POST", "/sobjects/Account", R"({"Name":)")), "JSON_PARSER_ERROR");
  EXPECT_EQ(Code(Rest("POST", "/sobjects/Account", R"({"Phone":"1"})")), "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(Code(Rest("PATCH", "/sobjects/Account/" + Create("Account", R"({"Name":"B"})"),
                      R"({"Name":" "})")),
            "REQUIRED_FIELD_MISSING");
}

TEST_F(SalesforceTest, RowsByExternalId) {
  const std::string path = "/sobjects/Account/Ext__c/a%2F1";
  Reply reply = Rest("PATCH", path, R"({"Name":"Acme"})");
  EXPECT_EQ(reply.status, 201) << reply.body;
  EXPECT_TRUE(ParseJson(reply.body)["created"].GetBool());
  // In any case, as the field is not case-sensitive.
  reply = Rest("PATCH", "/sobjects/Account/Ext__c/A%2F1", R"({"Phone":"1"})");
  EXPECT_EQ(reply.status, 200);
  EXPECT_FALSE(ParseJson(reply.body)["created"].GetBool());
  EXPECT_EQ(Code(Rest("PATCH", path, R"({"Ext__c":"a/1"})")), "INVALID_FIELD");
  EXPECT_EQ(Rest("PATCH", "/sobjects/Account/Phone/1", R"({"Name":"x"})").status, 404);
  EXPECT_THAT(Rest("GET", path).body, HasSubstr(R"("Phone":"1")"));
  Create("Account", R"({"Name":"B","Code__c":"dup"})");
  Create("Account", R"({"Name":"C","Code__c":"dup"})");
  reply = Rest("PATCH", "/sobjects/Account/Code__c/dup", R"({"Name":"D"})");
  EXPECT_EQ(reply.status, 300);
  EXPECT_EQ(ParseJson(reply.body).Size(), 2U);
  reply = Rest("POST", "/sobjects/Account", R"({"Name":"E","Ext__c":"A/1"})");
  EXPECT_EQ(Code(reply), "DUPLICATE_VALUE");
  EXPECT_THAT(reply.body,
              HasSubstr("duplicate value found: Ext__c duplicates value on record with id: 001"));
  EXPECT_EQ(Rest("DELETE", path).status, 204);
  EXPECT_EQ(Rest("PATCH", path, R"({"Name":"Acme again"})").status, 201);
}

TEST_F(SalesforceTest, ValuesAreCheckedAndKeptInOneForm) {
  std::ifstream in(std::string(PENSTOCK_TEST_SOURCE_DIR) + "/tests/sandbox/salesforce_values.json");
  std::stringstream text;
  text << in.rdbuf();
  JsonDocument cases;
  const std::string source = text.str();
  cases.Parse<rapidjson::kParseNumbersAsStringsFlag>(source.data(), source.size());
  ASSERT_TRUE(cases.IsArray());
  std::map<std::string, std::map<std::string, std::string>> sheets;  // object -> rows by name
  std::map<std::string, std::set<std::string>> columns;
  for (const JsonValue& one : cases.GetArray()) {
    const std::string name = TextOf(one, "name"), object = TextOf(one, "object");
    const std::string field = TextOf(one, "field");
    SCOPED_TRACE(name);
    // The value's own text: numbers must not go through a double.
    const std::size_t line = source.find("\"name\": \"" + name + "\"");
    const std::size_t start = source.find("\"json\": ", line) + 8;
    const std::size_t end =
        std::min({source.find(", \"csv\"", start), source.find(", \"kept\"", start),
                  source.find(", \"code\"", start), source.find("}", start)});
    const std::string value = source.substr(start, end - start);
    const std::string code =
        one.HasMember("json_code") ? TextOf(one, "json_code") : TextOf(one, "code");
    const std::string base = object == "Account" ? R"("Name":"N",)" : R"("LastName":"N",)";
    const Reply reply =
        Rest("POST", "/sobjects/" + object, "{" + base + "\"" + field + "\":" + value + "}");
    if (!code.empty()) {
      EXPECT_EQ(reply.status, 400) << reply.body;
      EXPECT_EQ(Code(reply), code) << reply.body;
    } else {
      ASSERT_EQ(reply.status, 201) << reply.body;
      Row row = KeptRow(object, TextOf(ParseJson(reply.body), "id"));
      EXPECT_EQ(row[field], TextOf(one, "kept"));
    }
    if (!one.HasMember("csv")) continue;
    columns[object].insert(field);
  }
  // The same values by a job, one row each.
  for (const auto& [object, fields] : columns) {
    const std::string name_field = object == "Account" ? "Name" : "LastName";
    std::string csv = name_field + ",Ext__c";
    for (const std::string& field : fields) csv += "," + field;
    csv += "\n";
    for (const JsonValue& one : cases.GetArray()) {
      if (TextOf(one, "object") != object || !one.HasMember("csv")) continue;
      csv += "N," + TextOf(one, "name");
      for (const std::string& field : fields) {
        std::string cell = field == TextOf(one, "field") ? TextOf(one, "csv") : "";
        for (std::size_t at = 0; (at = cell.find('"', at)) != cell.npos; at += 2)
          cell.insert(at, 1, '"');
        csv += cell.empty() ? "," : ",\"" + cell + "\"";
      }
      csv += "\n";
    }
    std::string job;
    JsonDocument info = RunJob(R"({"object":")" + object + R"(","operation":"insert"})", csv, &job);
    ASSERT_EQ(TextOf(info, "state"), "JobComplete") << TextOf(info, "errorMessage");
    const std::string failed = Rest("GET", "/jobs/ingest/" + job + "/failedResults").body;
    std::map<std::string, Row> by_name;
    for (auto& [id, row] : Kept(object)) {
      if (!row["Ext__c"].empty()) by_name[row["Ext__c"]] = row;
    }
    for (const JsonValue& one : cases.GetArray()) {
      const std::string name = TextOf(one, "name");
      if (TextOf(one, "object") != object || !one.HasMember("csv")) continue;
      SCOPED_TRACE(name + " by a job");
      if (one.HasMember("code")) {
        const std::size_t row = failed.find("\"" + name + "\"");
        ASSERT_NE(row, failed.npos);
        const std::size_t from = failed.rfind("\"\",\"", row);
        EXPECT_THAT(failed.substr(from + 4), StartsWith(TextOf(one, "code") + ":"));
        EXPECT_FALSE(by_name.contains(name));
      } else {
        ASSERT_TRUE(by_name.contains(name));
        EXPECT_EQ(by_name[name][TextOf(one, "field")], TextOf(one, "kept"));
      }
    }
  }
}

TEST_F(SalesforceTest, CollectionsAnswerByRecordInOrder) {
  const std::string path = "/composite/sobjects/Account/Ext__c";
  Reply reply = Rest("PATCH", path,
                     Records(Record("Account", R"("Ext__c":"A1","Name":"One")") + "," +
                             Record("Account", R"("Ext__c":"A2")") + "," +
                             Record("Account", R"("Ext__c":"A3","Name":"Three")")));
  ASSERT_EQ(reply.status, 200) << reply.body;
  JsonDocument items = ParseJson(reply.body);
  EXPECT_TRUE(items[0]["created"].GetBool());
  EXPECT_EQ(ItemCode(items[1]), "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(std::string(items[1]["errors"][0]["fields"][0].GetString()), "Name");
  EXPECT_EQ(ItemCode(items[2]), "");
  reply = Rest("PATCH", path,
               Records(Record("Account", R"("Ext__c":"A1","Phone":"1")") + "," +
                       Record("Account", R"("Ext__c":"a1","Phone":"2")") + "," +
                       Record("Account", R"("Phone":"2")")));
  items = ParseJson(reply.body);
  EXPECT_EQ(ItemCode(items[0]), "DUPLICATE_VALUE");
  EXPECT_THAT(TextOf(items[0]["errors"][0], "message"),
              HasSubstr("Duplicate external id specified: A1"));
  EXPECT_EQ(ItemCode(items[1]), "DUPLICATE_VALUE");
  EXPECT_EQ(ItemCode(items[2]), "MISSING_ARGUMENT");
  EXPECT_EQ(Writes("Account", "created"), 2U);
  EXPECT_EQ(Writes("Account", "updated"), 0U);
  reply = Rest("PATCH", path,
               Records(Record("Account", R"("Ext__c":"A1","Name":"New")") + "," +
                           Record("Account", R"("Ext__c":"A4","Name":"")"),
                       true));
  items = ParseJson(reply.body);
  EXPECT_EQ(ItemCode(items[0]), "ALL_OR_NONE_OPERATION_ROLLED_BACK");
  EXPECT_EQ(ItemCode(items[1]), "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(Writes("Account", "updated"), 0U);
}

TEST_F(SalesforceTest, WhatCannotBeReadRefusesARecordOfACollection) {
  const Reply reply =
      Rest("PATCH", "/composite/sobjects/Account/Ext__c",
           Records(Record("Account", R"("Ext__c":"A1","Name":"N","No__c":1)") + "," +
                   Record("Account", R"("Ext__c":"A2","Name":"N","Since__c":"x")") + "," +
                   Record("Account", R"("Ext__c":"A3","Name":"N")")));
  ASSERT_EQ(reply.status, 200) << reply.body;
  JsonDocument items = ParseJson(reply.body);
  EXPECT_EQ(ItemCode(items[0]), "INVALID_FIELD");
  EXPECT_EQ(TextOf(items[0]["errors"][0], "message"),
            "No such column 'No__c' on sobject of type Account");
  EXPECT_EQ(ItemCode(items[1]), "JSON_PARSER_ERROR");
  EXPECT_THAT(TextOf(items[1]["errors"][0], "message"),
              StartsWith("Cannot deserialize instance of date from VALUE_STRING value x or request "
                         "may be missing a required field at [line:1, column:"));
  EXPECT_EQ(ItemCode(items[2]), "");
}

TEST_F(SalesforceTest, CollectionsRefuseWholeRequests) {
  const std::string path = "/composite/sobjects/Account/Ext__c";
  std::string many;
  for (int i = 0; i < 201; ++i) {
    many += (i > 0 ? "," : "") +
            Record("Account", R"("Name":"N","Ext__c":")" + std::to_string(i) + "\"");
  }
  EXPECT_EQ(Code(Rest("PATCH", path, Records(many))), "EXCEEDED_ID_LIMIT");
  EXPECT_EQ(Code(Rest("PATCH", path, Records(R"({"Ext__c":"A1"})"))), "INVALID_FIELD");
  EXPECT_EQ(Code(Rest("PATCH", path, Records(Record("Contact", R"("Ext__c":"A1")")))),
            "INVALID_TYPE");
  EXPECT_EQ(Code(Rest("PATCH", path, Records(Record("Account", R"("Ext__c":"A1","id":"001")")))),
            "INVALID_FIELD");
  EXPECT_EQ(Rest("PATCH", "/composite/sobjects/Account/Phone", Records("")).status, 404);
  EXPECT_EQ(Writes("Account", "created"), 0U);
}

TEST_F(SalesforceTest, CollectionsByIdOfSeveralTypes) {
  Reply reply = Rest("POST", "/composite/sobjects",
                     Records(Record("Account", R"("Name":"A")") + "," +
                             Record("Contact", R"("LastName":"C")") + "," + Record("Contact", "")));
  JsonDocument items = ParseJson(reply.body);
  ASSERT_EQ(items.Size(), 3U) << reply.body;
  const std::string account = TextOf(items[0], "id"), contact = TextOf(items[1], "id");
  EXPECT_FALSE(items[0].HasMember("created"));
  EXPECT_EQ(ItemCode(items[2]), "REQUIRED_FIELD_MISSING");
  reply = Rest("PATCH", "/composite/sobjects",
               Records(Record("Account", R"("id":")" + account + R"(","Phone":"1")") + "," +
                       Record("Contact", R"("id":"0035g000000ZZZZ","Phone":"1")") + "," +
                       Record("Contact", R"("id":"x")") + "," +
                       Record("Account", R"("id":")" + contact + "\"")));
  items = ParseJson(reply.body);
  EXPECT_EQ(ItemCode(items[0]), "");
  EXPECT_EQ(ItemCode(items[1]), "INVALID_CROSS_REFERENCE_KEY");
  EXPECT_EQ(ItemCode(items[2]), "MALFORMED_ID");
  EXPECT_EQ(ItemCode(items[3]), "INVALID_CROSS_REFERENCE_KEY");
  reply = Rest("PATCH", "/composite/sobjects",
               Records(Record("Account", R"("id":")" + account + R"(","Phone":"2")") + "," +
                       Record("Account", R"("id":")" + account + R"(","Phone":"3")") + "," +
                       Record("Contact", R"("id":")" + contact + R"(","Phone":"2")")));
  items = ParseJson(reply.body);
  for (int twin : {0, 1}) {
    ASSERT_EQ(ItemCode(items[twin]), "DUPLICATE_VALUE");
    EXPECT_EQ(TextOf(items[twin]["errors"][0], "message"), "Duplicate id specified: " + account);
  }
  EXPECT_EQ(ItemCode(items[2]), "");
  reply =
      Rest("GET", "/composite/sobjects/Account?ids=" + account + ",0015g000000ZZZZ&fields=Phone");
  items = ParseJson(reply.body);
  EXPECT_EQ(TextOf(items[0], "Phone"), "1");
  EXPECT_TRUE(items[1].IsNull());
  reply = Rest("DELETE", "/composite/sobjects?ids=" + account + "," + contact + "," + account);
  items = ParseJson(reply.body);
  EXPECT_EQ(ItemCode(items[0]), "");
  EXPECT_EQ(ItemCode(items[1]), "");
  EXPECT_EQ(ItemCode(items[2]), "ENTITY_IS_DELETED");
  reply = Rest("PATCH", "/composite/sobjects",
               Records(Record("Account", R"("id":")" + account + R"(","Phone":"2")")));
  EXPECT_EQ(ItemCode(ParseJson(reply.body)[0]), "ENTITY_IS_DELETED");
}

TEST_F(SalesforceTest, ReferencesByExternalId) {
  const std::string account = Create("Account", R"({"Name":"A","Ext__c":"A1"})");
  const std::string contact =
      Create("Contact", R"({"LastName":"C","Ext__c":"C1","Account":{"Ext__c":"a1"}})");
  EXPECT_EQ(KeptRow("Contact", contact)["AccountId"], account);
  Reply reply = Rest("POST", "/sobjects/Contact", R"({"LastName":"C","Account":{"Ext__c":"A2"}})");
  EXPECT_EQ(Code(reply), "INVALID_FIELD");
  EXPECT_THAT(
      reply.body,
      HasSubstr("Foreign key external ID: a2 not found for field Ext__c in entity Account"));
  // Who may be a contact or a lead: the type has to be said.
  reply = Rest("POST", "/sobjects/Task", R"({"Subject":"S","Who":{"Ext__c":"C1"}})");
  EXPECT_EQ(Code(reply), "INVALID_FIELD");
  const std::string task =
      Create("Task", R"({"Subject":"S","Who":{"attributes":{"type":"Contact"},"Ext__c":"C1"}})");
  EXPECT_EQ(KeptRow("Task", task)["WhoId"], contact);
  const std::string owned =
      Create("Account", R"({"Name":"B","Owner":{"Username":"sales@example.com"}})");
  reply = Rest("GET", "/query?q=SELECT+Owner.Username+FROM+Account+WHERE+Id='" + owned + "'");
  EXPECT_THAT(reply.body, HasSubstr("sales@example.com"));
  reply =
      Rest("POST", "/sobjects/Account", R"({"Name":"B","Owner":{"Username":"gone@example.com"}})");
  EXPECT_EQ(Code(reply), "INACTIVE_OWNER_OR_USER");
  EXPECT_EQ(Rest("PATCH", "/sobjects/Contact/" + contact, R"({"AccountId":null})").status, 204);
  EXPECT_EQ(KeptRow("Contact", contact)["AccountId"], "");
  // One way or the other, not both.
  reply = Rest("PATCH", "/sobjects/Contact/" + contact,
               R"({"AccountId":")" + account + R"(","Account":{"Ext__c":"A1"}})");
  EXPECT_EQ(Code(reply), "INVALID_FIELD");
  EXPECT_EQ(KeptRow("Contact", contact)["AccountId"], "");
}

TEST_F(SalesforceTest, DuplicateRuleAndAssignmentRule) {
  Create("Contact", R"({"LastName":"C","Email":"c@example.com"})");
  Config(R"({"duplicate_rule":true})");
  const std::string twin = R"({"LastName":"D","Email":"C@example.com"})";
  EXPECT_EQ(Code(Rest("POST", "/sobjects/Contact", twin)), "DUPLICATES_DETECTED");
  EXPECT_EQ(
      Rest("POST", "/sobjects/Contact", twin, {{"Sforce-Duplicate-Rule-Header", "allowSave=true"}})
          .status,
      201);
  // Neither the rule nor a query tells upper and lower case apart.
  Create("Account", R"({"Name":"Acme"})");
  EXPECT_EQ(Code(Rest("POST", "/sobjects/Account", R"({"Name":"ACME"})")), "DUPLICATES_DETECTED");
  EXPECT_THAT(Rest("GET", "/query?q=SELECT+COUNT()+FROM+Account+WHERE+Name='aCME'").body,
              HasSubstr("\"totalSize\":1"));
  const std::string lead = R"({"LastName":"L","Company":"X"})";
  Create("Lead", lead);
  EXPECT_EQ(Rest("POST", "/sobjects/Lead", lead, {{"Sforce-Auto-Assign", "FALSE"}}).status, 201);
  std::set<std::string> owners;
  for (auto& [id, row] : Kept("Lead")) owners.insert(row["OwnerId"]);
  EXPECT_EQ(owners.size(), 2U);
  EXPECT_EQ(ParseJson(Call("GET", "/_sandbox/stats").body)["assigned"]["Lead"].GetInt(), 1);
}

TEST_F(SalesforceTest, RecordFaults) {
  Config(R"({"record_faults":[{"object":"Account","field":"Ext__c","value":"A2","times":1}]})");
  const std::string body = Records(Record("Account", R"("Ext__c":"A1","Name":"1")") + "," +
                                   Record("Account", R"("Ext__c":"A2","Name":"2")"));
  const std::string path = "/composite/sobjects/Account/Ext__c";
  JsonDocument items = ParseJson(Rest("PATCH", path, body).body);
  EXPECT_EQ(ItemCode(items[0]), "");
  EXPECT_EQ(ItemCode(items[1]), "UNABLE_TO_LOCK_ROW");
  items = ParseJson(Rest("PATCH", path, body).body);
  EXPECT_EQ(ItemCode(items[1]), "");
}

TEST_F(SalesforceTest, CompositeRefersToEarlierAnswersAndRollsBack) {
  auto composite = [&](const std::string& contact, bool all_or_none) {
    return ParseJson(Rest("POST", "/composite",
                          std::string(R"({"allOrNone":)") + (all_or_none ? "true" : "false") +
                              R"(,"compositeRequest":[
  {"method":"POST","url":"/services/data/v62.0/sobjects/Account","referenceId":"a","body":{"Name":"A"}},
  {"method":"POST","url":"/services/data/v62.0/sobjects/Contact","referenceId":"c","body":)" +
                              contact + "}]}")
                         .body);
  };
  JsonDocument good = composite(R"({"LastName":"C","AccountId":"@{a.id}"})", true);
  EXPECT_EQ(good["compositeResponse"][1]["httpStatusCode"].GetInt(), 201);
  JsonDocument bad = composite(R"({"AccountId":"@{a.id}"})", true);
  EXPECT_EQ(bad["compositeResponse"][0]["httpStatusCode"].GetInt(), 400);
  EXPECT_EQ(TextOf(bad["compositeResponse"][0]["body"][0], "errorCode"), "PROCESSING_HALTED");
  EXPECT_EQ(TextOf(bad["compositeResponse"][1]["body"][0], "errorCode"), "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(Writes("Account", "created"), 1U);
  EXPECT_EQ(Kept("Account").size(), 1U);
  bad = composite(R"({"AccountId":"@{a.id}"})", false);
  EXPECT_EQ(bad["compositeResponse"][0]["httpStatusCode"].GetInt(), 201);
  EXPECT_EQ(Writes("Account", "created"), 2U);
}

TEST_F(SalesforceTest, Queries) {
  Config(R"({"shuffle":false})");
  const std::string account =
      Create("Account", R"({"Name":"Acme","Ext__c":"A1","Balance__c":100})");
  Create("Account", R"({"Name":"Bell's","Balance__c":20.5})");
  Create("Contact", R"({"LastName":"C","AccountId":")" + account + "\"}");
  auto query = [&](const std::string& soql) {
    std::string text;
    for (char c : soql) text += c == ' ' ? "+" : c == '%' ? "%25" : std::string(1, c);
    return Rest("GET", "/query?q=" + text);
  };
  auto names = [&](const std::string& rest) {
    const Reply reply = query("SELECT Id, Name FROM Account " + rest);
    EXPECT_EQ(reply.status, 200) << reply.body;
    std::vector<std::string> found;
    JsonDocument json = ParseJson(reply.body);
    for (const JsonValue& record : json["records"].GetArray())
      found.push_back(TextOf(record, "Name"));
    return found;
  };
  EXPECT_THAT(names("WHERE Name = 'ACME'"), ElementsAre("Acme"));
  EXPECT_THAT(names("WHERE Ext__c IN ('A1','A2')"), ElementsAre("Acme"));
  EXPECT_THAT(names("WHERE Ext__c = null"), ElementsAre("Bell's"));
  EXPECT_THAT(names("WHERE Name LIKE 'Bell\\'_' OR Balance__c > 1000"), ElementsAre("Bell's"));
  EXPECT_THAT(names("WHERE NOT (Name LIKE 'a%')"), ElementsAre("Bell's"));
  EXPECT_THAT(names("WHERE Id IN ('" + account + "') AND Balance__c >= 100"), ElementsAre("Acme"));
  EXPECT_THAT(names("ORDER BY Balance__c LIMIT 1"), ElementsAre("Bell's"));
  EXPECT_THAT(names("ORDER BY Balance__c DESC"), ElementsAre("Acme", "Bell's"));
  EXPECT_THAT(query("SELECT COUNT() FROM Contact WHERE Account.Ext__c = 'A1'").body,
              HasSubstr("\"totalSize\":1"));
  EXPECT_THAT(query("SELECT Account.Name, Account.Ext__c FROM Contact").body,
              HasSubstr(R"("Name":"Acme","Ext__c":"A1"}})"));
  EXPECT_THAT(query("SELECT Id, Name, InstanceName FROM Organization").body, HasSubstr("00D"));
  EXPECT_THAT(query("SELECT Id FROM User WHERE IsActive = false").body,
              HasSubstr("\"totalSize\":1"));
  EXPECT_EQ(Code(query("SELECT Id FROM Nothing")), "INVALID_TYPE");
  EXPECT_EQ(Code(query("SELECT Nothing FROM Account")), "INVALID_FIELD");
  EXPECT_EQ(Code(query("SELECT Id FROM Account WHERE Name = 5")), "INVALID_FIELD");
  EXPECT_EQ(Code(query("SELECT Id FROM Account WHERE Notes__c = 'x'")), "INVALID_FIELD");
  EXPECT_EQ(Code(query("SELECT Id FROM Account WHERE")), "MALFORMED_QUERY");
  EXPECT_EQ(Code(query("SELECT Id Account")), "MALFORMED_QUERY");
}

TEST_F(SalesforceTest, LongAnswersComeInPages) {
  std::string lines;
  for (int i = 0; i < 2500; ++i) {
    lines += R"({"properties":{"Name":"N","Ext__c":")" + std::to_string(i) + "\"}}\n";
  }
  ASSERT_EQ(Call("POST", "/_sandbox/objects/Account", lines).status, 200);
  JsonDocument page = ParseJson(Rest("GET", "/query?q=SELECT+Ext__c+FROM+Account").body);
  EXPECT_EQ(page["totalSize"].GetInt(), 2500);
  EXPECT_FALSE(page["done"].GetBool());
  std::set<std::string> seen;
  bool in_order = true;
  for (const JsonValue& record : page["records"].GetArray()) {
    in_order = in_order && TextOf(record, "Ext__c") == std::to_string(seen.size());
    seen.insert(TextOf(record, "Ext__c"));
  }
  EXPECT_EQ(seen.size(), 2000U);
  EXPECT_FALSE(in_order);
  page = ParseJson(Call("GET", TextOf(page, "nextRecordsUrl")).body);
  EXPECT_TRUE(page["done"].GetBool());
  for (const JsonValue& record : page["records"].GetArray()) seen.insert(TextOf(record, "Ext__c"));
  EXPECT_EQ(seen.size(), 2500U);
  EXPECT_EQ(Code(Rest("GET", "/query/01g5g0000000000AAA-2000")), "INVALID_QUERY_LOCATOR");
}

}  // namespace
}  // namespace penstock::sandbox
