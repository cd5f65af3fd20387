// Answers as HubSpot gives them.
#pragma once

#include <string>
#include <vector>

#include "tests/plugins/connector_fixture.h"

namespace penstock::sdk {

class HubSpotFixture : public ConnectorFixture {
 protected:
  void SetUp() override { Open("hubspot", R"({"access_token": {"$secret": "access_token"}})"); }

  static Reply Batch(int status, const std::vector<std::string>& results,
                     const std::vector<std::string>& errors = {}) {
    const auto join = [](const std::vector<std::string>& items) {
      std::string text;
      for (const std::string& item : items) text += (text.empty() ? "" : ",") + item;
      return text;
    };
    std::string body = R"({"status": "COMPLETE", "results": [)" + join(results) + "]";
    if (!errors.empty()) {
      body += R"(, "numErrors": )" + std::to_string(errors.size()) + R"(, "errors": [)" +
              join(errors) + "]";
    }
    return {status, body + "}"};
  }
  static std::string ResultOf(const std::string& id, const std::string& email, bool is_new,
                              const std::string& trace = {}) {
    return R"({"id": ")" + id + R"(", "new": )" + (is_new ? "true" : "false") +
           R"(, "properties": {"email": ")" + email + "\"}" +
           (trace.empty() ? "" : R"(, "objectWriteTraceId": ")" + trace + "\"") + "}";
  }
  static std::string ErrorOf(const std::string& trace, const std::string& category,
                             const std::string& message) {
    return R"({"status": "error", "category": ")" + category + R"(", "message": ")" + message +
           R"(", "context": {"objectWriteTraceId": [")" + trace + R"("]}})";
  }
  static std::string InvalidProperty(const std::string& trace, const std::string& code,
                                     const std::string& name) {
    return ErrorOf(trace, "VALIDATION_ERROR",
                   R"(Property values were not valid: [{\"isValid\":false,\"message\":\"why\",)"
                   R"(\"error\":\")" +
                       code + R"(\",\"name\":\")" + name + R"(\"}])");
  }

  /// `n` contacts a@x, b@x, … with seqs 1, 2, …
  void Contacts(TestBatch* batch, size_t n, const std::vector<std::string>& ids = {}) {
    for (size_t i = 0; i < n; ++i) {
      const std::string email = std::string(1, static_cast<char>('a' + i)) + "@x";
      batch->Add(i + 1, {batch->Text(email), batch->Text("name")}, i < ids.size() ? ids[i] : "");
    }
  }
  Assignment Emails(const std::string& operation) {
    return Assign("contacts", operation, {"email", "firstname"});
  }
  int32_t Outcome(uint64_t seq) { return outcomes_.count(seq) ? outcomes_[seq].outcome : 0; }
};

}  // namespace penstock::sdk
