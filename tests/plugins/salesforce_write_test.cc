// What is written, and which record came to what.
#include "tests/plugins/salesforce_fixture.h"

namespace penstock::sdk {
namespace {

constexpr char kId1[] = "003000000000001AAA";
constexpr char kId2[] = "003000000000002AAA";
constexpr char kCollections[] = "/services/data/v62.0/composite/sobjects";

class SalesforceWriteTest : public SalesforceFixture {};

TEST_F(SalesforceWriteTest, SendsEveryTypeExactly) {
  write = [](const SentRequest& request) {
    EXPECT_EQ(request.method, "PATCH");
    EXPECT_EQ(request.url, std::string(kCollections) + "/Contact/Ext__c");
    EXPECT_TRUE(request.idempotent);
    EXPECT_EQ(request.seqs, std::vector<uint64_t>{7});
    EXPECT_EQ(request.Header("Sforce-Auto-Assign"), "FALSE");
    EXPECT_EQ(request.Header("Sforce-Duplicate-Rule-Header"), "");
    EXPECT_EQ(
        request.body,
        R"({"allOrNone":false,"records":[{"attributes":{"type":"Contact"},"Ext__c":"A1",)"
        R"("LastName":"O'Neil \"x\"","Amount__c":1234567890123456.10,"Number__c":9007199254740993,)"
        R"("Flag__c":false,"Day__c":"2026-11-22","At__c":"2026-11-22T10:00:00.123Z",)"
        R"("Email":null,"Tags__c":"x;y","Account":{"Ext__c":"P1"},)"
        R"("Owner":{"attributes":{"type":"User"},"Username":"u@x"},)"
        R"("RecordTypeId":"012000000000001AAA"}]})");
    return Results({Good(kId1, "true")});
  };
  TestBatch batch(13);
  const std::vector<penstock_value> tags = {batch.Text("x"), batch.Text("y")};
  penstock_value list = TestBatch::Number(PENSTOCK_LIST, 0);
  list.len = 2;
  list.v.list = tags.data();
  batch.Add(
      7, {batch.Text("A1"), batch.Text("O'Neil \"x\""),
          batch.Text("1234567890123456.10", PENSTOCK_DECIMAL),
          TestBatch::Number(PENSTOCK_INT64, 9007199254740993), TestBatch::Number(PENSTOCK_BOOL, 0),
          TestBatch::Number(PENSTOCK_DATE, 20779),
          TestBatch::Number(PENSTOCK_TIMESTAMP, 1795341600123456), TestBatch::Null(),
          TestBatch::Absent(), list, batch.Text("P1"), batch.Text("u@x"), batch.Text("Partner")});
  Assignment assignment = Assign(
      "Contact", "upsert",
      {"Ext__c", "LastName", "Amount__c", "Number__c", "Flag__c", "Day__c", "At__c", "Email",
       "Stage__c", "Tags__c", "Account.Ext__c", "Owner:User.Username", "RecordType.DeveloperName"});
  const Status status = Write(assignment, batch);
  ASSERT_TRUE(status.ok()) << status.failure().message;
  EXPECT_EQ(Outcome(7), PENSTOCK_CREATED);
  EXPECT_EQ(outcomes_[7].id, kId1);
}

TEST_F(SalesforceWriteTest, UnticksACheckboxForNull) {
  write = [](const SentRequest& request) {
    EXPECT_NE(request.body.find(R"("Flag__c":false)"), std::string::npos) << request.body;
    return Results({Good(kId1, "false")});
  };
  TestBatch batch(3);
  batch.Add(1, {batch.Text("A1"), batch.Text("n"), TestBatch::Null()});
  ASSERT_TRUE(Write(Assign("Contact", "upsert", {"Ext__c", "LastName", "Flag__c"}), batch).ok());
}

TEST_F(SalesforceWriteTest, ClearsAReferenceThroughItsOwnField) {
  write = [](const SentRequest& request) {
    EXPECT_NE(request.body.find(R"("AccountId":null,"RecordTypeId":null)"), std::string::npos)
        << request.body;
    return Results({Good(kId1, "false")});
  };
  TestBatch batch(4);
  batch.Add(1, {batch.Text("A1"), batch.Text("n"), TestBatch::Null(), TestBatch::Null()});
  ASSERT_TRUE(Write(Assign("Contact", "upsert",
                           {"Ext__c", "LastName", "Account.Ext__c", "RecordType.DeveloperName"}),
                    batch)
                  .ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_UPDATED);
}

TEST_F(SalesforceWriteTest, WhatCannotBeSaidIsNotSent) {
  write = [](const SentRequest& request) {
    EXPECT_EQ(request.seqs, std::vector<uint64_t>{3});
    return Results({Good(kId1, "true")});
  };
  TestBatch batch(4);
  const std::vector<penstock_value> tags = {batch.Text("x;y")};
  penstock_value list = TestBatch::Number(PENSTOCK_LIST, 0);
  list.len = 1;
  list.v.list = tags.data();
  const penstock_value name = batch.Text("n");
  batch.Add(1, {batch.Text("A1"), name, list, TestBatch::Absent()});
  batch.Add(2, {batch.Text("A2"), name, TestBatch::Absent(), batch.Text("Gone")});
  batch.Add(3, {batch.Text("A3"), name, TestBatch::Absent(), TestBatch::Absent()});
  ASSERT_TRUE(Write(Assign("Contact", "upsert",
                           {"Ext__c", "LastName", "Tags__c", "RecordType.DeveloperName"}),
                    batch)
                  .ok());
  EXPECT_EQ(outcomes_[1].code, "SEMICOLON_IN_LIST");
  EXPECT_EQ(outcomes_[2].code, "UNKNOWN_RECORD_TYPE");
  EXPECT_EQ(Outcome(3), PENSTOCK_CREATED);
}

TEST_F(SalesforceWriteTest, EachRecordHasItsOwnResult) {
  write = [](const SentRequest&) {
    return Results(
        {Good(kId1, "false"), Bad("STRING_TOO_LONG", "too long", "LastName"),
         Bad("DUPLICATE_VALUE",
             "duplicate value found: Number__c duplicates value on record with id: 003000000000002",
             ""),
         Bad("INVALID_FIELD",
             "Foreign key external ID: P9 not found for field Ext__c in entity Account"),
         Bad("INACTIVE_OWNER_OR_USER", "inactive", "OwnerId"),
         Bad("DUPLICATES_DETECTED", "Use one of these records?")});
  };
  TestBatch batch(2);
  Rows(&batch, 6);
  ASSERT_TRUE(Write(Contacts("upsert"), batch).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_UPDATED);
  EXPECT_EQ(outcomes_[2].error_class, PENSTOCK_CLASS_DATA);
  EXPECT_EQ(outcomes_[2].code, "STRING_TOO_LONG");
  EXPECT_EQ(outcomes_[2].field, "LastName");
  EXPECT_EQ(outcomes_[3].error_class, PENSTOCK_CLASS_CONFLICT);
  EXPECT_EQ(outcomes_[3].message,
            "record 003000000000002 has this value of Number__c already, and no two may");
  EXPECT_EQ(outcomes_[4].error_class, PENSTOCK_CLASS_REFERENCE);
  EXPECT_EQ(outcomes_[5].error_class, PENSTOCK_CLASS_DESTINATION);
  EXPECT_EQ(outcomes_[6].error_class, PENSTOCK_CLASS_CONFLICT);
}

TEST_F(SalesforceWriteTest, AnErrorListInASuccessIsNone) {
  write = [](const SentRequest&) {
    return Results({R"({"id": "003000000000001AAA", "success": true, "errors": [
                        {"statusCode": "X", "message": "m", "fields": []}]})",
                    R"({"id": "003000000000001AAA", "success": "true"})", "7", Good(kId1, "true")});
  };
  TestBatch batch(2);
  Rows(&batch, 4);
  ASSERT_TRUE(Write(Contacts("upsert"), batch).ok());
  for (const uint64_t seq : {1, 2, 3}) EXPECT_EQ(Outcome(seq), PENSTOCK_IN_DOUBT) << seq;
  EXPECT_EQ(Outcome(4), PENSTOCK_CREATED);
}

