// Who may do what, how often: tokens, scopes and rate limits.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plugins/hubspot/sandbox/errors.h"
#include "sdk/testing/limits.h"

namespace penstock::sandbox::hubspot {

// Limits of a plan. All apps of the account are one app here.
struct Profile {
  std::string name;
  int per_ten_seconds;
  std::int64_t per_day;
};

// The plans: free, pro, enterprise.
const std::vector<Profile>& Profiles();

// Tokens and their scopes. Thread-safe.
class Tokens {
 public:
  void Set(std::vector<std::string> tokens, std::vector<std::string> scopes);
  void SetTokens(std::vector<std::string> tokens);
  void SetScopes(std::vector<std::string> scopes);
  bool Knows(std::string_view token) const;
  std::vector<std::string> Scopes() const;
  // The 401 or 403 of a request, if it may not pass: it needs one of `scopes` (none: any token).
  // `issued`: the token is one that the OAuth app got.
  std::optional<ApiError> Refuse(std::string_view token, const std::vector<std::string>& scopes,
                                 bool issued = false) const;

 private:
  mutable std::mutex mutex_;
  std::set<std::string, std::less<>> tokens_;
  std::set<std::string, std::less<>> scopes_;
};

// The rate limits of a plan. Thread-safe.
class Limits {
 public:
  explicit Limits(const Profile& profile);

  // Takes a request's place; the 429 if there is none. For all but searches `headers` gets the
  // vendor's rate-limit headers.
  std::optional<ApiError> Take(std::int64_t now_ms, bool search, bool as_category,
                               Headers* headers);
  // The headers under --no-limits: so many that a client that heeds them is not held back.
  static void AddBoundless(Headers* headers);
  std::int64_t used_today(std::int64_t now_ms);
  std::int64_t per_day() const { return profile_.per_day; }
  // Pretends that so many requests were made today.
  void SetUsedToday(std::int64_t now_ms, std::int64_t used);
  void Clear();

 private:
  void Roll(std::int64_t now_ms);
  void AddHeaders(int left, Headers* headers) const;

  Profile profile_;
  RollingWindow window_;
  RollingWindow search_;
  std::mutex mutex_;
  std::int64_t day_ = 0;
  std::int64_t used_ = 0;
};

}  // namespace penstock::sandbox::hubspot
