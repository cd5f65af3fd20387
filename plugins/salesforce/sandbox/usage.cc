#include "plugins/salesforce/sandbox/usage.h"

#include <algorithm>

namespace penstock::sandbox::salesforce {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kMinutes = 24 * 60;
// Under --no-limits: so many that a client that heeds it is not held back.
constexpr std::int64_t kBoundless = 1'000'000'000;

void WriteLimit(JsonWriter& json, const char* name, std::int64_t max, std::int64_t used) {
  json.Key(name);
  json.StartObject();
  json.Key("Max");
  json.Int64(max);
  json.Key("Remaining");
  json.Int64(std::max<std::int64_t>(max - used, 0));
  json.EndObject();
}

}  // namespace

const std::vector<Edition>& Editions() {
  static const std::vector<Edition> editions = {
      {"developer", 15'000}, {"enterprise", 100'000}, {"unlimited", 5'000'000}};
  return editions;
}

void DailyCount::Drop(std::int64_t now_ms) {
  while (!minutes_.empty() && minutes_.front().minute <= now_ms / kMinuteMs - kMinutes) {
    used_ -= minutes_.front().count;
    minutes_.pop_front();
  }
}

std::int64_t DailyCount::Used(std::int64_t now_ms) {
  std::lock_guard lock(mutex_);
  Drop(now_ms);
  return used_;
}

void DailyCount::Add(std::int64_t now_ms, std::int64_t count) {
  std::lock_guard lock(mutex_);
  Drop(now_ms);
  const std::int64_t minute = now_ms / kMinuteMs;
  if (minutes_.empty() || minutes_.back().minute < minute) minutes_.push_back({minute, 0});
  minutes_.back().count += count;
  used_ += count;
}

void DailyCount::Set(std::int64_t now_ms, std::int64_t count) {
  std::lock_guard lock(mutex_);
  minutes_ = {{now_ms / kMinuteMs, count}};
  used_ = count;
}

std::optional<ApiError> Usage::Take(std::int64_t now_ms, bool limited) {
  if (limited && calls.Used(now_ms) >= edition_.calls) {
    return ApiError{403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", {}};
  }
  calls.Add(now_ms, 1);
  return std::nullopt;
}

std::string Usage::Header(std::int64_t now_ms, bool limited) {
  return "api-usage=" + std::to_string(calls.Used(now_ms)) + "/" +
         std::to_string(limited ? edition_.calls : kBoundless);
}

void Usage::WriteLimits(JsonWriter& json, std::int64_t now_ms) {
  json.StartObject();
  WriteLimit(json, "DailyApiRequests", edition_.calls, calls.Used(now_ms));
  WriteLimit(json, "DailyBulkApiBatches", kDailyBatches, batches.Used(now_ms));
  WriteLimit(json, "DailyBulkV2QueryJobs", 10'000, 0);
  WriteLimit(json, "DataStorageMB", 1024, 0);
  WriteLimit(json, "FileStorageMB", 1024, 0);
  json.EndObject();
}

}  // namespace penstock::sandbox::salesforce
