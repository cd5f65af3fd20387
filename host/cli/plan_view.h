// A plan as people and programs read it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/plan/plan.h"
#include "core/run/run.h"
#include "host/cli/json.h"
#include "host/cli/text.h"

namespace penstock::cli {

struct SampleField {
  std::string name;
  std::string text;  // masked where it has to be
};

struct Sample {
  std::string op, reason, key;
  std::vector<SampleField> fields;  // changed ones of an update, all of an insert, none of a delete
};

/// What a pass over the plan file adds to its header.
struct PlanDetails {
  std::map<std::string, uint64_t> reasons;
  std::vector<Sample> samples;
  std::vector<InvalidRow> invalid;  // the first few
};

struct PlanViewOptions {
  uint64_t samples = 3;      // of each operation and reason
  uint64_t invalid = 5;      // rows
  bool show_values = false;  // sensitive fields stay masked
  std::string destination;
};

/// Reads the plan file once. PS-PLAN-CORRUPT, ...
Result<PlanDetails> ReadDetails(const std::string& path, const PlanViewOptions& options);

/// The plan as a page of text. Pure.
std::string PlanText(const PlannedRun& plan, const PlanDetails& details,
                     const PlanViewOptions& options, const Paint& paint);
void PutPlan(Json* json, const PlannedRun& plan, const PlanDetails& details);

/// The command to give next. Pure.
std::string NextCommand(const PlannedRun& plan);

}  // namespace penstock::cli
