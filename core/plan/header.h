// The header of a plan file as JSON.
#pragma once

#include <string>
#include <string_view>

#include "core/plan/plan.h"

namespace penstock::plan {

/// The part that the plan's hash covers, always the same text for the same values. [thread-safe]
std::string CoveredJson(const PlanHeader& header);
/// The part that it does not cover. [thread-safe]
std::string RestJson(const PlanHeader& header);
/// Reads both; false if they are not what the two functions above write. [thread-safe]
bool ParseHeader(std::string_view covered, std::string_view rest, PlanHeader* header);

}  // namespace penstock::plan
