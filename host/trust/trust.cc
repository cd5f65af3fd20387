#include "host/trust/trust.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>

#include "core/file/file.h"
#include "host/project/reading.h"

namespace penstock::trust {
namespace {

namespace fs = std::filesystem;

constexpr auto kPatience = std::chrono::seconds(10);
constexpr size_t kDigestShown = 12;

std::string Short(const std::string& digest) { return digest.substr(0, kDigestShown) + "…"; }

std::vector<std::string> Without(const std::vector<std::string>& from,
                                 const std::vector<std::string>& these) {
  std::vector<std::string> rest;
  std::set_difference(from.begin(), from.end(), these.begin(), these.end(),
                      std::back_inserter(rest));
  return rest;
}

std::string Differences(const LockedConnector& before, const Found& now,
                        const std::string& before_sha256) {
  std::vector<std::string> parts;
  if (before.version != now.version) {
    parts.push_back("it is version " + now.version + ", recorded is " + before.version);
  }
  if (!before_sha256.empty() && before_sha256 != now.library_sha256) {
    parts.push_back("its library has SHA-256 " + now.library_sha256 + ", recorded is " +
                    before_sha256);
  }
  if (before.manifest_sha256 != now.manifest_sha256) {
    parts.push_back("its manifest has SHA-256 " + now.manifest_sha256 + ", recorded is " +
                    before.manifest_sha256);
  }
  if (const auto more = Without(now.hosts, before.hosts); !more.empty()) {
    parts.push_back("it may send to " + project::JoinNames(more) + ", which is not recorded");
  }
  if (const auto fewer = Without(before.hosts, now.hosts); !fewer.empty()) {
    parts.push_back("it does not send to " + project::JoinNames(fewer) + " any more");
  }
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

Admission AdmissionOf(const Found& found, int level) {
  return {found.id, found.version, found.library_sha256, level};
}

Error Changed(const Found& found, const Judgement& judgement, const TrustSettings& settings) {
  return UsageError("PS-TRUST-CHANGED",
                    "Connector " + found.id + " is not the one that " + settings.lock_path +
                        " holds: " + judgement.differences + ".",
                    "None of its code was run. If the change is meant, accept it with `penstock "
                    "connector trust " +
                        found.id + "`; else find out who made it.");
}

Error NotRecorded(const Found& found, const TrustSettings& settings) {
  return UsageError(
      "PS-TRUST-NEW",
      "Connector " + found.id + " " + found.version + " (SHA-256 " + found.library_sha256 + ", " +
          found.machine + ") is not in " + settings.lock_path + ", and only what is there may run.",
      "Look at it with `penstock connector show " + found.id +
          "`, record it with `penstock connector trust " + found.id + "`, and commit the file.");
}

// Refuses, or nothing: then it may run, perhaps after it was recorded.
Status Decide(const TrustSettings& settings, const Found& found, const Judgement& judgement) {
  switch (judgement.standing) {
    case Standing::kSame:
      return {};
    case Standing::kNew:
      return settings.locked ? Status(NotRecorded(found, settings)) : Status();
    case Standing::kChanged:
      if (found.shipped && !settings.locked) return {};
      return Changed(found, judgement, settings);
  }
  return {};
}

std::string NoticeText(const Found& found, const Judgement& judgement, const std::string& host,
                       const std::string& where) {
  const std::string who = "connector " + found.id + " " + found.version;
  if (judgement.standing == Standing::kChanged) {
    return who + " came with an upgrade of penstock: " + judgement.differences + "; " + where;
  }
  const bool elsewhere =
      !host.empty() && std::find(found.hosts.begin(), found.hosts.end(), host) == found.hosts.end();
  return "first use of " + who + ": SHA-256 " + Short(found.library_sha256) + ", " +
         HostsText(found.hosts) +
         (elsewhere ? ", and this destination sends to " + host + " (base_url); " : "; ") + where;
}

Error CannotWrite(const TrustSettings& settings, const Error& why) {
  return MakeError("PS-TRUST-WRITE", settings.lock_path + " cannot be written: " + why.message,
                   "Run `penstock connector trust` where the project's folder can be written, "
                   "and commit the file.");
}

Result<file::Lock> HoldGuard(const TrustSettings& settings) {
  PENSTOCK_RETURN_IF_ERROR(file::MakeDirectories(settings.guard_directory));
  PENSTOCK_ASSIGN_OR_RETURN(file::Lock guard,
                            file::Lock::Open(settings.guard_directory + "/trust.lock"));
  PENSTOCK_ASSIGN_OR_RETURN(const bool held, guard.LockWithin(kPatience));
  if (held) return guard;
  return MakeError("PS-TRUST-WRITE", "another process has been changing it for 10 s.");
}

}  // namespace

TrustSettings SettingsOf(const project::Project& project) {
  TrustSettings settings;
  settings.lock_path = project.LockPath();
  settings.guard_directory = project.directory + "/.penstock";
  settings.locked = project.policy.locked;
  return settings;
}

std::string HostsText(const std::vector<std::string>& hosts) {
  return hosts.empty() ? "may send to the destination's base_url only"
                       : "may send to " + project::JoinNames(hosts);
}

Judgement Compare(const LockFile& lock, const Found& found) {
  Judgement out;
  const auto entry = lock.connectors.find(found.id);
  if (entry == lock.connectors.end()) return out;
  const LockedConnector& before = entry->second;
  const auto library = before.libraries.find(found.machine);
  const bool known = library != before.libraries.end();
  const bool same = before.manifest_sha256 == found.manifest_sha256 &&
                    before.version == found.version && before.hosts == found.hosts;
  if (same && !known) return out;
  if (same && library->second.sha256 == found.library_sha256) {
    out.standing = Standing::kSame;
    out.level = library->second.level;
    return out;
  }
  out.standing = Standing::kChanged;
  out.differences = Differences(before, found, known ? library->second.sha256 : "");
  return out;
}

Result<LockFile> ReadLock(const TrustSettings& settings) {
  if (!file::Exists(settings.lock_path)) return LockFile();
  auto text = file::ReadAll(settings.lock_path, 4u << 20);
  if (!text.ok()) {
    return UsageError("PS-TRUST-LOCK", "The lock file cannot be read: " + text.error().message,
                      "Check its permissions.");
  }
  return ParseLock(*text, settings.lock_path);
}

Result<Admission> Judge(const TrustSettings& settings, const sdk::Sidecar& sidecar) {
  PENSTOCK_ASSIGN_OR_RETURN(const Found found, Inspect(sidecar));
  PENSTOCK_ASSIGN_OR_RETURN(const LockFile lock, ReadLock(settings));
  const Judgement judgement = Compare(lock, found);
  PENSTOCK_RETURN_IF_ERROR(Decide(settings, found, judgement));
  return AdmissionOf(found, judgement.level);
}

Result<Admission> Admit(const TrustSettings& settings, const sdk::Sidecar& sidecar,
                        const std::string& host) {
  PENSTOCK_ASSIGN_OR_RETURN(const Found found, Inspect(sidecar));
  PENSTOCK_ASSIGN_OR_RETURN(const LockFile lock, ReadLock(settings));
  Judgement judgement = Compare(lock, found);
  PENSTOCK_RETURN_IF_ERROR(Decide(settings, found, judgement));
  if (judgement.standing == Standing::kSame) return AdmissionOf(found, judgement.level);
  Status decided;
  const Status recorded = Update(settings, [&](LockFile* now) -> Status {
    judgement = Compare(*now, found);  // another process may have been here
    decided = Decide(settings, found, judgement);
    if (decided.ok() && judgement.standing != Standing::kSame) Put(now, found, std::nullopt);
    return decided;
  });
  PENSTOCK_RETURN_IF_ERROR(decided);
  if (judgement.standing == Standing::kSame) return AdmissionOf(found, judgement.level);
  std::string where = "recorded in " + fs::path(settings.lock_path).filename().string();
  if (!recorded.ok()) {
    // What nobody can hold it to later must not be taken on trust each time anew.
    if (!found.shipped) return recorded.error();
    where = "not recorded: " + recorded.error().message;
  }
  if (settings.notice) settings.notice(NoticeText(found, judgement, host, where));
  return AdmissionOf(found, judgement.level);
}

Status Update(const TrustSettings& settings, const std::function<Status(LockFile*)>& change) {
  const auto guard = HoldGuard(settings);
  if (!guard.ok()) return CannotWrite(settings, guard.error());
  PENSTOCK_ASSIGN_OR_RETURN(LockFile lock, ReadLock(settings));
  const std::string before = LockText(lock);
  PENSTOCK_RETURN_IF_ERROR(change(&lock));
  if (LockText(lock) == before) return {};
  // It holds no secret, and whoever runs the project has to read it.
  const Status written =
      file::WriteAll(settings.lock_path, LockText(lock), file::Readers::kEverybody);
  return written.ok() ? written : Status(CannotWrite(settings, written.error()));
}

Accepted Put(LockFile* lock, const Found& found, std::optional<int> level) {
  Accepted out;
  const auto entry = lock->connectors.find(found.id);
  if (entry != lock->connectors.end()) out.before = entry->second;
  LockedConnector& now = out.now;
  if (out.before && out.before->version == found.version &&
      out.before->manifest_sha256 == found.manifest_sha256) {
    now.libraries = out.before->libraries;  // the same release, built for other machines
  }
  now.version = found.version;
  now.manifest_sha256 = found.manifest_sha256;
  now.hosts = found.hosts;
  LockedLibrary& library = now.libraries[found.machine];
  if (library.sha256 != found.library_sha256) library = {found.library_sha256, 0};
  if (level) library.level = *level;
  lock->connectors[found.id] = now;
  return out;
}

Result<Accepted> Accept(const TrustSettings& settings, const Found& found,
                        std::optional<int> level) {
  Accepted accepted;
  const Status done = Update(settings, [&](LockFile* lock) -> Status {
    accepted = Put(lock, found, level);
    return {};
  });
  if (!done.ok()) return done.error();
  return accepted;
}

Status CheckLevel(const project::Policy& policy, const Integration& integration,
                  const Admission& admission) {
  const int asked = policy.LevelFor(integration.mode);
  if (admission.level >= asked) return {};
  const std::string passed = admission.level == 0
                                 ? "no level is recorded"
                                 : "level " + std::to_string(admission.level) + " is recorded";
  Error error = UsageError(
      "PS-TRUST-LEVEL",
      "The policy asks for level " + std::to_string(asked) + " of the conformance kit in mode " +
          std::string(ModeName(integration.mode)) + ", and of connector " + admission.connector +
          " " + admission.version + " " + passed + ": " + integration.id + " may not run.",
      "Check it with `penstock-check LIBRARY --level " + std::to_string(asked) +
          " --fixture FILE --json > report.json` and record that with `penstock connector trust " +
          admission.connector + " --report report.json`.");
  const auto at = integration.places.find("mode");
  return At(std::move(error), at == integration.places.end() ? policy.place : at->second);
}

void CheckProject(const project::ConnectorFolders& folders, project::LoadedProject* loaded) {
  const project::Project& project = loaded->project;
  const TrustSettings settings = SettingsOf(project);
  std::map<std::string, Admission> admitted;  // by destination
  for (const auto& [name, destination] : project.destinations) {
    const auto sidecar = sdk::ReadSidecar(folders.Of(destination.connector), destination.connector);
    if (!sidecar.ok()) continue;  // complained of with its other settings
    auto admission = Judge(settings, *sidecar);
    if (admission.ok()) {
      admitted[name] = *std::move(admission);
      continue;
    }
    loaded->errors.push_back(At(admission.error(), destination.connector_place));
  }
  for (const auto& [id, integration] : project.integrations) {
    const auto admission = admitted.find(integration.integration.destination);
    if (admission == admitted.end()) continue;
    const Status level = CheckLevel(project.policy, integration.integration, admission->second);
    if (!level.ok()) loaded->errors.push_back(level.error());
  }
}

}  // namespace penstock::trust
