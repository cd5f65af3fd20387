// Jobs of Bulk API 2.0: what is told of a record when a job, or what is read of it, goes wrong.
#include "tests/plugins/salesforce_fixture.h"

namespace penstock::sdk {
namespace {

constexpr char kJob[] = "/services/data/v62.0/jobs/ingest/750000000000001AAA";
constexpr char kSuccess[] = "\"sf__Id\",\"sf__Created\",\"Ext__c\",\"LastName\"\n";
constexpr char kFailed[] = "\"sf__Id\",\"sf__Error\",\"Ext__c\",\"LastName\"\n";
constexpr char kUnprocessed[] = "\"Ext__c\",\"LastName\"\n";
constexpr char kRow1[] = "\"003000000000001AAA\",\"true\",\"A1\",\"name\"\n";
constexpr char kRow2[] = "\"003000000000002AAA\",\"false\",\"A2\",\"name\"\n";

class SalesforceJobTest : public SalesforceFixture {
 protected:
  void SetUp() override {
    SalesforceFixture::SetUp();
    if (HasFatalFailure()) return;
    Reset();
    write = [this](const SentRequest& request) { return Serve(request); };
  }

  // A job of two records that goes well.
  void Reset() {
    outcomes_.clear();
    host_.sent.clear();
    host_.logs.clear();
    host_.notes.clear();
    state = "Open";
    end = "JobComplete";
    numbers = R"(, "numberRecordsProcessed": 2, "numberRecordsFailed": 0)";
    created = {200, R"({"id": "750000000000001AAA", "state": "Open"})"};
    uploaded = {201};
    completed = aborted = {200, "{}"};
    asked.clear();
    successful = std::string(kSuccess) + kRow1 + kRow2;
    failed = kFailed;
    unprocessed = kUnprocessed;
  }

  Reply Serve(const SentRequest& request) {
    if (request.method == "POST") return created;
    if (request.method == "PUT") return uploaded;
    if (request.method == "PATCH") {
      const bool aborts = request.body == R"({"state":"Aborted"})";
      const Reply& reply = aborts ? aborted : completed;
      if (reply.status == 200) state = aborts ? "Aborted" : end;
      return reply;
    }
    if (request.url.ends_with("/successfulResults")) return {200, successful};
    if (request.url.ends_with("/failedResults")) return {200, failed};
    if (request.url.ends_with("/unprocessedrecords")) return {200, unprocessed};
    EXPECT_EQ(request.url, kJob);
    if (!asked.empty()) {
      Reply reply = asked.front();
      asked.pop_front();
      return reply;
    }
    return {200, R"({"state": ")" + state + "\"" + numbers + "}"};
  }

  Assignment Jobs(const std::string& operation) {
    Assignment assignment = Contacts(operation);
    assignment.options = R"({"path": "bulk"})";
    return assignment;
  }
  Status WriteTwo(const std::string& operation = "upsert") {
    TestBatch batch(2);
    Rows(&batch, 2, operation == "update" ? std::vector<std::string>{kId1, kId2} : Ids{});
    return SalesforceFixture::Write(Jobs(operation), batch);
  }
  size_t Count(const std::string& method, const std::string& body = {}) const {
    size_t n = 0;
    for (const SentRequest& request : Sent()) {
      n += request.method == method && (body.empty() || request.body == body) ? 1 : 0;
    }
    return n;
  }
  // Hands records of an earlier run's job back.
  Status TakeUp(const Assignment& assignment, TestBatch& batch) {
    const penstock_batch& records = batch.c();
    const OpenNote note{"750000000000001AAA", &records};
    Result<std::unique_ptr<ConnectorWriter>> writer = instance_->Begin(assignment, {&note, 1}, {});
    if (!writer.ok()) return writer.failure();
    return (*writer)->Finish([this](const penstock_outcome& o) { outcomes_[o.seq] = Keep(o); });
  }

  using Ids = std::vector<std::string>;
  static constexpr char kId1[] = "003000000000001AAA";
  static constexpr char kId2[] = "003000000000002AAA";

