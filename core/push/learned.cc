#include "core/push/learned.h"

#include <xxhash.h>

#include <algorithm>

namespace penstock {
namespace {

uint64_t HashOf(std::string_view id) { return XXH3_64bits(id.data(), id.size()); }

}  // namespace

void LearnedIds::Add(std::string_view id) {
  if (id.empty()) return;
  if (hashes_.size() >= kMax) {
    all_ = false;
    return;
  }
  hashes_.push_back(HashOf(id));
  sorted_ = false;
}

LearnedIds::Found LearnedIds::Find(std::string_view id) {
  if (id.empty()) return Found::kNo;
  if (!all_) return Found::kUnknown;
  if (!sorted_) std::sort(hashes_.begin(), hashes_.end());
  sorted_ = true;
  return std::binary_search(hashes_.begin(), hashes_.end(), HashOf(id)) ? Found::kYes : Found::kNo;
}

}  // namespace penstock
