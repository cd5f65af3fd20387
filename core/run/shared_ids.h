// Live keys that were acknowledged with one and the same destination id (merged records, a
// secondary address): each sync of one writes over what the other wrote. Live: acknowledged, and
// the row has not left the model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/state/state.h"

namespace penstock {

/// Acknowledged as a record of the destination that we know, and still in the model.
bool IsLive(const Entry& entry);

/// Ids that are compared in one pass over the state: 16 MiB.
inline constexpr size_t kIdsAtOnce = 2u << 20;

/// How many live keys have an id that another live key has, too. Reads the whole state once per
/// `ids_at_once` keys, in memory bounded by it. Errors: those of reading the state.
Result<uint64_t> CountSharedIds(StateView* view, size_t ids_at_once = kIdsAtOnce);

/// One record of the destination with the canonical keys (two at least) that share it.
struct SharedId {
  std::string destination_id;
  std::vector<std::string> keys;
};

/// All of them, by id; in memory proportional to their number.
Result<std::vector<SharedId>> ListSharedIds(StateView* view, size_t ids_at_once = kIdsAtOnce);

}  // namespace penstock