  std::string state, end, numbers, successful, failed, unprocessed;
  Reply created, uploaded, completed, aborted;
  std::deque<Reply> asked;  // instead of the job's state
};

TEST_F(SalesforceJobTest, ARowOfResultsIsARecordsOutcome) {
  TestBatch batch(3);
  batch.Add(1, {batch.Text("A,\"1\""), batch.Text("two\nlines"), TestBatch::Null()});
  batch.Add(2, {batch.Text("A2"), batch.Text(" b "), TestBatch::Absent()});
  batch.Add(3, {batch.Text("A3"), batch.Text("c"), TestBatch::Number(PENSTOCK_BOOL, 1)});
  batch.Add(4, {batch.Text("A4"), batch.Text("d"), TestBatch::Number(PENSTOCK_BOOL, 0)});
  // The columns in another order, and values that Salesforce has changed.
  successful =
      "LastName,\"Ext__c\",\"sf__Created\",\"sf__Id\"\r\n"
      "\"two\nlines\",\"A,\"\"1\"\"\",\"true\",\"003000000000001AAA\"\r\n"
      "b,A4,false,003000000000004AAA\n";
  failed = std::string(kFailed) +
           "\"\",\"STRING_TOO_LONG:First Name: data value too large: x:LastName --\",\"A2\",\"\"\n";
  unprocessed = std::string(kUnprocessed) + "\"A3\",\"c\"\n";
  numbers = R"(, "numberRecordsProcessed": 3)";
  Assignment assignment = Assign("Contact", "upsert", {"Ext__c", "LastName", "Flag__c"});
  assignment.options = R"({"path": "bulk"})";
  const Status status = SalesforceFixture::Write(assignment, batch);
  ASSERT_TRUE(status.ok()) << status.failure().message;
  const std::vector<SentRequest> sent = Sent();
  ASSERT_EQ(sent.size(), 7u);
  EXPECT_EQ(sent[0].body,
            R"({"object":"Contact","operation":"upsert","externalIdFieldName":"Ext__c",)"
            R"("contentType":"CSV","lineEnding":"LF","columnDelimiter":"COMMA"})");
  EXPECT_EQ(sent[1].body,
            "Ext__c,LastName,Flag__c\n\"A,\"\"1\"\"\",\"two\nlines\",\"false\"\n\"A2\",\" b \",\n"
            "\"A3\",\"c\",\"true\"\n\"A4\",\"d\",\"false\"\n");
  EXPECT_FALSE(sent[1].idempotent);
  EXPECT_EQ(sent[1].seqs, (std::vector<uint64_t>{1, 2, 3, 4}));
  EXPECT_EQ(host_.noted.back(), sent[1].seqs);
  EXPECT_EQ(Outcome(1), PENSTOCK_CREATED);
  EXPECT_EQ(outcomes_[1].id, kId1);
  EXPECT_EQ(Outcome(2), PENSTOCK_REJECTED);
  EXPECT_EQ(outcomes_[2].code, "STRING_TOO_LONG");
  EXPECT_EQ(outcomes_[2].message, "First Name: data value too large: x");
  EXPECT_EQ(outcomes_[2].field, "LastName");
  EXPECT_EQ(Outcome(3), PENSTOCK_UNSENT);
  EXPECT_EQ(Outcome(4), PENSTOCK_UPDATED);
  EXPECT_TRUE(host_.blobs.empty());
}

TEST_F(SalesforceJobTest, OfSeveralErrorsTheFirstIsToldAndTheOthersAreCounted) {
  const struct {
    const char *text, *code, *message, *field;
  } kCases[] = {
      {"INVALID_EMAIL_ADDRESS:Email: no: x:LastName --;INVALID_FIELD:Foreign key: no:--",
       "INVALID_EMAIL_ADDRESS", "Email: no: x (and 1 more errors)", "LastName"},
      {"A_B:one:--C_D:two:LastName --E_F:three:--", "A_B", "one (and 2 more errors)", ""},
      {"STRING_TOO_LONG:a--b -- C: d --:LastName --", "STRING_TOO_LONG", "a--b -- C: d --",
       "LastName"},
      {"A_B", "A_B", "", ""},
      {"--", "--", "", ""},
  };
  for (const auto& a_case : kCases) {
    Reset();
    successful = std::string(kSuccess) + kRow1;
    failed = std::string(kFailed) + "\"\",\"" + a_case.text + "\",\"A2\",\"\"\n";
    const Status status = WriteTwo();
    EXPECT_TRUE(status.ok()) << a_case.text;
    EXPECT_EQ(Outcome(2), PENSTOCK_REJECTED) << a_case.text;
    EXPECT_EQ(outcomes_[2].code, a_case.code);
    EXPECT_EQ(outcomes_[2].message, a_case.message);
    EXPECT_EQ(outcomes_[2].field, a_case.field);
  }
}

TEST_F(SalesforceJobTest, WhatIsCutIsNotBelieved) {
  const std::string good = std::string(kSuccess) + kRow1;
  const struct {
    const char* what;
    std::string file;
    int32_t first, second;  // 0: none, the record stays with its note
    const char* code;       // of the run; null: it is ok
  } kCases[] = {
      {"whole", good + kRow2, PENSTOCK_CREATED, PENSTOCK_UPDATED, nullptr},
      {"inside quotes", good + "\"003000000000002AAA\",\"fal", PENSTOCK_CREATED, 0,
       "salesforce.BAD_ANSWER"},
      {"a short row", good + "\"003000000000002AAA\",\"false\",\"A2\"\n", PENSTOCK_CREATED, 0,
       "salesforce.BAD_ANSWER"},
      {"no line break", good + "003000000000002AAA,false,A2,na", PENSTOCK_CREATED,
       PENSTOCK_IN_DOUBT, nullptr},
      {"in the key", "sf__Id,sf__Created,LastName,Ext__c\n003000000000012AAA,true,name,A1",
       PENSTOCK_IN_DOUBT, PENSTOCK_IN_DOUBT, nullptr},
      {"between rows", good, PENSTOCK_CREATED, PENSTOCK_IN_DOUBT, nullptr},
      {"behind the columns", kSuccess, PENSTOCK_IN_DOUBT, PENSTOCK_IN_DOUBT, nullptr},
      {"nothing", "", PENSTOCK_IN_DOUBT, PENSTOCK_IN_DOUBT, nullptr},
      {"HTML", "<html>\n<body>Welcome</body>\n", 0, 0, "salesforce.BAD_ANSWER"},
      {"no ids", "\"Ext__c\",\"LastName\"\n\"A1\",\"name\"\n", 0, 0, "salesforce.BAD_ANSWER"},
  };
  for (const auto& a_case : kCases) {
    Reset();
    successful = a_case.file;
    const Status status = WriteTwo();
    EXPECT_EQ(Outcome(1), a_case.first) << a_case.what;
    EXPECT_EQ(Outcome(2), a_case.second) << a_case.what;
    EXPECT_EQ(status.ok() ? "" : status.failure().code, a_case.code ? a_case.code : "")
        << a_case.what;
    EXPECT_EQ(outstanding_.size(), (a_case.first == 0 ? 1u : 0u) + (a_case.second == 0 ? 1u : 0u));
    if (Outcome(2) == PENSTOCK_IN_DOUBT) {
      EXPECT_EQ(outcomes_[2].code, "NOT_IN_RESULTS") << a_case.what;
      EXPECT_NE(outcomes_[2].message.find("the job has processed 2"), std::string::npos);
    }
  }
}

TEST_F(SalesforceJobTest, ACellWithoutAnEndIsNotCollected) {
  successful = std::string(kSuccess) + kRow1 + "\"" + std::string(5'000'000, 'x');
  const Status status = WriteTwo();
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.failure().message.find("a quote is missing"), std::string::npos);
  EXPECT_EQ(Outcome(1), PENSTOCK_CREATED);
  EXPECT_EQ(outstanding_.size(), 1u);
}

