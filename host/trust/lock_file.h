// penstock.lock as text: which connectors a project trusts. Made by penstock, read and committed by
// people.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace penstock::trust {

/// A library of one connector, for one kind of machine.
struct LockedLibrary {
  std::string sha256;  // 64 lower-case hex digits
  int level = 0;       // of the conformance kit that exactly these bytes have passed; 0: none
};

struct LockedConnector {
  std::string version;
  std::string manifest_sha256;                     // of the sidecar
  std::vector<std::string> hosts;                  // as HostsOf; sorted
  std::map<std::string, LockedLibrary> libraries;  // by machine: "x86_64"
};

struct LockFile {
  std::map<std::string, LockedConnector> connectors;  // by id
};

/// PS-TRUST-LOCK with line and column when it is none, is damaged or of a newer penstock. `shown`
/// names the file in messages. [thread-safe]
Result<LockFile> ParseLock(const std::string& text, const std::string& shown);
/// [thread-safe]
std::string LockText(const LockFile& lock);

/// 64 lower-case hex digits. [thread-safe]
bool IsSha256(std::string_view text);

}  // namespace penstock::trust
