#include "host/project/scalars.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>

namespace penstock::project {
namespace {

// Takes a decimal number from the front of `*text`.
std::optional<double> TakeNumber(std::string_view* text) {
  const size_t end = std::min(text->find_first_not_of("0123456789."), text->size());
  double number = 0;
  const auto [rest, error] = std::from_chars(text->data(), text->data() + end, number);
  if (end == 0 || error != std::errc() || rest != text->data() + end) return std::nullopt;
  text->remove_prefix(end);
  return number;
}

struct Unit {
  std::string_view name;
  double factor;
};
constexpr Unit kSizes[] = {{"", 1},
                           {"B", 1},
                           {"kB", 1e3},
                           {"KB", 1e3},
                           {"MB", 1e6},
                           {"GB", 1e9},
                           {"TB", 1e12},
                           {"KiB", 1024.0},
                           {"MiB", 1048576.0},
                           {"GiB", 1073741824.0},
                           {"TiB", 1099511627776.0}};
constexpr Unit kTimes[] = {{"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}};

template <size_t n>
const Unit* FindUnit(const Unit (&units)[n], std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

}  // namespace

std::optional<uint64_t> ParseSize(std::string_view text) {
  const auto number = TakeNumber(&text);
  while (!text.empty() && text[0] == ' ') text.remove_prefix(1);
  const Unit* unit = FindUnit(kSizes, text);
  if (!number || unit == nullptr) return std::nullopt;
  const double bytes = *number * unit->factor;
  if (bytes < 0 || bytes >= 9e18 || bytes != std::floor(bytes)) return std::nullopt;
  return static_cast<uint64_t>(bytes);
}

std::optional<int64_t> ParseDuration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    const auto number = TakeNumber(&text);
    const size_t end = std::min(text.find_first_of("0123456789."), text.size());
    const Unit* unit = FindUnit(kTimes, text.substr(0, end));
    if (!number || unit == nullptr) return std::nullopt;
    total += *number * unit->factor;
    text.remove_prefix(end);
  }
  if (total >= 9e15) return std::nullopt;
  return static_cast<int64_t>(total);
}

std::optional<double> ParseShare(std::string_view text) {
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  const auto number = TakeNumber(&text);
  if (!number || !text.empty()) return std::nullopt;
  const double share = percent ? *number / 100 : *number;
  if (share > 1) return std::nullopt;
  return share;
}

}  // namespace penstock::project
