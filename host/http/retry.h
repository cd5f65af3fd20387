// What an attempt's end means for the request: is it final, and when is it sent again?
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "host/http/transport.h"
#include "penstock/documents.hpp"

namespace penstock::http {

/// An answer that says that an allowance is used up: final, whatever its status, and nobody sends
/// for a while. `pointer` is a JSON pointer into the body.
struct SpentRule {
  int status = 429;
  std::string pointer;
  std::string equals;
};

/// {429, "/policyName", "DAILY"}: harmless where an API does not know it.
std::vector<SpentRule> DefaultSpentRules();

/// True when one of the rules matches. [thread-safe]
bool IsSpent(const std::vector<SpentRule>& rules, int status, std::string_view body);

enum class Fate {
  kFinal,       // the answer, or the lack of one, is what the request came to
  kNotApplied,  // certainly not applied: send again after waiting
  kUnclear,     // may have been applied: send again only if the request is idempotent
};

/// Judges an attempt by the policy. `retry_after_ms`: as the answer asked, if it did. [thread-safe]
Fate Judge(const sdk::RetryPolicy& policy, const AttemptResult& result,
           std::optional<int64_t> retry_after_ms);

/// Milliseconds to wait before attempt `attempts` + 1: between 0 and 500 ms * 2^(attempts - 1),
/// at most 30 s; and at least what the destination asked for.
int64_t BackoffMs(uint32_t attempts, std::optional<int64_t> retry_after_ms,
                  std::mt19937_64& random);

}  // namespace penstock::http
