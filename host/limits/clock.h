// Time as the gateway and the limits see it, so that tests own it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace penstock::limits {

/// All methods are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Microseconds since 1970-01-01T00:00:00Z.
  virtual int64_t UnixUs() = 0;
  /// Microseconds of CLOCK_MONOTONIC: the same in every process of the machine until it reboots.
  virtual int64_t MonotonicUs() = 0;
  /// Waits on `condition` until it is notified or MonotonicUs() reaches `until_us`; may return
  /// early. `lock` is held on entry and on return.
  virtual void WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& condition,
                         int64_t until_us) = 0;
};

/// The machine's clock; lives as long as the process.
Clock& SystemClock();

}  // namespace penstock::limits
