// How often the org may be asked.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "plugins/salesforce/sandbox/errors.h"

namespace penstock::sandbox::salesforce {

// Limits of an edition: API calls in any 24 hours.
struct Edition {
  std::string name;
  std::int64_t calls;
};
const std::vector<Edition>& Editions();
constexpr std::int64_t kDailyBatches = 15'000;

// Counts of the last 24 hours, in steps of a minute. Thread-safe.
class DailyCount {
 public:
  std::int64_t Used(std::int64_t now_ms);
  void Add(std::int64_t now_ms, std::int64_t count);
  void Set(std::int64_t now_ms, std::int64_t count);

 private:
  void Drop(std::int64_t now_ms);

  std::mutex mutex_;
  struct Minute {
    std::int64_t minute, count;
  };
  std::deque<Minute> minutes_;
  std::int64_t used_ = 0;
};

// What the org has used up.
class Usage {
 public:
  explicit Usage(const Edition& edition) : edition_(edition) {}

  // Takes a call's place; the 403 if there is none. Refused ones are not counted.
  std::optional<ApiError> Take(std::int64_t now_ms, bool limited);
  // "api-usage=18/15000".
  std::string Header(std::int64_t now_ms, bool limited);
  void WriteLimits(JsonWriter& json, std::int64_t now_ms);

  DailyCount calls, batches;

 private:
  Edition edition_;
};

}  // namespace penstock::sandbox::salesforce
