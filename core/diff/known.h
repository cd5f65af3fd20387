// What the destination has acknowledged, in a few bytes a key: tells while rows are being read
// which of them the state has already, so that their payloads need not be kept.
#pragma once

#include <cstdint>
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
  /// Asks the processor for what MayHold of this key will need.
  void Prefetch(const Hash128& key) const {
    __builtin_prefetch(checks_.data() + uint64_t{starts_[BucketOf(key)]} * kCheckBytes);
  }
  /// False: the state does not have this row as acknowledged. Only for keys that are covered.
  bool MayHold(const Hash128& key, const Hash128& fingerprint) const;
  uint64_t memory_bytes() const {
    return checks_.capacity() + starts_.capacity() * sizeof(uint32_t);
  }

 private:
  static constexpr uint64_t kCheckBytes = 5;
  static constexpr uint64_t kPerBucket = 8;

  uint64_t BucketOf(const Hash128& key) const { return key.hi >> shift_; }
  uint64_t CheckOf(const Hash128& key, const Hash128& fingerprint) const {
    return ((fingerprint.lo ^ key.lo) * multiplier_) >> check_shift_;
  }
  void AddPartition(const PartitionEntries& entries);

  uint32_t covered_ = 0;  // partitions
  int shift_ = 63;
  int check_shift_ = 24;
  uint64_t multiplier_ = 1;       // odd, another one each time: a false hit does not come back
  uint64_t last_bucket_ = 0;      // while loading
  std::vector<uint8_t> checks_;   // kCheckBytes each, and room to read eight at the last one
  std::vector<uint32_t> starts_;  // by bucket: index of its first check; one more than buckets
};

}  // namespace penstock::diff
