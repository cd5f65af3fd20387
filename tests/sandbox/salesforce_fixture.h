// A running Salesforce sandbox with a token, for tests.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/sandbox/fixture.h"

namespace penstock::sandbox {

class SalesforceTest : public SandboxTest {
 protected:
  using Row = std::map<std::string, std::string>;

  void SetUp() override { Start({}); }
  void Start(std::vector<std::string> arguments) {
    Run("salesforce", std::move(arguments));
    LogIn();
  }
  Reply Token(const std::string& form) {
    return sandbox_->Call("POST", "/services/oauth2/token", form, "",
                          {{"Content-Type", "application/x-www-form-urlencoded"}});
  }
  void LogIn() {
    const Reply reply = Token(
        "grant_type=client_credentials&client_id=sandbox-client&client_secret=sandbox-secret");
    ASSERT_EQ(reply.status, 200) << reply.body;
    token_ = TextOf(ParseJson(reply.body), "access_token");
  }
  Reply Rest(const std::string& method, const std::string& path, const std::string& body = "",
             const Headers& headers = {}) {
    return sandbox_->Call(method, "/services/data/v62.0" + path, body, token_, headers);
  }
  // errorCode of the first error of a whole request.
  static std::string Code(const Reply& reply) {
    JsonDocument body = ParseJson(reply.body);
    if (!body.IsArray() || body.Empty()) return reply.body;
    return TextOf(body[0], "errorCode");
  }
  // POST of one row; its id.
  std::string Create(const std::string& object, const std::string& fields) {
    const Reply reply = Rest("POST", "/sobjects/" + object, fields);
    EXPECT_EQ(reply.status, 201) << reply.body;
    return reply.status == 201 ? TextOf(ParseJson(reply.body), "id") : "";
  }
  // A record's kept values, by id.
  std::map<std::string, Row> Kept(const std::string& object) {
    std::map<std::string, Row> rows;
    for (const std::string& line : Lines(Call("GET", "/_sandbox/objects/" + object).body)) {
      JsonDocument json = ParseJson(line);
      if (json["archived"].GetBool()) continue;
      Row& row = rows[json["id"].GetString()];
      for (const auto& field : json["properties"].GetObject()) {
        row[field.name.GetString()] = field.value.GetString();
      }
    }
    return rows;
  }
  Row KeptRow(const std::string& object, const std::string& id) { return Kept(object)[id]; }

  // ---- bulk jobs
  std::string OpenJob(const std::string& settings) {
    const Reply reply = Rest("POST", "/jobs/ingest", settings);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return reply.status == 200 ? TextOf(ParseJson(reply.body), "id") : "";
  }
  Reply Upload(const std::string& job, const std::string& csv) {
    return Rest("PUT", "/jobs/ingest/" + job + "/batches", csv, {{"Content-Type", "text/csv"}});
  }
  Reply Close(const std::string& job) {
    return Rest("PATCH", "/jobs/ingest/" + job, R"({"state":"UploadComplete"})");
  }
  JsonDocument Poll(const std::string& job) {
    return ParseJson(Rest("GET", "/jobs/ingest/" + job).body);
  }
  // The whole job; what it is at its end. Two polls, by the setting "bulk_polls".
  JsonDocument RunJob(const std::string& settings, const std::string& csv, std::string* job) {
    Config(R"({"bulk_polls":1})");
    *job = OpenJob(settings);
    EXPECT_EQ(Upload(*job, csv).status, 201);
    EXPECT_EQ(Close(*job).status, 200);
    EXPECT_EQ(TextOf(Poll(*job), "state"), "UploadComplete");
    return Poll(*job);
  }
  // Rows of a results file whose cells have no line breaks, quotes or commas.
  std::vector<Row> Results(const std::string& job, const std::string& which) {
    std::vector<Row> rows;
    std::vector<std::string> header;
    for (const std::string& line : Lines(Rest("GET", "/jobs/ingest/" + job + "/" + which).body)) {
      std::vector<std::string> cells;
      for (std::size_t at = 0; at < line.size();) {
        const bool quoted = line[at] == '"';
        const std::size_t end = quoted ? line.find("\",", at + 1) : line.find(',', at);
        std::string cell = line.substr(at + (quoted ? 1 : 0), end - at - (quoted ? 1 : 0));
        if (end == line.npos && quoted && cell.ends_with('"')) cell.pop_back();
        cells.push_back(cell);
        at = end == line.npos ? line.size() : end + (quoted ? 2 : 1);
      }
      if (header.empty()) {
        header = cells;
        continue;
      }
      Row& row = rows.emplace_back();
      for (std::size_t i = 0; i < header.size() && i < cells.size(); ++i) row[header[i]] = cells[i];
    }
    return rows;
  }
};

}  // namespace penstock::sandbox
