// The Salesforce sandbox: many records or requests in one.
#include <gmock/gmock.h>

#include "tests/sandbox/salesforce_fixture.h"

namespace penstock::sandbox {
namespace {

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
  // Values that must be unique are so among the records of the request, too.
  reply = Rest("POST", "/composite/sobjects",
               Records(Record("Account", R"("Ext__c":"T","Name":"One")") + "," +
                           Record("Account", R"("Ext__c":"t","Name":"Two")"),
                       true));
  items = ParseJson(reply.body);
  EXPECT_EQ(ItemCode(items[0]), "ALL_OR_NONE_OPERATION_ROLLED_BACK");
  EXPECT_EQ(ItemCode(items[1]), "DUPLICATE_VALUE");
  EXPECT_EQ(Writes("Account", "created"), 2U);
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
  // Records of one type that follow each other are a chunk; there may be ten.
  std::string chunks;
  for (int i = 0; i < 11; ++i) {
    chunks += i == 0 ? "" : ",";
    chunks += i % 2 == 0 ? Record("Account", R"("Name":"N")") : Record("Lead", R"("Company":"C")");
    if (i == 9) {
      EXPECT_EQ(Rest("POST", "/composite/sobjects", Records(chunks)).status, 200);
    }
  }
  EXPECT_EQ(Code(Rest("POST", "/composite/sobjects", Records(chunks))), "INVALID_OPERATION");
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
  // One passes, then every other one is refused, two in all.
  Config(R"({"record_faults":[{"object":"Account","code":"X","after":1,"every":2,"times":2}]})");
  std::string codes;
  for (int round = 0; round < 3; ++round) {
    items = ParseJson(Rest("PATCH", path, body).body);
    codes += ItemCode(items[0]) + "," + ItemCode(items[1]) + ";";
  }
  EXPECT_EQ(codes, ",X;,X;,;");
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

TEST_F(SalesforceTest, CompositeHasItsLimits) {
  auto code = [&](int count, const std::string& url) {
    std::string requests;
    for (int i = 0; i < count; ++i) {
      requests += std::string(i > 0 ? "," : "") + R"({"method":"GET","url":"/services/data/v62.0)" +
                  url + R"(","referenceId":"r)" + std::to_string(i) + "\"}";
    }
    const Reply reply = Rest("POST", "/composite", R"({"compositeRequest":[)" + requests + "]}");
    return reply.status == 200 ? "" : Code(reply);
  };
  EXPECT_EQ(code(25, "/sobjects"), "");
  EXPECT_EQ(code(26, "/sobjects"), "LIMIT_EXCEEDED");
  EXPECT_EQ(code(5, "/query?q=SELECT+Id+FROM+User"), "");
  EXPECT_EQ(code(6, "/query?q=SELECT+Id+FROM+User"), "LIMIT_EXCEEDED");
  EXPECT_EQ(code(0, ""), "INVALID_INPUT");
}

}  // namespace
}  // namespace penstock::sandbox
