// A job of Bulk API 2.0 as the test wants it: its states, its answers, its files of results.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "tests/plugins/salesforce_fixture.h"

namespace penstock::sdk {

inline constexpr char kJob[] = "/services/data/v62.0/jobs/ingest/750000000000001AAA";
inline constexpr char kSuccess[] = "\"sf__Id\",\"sf__Created\",\"Ext__c\",\"LastName\"\n";
inline constexpr char kFailed[] = "\"sf__Id\",\"sf__Error\",\"Ext__c\",\"LastName\"\n";
inline constexpr char kUnprocessed[] = "\"Ext__c\",\"LastName\"\n";
inline constexpr char kRow1[] = "\"003000000000001AAA\",\"true\",\"A1\",\"name\"\n";
inline constexpr char kRow2[] = "\"003000000000002AAA\",\"false\",\"A2\",\"name\"\n";

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

}  // namespace penstock::sdk
