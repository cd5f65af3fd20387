// A connector as it lies on the disk: what the lock compares. None of its code runs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "sdk/runtime/loader.h"

namespace penstock::trust {

struct Found {
  std::string id, version;
  std::string machine;  // that this program runs on: "x86_64"
  std::string library;  // its path
  std::string library_sha256, manifest_sha256;
  std::vector<std::string> hosts;  // as HostsOf
  /// Lies in the installation's own folder: only root or this user may write it (Inspect refuses
  /// others), so it is as trusted as this program, which whoever changes it could change, too.
  bool shipped = false;
};

/// What the sidecar alone tells: nothing of the library. [thread-safe]
Found Described(const sdk::Sidecar& sidecar);

/// Judges folder, library and manifest of a connector, and hashes them: the manifest as `sidecar`
/// has it in memory. PS-CONN-MISSING, PS-CONN-PATH (a link out of the folder), PS-CONN-WRITABLE
/// (CheckRights), PS-CONN-READ. [thread-safe]
Result<Found> Inspect(const sdk::Sidecar& sidecar);

/// PS-CONN-WRITABLE when anybody but root and the user of this process can change the file or
/// folder at `path`: by its rights, or as its owner. `who` begins the sentence. [thread-safe]
Status CheckRights(const std::string& path, const std::string& who);

/// Where requests may go besides the address that the destination is given: the manifest's hosts
/// and the one of its own address, sorted. [thread-safe]
std::vector<std::string> HostsOf(const sdk::Manifest& manifest);

/// Folder of the connectors that come with this program: ../lib/penstock/connectors of it.
std::string InstalledConnectors();

}  // namespace penstock::trust
