#include "core/state/names.h"

#include <charconv>
#include <cstdio>

#include "core/state/state.h"

namespace penstock {
namespace {

constexpr std::string_view kState = "state-", kStateEnd = ".pst";
constexpr std::string_view kJournal = "journal-", kJournalEnd = ".psj";
constexpr std::string_view kTemporary = ".tmp";

/// The number between prefix and suffix, of `digits` digits or more.
std::optional<uint64_t> NumberIn(std::string_view name, std::string_view prefix,
                                 std::string_view suffix, size_t digits) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix) ||
      name.size() < prefix.size() + digits + suffix.size()) {
    return std::nullopt;
  }
  name = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

std::string Padded(std::string_view prefix, uint64_t number, int digits, std::string_view suffix) {
  char text[32];
  const int n =
      std::snprintf(text, sizeof(text), "%0*llu", digits, static_cast<unsigned long long>(number));
  return std::string(prefix).append(text, static_cast<size_t>(n)).append(suffix);
}

}  // namespace

std::string GenerationName(uint64_t generation) {
  return Padded(kState, generation, 12, kStateEnd);
}

std::optional<uint64_t> GenerationOf(std::string_view name) {
  return NumberIn(name, kState, kStateEnd, 12);
}

std::string JournalName(uint32_t run_ordinal) {
  return Padded(kJournal, run_ordinal, 10, kJournalEnd);
}

std::optional<uint32_t> JournalOf(std::string_view name) {
  const auto number = NumberIn(name, kJournal, kJournalEnd, 10);
  if (!number || *number > UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(*number);
}

bool IsLeftover(std::string_view name) {
  if (!name.ends_with(kTemporary)) return false;
  name.remove_suffix(kTemporary.size());
  return GenerationOf(name) || JournalOf(name);
}

std::string JournalPath(const std::string& directory, uint32_t run_ordinal) {
  return directory + "/" + JournalName(run_ordinal);
}

}  // namespace penstock
