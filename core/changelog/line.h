// One line of the changelog as bytes. Internal to core/changelog.
#pragma once

#include <string>
#include <string_view>

#include "core/changelog/changelog.h"

namespace penstock::changelog {

inline constexpr char kGenesis[] =
    "0000000000000000000000000000000000000000000000000000000000000000";

/// SHA-256 in lower-case hex.
std::string Sha256(std::string_view bytes);

/// The whole line with its newline; fills line->hash. The hash covers every byte before it.
std::string Format(ChangelogLine* line);

/// The line (without newline) taken apart; its hash is compared with its bytes. PS-LOG-CORRUPT.
Result<ChangelogLine> Parse(std::string_view bytes);

/// True when `text` is a JSON object.
bool IsJsonObject(const std::string& text);

/// Calls `visit` with every complete line; `*torn` tells whether bytes without a newline follow.
Status ForEachLine(const std::string& path,
                   const std::function<Status(std::string_view bytes, uint64_t line)>& visit,
                   bool* torn);

}  // namespace penstock::changelog
