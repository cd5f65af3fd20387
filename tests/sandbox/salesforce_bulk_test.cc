// Bulk API 2.0 ingest: states, files, and what goes wrong.
#include <Poco/Net/StreamSocket.h>
#include <gmock/gmock.h>

#include <set>

#include "tests/sandbox/salesforce_fixture.h"

namespace penstock::sandbox {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kUpsert =
    R"({"object":"Account","operation":"upsert","externalIdFieldName":"Ext__c"})";

class SalesforceBulkTest : public SalesforceTest {
 protected:
  // Accounts A0… as CSV.
  static std::string Accounts(int count) {
    std::string csv = "Ext__c,Name\n";
    for (int i = 0; i < count; ++i)
      csv += "A" + std::to_string(i) + ",Name " + std::to_string(i) + "\n";
    return csv;
  }
  std::set<std::string> Keys(const std::string& job, const std::string& which) {
    std::set<std::string> keys;
    for (Row& row : Results(job, which)) keys.insert(row["Ext__c"]);
    return keys;
  }
  // Rows in the three files of a job of `count` rows, of which none is in two.
  std::vector<std::size_t> Counts(const std::string& job, std::size_t count) {
    std::set<std::string> all;
    std::vector<std::size_t> sizes;
    for (const char* which : {"successfulResults", "failedResults", "unprocessedrecords"}) {
      const std::set<std::string> keys = Keys(job, which);
      sizes.push_back(keys.size());
      all.insert(keys.begin(), keys.end());
    }
    EXPECT_EQ(all.size(), count);
    EXPECT_EQ(sizes[0] + sizes[1] + sizes[2], count);
    return sizes;
  }
};

TEST_F(SalesforceBulkTest, SuccessesAndFailures) {
  Create("Account", R"({"Name":"Old","Ext__c":"A1","Phone":"1","Website":"w"})");
  std::string job;
  JsonDocument info = RunJob(
      kUpsert,
      "Ext__c,Name,Phone,Website\nA1,New,,#N/A\nA2,Two,2,\nA3,,3,\nA4,Four,4,\nA4,Four,5,\n", &job);
  EXPECT_EQ(TextOf(info, "state"), "JobComplete");
  EXPECT_EQ(info["numberRecordsProcessed"].GetInt(), 5);
  EXPECT_EQ(info["numberRecordsFailed"].GetInt(), 3);
  EXPECT_EQ(info["apiVersion"].GetDouble(), 62.0);
  std::map<std::string, std::string> created, errors;
  for (Row& row : Results(job, "successfulResults")) {
    EXPECT_THAT(row["sf__Id"], StartsWith("001"));
    created[row["Ext__c"]] = row["sf__Created"];
  }
  EXPECT_EQ(created, (std::map<std::string, std::string>{{"A1", "false"}, {"A2", "true"}}));
  for (Row& row : Results(job, "failedResults")) errors[row["Ext__c"]] = row["sf__Error"];
  EXPECT_EQ(errors["A3"], "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --");
  EXPECT_THAT(errors["A4"], StartsWith("DUPLICATE_VALUE:Duplicate external id specified: A4"));
  EXPECT_TRUE(Results(job, "unprocessedrecords").empty());
  for (auto& [id, row] : Kept("Account")) {
    if (row["Ext__c"] != "A1") continue;
    EXPECT_EQ(row["Name"], "New");
    EXPECT_EQ(row["Phone"], "1");   // empty is ignored
    EXPECT_EQ(row["Website"], "");  // #N/A is null
  }
}

TEST_F(SalesforceBulkTest, UpdatesDeletesAndReferences) {
  const std::string account = Create("Account", R"({"Name":"A","Ext__c":"A1"})");
  std::string job;
  RunJob(
      R"({"object":"Contact","operation":"insert","lineEnding":"CRLF","columnDelimiter":"SEMICOLON"})",
      "LastName;Ext__c;Account.Ext__c\r\nOne;C1;a1\r\n\"T;w\"\"o\r\n\";C2;\r\nThree;C3;A9\r\n",
      &job);
  std::map<std::string, Row> by_key;
  std::map<std::string, std::string> ids;
  for (auto& [id, row] : Kept("Contact")) {
    by_key[row["Ext__c"]] = row;
    ids[row["Ext__c"]] = id;
  }
  EXPECT_EQ(by_key.size(), 2U);
  EXPECT_EQ(by_key["C1"]["AccountId"], account);
  EXPECT_EQ(by_key["C2"]["LastName"], "T;w\"o");
  RunJob(R"({"object":"Task","operation":"insert"})", "Subject,Contact:Who.Ext__c\nCall,C1\n",
         &job);
  EXPECT_EQ(Kept("Task").begin()->second["WhoId"], ids["C1"]);
  RunJob(R"({"object":"Contact","operation":"update"})",
         "Id,AccountId,Account.Ext__c\n" + ids["C1"] + ",#N/A,\n0035g000000ZZZZ,,\n,,\n" +
             ids["C2"] + ",,#N/A\n",
         &job);
  EXPECT_EQ(KeptRow("Contact", ids["C1"])["AccountId"], "");
  // A reference is cleared by its id field, not by its key.
  EXPECT_EQ(Results(job, "failedResults").size(), 3U);
  RunJob(R"({"object":"Contact","operation":"delete"})", "Id\n" + ids["C1"] + "\nx\n", &job);
  EXPECT_EQ(Results(job, "successfulResults").size(), 1U);
  EXPECT_EQ(Results(job, "failedResults")[0]["sf__Error"], "MALFORMED_ID:malformed id x:Id --");
  EXPECT_EQ(Kept("Contact").size(), 1U);
}

TEST_F(SalesforceBulkTest, JobsThatAreRefused) {
  auto code = [&](const std::string& settings) {
    return Code(Rest("POST", "/jobs/ingest", settings));
  };
  EXPECT_EQ(code(R"({"object":"Account","operation":"merge"})"), "INVALIDJOB");
  EXPECT_EQ(code(R"({"object":"Nothing","operation":"insert"})"), "INVALIDJOB");
  EXPECT_EQ(code(R"({"object":"Account","operation":"upsert"})"), "INVALIDJOB");
  EXPECT_EQ(code(R"({"object":"Account","operation":"upsert","externalIdFieldName":"Website"})"),
            "INVALIDJOB");
  EXPECT_EQ(code(R"({"object":"Account","operation":"insert","externalIdFieldName":"Ext__c"})"),
            "INVALIDJOB");
  EXPECT_EQ(code(R"({"object":"Account","operation":"insert","lineEnding":"CR"})"), "INVALIDJOB");
  EXPECT_EQ(code(R"({"object":"Account","operation":"insert","color":"red"})"),
            "JSON_PARSER_ERROR");
  Config(R"({"hard_delete":false})");
  EXPECT_EQ(code(R"({"object":"Account","operation":"hardDelete"})"), "FEATURENOTENABLED");
  Config(R"({"bulk_batches_used":15000})");
  EXPECT_EQ(code(R"({"object":"Account","operation":"insert"})"), "LIMIT_EXCEEDED");
}

TEST_F(SalesforceBulkTest, StatesAllowOnlyTheirSteps) {
  const std::string job = OpenJob(kUpsert);
  JsonDocument open = Poll(job);
  EXPECT_EQ(TextOf(open, "contentUrl"), "services/data/v62.0/jobs/ingest/" + job + "/batches");
  EXPECT_EQ(Close(job).status, 400);
  EXPECT_EQ(Rest("PUT", "/jobs/ingest/" + job + "/batches", "x").status, 415);
  EXPECT_EQ(Code(Rest("GET", "/jobs/ingest/" + job + "/successfulResults")), "INVALIDJOBSTATE");
  EXPECT_EQ(Upload(job, Accounts(3)).status, 201);
  const Reply again = Upload(job, Accounts(3));
  EXPECT_EQ(again.status, 400);
  EXPECT_THAT(again.body, HasSubstr("Found multiple contents for job: <" + job + ">"));
  EXPECT_EQ(Code(Rest("DELETE", "/jobs/ingest/" + job)), "INVALIDJOBSTATE");
  Config(R"({"bulk_polls":3})");
  EXPECT_EQ(Close(job).status, 200);
  EXPECT_EQ(Code(Close(job)), "INVALIDJOBSTATE");
  EXPECT_EQ(TextOf(Poll(job), "state"), "UploadComplete");
  EXPECT_EQ(TextOf(Poll(job), "state"), "InProgress");
  EXPECT_EQ(TextOf(Poll(job), "state"), "InProgress");
  EXPECT_EQ(TextOf(Poll(job), "state"), "JobComplete");
  EXPECT_EQ(Code(Rest("PATCH", "/jobs/ingest/" + job, R"({"state":"Aborted"})")),
            "INVALIDJOBSTATE");
  EXPECT_THAT(Rest("GET", "/jobs/ingest").body, HasSubstr(job));
  EXPECT_EQ(Rest("DELETE", "/jobs/ingest/" + job).status, 204);
  EXPECT_EQ(Rest("GET", "/jobs/ingest/" + job).status, 404);
  const std::string other = OpenJob(kUpsert);
  EXPECT_EQ(Rest("PATCH", "/jobs/ingest/" + other, R"({"state":"Aborted"})").status, 200);
  EXPECT_EQ(TextOf(Poll(other), "state"), "Aborted");
  EXPECT_EQ(Code(Upload(other, Accounts(1))), "INVALIDJOBSTATE");
  EXPECT_EQ(Code(Close(other)), "INVALIDJOBSTATE");
}

TEST_F(SalesforceBulkTest, UploadsAreWholeOrNotAtAll) {
  const std::string job = OpenJob(kUpsert);
  // What the server says to a head that promises `length` bytes, of which only a few come.
  auto upload = [&](const std::string& length) {
    Poco::Net::StreamSocket socket(Poco::Net::SocketAddress("127.0.0.1", sandbox_->port()));
    const std::string text = "PUT /services/data/v62.0/jobs/ingest/" + job +
                             "/batches HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " +
                             token_ + "\r\nContent-Type: text/csv\r\nContent-Length: " + length +
                             "\r\n\r\nExt__c,Name\n";
    socket.sendBytes(text.data(), static_cast<int>(text.size()));
    socket.shutdownSend();
    std::string answer;
    char piece[512];
    for (int got = 0; (got = socket.receiveBytes(piece, sizeof piece)) > 0;) {
      answer.append(piece, static_cast<std::size_t>(got));
    }
    return answer.substr(0, answer.find("\r\n"));
  };
  EXPECT_EQ(upload("500"), "");
  EXPECT_THAT(upload("100000001"), StartsWith("HTTP/1.1 413"));
  EXPECT_EQ(Upload(job, Accounts(2)).status, 201);
  Config(R"({"bulk_polls":1})");
  EXPECT_EQ(Close(job).status, 200);
  Poll(job);
  EXPECT_EQ(Poll(job)["numberRecordsProcessed"].GetInt(), 2);
}

TEST_F(SalesforceBulkTest, FilesThatAreRefused) {
  std::string job;
  JsonDocument info = RunJob(kUpsert, "Ext__c,Name,Foo\nA1,One,1\nA2,Two,2\n", &job);
  EXPECT_EQ(TextOf(info, "state"), "Failed");
  EXPECT_EQ(TextOf(info, "errorMessage"), "InvalidBatch : Field name not found : Foo");
  EXPECT_EQ(Keys(job, "unprocessedrecords").size(), 2U);
  EXPECT_EQ(info["numberRecordsProcessed"].GetInt(), 0);
  info = RunJob(kUpsert, "Ext__c,Name\r\nA1,One\r\n", &job);
  EXPECT_EQ(
      TextOf(info, "errorMessage"),
      "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF");
  info = RunJob(R"({"object":"Account","operation":"insert","lineEnding":"CRLF"})",
                "Ext__c,Name\r\nA1,One\n", &job);
  EXPECT_EQ(
      TextOf(info, "errorMessage"),
      "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is CRLF");
  info = RunJob(kUpsert, "Ext__c,Name\nA1,One \"x\"\n", &job);
  EXPECT_THAT(TextOf(info, "errorMessage"), HasSubstr("Found unescaped quote"));
  info = RunJob(kUpsert, "Ext__c,Name\nA1,One,Two\n", &job);
  EXPECT_EQ(TextOf(info, "state"), "Failed");
  Config(R"({"strict_line_breaks":true})");
  info = RunJob(kUpsert, "Ext__c,Description\nA1,\"One\r\nTwo\"\n", &job);
  EXPECT_THAT(TextOf(info, "errorMessage"), StartsWith("ClientInputError : LineEnding is invalid"));
  // The type of a reference is said if and only if it may be one of several.
  info = RunJob(R"({"object":"Contact","operation":"insert"})",
                "LastName,Account:Account.Ext__c\nC,A1\n", &job);
  EXPECT_EQ(TextOf(info, "errorMessage"),
            "InvalidBatch : Field name not found : Account:Account.Ext__c");
  info = RunJob(R"({"object":"Task","operation":"insert"})", "Subject,Who.Ext__c\nC,A1\n", &job);
  EXPECT_EQ(TextOf(info, "state"), "Failed");
  EXPECT_EQ(Writes("Account", "created"), 0U);
}

TEST_F(SalesforceBulkTest, JobsThatEndHalfWay) {
  std::string job;
  Config(R"({"bulk_faults":[{"kind":"fail","at":450},{"kind":"abort","at":100},
                            {"kind":"unprocessed","at":200,"count":300}]})");
  JsonDocument info = RunJob(kUpsert, Accounts(1000), &job);
  EXPECT_EQ(TextOf(info, "state"), "Failed");
  EXPECT_THAT(TextOf(info, "errorMessage"), StartsWith("TooManyLockFailure"));
  EXPECT_EQ(info["numberRecordsProcessed"].GetInt(), 450);
  EXPECT_EQ(Counts(job, 1000), (std::vector<std::size_t>{450, 0, 550}));
  info = RunJob(kUpsert, Accounts(1000), &job);
  EXPECT_EQ(TextOf(info, "state"), "Aborted");
  EXPECT_EQ(Counts(job, 1000), (std::vector<std::size_t>{100, 0, 900}));
  info = RunJob(kUpsert, Accounts(1000), &job);
  EXPECT_EQ(TextOf(info, "state"), "JobComplete");
  EXPECT_EQ(Counts(job, 1000), (std::vector<std::size_t>{700, 0, 300}));
  info = RunJob(kUpsert, Accounts(1000), &job);
  EXPECT_EQ(Counts(job, 1000), (std::vector<std::size_t>{1000, 0, 0}));
}