TEST_F(SalesforceWriteTest, OneResultTooFewAndNoneIsBelieved) {
  write = [](const SentRequest&) { return Results({Good(kId1, "true")}); };
  TestBatch batch(2);
  Rows(&batch, 2);
  ASSERT_TRUE(Write(Contacts("upsert"), batch).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_IN_DOUBT);
  EXPECT_EQ(Outcome(2), PENSTOCK_IN_DOUBT);
  EXPECT_EQ(outcomes_[2].code, "ANSWER_INCOMPLETE");
}

TEST_F(SalesforceWriteTest, LockedRecordsComeAgainInHalvesOneRequestAtATime) {
  write = [](const SentRequest& request) {
    std::vector<std::string> results(
        request.seqs.size(), Bad("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access"));
    if (results.size() > 2) results[0] = Good(kId1, "true");
    return Results(results);
  };
  Result<std::unique_ptr<ConnectorWriter>> writer = instance_->Begin(Contacts("upsert"), {}, {});
  ASSERT_TRUE(writer.ok());
  const auto hand = [&](std::vector<uint64_t> seqs) {
    outcomes_.clear();
    TestBatch batch(2);
    for (const uint64_t seq : seqs) batch.Add(seq, {batch.Text("A"), batch.Text("n")});
    ASSERT_TRUE(
        (*writer)
            ->Write(batch.c(), [this](const penstock_outcome& o) { outcomes_[o.seq] = Keep(o); })
            .ok());
  };
  hand({1, 2, 3});
  EXPECT_EQ(Outcome(1), PENSTOCK_CREATED);
  EXPECT_EQ(Outcome(2), PENSTOCK_SPLIT);
  EXPECT_EQ(outcomes_[2].group, outcomes_[3].group);
  EXPECT_EQ(Sent().back().limiter, "default");
  hand({2, 3});
  EXPECT_EQ(Outcome(2), PENSTOCK_SPLIT);
  EXPECT_EQ(Sent().back().limiter, "serial");
  hand({2, 3});
  hand({2, 3});  // the fourth time is the last
  EXPECT_EQ(Outcome(2), PENSTOCK_REJECTED);
  EXPECT_EQ(outcomes_[2].error_class, PENSTOCK_CLASS_DESTINATION);
  EXPECT_EQ(outcomes_[2].code, "UNABLE_TO_LOCK_ROW");
  hand({9});  // nobody else in its request
  EXPECT_EQ(Outcome(9), PENSTOCK_REJECTED);
}

