#include "core/model/integration.h"

#include <array>

namespace penstock {
namespace {

constexpr std::array<std::string_view, 5> kModeNames = {"mirror", "upsert", "update_only",
                                                        "delete_only", "insert_only"};

}  // namespace

std::string_view ModeName(Mode mode) { return kModeNames[static_cast<size_t>(mode)]; }

std::optional<Mode> ParseMode(std::string_view name) {
  for (size_t i = 0; i < kModeNames.size(); ++i) {
    if (name == kModeNames[i]) return static_cast<Mode>(i);
  }
  return std::nullopt;
}

}  // namespace penstock
