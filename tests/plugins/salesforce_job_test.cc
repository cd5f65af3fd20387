// The steps of jobs of Bulk API 2.0: what is told of a record when one of them goes wrong.
#include "tests/plugins/salesforce_jobs.h"

namespace penstock::sdk {
namespace {

TEST_F(SalesforceJobTest, WhatWasNotUploadedIsUnsent) {
  const struct {
    Reply reply;
    penstock_status status;
  } kCases[] = {
      {Error(401, "INVALID_SESSION_ID", "expired"), PENSTOCK_E_UNAUTHENTICATED},
      {Error(400, "INVALIDJOBSTATE", "no"), PENSTOCK_E_INTERNAL},
      {{503, "busy"}, PENSTOCK_E_UNAVAILABLE},
      {{0, "", Transport::kLost}, PENSTOCK_E_UNAVAILABLE},
  };
  for (const auto& a_case : kCases) {
    Reset();
    uploaded = a_case.reply;
    aborted = a_case.reply;
    const Status status = WriteTwo();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.failure().status, a_case.status);
    EXPECT_EQ(Outcome(1), PENSTOCK_UNSENT);
    EXPECT_EQ(Outcome(2), PENSTOCK_UNSENT);
    EXPECT_EQ(outcomes_[2].message, status.failure().message);
    EXPECT_EQ(Count("PATCH", R"({"state":"Aborted"})"), 1u);
    EXPECT_EQ(Count("PATCH"), 1u);     // never completed
    EXPECT_EQ(host_.logs.size(), 1u);  // a job is left open
  }
  Reset();
  created = Error(400, "LIMIT_EXCEEDED", "ApiBatchItems Limit exceeded.");
  Status status = WriteTwo();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.failure().status, PENSTOCK_E_QUOTA);
  EXPECT_EQ(Outcome(1), PENSTOCK_UNSENT);
  EXPECT_EQ(Sent().size(), 1u);
  Reset();
  host_.note_status = Failure{PENSTOCK_E_UNAVAILABLE, "TEST", "the disk is full", 0};
  status = WriteTwo();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_UNSENT);
  EXPECT_EQ(Count("PUT"), 0u);
}

TEST_F(SalesforceJobTest, TheJobItselfTellsWhetherItWasCompleted) {
  // A lost answer, and a second try that finds the job completed: the results say all.
  for (const Reply& reply : {Reply{0, "", Transport::kLost},
                             Error(400, "INVALIDJOBSTATE", "Closing already closed Job")}) {
    Reset();
    completed = reply;
    asked = {{200, R"({"state": "JobComplete", "numberRecordsProcessed": 2})"}};
    const Status status = WriteTwo();
    EXPECT_TRUE(status.ok()) << status.failure().message;
    EXPECT_EQ(Outcome(1), PENSTOCK_CREATED);
    EXPECT_EQ(Outcome(2), PENSTOCK_UPDATED);
  }
  // It was not: it never will be, and the run says why.
  for (const Reply& reply : {Error(401, "INVALID_SESSION_ID", "expired"), Reply{503, "busy"}}) {
    Reset();
    completed = reply;
    successful = kSuccess;
    numbers = R"(, "numberRecordsProcessed": 0)";
    const Status status = WriteTwo();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.failure().status,
              reply.status == 401 ? PENSTOCK_E_UNAUTHENTICATED : PENSTOCK_E_UNAVAILABLE);
    EXPECT_EQ(Outcome(1), PENSTOCK_UNSENT);
    EXPECT_EQ(outcomes_[1].message, status.failure().message);
  }
}

TEST_F(SalesforceJobTest, ACompletionThatGotNoAnswerMayOvertakeTheAbort) {
  completed = Reply{0, "", Transport::kLost};
  numbers = R"(, "numberRecordsProcessed": 0)";
  successful = kSuccess;
  asked = {{200, R"({"state": "Open"})"}};
  EXPECT_FALSE(WriteTwo().ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_IN_DOUBT);
  EXPECT_EQ(Outcome(2), PENSTOCK_IN_DOUBT);
}

TEST_F(SalesforceJobTest, AnOpenJobIsNotAbortedForEver) {
  for (const Reply& reply :
       {Reply{200, "{}"}, Error(400, "INVALIDJOBSTATE", "no"), Reply{503, "busy"}}) {
    Reset();
    completed = {500, "busy"};
    aborted = reply;
    for (int i = 0; i < 50; ++i) asked.push_back({200, R"({"state": "Open"})"});
    EXPECT_FALSE(WriteTwo().ok());
    EXPECT_EQ(outstanding_.size(), 2u);
    EXPECT_LT(Sent().size(), 20u);
  }
}

TEST_F(SalesforceJobTest, OnlySalesforceSaysThatAJobIsGone) {
  asked = {Error(404, "NOT_FOUND", "The requested resource does not exist")};
  EXPECT_TRUE(WriteTwo().ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_IN_DOUBT);
  EXPECT_EQ(outcomes_[1].code, "JOB_GONE");
  Reset();
  asked = {{404, "<html>no route</html>"}};
  const Status status = WriteTwo();
  ASSERT_FALSE(status.ok());
  // NOT_FOUND would close the job for the host.
  EXPECT_EQ(status.failure().code, "salesforce.BAD_ANSWER");
  EXPECT_EQ(outstanding_.size(), 2u);
}

