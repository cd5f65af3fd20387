// The Salesforce sandbox against what is known of the vendor's API (README.md beside it): rows,
// queries, limits.
#include <Poco/Net/StreamSocket.h>
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
  EXPECT_EQ(Call("PATCH", "/services/data/v45.0" + path, R"({"Phone":"1"})").status, 204);
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

TEST_F(SalesforceTest, RequestsAtOnceAreLimited) {
  Config(R"({"concurrent_limit":1})");
  // A request that does not end: its body is promised and does not come.
  Poco::Net::StreamSocket socket(Poco::Net::SocketAddress("127.0.0.1", sandbox_->port()));
  const std::string head =
      "POST /services/data/v62.0/sobjects/Account HTTP/1.1\r\nHost: localhost\r\n"
      "Content-Length: 5\r\n\r\n";
  socket.sendBytes(head.data(), static_cast<int>(head.size()));
  Reply reply = Rest("GET", "/sobjects");
  while (reply.status == 200) reply = Rest("GET", "/sobjects");  // until it has arrived
  EXPECT_EQ(reply.status, 403);
  EXPECT_THAT(reply.body, HasSubstr("ConcurrentRequests"));
  EXPECT_EQ(Code(reply), "REQUEST_LIMIT_EXCEEDED");
  socket.close();
  Config(R"({"concurrent_limit":0})");
  EXPECT_EQ(Rest("GET", "/sobjects").status, 200);
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
