// Whether a connector may run in a project: penstock.lock, and what the project's policy asks.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "host/project/connector_folders.h"
#include "host/project/project.h"
#include "host/trust/found.h"
#include "host/trust/lock_file.h"

namespace penstock::trust {

/// Of one project.
struct TrustSettings {
  std::string lock_path;        // penstock.lock
  std::string guard_directory;  // a folder of the project for the lock between processes
  bool locked = false;          // nothing may run that the lock file does not hold
  std::function<void(const std::string& sentence)> notice;  // for people; may be empty
};
TrustSettings SettingsOf(const project::Project& project);

/// How a connector stands to the lock file.
enum class Standing {
  kSame,
  kNew,      // the connector, or its library for this kind of machine, is not in it
  kChanged,  // its library, its manifest or its hosts differ
};
struct Judgement {
  Standing standing = Standing::kNew;
  int level = 0;            // that these very bytes have passed
  std::string differences;  // "its library has SHA-256 …, recorded is …; …"; of kChanged
};
/// Compares; decides nothing. [thread-safe]
Judgement Compare(const LockFile& lock, const Found& found);

/// What may run: exactly the library with this digest.
struct Admission {
  std::string connector, version, sha256;
  int level = 0;
};

/// The lock file; an empty one when there is none. PS-TRUST-LOCK.
Result<LockFile> ReadLock(const TrustSettings& settings);

/// Whether the connector may run, without writing or saying anything. PS-TRUST-CHANGED when it
/// differs from the lock file, PS-TRUST-NEW when it is not in it and the project is locked, and
/// what Inspect says. A changed one that came with the installation may run, unless locked.
Result<Admission> Judge(const TrustSettings& settings, const sdk::Sidecar& sidecar);

/// As Judge, before the connector's code runs: a first use, and a change of what came with the
/// installation, are recorded and told. PS-TRUST-WRITE when they cannot be: then only what came
/// with the installation may run. Safe between processes. `host`: of the base_url that the
/// destination names, if it does: told with a first use.
Result<Admission> Admit(const TrustSettings& settings, const sdk::Sidecar& sidecar,
                        const std::string& host = "");

/// What an explicit decision did to the entry of a connector.
struct Accepted {
  std::optional<LockedConnector> before;
  LockedConnector now;
};
/// Records the connector as it lies there, whatever was recorded before: somebody decided so.
/// `level`: that it has passed; nothing keeps what is known of the same bytes. PS-TRUST-LOCK,
/// PS-TRUST-WRITE. Safe between processes.
Result<Accepted> Accept(const TrustSettings& settings, const Found& found,
                        std::optional<int> level);

/// Changes the lock file while no other process does. Nothing is written when `change` fails or
/// changes nothing. PS-TRUST-LOCK, PS-TRUST-WRITE, and what `change` says.
Status Update(const TrustSettings& settings, const std::function<Status(LockFile*)>& change);
/// Puts `found` in place of what `lock` held of it.
Accepted Put(LockFile* lock, const Found& found, std::optional<int> level);

/// PS-TRUST-LEVEL when the policy asks more of the integration's mode than the connector has
/// passed.
Status CheckLevel(const project::Policy& policy, const Integration& integration,
                  const Admission& admission);

/// Every destination and integration of the project, offline: adds to its errors.
void CheckProject(const project::ConnectorFolders& folders, project::LoadedProject* loaded);

/// "may send to api.example.com" for people.
std::string HostsText(const std::vector<std::string>& hosts);

}  // namespace penstock::trust
