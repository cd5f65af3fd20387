// What the files of a job's results say of its records, and what they leave unsaid.
#include "tests/plugins/salesforce_jobs.h"

namespace penstock::sdk {
namespace {

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

}  // namespace
}  // namespace penstock::sdk
