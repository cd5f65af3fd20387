// Putting a connector into a project's folder, and taking it out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "host/trust/trust.h"

namespace penstock::trust {

struct InstallRequest {
  std::string file;       // the library; its manifest lies beside it
  std::string sha256;     // that the library must have; empty: any
  std::string report;     // of penstock-check about it; empty: none
  std::string directory;  // where to: the project's connectors
};
struct Installed {
  Found found;
  sdk::Manifest manifest;
  std::string manifest_json;
  Accepted accepted;
  int level = 0;
  std::vector<std::string> beyond_baseline;  // as Fitness
};

/// Checks the library (its manifest, its machine, the system libraries that it needs, its digest),
/// copies both files and records them in the lock file. Nothing of the connector runs. The manifest
/// appears last and each file at once, so that nobody finds half a connector; one that is exchanged
/// is refused by whoever loads it between the two renames. PS-CONN-..., PS-TRUST-..., PS-FILE-...;
/// when the project is locked, PS-TRUST-NEW and PS-TRUST-CHANGED: then it must be what is recorded.
Result<Installed> Install(const TrustSettings& settings, const InstallRequest& request);

/// Takes a connector of the project out of its folder and out of the lock file. PS-CONN-NOT-FOUND
/// when it is not there.
Status Uninstall(const TrustSettings& settings, const std::string& directory,
                 const std::string& connector);

}  // namespace penstock::trust
