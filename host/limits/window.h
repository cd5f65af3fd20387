// The sliding log of one budget: when may the next request go? Pure arithmetic, no clock, no file.
#pragma once

#include <array>
#include <cstdint>

namespace penstock::limits {

/// Requests that count at one moment.
struct Mark {
  int64_t at_us = 0;   // monotonic
  uint32_t count = 0;  // requests
  uint32_t id = 0;     // of the permit; 0: merged; kForeign: used by somebody else
};

inline constexpr uint32_t kForeign = 0xFFFFFFFF;

/// What is remembered of the requests of the last window, oldest first. Exact up to kMarks
/// requests; above that neighbours are merged at the later one's time, which errs on the safe side.
struct SlidingLog {
  static constexpr uint32_t kMarks = 1024;
  uint32_t size = 0;
  uint32_t reserved = 0;
  std::array<Mark, kMarks> marks = {};

  /// The earliest moment, not before `now_us`, at which `cost` more requests keep every window of
  /// `window_us` at or below `max`. A cost above max is taken as max.
  int64_t Earliest(uint32_t cost, int64_t max, int64_t window_us, int64_t now_us) const;
  /// Adds requests at `at_us`; forgets what is older than `keep_us` before it.
  void Add(int64_t at_us, uint32_t count, uint32_t id, int64_t keep_us);
  /// The request turned out to count at another moment. Unknown ids are ignored.
  void Move(uint32_t id, int64_t at_us);
  /// The request was never sent. Unknown ids are ignored.
  void Remove(uint32_t id);
  /// Requests at or after `since_us`.
  int64_t CountSince(int64_t since_us) const;
  /// Takes away up to `count` requests of others, the newest first.
  void RemoveForeign(int64_t count);

 private:
  void Erase(uint32_t index);
  void Insert(const Mark& mark);
  void MergeClosest();
};

}  // namespace penstock::limits
