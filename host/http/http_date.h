// Dates as HTTP headers carry them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock::http {

/// Seconds since 1970-01-01T00:00:00Z of any of the three forms of RFC 9110 ("Sun, 06 Nov 1994
/// 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"), or nothing.
/// A two-digit year is the one nearest to `now_unix_s`. Independent of the locale.
std::optional<int64_t> ParseHttpDate(std::string_view text, int64_t now_unix_s);

/// Milliseconds that a Retry-After header asks to wait: seconds (a fraction is taken too), or a
/// date, which counts from `date` (the answer's Date header) where that is there, else from
/// `now_unix_us`. A date in the past is 0; nothing when it cannot be read.
std::optional<int64_t> ParseRetryAfter(std::string_view value, std::string_view date,
                                       int64_t now_unix_us);

}  // namespace penstock::http