TEST_F(SalesforceBulkTest, AnAdministratorAbortsAJobAtWork) {
  Config(R"({"bulk_polls":1,"bulk_faults":[{"kind":"stall","at":250}]})");
  const std::string job = OpenJob(kUpsert);
  Upload(job, Accounts(1000));
  Close(job);
  for (int polls = 0; polls < 3; ++polls) {
    EXPECT_THAT(TextOf(Poll(job), "state"), ::testing::AnyOf("UploadComplete", "InProgress"));
  }
  // A second one is not held up by it.
  std::string other;
  EXPECT_EQ(
      TextOf(RunJob(R"({"object":"Lead","operation":"insert"})", "LastName,Company\nL,C\n", &other),
             "state"),
      "JobComplete");
  Config("{\"bulk_abort\":\"" + job + "\",\"bulk_release\":true}");
  JsonDocument info = Poll(job);
  EXPECT_EQ(TextOf(info, "state"), "Aborted");
  EXPECT_EQ(Counts(job, 1000), (std::vector<std::size_t>{250, 0, 750}));
}

TEST_F(SalesforceBulkTest, ResultsAreInAnotherOrder) {
  std::string job;
  RunJob(kUpsert, Accounts(500), &job);
  std::vector<std::string> given, got;
  for (int i = 0; i < 500; ++i) given.push_back("A" + std::to_string(i));
  for (Row& row : Results(job, "successfulResults")) got.push_back(row["Ext__c"]);
  EXPECT_NE(got, given);
  EXPECT_THAT(std::set<std::string>(got.begin(), got.end()),
              std::set<std::string>(given.begin(), given.end()));
}

