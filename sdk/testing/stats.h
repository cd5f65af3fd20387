// What a sandbox counts of the requests it got; GET /_sandbox/stats.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "sdk/testing/http.h"

namespace penstock::sandbox {

// Counts requests by route and status, arrivals and concurrency. Thread-safe. Times are
// milliseconds of the sandbox's clock.
class Stats {
 public:
  // A request arrived. Finish() must follow.
  void Arrive(std::int64_t now_ms);
  // It was answered; status is "200", or "dropped" and the like where no answer was sent.
  void Finish(const std::string& route, const std::string& status);
  // Requests that have arrived and are not answered yet.
  int in_flight() const;
  // Forgets everything but the requests in flight.
  void Clear();
  // Writes the members "requests", "throttled", "max_in_window", … into an open object.
  void Write(JsonWriter& json) const;

 private:
  static constexpr std::int64_t kWindowMs = 10'000;
  static constexpr std::size_t kMaxSeconds = 7200;

  mutable std::mutex mutex_;
  std::map<std::string, std::map<std::string, std::uint64_t>> requests_;
  std::deque<std::int64_t> window_;
  std::vector<std::uint32_t> per_second_;
  std::int64_t first_ms_ = 0;
  std::int64_t last_ms_ = 0;
  std::uint64_t total_ = 0;
  std::uint64_t throttled_ = 0;
  std::size_t max_in_window_ = 0;
  int in_flight_ = 0;
  int peak_in_flight_ = 0;
};

}  // namespace penstock::sandbox
