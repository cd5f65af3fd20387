// One rate limit of one destination account, shared by every process of the machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "core/base/result.h"
#include "host/limits/clock.h"
#include "penstock/documents.hpp"

namespace penstock::limits {

/// Leave to send requests; give it back with Budget::Release.
struct Permit {
  uint32_t id = 0;
  int64_t slot = -1;
  uint32_t cost = 1;
  int64_t day = 0;
};

enum class Verdict {
  kGranted,  // `permit` holds
  kWait,     // ask again at `retry_at_us`, or earlier when a permit of this process is released
  kSpent,  // the daily allowance is used up: `error` says so, `resets_unix_us` is when to come back
  kFailed,  // the shared file cannot be used: `error`
};

struct Decision {
  Verdict verdict = Verdict::kWait;
  Permit permit;
  int64_t retry_at_us = 0;  // monotonic
  bool for_slot = false;    // waits for a concurrency slot rather than for the window
  int64_t resets_unix_us = 0;
  Error error;
};

/// What became of a permit.
struct Use {
  int64_t sent_us = 0;      // monotonic time of the first byte; 0: never sent
  int64_t answered_us = 0;  // 0: no answer
  bool accepted = false;    // the answer did not complain about limits
};

/// The budget as an answer's headers tell it; empty: not told.
struct Told {
  std::optional<int64_t> max, remaining, window_ms, daily_max, daily_remaining;
};

/// A sliding log for the window, slots for concurrency, a counter for the day. [thread-safe], and
/// safe between processes that open the same file. Never sleeps, never blocks for long.
class Budget {
 public:
  struct Options {
    std::filesystem::path directory;  // SharedLimitsDir() / BudgetDigest(...); made with 0700
    sdk::Limiter limiter;             // as declared: the start of what is then learned
    double daily_share = 0.8;         // of the daily allowance; the rest is left to others
    Clock* clock = nullptr;           // null: SystemClock()
    uint64_t seed = 0;                // of the waits; 0: from the machine
  };
  /// PS-LIMITS-DIR, PS-LIMITS-FILE: the directory cannot be used.
  static Result<std::unique_ptr<Budget>> Open(Options options);
  virtual ~Budget() = default;

  /// Asks for leave to send a request that counts for `cost`.
  virtual Decision TryAcquire(uint32_t cost) = 0;
  /// Gives the permit back with what became of it and what the answer's headers told.
  virtual void Release(const Permit& permit, const Use& use, const Told& told) = 0;
  /// The destination asked everybody to slow down (429, 503), answering a request sent at
  /// `sent_us`: nobody sends for `retry_after_ms`; 0: it did not say how long, which grows with
  /// repetition (not with several requests that were under way together).
  virtual void Pause(int64_t retry_after_ms, int64_t sent_us) = 0;
  /// The destination says that the daily allowance is used up.
  virtual void SetSpent() = 0;
};

}  // namespace penstock::limits
