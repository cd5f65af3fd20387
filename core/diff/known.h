// What the destination has acknowledged, in a few bytes a key: tells while rows are being read
// which of them the state has already, so that their payloads need not be kept.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "core/base/result.h"
#include "core/state/state.h"

namespace penstock::diff {

/// 40 bits of (key, fingerprint) for entries that PlainlyUnchanged can hold for, in buckets of one
/// cache line, found by the key; what a bucket has no room for goes into the next one. It may leave
/// entries out: those that both have no room for, and those of the last partitions if not all fit
/// into memory; their rows keep their payloads. A false hit has a chance of about 10^-11 a changed
/// row; the match compares whole fingerprints and so notices it. Not thread-safe.
class KnownRows {
 public:
  /// Reads the main entries of the view once. `check_bits`: 40; tests set fewer. `listed_too`: as
  /// MainEntry::PlainlyUnchanged.
  Status Load(StateView* state, uint64_t memory_bytes, int check_bits, bool listed_too);
  /// Frees everything: nothing is covered any more.
  void Drop();

  bool Covers(uint32_t partition) const { return partition < covered_; }
  /// Where MayHold of this key will read, two cache lines, for __builtin_prefetch. Not prefetched
  /// in here: g++ 12 drops calls of functions that do nothing else.
  const uint8_t* PlaceOf(const Hash128& key) const { return buckets_[IndexOf(key)].bytes; }
  static constexpr size_t kLine = 64;
  /// False: take it as not acknowledged. Only for keys that are covered.
  bool MayHold(const Hash128& key, const Hash128& fingerprint) const {
    const uint64_t wanted = CheckOf(key, fingerprint);
    const Bucket* const bucket = &buckets_[IndexOf(key)];
    if (Holds(*bucket, wanted)) return true;
    return bucket->used == kSlots && Holds(bucket[1], wanted);
  }
  uint64_t memory_bytes() const { return buckets_ ? bucket_count_ * sizeof(Bucket) : 0; }

 private:
  static constexpr uint64_t kCheckBytes = 5;
  static constexpr uint64_t kSlots = 12;
  static constexpr uint64_t kCheckMask = (uint64_t{1} << (8 * kCheckBytes)) - 1;
  struct alignas(kLine) Bucket {
    uint8_t bytes[63];  // checks, 0 where there is none; three bytes of room for reading eight
    uint8_t used;
  };
  static_assert(sizeof(Bucket) == kLine && kSlots * kCheckBytes + 3 == 63);
  struct Free {
    void operator()(Bucket* buckets) const { std::free(buckets); }
  };

  static uint64_t ReadCheck(const uint8_t* at) {
    uint64_t check = 0;
    std::memcpy(&check, at, sizeof(check));
    return check & kCheckMask;
  }
  static bool Holds(const Bucket& bucket, uint64_t wanted) {
    uint64_t hit = 0;
    for (uint64_t slot = 0; slot < kSlots; ++slot) {
      hit |= ReadCheck(bucket.bytes + slot * kCheckBytes) == wanted ? 1 : 0;
    }
    return hit != 0;
  }
  uint64_t IndexOf(const Hash128& key) const {
    return ((key.hi >> 32) * per_all_) >> 32;  // there are never 2^32 buckets (256 GiB)
  }
  uint64_t CheckOf(const Hash128& key, const Hash128& fingerprint) const {
    const uint64_t check = ((fingerprint.lo ^ key.lo) * multiplier_) >> check_shift_;
    return check == 0 ? 1 : check;
  }
  bool Allocate(uint64_t buckets);
  void AddPartition(const PartitionEntries& entries, bool listed_too);

  uint32_t covered_ = 0;  // partitions
  int check_shift_ = 24;
  uint64_t multiplier_ = 1;    // odd, another one each time: a false hit does not come back
  uint64_t per_all_ = 0;       // buckets if all keys were covered
  uint64_t bucket_count_ = 0;  // of those that are
  std::unique_ptr<Bucket[], Free> buckets_;
};

}  // namespace penstock::diff