TEST_F(SalesforceBulkTest, JobsLastAsLongAsTheyAreTold) {
  Config(R"({"clock_ms":1800000000000})");
  LogIn();
  Config(R"({"bulk_latency_ms":60000})");
  std::string job;
  JsonDocument info = RunJob(kUpsert, Accounts(2), &job);
  EXPECT_EQ(TextOf(info, "state"), "InProgress");
  EXPECT_EQ(Code(Rest("DELETE", "/jobs/ingest/" + job)), "INVALIDJOBSTATE");
  Config(R"({"clock_ms":1800000060000})");
  EXPECT_EQ(TextOf(Poll(job), "state"), "JobComplete");
}

TEST_F(SalesforceBulkTest, JobsEndWhenTheyAreTold) {
  Config(R"({"bulk_hold":true,"bulk_faults":[{"kind":"stall","at":250}]})");
  const std::string job = OpenJob(kUpsert);
  Upload(job, Accounts(1000));
  Close(job);
  Config(R"({"bulk_end":true})");
  EXPECT_EQ(TextOf(Poll(job), "state"), "UploadComplete");
  Config(R"({"bulk_hold":false,"bulk_end":true})");
  EXPECT_EQ(TextOf(Poll(job), "state"), "JobComplete");
}

TEST_F(SalesforceBulkTest, ResetEndsJobsAndSettings) {
  Config(R"({"bulk_polls":1,"bulk_latency_ms":60000,"bulk_faults":[{"kind":"stall","at":250}]})");
  const std::string job = OpenJob(kUpsert);
  EXPECT_EQ(Rest("PUT", "/jobs/ingest/" + job + "/batches/", Accounts(1000),
                 {{"Content-Type", "text/csv"}})
                .status,
            201);
  EXPECT_EQ(Close(job).status, 200);
  EXPECT_EQ(Call("POST", "/_sandbox/reset").status, 200);
  EXPECT_TRUE(Kept("Account").empty());
  EXPECT_EQ(Writes("Account", "created"), 0U);
  LogIn();
  EXPECT_EQ(Rest("GET", "/jobs/ingest/" + job).status, 404);
  std::string other;
  EXPECT_EQ(TextOf(RunJob(kUpsert, Accounts(2), &other), "state"), "JobComplete");
  EXPECT_EQ(Kept("Account").size(), 2U);
}