TEST_F(SalesforceWriteTest, ARequestRefusedAsAWholeIsSplit) {
  write = [](const SentRequest&) {
    return Error(400, "JSON_PARSER_ERROR", "Cannot deserialize instance of date");
  };
  TestBatch batch(2), single(2);
  Rows(&batch, 2);
  ASSERT_TRUE(Write(Contacts("upsert"), batch).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_SPLIT);
  EXPECT_EQ(Outcome(2), PENSTOCK_SPLIT);
  Rows(&single, 1);
  ASSERT_TRUE(Write(Contacts("upsert"), single).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_REJECTED);
  EXPECT_EQ(outcomes_[1].code, "JSON_PARSER_ERROR");
}

TEST_F(SalesforceWriteTest, WhatEndsTheRunRejectsNobody) {
  const struct {
    Reply reply;
    penstock_status status;
    const char* code;
  } kCases[] = {
      {Error(401, "INVALID_SESSION_ID", "Session expired or invalid"), PENSTOCK_E_UNAUTHENTICATED,
       "salesforce.INVALID_SESSION_ID"},
      {Error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), PENSTOCK_E_QUOTA,
       "salesforce.DAILY_LIMIT"},
      {Error(403, "REQUEST_LIMIT_EXCEEDED",
             "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
       PENSTOCK_E_RATE_LIMITED, "salesforce.CONCURRENT_LIMIT"},
      {Error(403, "API_DISABLED_FOR_ORG", "no"), PENSTOCK_E_PERMISSION,
       "salesforce.API_DISABLED_FOR_ORG"},
      {Error(403, "INSUFFICIENT_ACCESS", "no"), PENSTOCK_E_PERMISSION,
       "salesforce.INSUFFICIENT_ACCESS"},
      {Error(400, "INVALID_FIELD", "No such column 'X' on sobject of type Contact"),
       PENSTOCK_E_NOT_FOUND, "salesforce.INVALID_FIELD"},
      {Results({Bad("STORAGE_LIMIT_EXCEEDED", "full"), Bad("STORAGE_LIMIT_EXCEEDED", "full")}),
       PENSTOCK_E_QUOTA, "salesforce.STORAGE_LIMIT_EXCEEDED"},
      {Results({Bad("INVALID_FIELD", "No such column"), Bad("INVALID_FIELD", "No such column")}),
       PENSTOCK_E_NOT_FOUND, "salesforce.INVALID_FIELD"},
  };
  for (const auto& a_case : kCases) {
    outcomes_.clear();
    write = [&](const SentRequest&) { return a_case.reply; };
    TestBatch batch(2);
    Rows(&batch, 2);
    const Status status = Write(Contacts("upsert"), batch);
    ASSERT_FALSE(status.ok()) << a_case.code;
    EXPECT_EQ(status.failure().status, a_case.status) << a_case.code;
    EXPECT_EQ(status.failure().code, a_case.code);
    EXPECT_EQ(Outcome(1), PENSTOCK_UNSENT) << a_case.code;
    EXPECT_EQ(Outcome(2), PENSTOCK_UNSENT) << a_case.code;
  }
}

