// What came of a run, for people and for programs.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "sdk/testing/kit/check.h"

namespace penstock::kit {

struct Reported {
  const Check* check = nullptr;
  Outcome outcome;
};

/// What all reports say of the run as a whole.
struct RunInfo {
  std::string connector, version;
  int level = 0;
  unsigned seed = 0;
  std::string again;        // the command line that runs one check again, without --check ID
  std::string sha256 = {};  // of the library; empty: not known
  bool verbose = false;     // requests and answers of what passes, too
};

/// Rule, what was seen, requests and answers, and how to run it again: of a failure.
std::string Describe(const RunInfo& info, const Reported& reported);

/// Line by line as results come in. Colours and progress only where `terminal`.
class TextReport {
 public:
  TextReport(std::ostream& out, RunInfo info, bool terminal);
  void Begin(const Check& check, size_t number, size_t total);
  void Add(const Reported& reported);
  void End(const std::vector<Reported>& all);

 private:
  std::string Painted(Verdict verdict) const;
  std::ostream& out_;
  RunInfo info_;
  bool terminal_;
};

/// The highest level of which, and of all below it, every check ran and none is bad: 0 to 4. A
/// check that had no destination to run against did not run; one with another reason to skip
/// counts.
int PassedLevel(const std::vector<Reported>& all);

/// With `sha256` and `passed_level`: what `penstock connector install --report` goes by.
std::string JsonReport(const RunInfo& info, const std::vector<Reported>& all);
std::string JUnitReport(const RunInfo& info, const std::vector<Reported>& all);

/// Fail, crash or timeout.
bool IsBad(Verdict verdict);

}  // namespace penstock::kit