TEST_F(SalesforceBulkTest, RowsThatSayTwoThings) {
  const std::string one = Create("Account", R"({"Name":"A","Ext__c":"A1"})");
  const std::string two = Create("Account", R"({"Name":"B","Ext__c":"A2"})");
  std::string job;
  auto error = [&](const std::string& settings, const std::string& csv) {
    EXPECT_EQ(TextOf(RunJob(settings, csv, &job), "state"), "JobComplete");
    const std::vector<Row> rows = Results(job, "failedResults");
    return rows.empty() ? "" : rows[0].at("sf__Error");
  };
  EXPECT_THAT(error(R"({"object":"Contact","operation":"insert"})",
                    "LastName,AccountId,Account.Ext__c\nC," + one + ",A2\n"),
              StartsWith("INVALID_FIELD:"));
  EXPECT_THAT(error(kUpsert, "Ext__c,Id,Name\nA1," + two + ",C\n"), StartsWith("INVALID_FIELD:"));
  EXPECT_THAT(error(R"({"object":"Account","operation":"update"})",
                    "Id,Name\n" + one + ",C\n" + one.substr(0, 15) + ",D\n"),
              StartsWith("DUPLICATE_VALUE:Duplicate id specified: " + one));
  EXPECT_EQ(Results(job, "failedResults").size(), 2U);
  EXPECT_EQ(Writes("Account", "updated"), 0U);
  EXPECT_TRUE(Kept("Contact").empty());
}

