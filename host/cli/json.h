// The JSON documents of --json.
#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/run/run.h"

namespace penstock::cli {

/// A writer with one call per member. Bytes that are no UTF-8 are replaced.
class Json {
 public:
  Json() : writer_(buffer_) {}
  Json& Begin() { return Do(writer_.StartObject()); }
  Json& Begin(std::string_view key) { return Key(key).Begin(); }
  Json& End() { return Do(writer_.EndObject()); }
  Json& BeginList() { return Do(writer_.StartArray()); }
  Json& BeginList(std::string_view key) { return Key(key).BeginList(); }
  Json& EndList() { return Do(writer_.EndArray()); }
  Json& Key(std::string_view key);
  Json& Text(std::string_view text);
  Json& Text(std::string_view key, std::string_view text) { return Key(key).Text(text); }
  Json& Number(std::string_view key, uint64_t n) { return Key(key).Do(writer_.Uint64(n)); }
  Json& Signed(std::string_view key, int64_t n) { return Key(key).Do(writer_.Int64(n)); }
  Json& Real(std::string_view key, double n) { return Key(key).Do(writer_.Double(n)); }
  Json& Bool(std::string_view key, bool b) { return Key(key).Do(writer_.Bool(b)); }
  Json& Null(std::string_view key) { return Key(key).Do(writer_.Null()); }
  /// JSON text as it is.
  Json& Raw(std::string_view key, std::string_view json);
  std::string Take() const { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  Json& Do(bool) { return *this; }
  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_;
};

/// {"code", "message", "hint", "file", "line", "column"}: members that say nothing are left out.
void PutError(Json* json, const Error& error);
/// {"errors": [...]}.
std::string ErrorsJson(const std::vector<Error>& errors);
/// Begins "standing": what is held back, as runs and integrations tell it. The caller ends it.
Json& BeginStanding(Json* json, const StateCounts& counts);
/// A run in the shape of DESIGN 7.
void PutRun(Json* json, const RunRecord& record);
/// {"runs": [...]}.
std::string RunsJson(const std::vector<RunRecord>& runs);
/// "2026-11-22T10:00:00.123Z"; "" for 0.
std::string IsoTime(int64_t unix_us);

}  // namespace penstock::cli
