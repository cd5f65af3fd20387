// Reading JSON answers without trusting them. The only SDK header that needs RapidJSON.
#pragma once

#include <rapidjson/document.h>

#include <new>
#include <string>
#include <string_view>

#include "penstock/http.hpp"
#include "penstock/result.hpp"

namespace penstock::sdk {

using JsonValue = rapidjson::Value;

/// Parses `text` in bounded stack. False when it is no JSON. Whole numbers of 64 bits are
/// exact, others may be off by the last bits of a double: read as text what the API gives as text.
/// The document owns a copy of the text, in which its strings are; `text` need not outlive the
/// call.
inline bool ParseJson(std::string_view text, rapidjson::Document* out) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark
  char* copy = static_cast<char*>(out->GetAllocator().Malloc(text.size() + 1));
  if (copy == nullptr) throw std::bad_alloc();
  text.copy(copy, text.size());
  copy[text.size()] = '\0';
  // Without "full precision", whose code stumbles over 0e30 (a count of the zero bits of zero).
  out->ParseInsitu<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(copy);
  return !out->HasParseError();
}

/// The same, with every number as a string: its text, with all its digits, however many.
inline bool ParseJsonNumbersAsText(std::string_view text, rapidjson::Document* out) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  out->Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag |
             rapidjson::kParseNumbersAsStringsFlag>(text.data(), text.size());
  return !out->HasParseError();
}

/// The member of an object; null when `value` is no object or has none of that name.
inline const JsonValue* Member(const JsonValue& value, const char* name) {
  if (!value.IsObject()) return nullptr;
  const auto it = value.FindMember(name);
  return it == value.MemberEnd() ? nullptr : &it->value;
}

/// The same when the member is an array, else null.
inline const JsonValue* ArrayMember(const JsonValue& value, const char* name) {
  const JsonValue* member = Member(value, name);
  return member != nullptr && member->IsArray() ? member : nullptr;
}

/// Text of a JSON string; empty when it is none. Borrowed from the document.
inline std::string_view JsonText(const JsonValue& value) {
  return value.IsString() ? std::string_view(value.GetString(), value.GetStringLength())
                          : std::string_view();
}

/// Text of a member that is a string; empty when there is none. Borrowed from the document.
inline std::string_view TextMember(const JsonValue& value, const char* name) {
  const JsonValue* member = Member(value, name);
  return member == nullptr ? std::string_view() : JsonText(*member);
}

/// True only for a member that is `true`.
inline bool TrueMember(const JsonValue& value, const char* name) {
  const JsonValue* member = Member(value, name);
  return member != nullptr && member->IsTrue();
}

/// Performs a read and parses its answer into `*out`, which owns it. A failure is HttpFailure's, or
/// INTERNAL "CONNECTOR.BAD_ANSWER" when the answer is no JSON object. `connector`, `doing`: as for
/// HttpFailure. Blocks. [thread-safe]
inline Status FetchJson(const Http& http, Call call, const HttpRequest& request,
                        std::string_view connector, std::string_view doing,
                        rapidjson::Document* out) {
  Status result;
  Status performed = http.Perform(call, request, [&](const HttpResponse& response) {
    if (!response.success()) {
      result = HttpFailure(response, connector, doing);
    } else if (!ParseJson(response.body(), out) || !out->IsObject()) {
      result = Failure{PENSTOCK_E_INTERNAL, std::string(connector) + ".BAD_ANSWER",
                       std::string(doing) + ": the answer is no JSON object", 0};
    }
  });
  return performed.ok() ? result : performed;
}

}  // namespace penstock::sdk
