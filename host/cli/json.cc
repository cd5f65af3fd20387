#include "host/cli/json.h"

#include <array>
#include <ctime>

#include "core/value/text.h"
#include "host/cli/codes.h"
#include "host/cli/run_view.h"

namespace penstock::cli {
Json& Json::Key(std::string_view key) {
  writer_.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
  return *this;
}

Json& Json::Text(std::string_view text) {
  std::string replaced;
  if (!ValidUtf8(text)) {
    for (const char c : text) {
      const bool plain = static_cast<unsigned char>(c) < 0x80;
      replaced += plain ? std::string(1, c) : "\xEF\xBF\xBD";
    }
    text = replaced;
  }
  writer_.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  return *this;
}

Json& Json::Raw(std::string_view key, std::string_view json) {
  Key(key);
  writer_.RawValue(json.data(), json.size(), rapidjson::kObjectType);
  return *this;
}

void PutError(Json* json, const Error& error) {
  json->Begin().Text("code", error.code).Text("message", error.message);
  if (const std::string hint = HintOf(error); !hint.empty()) json->Text("hint", hint);
  if (!error.file.empty()) json->Text("file", error.file);
  if (error.line > 0) json->Signed("line", error.line);
  if (error.column > 0) json->Signed("column", error.column);
  json->End();
}

std::string ErrorsJson(const std::vector<Error>& errors) {
  Json json;
  json.Begin().BeginList("errors");
  for (const Error& error : errors) PutError(&json, error);
  json.EndList().End();
  return json.Take();
}

Json& BeginStanding(Json* json, const StateCounts& counts) {
  return json->Begin("standing")
      .Number("rejected", counts.rejected)
      .Number("in_doubt", counts.in_doubt)
      .Number("departed", counts.departed)
      .Number("conflict", counts.shared_ids);
}

void PutRun(Json* json, const RunRecord& r) {
  json->Begin().Text("run", r.run).Text("integration", r.integration).Text("status", r.status);
  json->Begin("plan").Text("hash", r.plan_hash).End();
  json->Begin("rows")
      .Number("read", r.plan.read)
      .Number("unchanged", r.plan.unchanged)
      .Number("invalid", r.plan.invalid)
      .Number("quarantined", r.plan.quarantined)
      .End();
  json->Begin("changes")
      .Number("insert", r.plan.insert)
      .Number("update", r.plan.update)
      .Number("delete", r.plan.remove)
      .End();
  json->Begin("outcomes")
      .Number("succeeded", r.outcomes.succeeded)
      .Number("rejected", r.outcomes.rejected)
      .Number("skipped", r.outcomes.skipped)
      .Number("in_doubt", r.outcomes.in_doubt)
      .Number("unsent", r.outcomes.unsent)
      .End();
  json->Begin("applied")
      .Number("created", r.outcomes.created)
      .Number("updated", r.outcomes.updated)
      .Number("deleted", r.outcomes.deleted)
      .End();
  BeginStanding(json, r.standing).End();
  json->BeginList("errors");
  for (const ErrorCount& e : r.errors) {
    json->Begin()
        .Text("code", e.code)
        .Number("count", e.count)
        .Text("example_key", e.example_key)
        .Text("message", e.message)
        .End();
  }
  json->EndList();
  json->BeginList("holds");
  for (const Hold& h : r.holds) {
    json->Begin().Text("rule", h.rule).Text("message", h.message).End();
  }
  json->EndList();
  json->Number("requests", r.requests);
  json->Real("duration_s", SecondsOf(r));
  json->Text("started", IsoTime(r.started_us)).Text("trigger", r.trigger);
  if (r.error) {
    json->Key("error");
    PutError(json, *r.error);
  } else {
    json->Null("error");
  }
  json->End();
}

std::string RunsJson(const std::vector<RunRecord>& runs) {
  Json json;
  json.Begin().BeginList("runs");
  for (const RunRecord& run : runs) PutRun(&json, run);
  json.EndList().End();
  return json.Take();
}

std::string IsoTime(int64_t unix_us) {
  if (unix_us == 0) return {};
  const std::time_t seconds = static_cast<std::time_t>(unix_us / 1'000'000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 40> text{};
  const size_t n = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  const std::string millis = std::to_string(1000 + unix_us / 1000 % 1000);
  return std::string(text.data(), n) + "." + millis.substr(1) + "Z";
}

}  // namespace penstock::cli
