// A running sandbox for tests, with JSON answers.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "sdk/testing/http.h"
#include "sdk/testing/process.h"

namespace penstock::sandbox {

// The answer's body as JSON; null, with a failure, if it is none.
inline JsonDocument ParseJson(const std::string& text) {
  JsonDocument document;
  document.Parse(text.data(), text.size());
  EXPECT_FALSE(document.HasParseError()) << text;
  return document;
}

// A string member, "" if missing.
inline std::string TextOf(const JsonValue& object, const char* name) {
  const JsonValue* value = Member(object, name);
  return value != nullptr && value->IsString() ? std::string(Text(*value)) : std::string();
}

// The lines of a control path's answer.
inline std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t start = 0; start < text.size();) {
    std::size_t end = text.find('\n', start);
    lines.push_back(text.substr(start, end - start));
    start = end == text.npos ? text.size() : end + 1;
  }
  return lines;
}

// Starts a sandbox of a vendor for a test.
class SandboxTest : public ::testing::Test {
 protected:
  void Run(const std::string& vendor, std::vector<std::string> arguments = {}) {
    std::string error;
    sandbox_ =
        SandboxProcess::Start(std::string(PENSTOCK_TEST_CONNECTOR_DIR) + "/" + vendor + "-sandbox",
                              std::move(arguments), &error);
    ASSERT_NE(sandbox_, nullptr) << error;
  }
  Reply Call(const std::string& method, const std::string& path, const std::string& body = "") {
    return sandbox_->Call(method, path, body, token_);
  }
  void Faults(const std::string& json) {
    Reply reply = Call("PUT", "/_sandbox/faults", json);
    ASSERT_EQ(reply.status, 200) << reply.body;
  }
  void Config(const std::string& json) {
    Reply reply = Call("PUT", "/_sandbox/config", json);
    ASSERT_EQ(reply.status, 200) << reply.body;
  }
  // Count of one kind of write, e.g. Writes("contacts", "created").
  std::uint64_t Writes(const char* table, const char* kind) {
    JsonDocument stats = ParseJson(Call("GET", "/_sandbox/stats").body);
    return stats["writes"][table][kind].GetUint64();
  }

  std::unique_ptr<SandboxProcess> sandbox_;
  std::string token_;
};

}  // namespace penstock::sandbox
