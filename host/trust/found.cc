#include "host/trust/found.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "host/http/url.h"
#include "sdk/runtime/elf_facts.h"

namespace penstock::trust {
namespace {

namespace fs = std::filesystem;

// Many systems give each user a group of his own and let it write what he makes.
bool GroupIsTheOwnersAlone(uid_t owner, gid_t group) {
  std::vector<char> user_buffer(16384), group_buffer(65536);
  passwd user{};
  passwd* found_user = nullptr;
  if (::getpwuid_r(owner, &user, user_buffer.data(), user_buffer.size(), &found_user) != 0 ||
      found_user == nullptr) {
    return false;
  }
  ::group entry{};
  ::group* found_group = nullptr;
  if (::getgrgid_r(group, &entry, group_buffer.data(), group_buffer.size(), &found_group) != 0 ||
      found_group == nullptr) {
    return false;
  }
  const std::string name = user.pw_name;
  bool alone = name == entry.gr_name;
  for (char** member = entry.gr_mem; *member != nullptr; ++member) alone &= name == *member;
  return alone;
}

// "nobody (65534)", or the number alone.
std::string UserText(uid_t user) {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  const std::string number = std::to_string(user);
  if (::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return number;
  }
  return std::string(entry.pw_name) + " (" + number + ")";
}

// The path without links; it must lie directly in `home`.
Result<std::string> Inside(const fs::path& path, const fs::path& home, const std::string& id,
                           const char* what) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (error) {
    return UsageError("PS-CONN-MISSING",
                      "Connector " + id + ": its " + what + " " + path.string() + " is not there.");
  }
  if (real.parent_path() != home) {
    return UsageError("PS-CONN-PATH", "Connector " + id + ": its " + what + " " + path.string() +
                                          " leads out of the connector directory, to " +
                                          real.string() + ".");
  }
  return real.string();
}

}  // namespace

Status CheckRights(const std::string& path, const std::string& who) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    return UsageError("PS-CONN-READ", path + " cannot be read.", "Check its permissions.");
  }
  std::string writer;
  if ((info.st_mode & S_IWOTH) != 0) {
    writer = "every user of this machine";
  } else if ((info.st_mode & S_IWGRP) != 0 && !GroupIsTheOwnersAlone(info.st_uid, info.st_gid)) {
    writer = "its group, which is not its owner's alone";
  }
  if (!writer.empty()) {
    return UsageError("PS-CONN-WRITABLE", who + ": " + path + " can be written by " + writer + ".",
                      "chmod go-w " + path + ": whoever can write it runs code as you.");
  }
  if (info.st_uid == 0 || info.st_uid == ::geteuid()) return {};
  return UsageError("PS-CONN-WRITABLE",
                    who + ": " + path + " belongs to user " + UserText(info.st_uid) +
                        ", who can change it; penstock runs as user " + UserText(::geteuid()) + ".",
                    "Give it to root or to the user who runs penstock (chown " +
                        std::to_string(::geteuid()) + " " + path +
                        "), or run penstock as its owner, in a container with --user " +
                        std::to_string(info.st_uid) + ": whoever can change it runs code as you.");
}

std::string InstalledConnectors() {
  std::error_code ignored;
  const fs::path self = fs::read_symlink("/proc/self/exe", ignored);
  // Never a folder below the one that we happen to be in.
  if (!self.is_absolute()) return "/usr/lib/penstock/connectors";
  return (self.parent_path().parent_path() / "lib" / "penstock" / "connectors").string();
}

std::vector<std::string> HostsOf(const sdk::Manifest& manifest) {
  std::vector<std::string> hosts = manifest.allowed_hosts;
  std::vector<std::string> addresses = {manifest.base_url, manifest.auth.oauth.login_default};
  for (const sdk::Auth& choice : manifest.auth.choices) {
    addresses.push_back(choice.oauth.login_default);
  }
  for (const std::string& address : addresses) {
    if (const auto url = http::ParseUrl(address); url.ok()) hosts.push_back(url->host);
  }
  std::sort(hosts.begin(), hosts.end());
  hosts.erase(std::unique(hosts.begin(), hosts.end()), hosts.end());
  return hosts;
}

Found Described(const sdk::Sidecar& sidecar) {
  Found found;
  found.id = sidecar.manifest.id;
  found.version = sidecar.manifest.version;
  found.machine = sdk::MachineName(sdk::ThisMachine());
  found.hosts = HostsOf(sidecar.manifest);
  found.manifest_sha256 = sdk::Sha256OfBytes(sidecar.manifest_json);
  return found;
}

Result<Found> Inspect(const sdk::Sidecar& sidecar) {
  Found found = Described(sidecar);
  std::error_code error;
  const fs::path home = fs::canonical(fs::path(sidecar.path).parent_path(), error);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string manifest,
                            Inside(sidecar.path, home, found.id, "manifest"));
  PENSTOCK_ASSIGN_OR_RETURN(found.library, Inside(sidecar.library_path, home, found.id, "library"));
  found.shipped = home == fs::weakly_canonical(InstalledConnectors(), error);
  for (const std::string& path : {home.string(), manifest, found.library}) {
    PENSTOCK_RETURN_IF_ERROR(CheckRights(path, "Connector " + found.id));
  }
  const auto digest = sdk::Sha256OfFile(found.library);
  if (!digest.ok()) return UsageError(digest.failure().code, digest.failure().message + ".");
  found.library_sha256 = *digest;
  return found;
}

}  // namespace penstock::trust