TEST_F(SalesforceJobTest, AJobThatCannotBeAskedStaysWithItsNote) {
  asked.assign(5, Reply{503, "busy"});
  EXPECT_TRUE(WriteTwo().ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_CREATED);
  Reset();
  asked.assign(6, Reply{503, "busy"});
  Status status = WriteTwo();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.failure().status, PENSTOCK_E_UNAVAILABLE);
  EXPECT_EQ(outstanding_.size(), 2u);
  Reset();
  asked = {Error(401, "INVALID_SESSION_ID", "expired")};
  status = WriteTwo();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.failure().status, PENSTOCK_E_UNAUTHENTICATED);
  EXPECT_EQ(outstanding_.size(), 2u);
}

TEST_F(SalesforceJobTest, AKeyThatIsInTheJobAlreadyGoesByItself) {
  write = [this](const SentRequest& request) {
    if (request.url.find("/composite/") == std::string::npos) return Serve(request);
    EXPECT_EQ(request.seqs, std::vector<uint64_t>{2});
    return Results({Good(kId1, "false")});
  };
  successful = std::string(kSuccess) + kRow1 + "\"003000000000003AAA\",\"true\",\"a1\",\"name\"\n";
  TestBatch batch(2);
  for (const auto& [seq, key] : {std::pair(1, "A1"), {2, "A1"}, {3, "a1"}}) {
    batch.Add(static_cast<uint64_t>(seq), {batch.Text(key), batch.Text("name")});
  }
  ASSERT_TRUE(SalesforceFixture::Write(Jobs("upsert"), batch).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_CREATED);
  EXPECT_EQ(Outcome(2), PENSTOCK_UPDATED);
  EXPECT_EQ(outcomes_[3].id, "003000000000003AAA");  // Salesforce's own matter
}

TEST_F(SalesforceJobTest, WhatCsvCannotSayGoesByItself) {
  std::vector<uint64_t> alone;
  write = [&](const SentRequest& request) {
    if (request.url.find("/composite/") == std::string::npos) return Serve(request);
    alone = request.seqs;
    return Results(std::vector<std::string>(request.seqs.size(), Good(kId2, "false")));
  };
  successful = std::string(kSuccess) + kRow1;
  numbers = R"(, "numberRecordsProcessed": 1)";
  TestBatch batch(3);
  const penstock_value absent = TestBatch::Absent();
  batch.Add(1, {batch.Text("A1"), batch.Text(std::string(32000, 'x')), absent});
  batch.Add(2, {batch.Text("A2"), batch.Text(std::string(32001, 'x')), absent});
  batch.Add(3, {batch.Text("A3"), batch.Text("#N/A"), absent});
  batch.Add(4, {batch.Text("A4"), batch.Text("name"), TestBatch::Null()});
  Assignment assignment = Assign("Contact", "upsert", {"Ext__c", "LastName", "Account.Ext__c"});
  assignment.options = R"({"path": "bulk"})";
  ASSERT_TRUE(SalesforceFixture::Write(assignment, batch).ok());
  EXPECT_EQ(alone, (std::vector<uint64_t>{2, 3, 4}));
  EXPECT_EQ(Outcome(1), PENSTOCK_CREATED);
  for (const uint64_t seq : {2, 3, 4}) EXPECT_EQ(Outcome(seq), PENSTOCK_UPDATED) << seq;
}

TEST_F(SalesforceJobTest, WhatFailsByItselfLeavesTheJobItsRecords) {
  for (const Reply& reply : {Reply{503, "busy"}, Error(401, "INVALID_SESSION_ID", "expired")}) {
    Reset();
    write = [&](const SentRequest& request) {
      return request.url.find("/composite/") == std::string::npos ? Serve(request) : reply;
    };
    successful = std::string(kSuccess) + kRow1;
    numbers = R"(, "numberRecordsProcessed": 1)";
    TestBatch batch(2);
    batch.Add(1, {batch.Text("A1"), batch.Text("name")});
    batch.Add(2, {batch.Text("A2"), batch.Text("#N/A")});
    Assignment assignment = Assign("Contact", "upsert", {"Ext__c", "LastName"});
    assignment.options = R"({"path": "bulk"})";
    const Status status = SalesforceFixture::Write(assignment, batch);
    EXPECT_EQ(status.ok(), reply.status == 503);
    EXPECT_EQ(Outcome(1), reply.status == 503 ? PENSTOCK_CREATED : PENSTOCK_UNSENT);
    EXPECT_NE(Outcome(2), PENSTOCK_CREATED);
  }
}