TEST_F(SalesforceWriteTest, AnUpdateNeverCreates) {
  query = [](const SentRequest& request) {
    EXPECT_EQ(request.url,
              "/services/data/v62.0/query?q=SELECT%20Ext__c%2C%20Id%20FROM%20Contact%20WHERE%20"
              "Ext__c%20IN%20%28%27A2%27%2C%27A3%27%2C%27A4%27%29");
    return Records({R"({"Id": "003000000000002AAA", "Ext__c": "a2"})",
                    R"({"Id": "003000000000005AAA", "Ext__c": "A4"})",
                    R"({"Id": "003000000000006AAA", "Ext__c": "A4"})"});
  };
  write = [](const SentRequest& request) {
    EXPECT_EQ(request.method, "PATCH");
    EXPECT_EQ(request.url, kCollections);
    EXPECT_NE(request.body.find(R"("id":"003000000000001AAA","Ext__c":"A1","LastName":"name")"),
              std::string::npos)
        << request.body;
    return Results({Good(kId1), Good("003000000000002")});
  };
  TestBatch batch(2);
  Rows(&batch, 4, {kId1});
  ASSERT_TRUE(Write(Contacts("update"), batch).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_UPDATED);
  EXPECT_EQ(Outcome(2), PENSTOCK_UPDATED);
  EXPECT_EQ(Outcome(3), PENSTOCK_MISSING);
  EXPECT_EQ(Outcome(4), PENSTOCK_REJECTED);
  EXPECT_EQ(outcomes_[4].error_class, PENSTOCK_CLASS_CONFLICT);
}

TEST_F(SalesforceWriteTest, AResultOfAnotherRecordIsNoSuccess) {
  write = [](const SentRequest&) { return Results({Good(kId2)}); };
  TestBatch batch(2);
  Rows(&batch, 1, {kId1});
  ASSERT_TRUE(Write(Contacts("update"), batch).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_IN_DOUBT);
}

TEST_F(SalesforceWriteTest, GoneRecordsAreMissing) {
  write = [](const SentRequest&) {
    return Results({Bad("ENTITY_IS_DELETED", "entity is deleted"),
                    Bad("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"),
                    Bad("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", "AccountId")});
  };
  TestBatch batch(2);
  Rows(&batch, 3, {kId1, kId2, "003000000000003AAA"});
  ASSERT_TRUE(Write(Contacts("update"), batch).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_MISSING);
  EXPECT_EQ(Outcome(2), PENSTOCK_MISSING);
  EXPECT_EQ(Outcome(3), PENSTOCK_REJECTED);
  EXPECT_EQ(outcomes_[3].error_class, PENSTOCK_CLASS_REFERENCE);
}

TEST_F(SalesforceWriteTest, WhatAnUpsertRefersToIsGoneNotItself) {
  write = [](const SentRequest&) {
    return Results({Bad("ENTITY_IS_DELETED", "entity is deleted"),
                    Bad("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")});
  };
  TestBatch batch(2);
  Rows(&batch, 2);
  ASSERT_TRUE(Write(Contacts("upsert"), batch).ok());
  for (const uint64_t seq : {1, 2}) {
    EXPECT_EQ(Outcome(seq), PENSTOCK_REJECTED) << seq;
    EXPECT_EQ(outcomes_[seq].error_class, PENSTOCK_CLASS_REFERENCE) << seq;
  }
}

