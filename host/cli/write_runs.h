// What the verbs that send have in common: options, progress, the end of each run, the exit code.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/run/run.h"
#include "host/cli/context.h"

namespace penstock::cli {

struct RunArgs {
  std::string only, wait;
  std::vector<std::string> allow;  // "deletes=6000"
  uint64_t limit = 0;
};

/// PS-CLI-USAGE naming the option that cannot be read.
Result<SyncOptions> SyncOptionsOf(const RunArgs& args);

/// Runs `work` for each integration in turn, prints each run's end, and leaves the worst exit code
/// in the context. Stops when cancelled.
void RunAll(Context* context, const std::vector<std::string>& integrations,
            const std::function<Result<RunRecord>(const RunEnvironment&)>& work);

}  // namespace penstock::cli
