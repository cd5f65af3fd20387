// The end of a run as people read it.
#pragma once

#include <string>

#include "core/run/run.h"
#include "host/cli/text.h"

namespace penstock::cli {

/// A page of text: counts that add up, the top reasons, what to do next; with `tolerate`, also why
/// the exit code is 3 if it is. Pure.
std::string RunText(const RunRecord& run, const Paint& paint, const Tolerance* tolerate = nullptr);

/// Whether it is known when the run ended and what it took: not of one that is at work, nor of one
/// that was killed. Pure.
bool EndIsKnown(const RunRecord& run);
/// From its begin to its end; 0 where that is not known. Pure.
double SecondsOf(const RunRecord& run);

/// One word of status with its colour.
std::string StatusText(const std::string& status, const Paint& paint);

}  // namespace penstock::cli
