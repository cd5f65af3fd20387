// What the changelog keeps of a run.
#pragma once

#include <string>

#include "core/run/run.h"

namespace penstock::engine {

/// Run, status, plan hash, counts and the code of an error as a JSON object. No record data.
std::string RunLogJson(const RunRecord& record);

}  // namespace penstock::engine
