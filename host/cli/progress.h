// The progress line of long work, on standard error and only on a terminal.
#pragma once

#include <cstdint>
#include <string>

#include "core/run/run.h"
#include "host/cli/context.h"

namespace penstock::cli {

/// Draws at most ten times a second; cleared when it is destroyed. One thread.
class ProgressLine {
 public:
  ProgressLine(Context* context, std::string name);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  void Show(const Progress& progress);

 private:
  void Clear();

  Context* context_;
  std::string name_;
  bool drawn_ = false;
  int64_t last_us_ = 0;
  int64_t phase_began_us_ = 0;
  Progress::Phase phase_ = Progress::Phase::kConnecting;
};

/// "contacts: sending 1,200 of 4,000 (30 %), 400 a second, 7.0 s left, 12 requests". Pure.
std::string ProgressText(const std::string& name, const Progress& progress, double seconds);

}  // namespace penstock::cli
