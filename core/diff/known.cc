#include "core/diff/known.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <random>

namespace penstock::diff {
namespace {

uint64_t RandomOdd() {
  std::random_device device;
  return (uint64_t{device()} << 32 | device()) | 1;
}

bool CanBePlain(const MainEntry& entry) { return entry.PlainlyUnchanged(entry.fingerprint); }

}  // namespace

Status KnownRows::Load(StateView* state, uint64_t memory_bytes, int check_bits) {
  Drop();
  const uint64_t entries = std::max<uint64_t>(state->counts().entries, 1);
  const uint32_t partitions = state->partitions();
  const int partition_bits = std::countr_zero(partitions);
  const int bucket_bits = std::clamp<int>(std::bit_width(entries / kPerBucket), partition_bits, 40);
  shift_ = 64 - bucket_bits;
  check_shift_ = 64 - check_bits;
  multiplier_ = RandomOdd();

  // Keys are uniform, so a partition's share of memory is known before it is read; the room beyond
  // it is for partitions above the average.
  const uint64_t bucket_bytes = sizeof(uint32_t) << (bucket_bits - partition_bits);
  const uint64_t each = entries * kCheckBytes / partitions + 1 + bucket_bytes;
  const uint64_t slack = std::max<uint64_t>(memory_bytes / 64, 4096);
  const uint64_t fitting = memory_bytes > slack ? (memory_bytes - slack) / each : 0;
  const auto planned = static_cast<uint32_t>(std::min<uint64_t>(partitions, fitting));
  if (planned == 0 || state->counts().acknowledged == 0) return {};
  const uint64_t buckets = uint64_t{planned} << (bucket_bits - partition_bits);
  const uint64_t room = std::min(planned * (entries * kCheckBytes / partitions + 1) + slack / 2,
                                 state->counts().entries * kCheckBytes);
  if (!Reserve(room + sizeof(uint64_t))) return {};  // slower, but right without it
  starts_.reserve(buckets + 1);

  PartitionEntries loaded;
  for (uint32_t p = 0; p < planned; ++p) {
    PENSTOCK_RETURN_IF_ERROR(state->LoadPartition(p, &loaded));
    const uint64_t needed = size_ + loaded.main.size() * kCheckBytes + sizeof(uint64_t);
    if (needed > capacity_) break;
    AddPartition(loaded);
    covered_ = p + 1;
  }
  const auto end = static_cast<uint32_t>(size_ / kCheckBytes);
  starts_.resize((uint64_t{covered_} << (bucket_bits - partition_bits)) + 1, end);
  return {};
}

/// Looked up at random, so every page costs a walk of the page table: large pages where there are.
bool KnownRows::Reserve(uint64_t bytes) {
  constexpr uint64_t kLargePage = 2u << 20;
  const uint64_t page = bytes < kLargePage ? 4096 : kLargePage;
  const uint64_t rounded = (bytes + page - 1) / page * page;
  checks_.reset(static_cast<uint8_t*>(std::aligned_alloc(page, rounded)));
  if (!checks_) return false;
  capacity_ = rounded;
  if (page == kLargePage) (void)madvise(checks_.get(), rounded, MADV_HUGEPAGE);
  return true;
}

void KnownRows::AddPartition(const PartitionEntries& entries) {
  for (const MainEntry& entry : entries.main) {
    if (!CanBePlain(entry)) continue;
    const auto at = static_cast<uint32_t>(size_ / kCheckBytes);
    const uint64_t bucket = BucketOf(entry.key_hash);
    while (starts_.size() <= bucket) starts_.push_back(at);
    const uint64_t check = CheckOf(entry.key_hash, entry.fingerprint);
    std::memcpy(checks_.get() + size_, &check, sizeof(check));  // the next one overwrites the rest
    size_ += kCheckBytes;
  }
}

void KnownRows::Drop() {
  covered_ = 0;
  checks_.reset();
  capacity_ = size_ = 0;
  starts_ = {};
}

bool KnownRows::MayHold(const Hash128& key, const Hash128& fingerprint) const {
  constexpr uint64_t kMask = (uint64_t{1} << (8 * kCheckBytes)) - 1;
  const uint64_t bucket = BucketOf(key);
  const uint64_t wanted = CheckOf(key, fingerprint);
  const uint8_t* at = checks_.get() + uint64_t{starts_[bucket]} * kCheckBytes;
  const uint8_t* const end = checks_.get() + uint64_t{starts_[bucket + 1]} * kCheckBytes;
  for (; at != end; at += kCheckBytes) {
    uint64_t check = 0;
    std::memcpy(&check, at, sizeof(check));
    if ((check & kMask) == wanted) return true;
  }
  return false;
}

}  // namespace penstock::diff
