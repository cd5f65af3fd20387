// The end of a run as people read it.
#pragma once

#include <string>

#include "core/run/run.h"
#include "host/cli/text.h"

namespace penstock::cli {

/// A page of text: counts that add up, the top reasons, what to do next. Pure.
std::string RunText(const RunRecord& run, const Paint& paint);

/// One word of status with its colour.
std::string StatusText(const std::string& status, const Paint& paint);

}  // namespace penstock::cli
