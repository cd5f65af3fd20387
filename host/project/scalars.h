// Sizes, durations and shares as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock::project {

/// "64MiB", "512 KiB", "1GB", "1048576": bytes. Nothing for anything else or beyond 64 bits.
std::optional<uint64_t> ParseSize(std::string_view text);

/// "500ms", "30s", "15m", "2h", "1d", also "1h30m": milliseconds. A bare number has no unit and is
/// nothing.
std::optional<int64_t> ParseDuration(std::string_view text);

/// "5%" or "0.05": 0.05. Nothing outside 0 to 1.
std::optional<double> ParseShare(std::string_view text);

}  // namespace penstock::project
