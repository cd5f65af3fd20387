// Whether a library can run here, told before it is loaded.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"

namespace penstock::trust {

struct Fitness {
  /// Versions of system libraries that it asks for and Debian 12 does not have: it runs here, and
  /// not on every supported system.
  std::vector<std::string> beyond_baseline;
};

/// PS-CONN-NOT-CONNECTOR (also without a connector's entry), PS-CONN-MACHINE (built for another
/// processor), PS-CONN-BASELINE (asks for a newer system library than this machine has). `who`
/// begins the sentences.
Result<Fitness> CheckFitness(const std::string& library, const std::string& who);

}  // namespace penstock::trust
