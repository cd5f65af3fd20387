#include "core/run/shared_ids.h"

#include <xxhash.h>

#include <algorithm>
#include <map>
#include <utility>

namespace penstock {
namespace {

uint64_t IdHash(const std::string& id) { return XXH3_64bits(id.data(), id.size()); }

struct Repeated {
  uint64_t keys = 0;
  std::vector<uint64_t> hashes;  // of ids, ascending
};

/// Adds the hashes that are in `ids` more than once.
void CountRepeated(std::vector<uint64_t>* ids, Repeated* repeated) {
  std::sort(ids->begin(), ids->end());
  for (size_t i = 0; i < ids->size();) {
    size_t end = i + 1;
    while (end < ids->size() && (*ids)[end] == (*ids)[i]) ++end;
    if (end - i > 1) {
      repeated->keys += end - i;
      repeated->hashes.push_back((*ids)[i]);
    }
    i = end;
  }
}

/// Equal ids have equal hashes, so each pass looks at the ids of one share of all hashes.
Result<Repeated> FindRepeated(StateView* view, size_t ids_at_once) {
  const uint64_t passes = view->counts().acknowledged / ids_at_once + 1;
  Repeated repeated;
  std::vector<uint64_t> ids;
  for (uint64_t pass = 0; pass < passes; ++pass) {
    ids.clear();
    PENSTOCK_RETURN_IF_ERROR(view->ForEach([&](const Entry& entry) -> Status {
      if (!IsLive(entry)) return {};
      const uint64_t hash = IdHash(entry.destination_id);
      if (hash % passes == pass) ids.push_back(hash);
      return {};
    }));
    CountRepeated(&ids, &repeated);
  }
  std::sort(repeated.hashes.begin(), repeated.hashes.end());
  return repeated;
}

}  // namespace

bool IsLive(const Entry& entry) {
  return entry.acknowledged && !entry.departed && !entry.destination_id.empty();
}

Result<uint64_t> CountSharedIds(StateView* view, size_t ids_at_once) {
  PENSTOCK_ASSIGN_OR_RETURN(const Repeated repeated, FindRepeated(view, ids_at_once));
  return repeated.keys;
}

Result<std::vector<SharedId>> ListSharedIds(StateView* view, size_t ids_at_once) {
  PENSTOCK_ASSIGN_OR_RETURN(const Repeated repeated, FindRepeated(view, ids_at_once));
  if (repeated.keys == 0) return std::vector<SharedId>();
  std::map<std::string, std::vector<std::string>> by_id;
  PENSTOCK_RETURN_IF_ERROR(view->ForEach([&](const Entry& entry) -> Status {
    const bool shared =
        IsLive(entry) && std::binary_search(repeated.hashes.begin(), repeated.hashes.end(),
                                            IdHash(entry.destination_id));
    if (shared) by_id[entry.destination_id].push_back(entry.key);
    return {};
  }));
  std::vector<SharedId> shared;
  for (auto& [id, keys] : by_id) {
    if (keys.size() > 1) shared.push_back({id, std::move(keys)});
  }
  return shared;
}

}  // namespace penstock
