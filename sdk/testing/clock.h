// The sandbox's clock: the wall clock, which tests may move or stop.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace penstock::sandbox {

// Thread-safe.
class Clock {
 public:
  // Milliseconds since 1970 UTC.
  std::int64_t NowMs() const {
    std::int64_t frozen = frozen_ms_.load();
    if (frozen != 0) return frozen;
    auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count() + offset_ms_.load();
  }
  // Moves the clock; limits, tokens and stamps follow.
  void SetOffset(std::int64_t ms) { offset_ms_.store(ms); }
  // Stops the clock at a time; 0 lets it run again.
  void Freeze(std::int64_t ms) { frozen_ms_.store(ms); }

 private:
  std::atomic<std::int64_t> offset_ms_{0};
  std::atomic<std::int64_t> frozen_ms_{0};
};

}  // namespace penstock::sandbox
