// What the destination has acknowledged, in a few bytes a key: tells while rows are being read
// which of them the state has already, so that their payloads need not be kept.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "core/base/result.h"
#include "core/state/state.h"

namespace penstock::diff {

/// 40 bits of (key, fingerprint) of every entry that PlainlyUnchanged can hold for, in key order,
/// found through ranges of key hashes of about eight entries. Covers the keys of as many leading
/// partitions as fit into memory. A false hit has a chance of about 10^-11 a changed row; the match
/// compares whole fingerprints and so notices it. Not thread-safe.
class KnownRows {
 public:
  /// Reads the main entries of the view once. `check_bits`: 40; tests set fewer.
  Status Load(StateView* state, uint64_t memory_bytes, int check_bits);
  /// Frees everything: nothing is covered any more.
  void Drop();

  bool Covers(uint32_t partition) const { return partition < covered_; }
  /// What MayHold of this key will read, for __builtin_prefetch: the first one well before the
  /// second one. (Not prefetched in here: g++ 12 drops calls of functions that do nothing else.)
  const void* PlaceOf(const Hash128& key) const { return starts_.data() + BucketOf(key); }
  const uint8_t* ChecksOf(const Hash128& key) const {
    return checks_.get() + uint64_t{starts_[BucketOf(key)]} * kCheckBytes;
  }
  static constexpr uint64_t kCheckSpan = 40;  // bytes of a usual bucket
  /// False: the state does not have this row as acknowledged. Only for keys that are covered.
  bool MayHold(const Hash128& key, const Hash128& fingerprint) const;
  uint64_t memory_bytes() const { return capacity_ + starts_.capacity() * sizeof(uint32_t); }

 private:
  static constexpr uint64_t kCheckBytes = 5;
  static constexpr uint64_t kPerBucket = 8;

  uint64_t BucketOf(const Hash128& key) const { return key.hi >> shift_; }
  uint64_t CheckOf(const Hash128& key, const Hash128& fingerprint) const {
    return ((fingerprint.lo ^ key.lo) * multiplier_) >> check_shift_;
  }
  bool Reserve(uint64_t bytes);
  void AddPartition(const PartitionEntries& entries);

  uint32_t covered_ = 0;  // partitions
  int shift_ = 63;
  int check_shift_ = 24;
  uint64_t multiplier_ = 1;  // odd, another one each time: a false hit does not come back
  struct Free {
    void operator()(uint8_t* bytes) const { std::free(bytes); }
  };
  std::unique_ptr<uint8_t[], Free> checks_;  // kCheckBytes each, with room to read eight at any
  uint64_t capacity_ = 0, size_ = 0;         // of it, in bytes
  std::vector<uint32_t> starts_;  // by bucket: index of its first check; one more than buckets
};

}  // namespace penstock::diff