TEST_F(SalesforceJobTest, AJobThatFailsSaysWhatItDidAndWhy) {
  const std::string one = std::string(kSuccess) + kRow1;
  const struct {
    const char *what, *end, *numbers;
    std::string successful;
    int32_t second;
    const char* code;
  } kCases[] = {
      {"failed, all told", "Failed", R"(, "numberRecordsProcessed": 1)", one, PENSTOCK_UNSENT,
       "salesforce.JOB_FAILED"},
      {"failed, one untold", "Failed", R"(, "numberRecordsProcessed": 2)", one, PENSTOCK_IN_DOUBT,
       "salesforce.JOB_FAILED"},
      {"failed, no number", "Failed", "", one, PENSTOCK_IN_DOUBT, "salesforce.JOB_FAILED"},
      {"failed, no number at all", "Failed", R"(, "numberRecordsProcessed": "many")", one,
       PENSTOCK_IN_DOUBT, "salesforce.JOB_FAILED"},
      {"aborted at work", "Aborted", R"(, "numberRecordsProcessed": 1)", one, PENSTOCK_IN_DOUBT,
       "salesforce.JOB_ABORTED"},
  };
  for (const auto& a_case : kCases) {
    Reset();
    end = a_case.end;
    numbers = std::string(a_case.numbers) + R"(, "errorMessage": "InvalidBatch : no such field")";
    successful = a_case.successful;
    const Status status = WriteTwo();
    EXPECT_EQ(Outcome(1), PENSTOCK_CREATED) << a_case.what;
    EXPECT_EQ(Outcome(2), a_case.second) << a_case.what;
    ASSERT_FALSE(status.ok()) << a_case.what;
    EXPECT_EQ(status.failure().code, a_case.code) << a_case.what;
    EXPECT_NE(status.failure().message.find("InvalidBatch : no such field"), std::string::npos);
  }
  Reset();
  end = "Aborted";
  numbers = R"(, "numberRecordsProcessed": 1)";
  successful = one;
  unprocessed = std::string(kUnprocessed) + "\"A2\",\"name\"\n";
  EXPECT_FALSE(WriteTwo().ok());
  EXPECT_EQ(Outcome(2), PENSTOCK_UNSENT);
  EXPECT_EQ(outcomes_[2].code, "JOB_ABORTED");
}

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

TEST_F(SalesforceJobTest, AnEarlierRunsCompletionMayBeOnItsWay) {
  TestBatch batch(2);
  Rows(&batch, 2);
  successful = kSuccess;
  numbers = R"(, "numberRecordsProcessed": 0)";
  EXPECT_TRUE(TakeUp(Jobs("insert"), batch).ok());
  EXPECT_EQ(Count("PATCH"), 1u);  // found open, aborted
  EXPECT_EQ(Outcome(1), PENSTOCK_IN_DOUBT) << "a second insert would be a second record";
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
