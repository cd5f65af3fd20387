#include "plugins/hubspot/sandbox/access.h"

#include <algorithm>

namespace penstock::sandbox::hubspot {
namespace {

constexpr std::int64_t kTenSeconds = 10'000;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr int kSearchesPerSecond = 5;

}  // namespace

const std::vector<Profile>& Profiles() {
  static const std::vector<Profile> profiles = {
      {"pro", 190, 650'000}, {"free", 100, 250'000}, {"enterprise", 190, 1'000'000}};
  return profiles;
}

void Tokens::Set(std::vector<std::string> tokens, std::vector<std::string> scopes) {
  SetTokens(std::move(tokens));
  SetScopes(std::move(scopes));
}

void Tokens::SetTokens(std::vector<std::string> tokens) {
  std::lock_guard lock(mutex_);
  tokens_ = {tokens.begin(), tokens.end()};
}

void Tokens::SetScopes(std::vector<std::string> scopes) {
  std::lock_guard lock(mutex_);
  scopes_ = {scopes.begin(), scopes.end()};
}

bool Tokens::Knows(std::string_view token) const {
  std::lock_guard lock(mutex_);
  return tokens_.contains(token);
}

std::vector<std::string> Tokens::Scopes() const {
  std::lock_guard lock(mutex_);
  return {scopes_.begin(), scopes_.end()};
}

std::optional<ApiError> Tokens::Refuse(std::string_view token,
                                       const std::vector<std::string>& scopes, bool issued) const {
  ApiError error;
  if (token.empty() || !(issued || Knows(token))) {
    error.status = 401;
    error.category = "INVALID_AUTHENTICATION";
    error.message =
        token.empty() ? "Authentication credentials not found." : "The access token is not valid.";
    return error;
  }
  std::lock_guard lock(mutex_);
  bool granted = scopes.empty() ||
                 std::any_of(scopes.begin(), scopes.end(),
                             [&](const std::string& scope) { return scopes_.contains(scope); });
  if (granted) return std::nullopt;
  error.status = 403;
  error.category = "MISSING_SCOPES";
  error.message = "This app hasn't been granted all required scopes to make this call.";
  error.detail = "One or more of the following scopes are required.";
  error.detail_context.emplace_back("requiredGranularScopes", scopes);
  return error;
}

Limits::Limits(const Profile& profile)
    : profile_(profile),
      window_(profile.per_ten_seconds, kTenSeconds),
      search_(kSearchesPerSecond, 1000) {}

void Limits::Roll(std::int64_t now_ms) {
  std::int64_t day = now_ms / kDayMs;
  if (day == day_) return;
  day_ = day;
  used_ = 0;
}

std::optional<ApiError> Limits::Take(std::int64_t now_ms, bool search, bool as_category,
                                     Headers* headers) {
  std::lock_guard lock(mutex_);
  Roll(now_ms);
  bool day_free = used_ < profile_.per_day;
  int left = 0;
  bool window_free = day_free && (search ? search_ : window_).Take(now_ms, &left);
  if (window_free) ++used_;
  if (!search) AddHeaders(left, headers);
  if (!day_free) return RateLimited("DAILY", as_category);
  if (!window_free) return RateLimited(search ? "SECONDLY" : "TEN_SECONDLY_ROLLING", as_category);
  return std::nullopt;
}

void Limits::AddHeaders(int left, Headers* headers) const {
  auto add = [&](const char* name, std::int64_t value) {
    headers->emplace_back(name, std::to_string(value));
  };
  add("X-HubSpot-RateLimit-Daily", profile_.per_day);
  add("X-HubSpot-RateLimit-Daily-Remaining", profile_.per_day - used_);
  add("X-HubSpot-RateLimit-Interval-Milliseconds", kTenSeconds);
  add("X-HubSpot-RateLimit-Max", profile_.per_ten_seconds);
  add("X-HubSpot-RateLimit-Remaining", left);
  add("X-HubSpot-RateLimit-Secondly", profile_.per_ten_seconds / 10);
  add("X-HubSpot-RateLimit-Secondly-Remaining", std::min(left, profile_.per_ten_seconds / 10));
}

void Limits::AddBoundless(Headers* headers) {
  headers->emplace_back("X-HubSpot-RateLimit-Interval-Milliseconds", std::to_string(kTenSeconds));
  headers->emplace_back("X-HubSpot-RateLimit-Max", "1000000");
  headers->emplace_back("X-HubSpot-RateLimit-Remaining", "1000000");
}

std::int64_t Limits::used_today(std::int64_t now_ms) {
  std::lock_guard lock(mutex_);
  Roll(now_ms);
  return used_;
}

void Limits::SetUsedToday(std::int64_t now_ms, std::int64_t used) {
  std::lock_guard lock(mutex_);
  Roll(now_ms);
  used_ = used;
}

void Limits::Clear() {
  window_.Clear();
  search_.Clear();
  std::lock_guard lock(mutex_);
  used_ = 0;
}

}  // namespace penstock::sandbox::hubspot
