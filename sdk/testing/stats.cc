#include "sdk/testing/stats.h"

#include <algorithm>

namespace penstock::sandbox {

void Stats::Arrive(std::int64_t now_ms) {
  std::lock_guard lock(mutex_);
  ++total_;
  peak_in_flight_ = std::max(peak_in_flight_, ++in_flight_);
  if (first_ms_ == 0) first_ms_ = now_ms;
  last_ms_ = std::max(last_ms_, now_ms);
  while (!window_.empty() && window_.front() <= now_ms - kWindowMs) window_.pop_front();
  window_.push_back(now_ms);
  max_in_window_ = std::max(max_in_window_, window_.size());
  if (now_ms < first_ms_) return;
  auto second = static_cast<std::size_t>((now_ms - first_ms_) / 1000);
  if (second >= kMaxSeconds) return;
  if (per_second_.size() <= second) per_second_.resize(second + 1);
  ++per_second_[second];
}

void Stats::Finish(const std::string& route, const std::string& status) {
  std::lock_guard lock(mutex_);
  --in_flight_;
  ++requests_[route][status];
  if (status == "429") ++throttled_;
}

int Stats::in_flight() const {
  std::lock_guard lock(mutex_);
  return in_flight_;
}

void Stats::Clear() {
  std::lock_guard lock(mutex_);
  requests_.clear();
  window_.clear();
  per_second_.clear();
  first_ms_ = last_ms_ = 0;
  total_ = throttled_ = 0;
  max_in_window_ = 0;
  peak_in_flight_ = in_flight_;
}

void Stats::Write(JsonWriter& json) const {
  std::lock_guard lock(mutex_);
  json.Key("requests");
  json.StartObject();
  for (const auto& [route, statuses] : requests_) {
    json.Key(route.c_str());
    json.StartObject();
    for (const auto& [status, count] : statuses) {
      json.Key(status.c_str());
      json.Uint64(count);
    }
    json.EndObject();
  }
  json.EndObject();
  json.Key("total");
  json.Uint64(total_);
  json.Key("throttled");
  json.Uint64(throttled_);
  json.Key("max_in_window");
  json.Uint64(max_in_window_);
  json.Key("window_ms");
  json.Int64(kWindowMs);
  json.Key("peak_concurrency");
  json.Int(peak_in_flight_);
  json.Key("first_ms");
  json.Int64(first_ms_);
  json.Key("last_ms");
  json.Int64(last_ms_);
  json.Key("per_second");
  json.StartArray();
  for (std::uint32_t count : per_second_) json.Uint(count);
  json.EndArray();
}

}  // namespace penstock::sandbox
