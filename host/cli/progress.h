// The progress of long work, on standard error: a line that is drawn again and again, only on a
// terminal; and what is worth a line of its own everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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
  /// A sentence that stays, also where there is no terminal.
  void Say(const std::string& sentence);

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

/// What is waited for, of the jobs of one earlier run (at least one). Pure.
std::string AwaitedJobsText(const std::string& integration, const std::vector<OpenJob>& jobs);

}  // namespace penstock::cli
