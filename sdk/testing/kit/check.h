// A check: one rule of the contract, and the code that tries to break it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace penstock::kit {

class Trial;

/// What a check needs beside the library and its manifest.
enum Needs : unsigned {
  kNothing = 0,
  kDestination = 1,  // something that answers requests
  kOracle = 2,       // ... and can tell what it holds
  kIfThere = 4,      // runs without, but has more to see with one
};

struct Check {
  const char* id;    // never changes
  int level;         // 1 static, 2 load and life cycle, 3 contract, 4 stress, 5 live account
  const char* rule;  // what a connector must do, for people
  unsigned needs;
  void (*run)(Trial& trial);
};

/// All of them, in order of level.
const std::vector<Check>& AllChecks();
/// Null when there is none of that id.
const Check* FindCheck(std::string_view id);

enum class Verdict { kPass, kFail, kCrash, kTimeout, kSkip, kWarn };

std::string_view VerdictName(Verdict verdict);

/// What came of one check.
struct Outcome {
  Verdict verdict = Verdict::kPass;
  bool unable = false;            // skipped for want of a destination
  std::vector<std::string> seen;  // one sentence each; the reason of a skip or a warning
  std::string transcript;         // requests and answers, as text
  std::string named;              // of those, the ones of the records that `seen` names
  std::string printed;            // standard output and error, cut
  double seconds = 0;
};

// The table's parts, one a file.
std::vector<Check> StaticChecks();
std::vector<Check> ManifestChecks();
std::vector<Check> LoadChecks();
std::vector<Check> HostChecks();
std::vector<Check> LifeChecks();
std::vector<Check> AccountChecks();
std::vector<Check> CatalogChecks();
std::vector<Check> BeginChecks();
std::vector<Check> OutcomeChecks();
std::vector<Check> FailureChecks();
std::vector<Check> ValueChecks();
std::vector<Check> OperationChecks();
std::vector<Check> JobChecks();
std::vector<Check> FinishChecks();
std::vector<Check> StressChecks();
std::vector<Check> ConfinedChecks();
std::vector<Check> FuzzChecks();
std::vector<Check> LiveChecks();

}  // namespace penstock::kit
