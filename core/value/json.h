// JSON in one form: equal documents, equal bytes.
#pragma once

#include <string>
#include <string_view>

namespace penstock {

/// Deepest nesting that is taken.
inline constexpr int kMaxJsonDepth = 200;

/// Appends the canonical form of a JSON text: no spaces, the keys of every object sorted by their
/// bytes (of equal keys the last one stays), strings with no escape that JSON does not need,
/// numbers exactly as written. False, with `out` as it was, when `text` is not JSON, is not UTF-8,
/// is nested too deeply or has a number beyond the range of a double, which no JSON reader takes.
/// [thread-safe]
bool CanonicalJson(std::string_view text, std::string* out);

/// Appends `text` (UTF-8) as a JSON string, quotes included. [thread-safe]
void AppendJsonString(std::string_view text, std::string* out);

}  // namespace penstock
