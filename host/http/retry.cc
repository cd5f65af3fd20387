#include "host/http/retry.h"

#include <rapidjson/document.h>
#include <rapidjson/pointer.h>

#include <algorithm>

namespace penstock::http {
namespace {

constexpr int64_t kFirstBackoffMs = 500;
constexpr int64_t kMostBackoffMs = 30000;
constexpr int64_t kSpreadMs = 250;

bool Holds(const std::vector<int>& statuses, int status) {
  return std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

}  // namespace

std::vector<SpentRule> DefaultSpentRules() { return {{429, "/policyName", "DAILY"}}; }

bool IsSpent(const std::vector<SpentRule>& rules, int status, std::string_view body) {
  bool candidate = std::any_of(rules.begin(), rules.end(),
                               [&](const SpentRule& rule) { return rule.status == status; });
  if (!candidate) return false;
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(body.data(), body.size());
  if (document.HasParseError()) return false;
  for (const SpentRule& rule : rules) {
    if (rule.status != status) continue;
    rapidjson::Pointer pointer(rule.pointer.data(), rule.pointer.size());
    const rapidjson::Value* value = pointer.IsValid() ? pointer.Get(document) : nullptr;
    if (value == nullptr || !value->IsString()) continue;
    if (std::string_view(value->GetString(), value->GetStringLength()) == rule.equals) return true;
  }
  return false;
}

Fate Judge(const sdk::RetryPolicy& policy, const AttemptResult& result,
           std::optional<int64_t> retry_after_ms) {
  switch (result.transport) {
    case Transport::kForbidden:
      return Fate::kFinal;
    case Transport::kNotSent:
      return result.hopeless ? Fate::kFinal : Fate::kNotApplied;
    case Transport::kLost:
      return result.hopeless ? Fate::kFinal : Fate::kUnclear;
    case Transport::kAnswered:
      break;
  }
  if (Holds(policy.not_applied, result.status)) return Fate::kNotApplied;
  if (Holds(policy.if_retry_after, result.status)) {
    return retry_after_ms ? Fate::kNotApplied : Fate::kUnclear;
  }
  return Holds(policy.unclear, result.status) ? Fate::kUnclear : Fate::kFinal;
}

int64_t BackoffMs(uint32_t attempts, std::optional<int64_t> retry_after_ms,
                  std::mt19937_64& random) {
  uint32_t doublings = std::min<uint32_t>(attempts > 0 ? attempts - 1 : 0, 16);
  int64_t most = std::min(kFirstBackoffMs << doublings, kMostBackoffMs);
  int64_t wait = std::uniform_int_distribution<int64_t>(0, most)(random);
  if (!retry_after_ms) return wait;
  // Everybody was told the same moment: spread a little behind it.
  return *retry_after_ms + std::min(wait, kSpreadMs);
}

}  // namespace penstock::http
