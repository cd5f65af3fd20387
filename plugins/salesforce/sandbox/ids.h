// Salesforce's record ids: 15 characters that tell case apart, or 18 with a check of the case.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::sandbox::salesforce {

// Id of 18 characters of a record number of an object whose ids start with these 3 characters.
std::string WriteId(std::string_view prefix, std::uint64_t number);
// The number of such an id, of 15 or 18 characters; nullopt if it is none of that prefix.
std::optional<std::uint64_t> ReadId(std::string_view prefix, std::string_view id);
// Whether a text has the form of an id, of whatever object.
bool IsId(std::string_view text);
// The id with its three check characters; `id` has 15 characters or 18.
std::string LongId(std::string_view id);

}  // namespace penstock::sandbox::salesforce
