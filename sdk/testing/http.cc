#include "sdk/testing/http.h"

#include <rapidjson/error/en.h>

#include <ctime>

namespace penstock::sandbox {
namespace {

const std::string kNothing;

bool SameName(std::string_view a, std::string_view b) { return Lower(a) == Lower(b); }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void PutString(JsonWriter& json, std::string_view value) {
  json.String(value.data() == nullptr ? "" : value.data(),
              static_cast<rapidjson::SizeType>(value.size()));
}

void PutMember(JsonWriter& json, std::string_view key, std::string_view value) {
  json.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
  PutString(json, value);
}

std::string WriteJson(const std::function<void(JsonWriter&)>& fill) {
  rapidjson::StringBuffer buffer;
  JsonWriter json(buffer);
  fill(json);
  return {buffer.GetString(), buffer.GetSize()};
}

std::string ToJson(const JsonValue& value) {
  return WriteJson([&](JsonWriter& json) { value.Accept(json); });
}

const JsonValue* Member(const JsonValue& object, std::string_view name) {
  if (!object.IsObject()) return nullptr;
  auto found = object.FindMember(
      JsonValue(rapidjson::StringRef(name.data(), static_cast<rapidjson::SizeType>(name.size()))));
  return found == object.MemberEnd() ? nullptr : &found->value;
}

std::string_view Text(const JsonValue& value) {
  return {value.GetString(), value.GetStringLength()};
}

std::string_view Request::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (SameName(key, name)) return value;
  }
  return {};
}

const std::string& Request::Param(const std::string& name) const {
  auto found = params.find(name);
  return found == params.end() ? kNothing : found->second;
}

const std::string& Request::Query(const std::string& name) const {
  auto found = query.find(name);
  return found == query.end() ? kNothing : found->second;
}

std::string_view Request::BearerToken() const {
  constexpr std::string_view kScheme = "bearer ";
  std::string_view value = Header("Authorization");
  if (value.size() <= kScheme.size() || Lower(value.substr(0, kScheme.size())) != kScheme)
    return {};
  return Trim(value.substr(kScheme.size()));
}

bool Request::ParseBody(JsonDocument* document, std::string* error) const {
  document->Parse<rapidjson::kParseValidateEncodingFlag | rapidjson::kParseFullPrecisionFlag>(
      body.data(), body.size());
  if (!document->HasParseError()) return true;
  *error = std::string(rapidjson::GetParseError_En(document->GetParseError())) + " At byte " +
           std::to_string(document->GetErrorOffset()) + ".";
  return false;
}

Response Response::Json(int status, std::string body) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

Response Response::Json(int status, const std::function<void(JsonWriter&)>& fill) {
  return Json(status, WriteJson(fill));
}

Response Response::Empty(int status) {
  Response response;
  response.status = status;
  response.content_type.clear();
  return response;
}

std::string IsoTime(std::int64_t ms) {
  std::int64_t seconds = ms / 1000;
  std::int64_t rest = ms % 1000;
  if (rest < 0) {
    rest += 1000;
    --seconds;
  }
  std::time_t when = seconds;
  std::tm parts{};
  gmtime_r(&when, &parts);
  char text[64];
  std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::string fraction = std::to_string(rest);
  return std::string(text, length) + "." + std::string(3 - fraction.size(), '0') + fraction + "Z";
}

std::string HttpDate(std::int64_t ms) {
  std::time_t when = ms / 1000;
  std::tm parts{};
  gmtime_r(&when, &parts);
  char text[64];
  std::size_t length = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text, length};
}

std::string UrlDecode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 &&
               HexDigit(text[i + 2]) >= 0) {
      out += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::map<std::string, std::string> ReadForm(std::string_view text) {
  std::map<std::string, std::string> form;
  while (!text.empty()) {
    std::size_t end = text.find('&');
    std::string_view pair = text.substr(0, end);
    text = end == text.npos ? std::string_view() : text.substr(end + 1);
    if (pair.empty()) continue;
    std::size_t equals = pair.find('=');
    std::string name = UrlDecode(pair.substr(0, equals), true);
    std::string value;
    if (equals != pair.npos) value = UrlDecode(pair.substr(equals + 1), true);
    auto [place, fresh] = form.emplace(std::move(name), value);
    if (!fresh) place->second += "," + value;
  }
  return form;
}

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace penstock::sandbox
