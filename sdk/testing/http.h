// What a sandbox's handlers read and answer: a request, a response, and the little JSON they need.
#pragma once

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdint>
#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::sandbox {

using JsonDocument = rapidjson::Document;
using JsonValue = rapidjson::Value;
using JsonWriter = rapidjson::Writer<rapidjson::StringBuffer>;
using Headers = std::vector<std::pair<std::string, std::string>>;

// Writes a string of any content; RapidJSON's own call takes only C strings.
void PutString(JsonWriter& json, std::string_view value);
// Writes a key and a string value.
void PutMember(JsonWriter& json, std::string_view key, std::string_view value);
// The JSON that `fill` writes.
std::string WriteJson(const std::function<void(JsonWriter&)>& fill);
// The value as compact JSON text.
std::string ToJson(const JsonValue& value);
// The member of an object, nullptr if it is not there or `object` is no object.
const JsonValue* Member(const JsonValue& object, std::string_view name);
// The text of a string value (not checked: the caller has asked IsString()).
std::string_view Text(const JsonValue& value);

// A request as it arrived. Names and values of query and params are percent-decoded.
// The values of a name that is in the query several times are joined by commas.
struct Request {
  std::string method;
  std::string path;  // as sent, without the query
  std::map<std::string, std::string> query;
  std::map<std::string, std::string> params;  // what the route's {names} matched
  Headers headers;
  std::string body;
  std::string body_file;                     // where the body is, if the vendor had it spooled
  std::string route;                         // template of the route that matched, "" if none
  std::map<std::string, std::string> notes;  // between a vendor's own calls
  std::int64_t now_ms;                       // arrival on the sandbox's clock, ms since 1970 UTC

  // The first header of that name in any case, "" if there is none.
  std::string_view Header(std::string_view name) const;
  // The matched part of the path, "" if the route has no such name.
  const std::string& Param(const std::string& name) const;
  // The query's value, "" if there is none.
  const std::string& Query(const std::string& name) const;
  // The token of "Authorization: Bearer TOKEN", "" without one.
  std::string_view BearerToken() const;
  // Parses the body. On failure false, with what is wrong and where in `error`.
  bool ParseBody(JsonDocument* document, std::string* error) const;
};

// An answer. `stream`, if set, writes the body instead of `body` (chunked, for large ones).
struct Response {
  int status = 200;
  Headers headers;
  std::string content_type = "application/json;charset=utf-8";
  std::string body;
  std::function<void(std::ostream&)> stream;

  // An answer with a JSON text.
  static Response Json(int status, std::string body);
  // An answer with the JSON that `fill` writes.
  static Response Json(int status, const std::function<void(JsonWriter&)>& fill);
  // An answer without a body, e.g. 204.
  static Response Empty(int status);
};

// "2026-01-31T08:15:30.123Z" of milliseconds since 1970 UTC.
std::string IsoTime(std::int64_t ms);
// "Sat, 31 Jan 2026 08:15:30 GMT" of milliseconds since 1970 UTC.
std::string HttpDate(std::int64_t ms);
// Percent-decodes; `plus_is_space` for query strings.
std::string UrlDecode(std::string_view text, bool plus_is_space);
// The names and values of a query string or a form, percent-decoded; values of a name that is there
// several times are joined by commas.
std::map<std::string, std::string> ReadForm(std::string_view text);
// ASCII lower case.
std::string Lower(std::string_view text);
// Without white space at both ends.
std::string_view Trim(std::string_view text);

}  // namespace penstock::sandbox
