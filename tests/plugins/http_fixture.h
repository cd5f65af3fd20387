// The http connector with a configuration that a test writes.
#pragma once

#include <string>
#include <vector>

#include "tests/plugins/connector_fixture.h"

namespace penstock::sdk {

class HttpFixture : public ConnectorFixture {
 protected:
  /// Customers with the key email and these operations, as JSON members.
  static std::string Customers(const std::string& operations, const std::string& more = "") {
    return R"({"$base_url": "https://api.example.com/v1", )" + more + R"("objects": {"customers": {
      "key": "email",
      "fields": {"email": {"type": "string", "max_length": 320, "normalisers": ["trim", "lower"]},
                 "name": "string", "n": "integer", "d": "decimal", "b": "boolean", "day": "date",
                 "at": "timestamp", "extra": "json", "many": "list", "raw": "bytes", "f": "double",
                 "plan": {"type": "string", "enum": ["free", "paid"]}},
      "operations": {)" +
           operations + "}}}}";
  }
  void OpenCustomers(const std::string& operations, const std::string& more = "") {
    Open("http", Customers(operations, more));
  }
  Assignment Assigned(const std::string& operation, const std::vector<std::string>& fields) {
    Assignment assignment = Assign("customers", operation, fields);
    assignment.integration = "contacts";
    assignment.environment = "default";
    assignment.run = "contacts-1";
    return assignment;
  }
  /// `n` customers a@x, b@x, … with the name "name"; seqs 1, 2, …
  static void Fill(TestBatch* batch, size_t n, const std::vector<std::string>& ids = {}) {
    for (size_t i = 0; i < n; ++i) {
      const std::string email = std::string(1, static_cast<char>('a' + i)) + "@x";
      batch->Add(i + 1, {batch->Text(email), batch->Text("name")}, i < ids.size() ? ids[i] : "");
    }
  }
  /// Writes `n` customers with a new writer, all requests answered by `reply`.
  Status WriteFill(const std::string& operation, size_t n, const Reply& reply,
                   const std::vector<std::string>& ids = {}) {
    host_.answer = [reply](const SentRequest&) { return reply; };
    outcomes_.clear();
    host_.sent.clear();
    TestBatch batch(2);
    Fill(&batch, n, ids);
    return Write(Assigned(operation, {"email", "name"}), batch);
  }
  /// The outcome of one customer, after one answer.
  KeptOutcome One(const std::string& operation, const Reply& reply) {
    const Status status = WriteFill(operation, 1, reply);
    EXPECT_TRUE(status.ok()) << status.failure().message;
    return outcomes_[1];
  }
  int32_t Outcome(uint64_t seq) { return outcomes_.count(seq) ? outcomes_[seq].outcome : 0; }
};

}  // namespace penstock::sdk