TEST_F(SalesforceBulkTest, CellsHaveCharactersNotBytes) {
  std::string text, job;
  for (int i = 0; i < 32'000; ++i) text += "ä";
  RunJob(kUpsert, "Ext__c,Name,Notes__c\nA1,N," + text + "\nA2,N," + text + "x\n", &job);
  EXPECT_EQ(Keys(job, "successfulResults"), std::set<std::string>{"A1"});
  const std::vector<Row> failed = Results(job, "failedResults");
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_THAT(failed[0].at("sf__Error"), StartsWith("STRING_TOO_LONG:"));
  // A row has 400,000 of them at most, whatever its fields take.
  std::string header = "Ext__c,Name", cells = "A3,N";
  for (const char* field :
       {"Description", "Notes__c", "Code__c", "Phone", "Website", "Industry", "BillingCity",
        "BillingCountry", "Type", "Rating__c", "Regions__c", "Tier__c", "Score__c"}) {
    header += std::string(",") + field;
    cells += "," + text;
  }
  RunJob(kUpsert, header + "\n" + cells + "\n", &job);
  EXPECT_THAT(Rest("GET", "/jobs/ingest/" + job + "/failedResults").body,
              HasSubstr("STRING_TOO_LONG:record too large"));
  header = "Name";
  for (int i = 0; i < 5000; ++i) header += ",Name";
  EXPECT_EQ(TextOf(RunJob(kUpsert, header + "\n", &job), "errorMessage"),
            "InvalidBatch : Too many columns");
}

TEST_F(SalesforceBulkTest, RuleAndLocksOfJobs) {
  std::string job;
  const std::string lead = "LastName,Company\nL,C\n";
  RunJob(R"({"object":"Lead","operation":"insert"})", lead, &job);
  EXPECT_EQ(ParseJson(Call("GET", "/_sandbox/stats").body)["assigned"]["Lead"].GetInt(), 0);
  RunJob(R"({"object":"Lead","operation":"insert","assignmentRuleId":"01Q5g0000004C93"})", lead,
         &job);
  EXPECT_EQ(ParseJson(Call("GET", "/_sandbox/stats").body)["assigned"]["Lead"].GetInt(), 1);
  // A job at work holds the parents of its rows.
  Create("Account", R"({"Name":"A","Ext__c":"A1"})");
  Config(R"({"row_locks":true,"bulk_faults":[{"kind":"stall","at":1}]})");
  job = OpenJob(R"({"object":"Contact","operation":"insert"})");
  Upload(job, "LastName,Account.Ext__c\nOne,A1\nTwo,A1\n");
  Close(job);
  Poll(job);
  while (Kept("Contact").empty()) {  // it works beside us
  }
  const std::string child = R"({"LastName":"Three","Account":{"Ext__c":"A1"}})";
  EXPECT_EQ(Code(Rest("POST", "/sobjects/Contact", child)), "UNABLE_TO_LOCK_ROW");
  Config(R"({"bulk_release":true})");
  EXPECT_EQ(TextOf(Poll(job), "state"), "JobComplete");
  EXPECT_EQ(Rest("POST", "/sobjects/Contact", child).status, 201);
}

}  // namespace
}  // namespace penstock::sandbox
