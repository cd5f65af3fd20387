// The sandbox's clock: the wall clock plus an offset that tests may move.
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
    auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count() + offset_ms_.load();
  }
  // Moves the clock; limits, tokens and stamps follow.
  void SetOffset(std::int64_t ms) { offset_ms_.store(ms); }

 private:
  std::atomic<std::int64_t> offset_ms_{0};
};

}  // namespace penstock::sandbox
