// The guard: what a plan must not do without somebody's word.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/integration.h"
#include "core/plan/plan.h"
#include "core/run/destination.h"

namespace penstock {

/// One reason to hold, for people and for --json.
struct Hold {
  std::string rule;     // "deletes", "empty_model", "key_churn", "changed_setup", "mode_switch",
                        // "keyless", "updates", "field", "first_run"
  std::string message;  // "would delete 6,000 of 50,000 (12 %); the limit is 5 %"
};

struct GuardInput {
  const PlanHeader* plan = nullptr;
  GuardSettings settings;
  std::optional<PlanBasis> basis;  // none: never ran
  PlanBasis now;
  /// `--allow deletes=N`: deletes up to N pass.
  std::optional<uint64_t> allow_deletes;
};

/// Empty: the plan may run. Pure. [thread-safe]
std::vector<Hold> Guard(const GuardInput& input);

}  // namespace penstock
