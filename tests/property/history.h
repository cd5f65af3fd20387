// Random histories of a world, run and shrunk.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/property/world.h"

namespace penstock::testing {

struct Step {
  enum class Kind : uint8_t {
    kEdit,   // rows come, go, change, break
    kClear,  // the table is emptied
    kSeed,   // somebody else makes a record
    kWait,   // hours pass
    kSync,
    kFaultySync,
    kPart,  // sync --limit, or --only upserts
    kPlanApply,
    kSourceLost,  // a sync whose source fails in mid-read
    kRetry,
    kEditMapping,
    kSwitchMode,  // upsert <-> mirror
    kReorder,     // the same rows in another order
  };
  Kind kind = Kind::kSync;
  uint32_t seed = 0;
};
std::string StepName(Step::Kind kind);

struct History {
  Mode mode = Mode::kUpsert;
  bool all_or_nothing = false;
  std::vector<Step> steps;
};

/// The same seed makes the same history.
History MakeHistory(uint32_t seed);

/// Runs it in an empty directory; "" or what went wrong.
std::string RunHistory(const History& history, const std::string& directory);

/// One step; shared with the crash tests.
std::string RunStep(const Step& step, bool all_or_nothing, World* world);

/// The shortest history found that still fails, and its failure.
struct Shrunk {
  History history;
  std::string failure;
};
Shrunk Shrink(History history, std::string failure, const std::string& directory);

std::string Describe(const History& history);

}  // namespace penstock::testing