TEST_F(SalesforceWriteTest, AnotherRecordsUniqueValueIsNoRecordWithThisKey) {
  write = [](const SentRequest&) {
    return Results({Bad("DUPLICATE_VALUE",
                        "duplicate value found: Number__c duplicates value on record with id: "
                        "003000000000002AAA")});
  };
  TestBatch batch(2);
  Rows(&batch, 1);
  ASSERT_TRUE(Write(Contacts("insert"), batch).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_REJECTED);
  EXPECT_EQ(outcomes_[1].error_class, PENSTOCK_CLASS_CONFLICT);
}

TEST_F(SalesforceWriteTest, DeletesByIdAndLooksUpTheOthers) {
  query = [](const SentRequest&) {
    return Records({R"({"Id": "003000000000002AAA", "Ext__c": "A2"})"});
  };
  write = [](const SentRequest& request) {
    EXPECT_EQ(request.method, "DELETE");
    EXPECT_EQ(request.url, std::string(kCollections) + "?allOrNone=false&ids=" + kId1 + "," + kId2);
    EXPECT_EQ(request.body, "");
    return Results({Good(kId1), Bad("DELETE_FAILED", "it is associated with cases")});
  };
  TestBatch batch(1);
  batch.Add(1, {batch.Text("A1")}, kId1);
  batch.Add(2, {batch.Text("A2")});
  batch.Add(3, {batch.Text("A3")});
  ASSERT_TRUE(Write(Assign("Contact", "delete", {"Ext__c"}), batch).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_DELETED);
  EXPECT_EQ(outcomes_[2].error_class, PENSTOCK_CLASS_DESTINATION);
  EXPECT_EQ(Outcome(3), PENSTOCK_MISSING);
}

TEST_F(SalesforceWriteTest, AnInsertTouchesNothingThatIsThere) {
  write = [](const SentRequest& request) {
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.url, kCollections);
    EXPECT_FALSE(request.idempotent);
    return Results(
        {Good(kId1), Bad("DUPLICATE_VALUE",
                         "duplicate value found: Ext__c duplicates value on record with id: "
                         "003000000000002AAA",
                         "")});
  };
  TestBatch batch(2);
  Rows(&batch, 2);
  ASSERT_TRUE(Write(Contacts("insert"), batch).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_CREATED);
  EXPECT_EQ(Outcome(2), PENSTOCK_EXISTS);
  EXPECT_EQ(outcomes_[2].id, kId2);
  // A key that Salesforce does not keep unique is looked up first.
  outcomes_.clear();
  query = [](const SentRequest&) {
    return Records({R"({"Id": "003000000000002AAA", "Email": "a1"})"});
  };
  write = [](const SentRequest& request) {
    EXPECT_EQ(request.seqs, std::vector<uint64_t>{2});
    return Results({Good(kId1)});
  };
  ASSERT_TRUE(Write(Assign("Contact", "insert", {"Email", "LastName"}), batch).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_EXISTS);
  EXPECT_EQ(Outcome(2), PENSTOCK_CREATED);
}

TEST_F(SalesforceWriteTest, OptionsBecomeHeaders) {
  write = [](const SentRequest& request) {
    EXPECT_EQ(request.Header("Sforce-Auto-Assign"), "01Q000000000001");
    EXPECT_EQ(request.Header("Sforce-Duplicate-Rule-Header"), "allowSave=true");
    EXPECT_EQ(request.limiter, "serial");
    return Results({Good(kId1, "true")});
  };
  TestBatch batch(2);
  Rows(&batch, 1);
  Assignment assignment = Contacts("upsert");
  assignment.options =
      R"({"assignment_rule": "01Q000000000001", "duplicate_rule": "allow_save", "serial": true})";
  assignment.expected_records = 1000000;  // many, and still no job: it could not honour them
  ASSERT_TRUE(Write(assignment, batch).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_CREATED);
}

TEST_F(SalesforceWriteTest, AFailedSearchSendsNothing) {
  query = [](const SentRequest&) { return Error(503, "SERVER_UNAVAILABLE", "busy"); };
  TestBatch batch(2);
  Rows(&batch, 2, {kId1});
  const Status status = Write(Contacts("update"), batch);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.failure().status, PENSTOCK_E_UNAVAILABLE);
  EXPECT_EQ(Outcome(1), PENSTOCK_UNSENT);
  EXPECT_EQ(Outcome(2), PENSTOCK_UNSENT);
}

}  // namespace
}  // namespace penstock::sdk
