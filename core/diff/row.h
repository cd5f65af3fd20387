// A row as the diff spills it: 40 bytes, whatever the row holds.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/value/encoding.h"

namespace penstock::diff {

/// The payload follows elsewhere, in the order of the rows of its partition.
struct Row {
  static constexpr uint64_t kLengthMask = (uint64_t{1} << 28) - 1;
  static constexpr uint64_t kHasAbsent = uint64_t{1} << 28;
  static constexpr uint64_t kInvalid = uint64_t{1} << 29;  // it only shields its key
  static constexpr uint64_t kKnown = uint64_t{1} << 30;    // no payload: the state has this row
  static constexpr int kNumberShift = 31;
  static constexpr uint64_t kMaxNumber = (uint64_t{1} << 33) - 1;

  Hash128 key;
  Hash128 fingerprint;
  uint64_t meta = 0;  // length of the payload, flags, number in the order read

  /// Only of rows with a payload.
  uint32_t length() const { return static_cast<uint32_t>(meta & kLengthMask); }
  bool has_absent() const { return (meta & kHasAbsent) != 0; }
  bool invalid() const { return (meta & kInvalid) != 0; }
  bool known() const { return (meta & kKnown) != 0; }
  /// 1-based; stays at 8.6 billion from there on.
  uint64_t number() const { return meta >> kNumberShift; }

  static uint64_t MetaOf(uint64_t number, uint64_t flags, uint64_t length) {
    return (std::min(number, kMaxNumber) << kNumberShift) | flags | length;
  }
};
static_assert(sizeof(Row) == 40);

}  // namespace penstock::diff