TEST_F(SalesforceJobTest, JobsBeginAboveTheThreshold) {
  for (const uint64_t expected : {2000, 2001}) {
    Reset();
    write = [this](const SentRequest& request) {
      if (request.url.find("/composite/") == std::string::npos) return Serve(request);
      return Results({Good(kId1, "true"), Good(kId2, "true")});
    };
    TestBatch batch(2);
    Rows(&batch, 2);
    Assignment assignment = Contacts("upsert");
    assignment.expected_records = expected;
    ASSERT_TRUE(SalesforceFixture::Write(assignment, batch).ok());
    EXPECT_EQ(Count("PUT"), expected > 2000 ? 1u : 0u);
  }
}

TEST_F(SalesforceJobTest, ARowThatEndsTheRunRejectsNobody) {
  successful = kSuccess;
  failed =
      std::string(kFailed) +
      "\"\",\"STORAGE_LIMIT_EXCEEDED:storage limit exceeded:--\",\"A1\",\"\"\n"
      "\"\",\"DUPLICATE_VALUE:duplicate value found: Number__c duplicates value on record with "
      "id: 003000000000009:--\",\"A2\",\"\"\n";
  const Status status = WriteTwo();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.failure().status, PENSTOCK_E_QUOTA);
  EXPECT_EQ(Outcome(1), PENSTOCK_UNSENT);
  EXPECT_EQ(Outcome(2), PENSTOCK_REJECTED);
  EXPECT_EQ(outcomes_[2].error_class, PENSTOCK_CLASS_CONFLICT);
}

TEST_F(SalesforceJobTest, TakesUpAJobByIds) {
  failed = unprocessed = "";
  state = "JobComplete";
  successful =
      "\"sf__Id\",\"sf__Created\",\"Id\"\n"
      "\"003000000000001AAA\",\"false\",\"003000000000001\"\n"
      "\"003000000000002AAA\",\"false\",\"003000000000002AAA\"\n";
  query = [](const SentRequest& request) {
    EXPECT_NE(request.url.find("IN%20%28%27A2%27%2C%27A3%27%29"), std::string::npos) << request.url;
    return Records({R"({"Id": "003000000000002AAA", "Ext__c": "A2"})"});
  };
  TestBatch batch(2);
  Rows(&batch, 3, {kId1});
  batch.Add(4, {batch.Text("A4"), batch.Text("name")}, kId2);  // another one's id
  numbers = R"(, "numberRecordsProcessed": 4)";
  ASSERT_TRUE(TakeUp(Jobs("update"), batch).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_UPDATED);
  EXPECT_EQ(Outcome(2), PENSTOCK_UPDATED);
  EXPECT_EQ(Outcome(3), PENSTOCK_IN_DOUBT);
  EXPECT_EQ(Outcome(4), PENSTOCK_IN_DOUBT);
  EXPECT_EQ(Count("POST") + Count("PUT") + Count("PATCH"), 0u);
}

TEST_F(SalesforceJobTest, TakesUpAJobByKeysAsTheHostKeepsThem) {
  failed = unprocessed = "";
  state = "JobComplete";
  successful =
      "\"sf__Id\",\"sf__Created\",\"Email\",\"LastName\"\n"
      "\"003000000000001AAA\",\"true\",\" Ada@X.com\",\"name\"\n";
  numbers = R"(, "numberRecordsProcessed": 1)";
  TestBatch batch(2);
  batch.Add(1, {batch.Text("ada@x.com"), TestBatch::Absent()});
  Assignment assignment = Assign("Contact", "upsert", {"Email", "LastName"});
  const Status status = TakeUp(assignment, batch);
  ASSERT_TRUE(status.ok()) << status.failure().message;
  EXPECT_EQ(Outcome(1), PENSTOCK_CREATED);
}

TEST_F(SalesforceJobTest, AnEarlierRunsCompletionMayOvertakeTheAbort) {
  TestBatch batch(2);
  Rows(&batch, 2);
  successful = std::string(kSuccess) + kRow1;
  numbers = R"(, "numberRecordsProcessed": 1)";
  EXPECT_TRUE(TakeUp(Jobs("upsert"), batch).ok());
  EXPECT_EQ(Count("PATCH"), 1u);  // found open, aborted
  EXPECT_EQ(Outcome(1), PENSTOCK_CREATED);
  EXPECT_EQ(Outcome(2), PENSTOCK_IN_DOUBT) << "it may have been in hand";
}

TEST_F(SalesforceJobTest, AJobOfAnEarlierRunIsNoReasonToStopThisOne) {
  TestBatch batch(2);
  Rows(&batch, 2);
  successful = kSuccess;
  numbers = R"(, "numberRecordsProcessed": 0)";
  EXPECT_TRUE(TakeUp(Jobs("upsert"), batch).ok());  // it was never completed
  EXPECT_EQ(Outcome(1), PENSTOCK_UNSENT);
  EXPECT_EQ(Outcome(2), PENSTOCK_UNSENT);
  Reset();
  state = "Failed";
  successful = kSuccess;
  numbers = R"(, "numberRecordsProcessed": 0, "errorMessage": "InternalServerError")";
  EXPECT_TRUE(TakeUp(Jobs("upsert"), batch).ok());
  EXPECT_EQ(outcomes_[2].message,
            "the job 750000000000001AAA ended as Failed: InternalServerError");
}

}  // namespace
}  // namespace penstock::sdk
