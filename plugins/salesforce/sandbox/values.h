// What texts Salesforce takes for values of its types, and the form in which it keeps them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/salesforce/sandbox/errors.h"
#include "plugins/salesforce/sandbox/json.h"
#include "plugins/salesforce/sandbox/schema.h"

namespace penstock::sandbox::salesforce {

// A value offered for a field; nullopt is NULL.
struct Offer {
  const Field* field = nullptr;
  std::optional<std::string> text;
};

// Characters as the vendor counts them: UTF-16 units.
std::size_t Units(std::string_view text);

// Takes a JSON value for the field. False if its type is wrong.
bool TakeJson(const Field& field, const Json& json, std::optional<std::string>* text);
// Takes the text of a CSV cell. False if it is no value of the type, which fails the record.
bool TakeCsv(const Field& field, std::string_view cell, std::string* text);

// Checks a text that was taken against the field's limits and brings it into the form that is
// kept; *text may become NULL (blank texts). References are looked at elsewhere.
std::optional<RecordError> CheckValue(const Field& field, std::optional<std::string>* text);

// Writes a kept value as answers have it.
void WriteValue(JsonWriter& json, const Field& field, std::string_view text);
// "2026-01-31T08:15:30.000+0000" of milliseconds since 1970 UTC.
std::string WriteDateTime(std::int64_t ms);
// "Required fields are missing: [A, B]".
RecordError MissingFields(const std::vector<std::string>& names);

}  // namespace penstock::sandbox::salesforce
