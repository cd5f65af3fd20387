#include "core/diff/known.h"

#include <sys/mman.h>

#include <algorithm>
#include <random>

namespace penstock::diff {
namespace {

constexpr uint64_t kPerBucket = 8;       // entries, where memory is plenty
constexpr uint64_t kMostPerBucket = 12;  // above that, more and more would be left out

uint64_t RandomOdd() {
  std::random_device device;
  return (uint64_t{device()} << 32 | device()) | 1;
}

}  // namespace

Status KnownRows::Load(StateView* state, uint64_t memory_bytes, int check_bits, bool listed_too) {
  Drop();
  const uint64_t entries = state->counts().acknowledged;
  const uint64_t most = memory_bytes / sizeof(Bucket);
  if (entries == 0 || most == 0) return {};
  check_shift_ = 64 - check_bits;
  multiplier_ = RandomOdd();
  const uint64_t partitions = state->partitions();
  // Keys are uniform: the leading partitions hold their share of the entries.
  uint64_t covered = partitions;
  per_all_ = std::max<uint64_t>(entries / kPerBucket, 1);
  if (per_all_ > most) {
    per_all_ = std::max(most, entries / kMostPerBucket);
    covered = std::min<uint64_t>(partitions, partitions * most / per_all_);
  }
  if (covered == 0 || !Allocate(per_all_ * covered / partitions + 2)) return {};
  PartitionEntries loaded;
  for (uint32_t p = 0; p < covered; ++p) {
    PENSTOCK_RETURN_IF_ERROR(state->LoadPartition(p, &loaded));
    AddPartition(loaded, listed_too);
  }
  covered_ = static_cast<uint32_t>(covered);
  return {};
}

/// Looked up at random, so every page costs a walk of the page table: large pages where there are.
bool KnownRows::Allocate(uint64_t buckets) {
  constexpr uint64_t kLargePage = 2u << 20;
  const uint64_t bytes = buckets * sizeof(Bucket);
  const uint64_t page = bytes < kLargePage ? 4096 : kLargePage;
  const uint64_t rounded = (bytes + page - 1) / page * page;
  buckets_.reset(static_cast<Bucket*>(std::aligned_alloc(page, rounded)));
  if (!buckets_) return false;  // slower without it, but right
  if (page == kLargePage) (void)madvise(buckets_.get(), rounded, MADV_HUGEPAGE);
  std::memset(buckets_.get(), 0, bytes);
  bucket_count_ = buckets;
  return true;
}

void KnownRows::AddPartition(const PartitionEntries& entries, bool listed_too) {
  for (const MainEntry& entry : entries.main) {
    if (!entry.PlainlyUnchanged(entry.fingerprint, listed_too)) continue;
    Bucket* bucket = &buckets_[IndexOf(entry.key_hash)];
    if (bucket->used == kSlots) ++bucket;
    if (bucket->used == kSlots) continue;
    const uint64_t check = CheckOf(entry.key_hash, entry.fingerprint);
    std::memcpy(bucket->bytes + bucket->used * kCheckBytes, &check, kCheckBytes);
    ++bucket->used;
  }
}

void KnownRows::Drop() {
  covered_ = 0;
  bucket_count_ = 0;
  buckets_.reset();
}

}  // namespace penstock::diff
