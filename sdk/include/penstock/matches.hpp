// What a lookup found under a key.
#pragma once

#include <cstdint>

#include "penstock/connector.h"

namespace penstock::sdk {

/// Records that have the key of a lookup. Of several, nobody can tell which one is meant.
enum class Matches : uint8_t {
  kNone = PENSTOCK_FOUND_NONE,
  kOne = PENSTOCK_FOUND_ONE,
  kSeveral = PENSTOCK_FOUND_SEVERAL,
};
/// Of what a connector says: an unknown word is the worst one.
inline Matches ReadMatches(int32_t found) {
  const bool known = found == PENSTOCK_FOUND_NONE || found == PENSTOCK_FOUND_ONE;
  return known ? static_cast<Matches>(found) : Matches::kSeveral;
}

}  // namespace penstock::sdk
