// What a plan will cost at its destination, as far as the catalog tells.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/plan/plan.h"
#include "penstock/documents.hpp"

namespace penstock {

/// As many of `expected` records as fill whole requests, small enough that all writers have work:
/// what a writer is handed at once. At least 1. [thread-safe]
size_t BatchRecords(const sdk::ObjectLimits& limits, uint64_t expected);

/// Nobody knows these beforehand: lookups, splits and repetitions come on top; jobs are asked for
/// as long as they take, and how they are shared among the writers is known when they are made.
struct PlanCost {
  uint64_t requests = 0;  // those of jobs included, as if each were soon over
  uint64_t jobs = 0;      // when the writers share evenly; never fewer than hold all records
};

/// `options`: the integration's, as JSON that obeys the object's options_schema; empty: none.
/// [thread-safe]
PlanCost EstimateCost(const PlanCounts& counts, const sdk::Object& object,
                      const std::string& options);

}  // namespace penstock
