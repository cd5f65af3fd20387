// What texts HubSpot takes for typed values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock::sandbox::hubspot {

// A plausible address: ASCII, one '@', a domain with a dot. `text` is lower case and trimmed.
bool IsEmail(std::string_view text);
// Digits with an optional sign and at most one decimal point.
bool IsNumber(std::string_view text);
// YYYY-MM-DD, of that or of milliseconds since 1970 at midnight UTC; nullopt if it is neither.
std::optional<std::string> ParseDate(std::string_view text);
// An ISO 8601 time with zone, or milliseconds since 1970, as YYYY-MM-DDThh:mm:ss.sssZ.
std::optional<std::string> ParseDateTime(std::string_view text);
// Number of characters of UTF-8 text.
std::size_t CharacterCount(std::string_view text);

}  // namespace penstock::sandbox::hubspot
