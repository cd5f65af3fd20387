// A rolling-window rate limit, as most vendors enforce it.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>

namespace penstock::sandbox {

// At most `limit` admitted requests in any window of `window_ms`. Refused ones do not count, so
// that a client that waits recovers. Thread-safe.
class RollingWindow {
 public:
  RollingWindow(int limit, std::int64_t window_ms) : limit_(limit), window_ms_(window_ms) {}

  // Takes one place at `now_ms`; false if the window is full. *remaining is what is left.
  bool Take(std::int64_t now_ms, int* remaining) {
    std::lock_guard lock(mutex_);
    while (!admitted_.empty() && admitted_.front() <= now_ms - window_ms_) admitted_.pop_front();
    bool free = static_cast<int>(admitted_.size()) < limit_;
    if (free) admitted_.push_back(now_ms);
    *remaining = limit_ - static_cast<int>(admitted_.size());
    return free;
  }

  // Forgets all requests.
  void Clear() {
    std::lock_guard lock(mutex_);
    admitted_.clear();
  }

  int limit() const { return limit_; }
  std::int64_t window_ms() const { return window_ms_; }

 private:
  int limit_;
  std::int64_t window_ms_;
  std::mutex mutex_;
  std::deque<std::int64_t> admitted_;
};

}  // namespace penstock::sandbox
