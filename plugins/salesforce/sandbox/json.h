// JSON as Salesforce's requests have it: every number keeps the text that came, because a currency
// of 18 digits is more than a double holds.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sdk/testing/http.h"

namespace penstock::sandbox::salesforce {

struct Json {
  enum class Kind { kNull, kFalse, kTrue, kNumber, kString, kArray, kObject };

  // Elsewhere, because a pair of itself is no complete type yet.
  Json();
  ~Json();
  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;

  Kind kind = Kind::kNull;
  std::string text;     // of a string, or a number as it was written
  std::size_t end = 0;  // of a scalar: byte of the document behind it
  std::vector<Json> items;
  std::vector<std::pair<std::string, Json>> members;  // in their order

  bool IsNull() const { return kind == Kind::kNull; }
  bool IsBool() const { return kind == Kind::kTrue || kind == Kind::kFalse; }
  bool IsTrue() const { return kind == Kind::kTrue; }
  bool IsString() const { return kind == Kind::kString; }
  bool IsArray() const { return kind == Kind::kArray; }
  bool IsObject() const { return kind == Kind::kObject; }
  // The first member of that name, nullptr if there is none.
  const Json* Find(std::string_view name) const;
  // The same if it is a string; nullptr otherwise.
  const std::string* FindText(std::string_view name) const;
  // What it is in the vendor's messages: VALUE_STRING, VALUE_NUMBER_INT, …
  const char* TokenName() const;
  void Write(JsonWriter& json) const;
};

// False with the vendor's sentence in `error`.
bool ParseJson(std::string_view text, Json* json, std::string* error);
// "[line:1, column:7]" of a byte.
std::string PlaceOf(std::string_view text, std::size_t byte);

}  // namespace penstock::sandbox::salesforce
