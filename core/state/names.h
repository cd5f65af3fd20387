// Names of the files in an integration's directory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

/// "state-000000000012.pst".
std::string GenerationName(uint64_t generation);
/// The number in such a name; nothing for any other name.
std::optional<uint64_t> GenerationOf(std::string_view name);
/// "journal-0000000012.psj".
std::string JournalName(uint32_t run_ordinal);
std::optional<uint32_t> JournalOf(std::string_view name);
/// What a killed compaction or journal leaves: "state-….pst.tmp", "journal-….psj.tmp".
bool IsLeftover(std::string_view name);

}  // namespace penstock
