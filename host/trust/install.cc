#include "host/trust/install.h"

#include <filesystem>

#include "core/file/file.h"
#include "host/trust/platform.h"
#include "host/trust/report.h"

namespace penstock::trust {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kLargestLibrary = 1u << 30;
constexpr char kSidecarSuffix[] = ".connector.json";

Error ErrorOf(const sdk::Failure& failure, const std::string& hint) {
  return UsageError(failure.code, failure.message + ".", hint);
}

// The sidecar beside the library that the user named, with both names agreeing.
Result<sdk::Sidecar> SidecarOf(const fs::path& file) {
  if (file.extension() != ".so") {
    return UsageError("PS-CONN-NOT-CONNECTOR",
                      file.string() +
                          " is no connector: a connector is a library acme.so with "
                          "acme.connector.json beside it.",
                      "Unpack it first if it is an archive.");
  }
  std::error_code error;
  const fs::file_type type = fs::status(file, error).type();
  if (type == fs::file_type::not_found) {
    return UsageError("PS-CONN-MISSING", "There is no file " + file.string() + ".");
  }
  if (type != fs::file_type::regular) {
    return UsageError("PS-CONN-READ", file.string() + " is no regular file.",
                      "A connector is a library, and a library is one.");
  }
  const fs::path folder = file.parent_path().empty() ? fs::path(".") : file.parent_path();
  const auto sidecar = sdk::ReadSidecar(folder.string(), file.stem().string());
  if (!sidecar.ok() && sidecar.failure().code == "PS-CONN-NOT-FOUND") {
    return UsageError("PS-CONN-MANIFEST",
                      "The manifest " + file.stem().string() + kSidecarSuffix + " is not beside " +
                          file.string() + ".",
                      "A connector is both files; take them from the same release.");
  }
  if (!sidecar.ok()) return ErrorOf(sidecar.failure(), "Take both files from the same release.");
  if (sidecar->manifest.library != file.filename().string()) {
    return UsageError("PS-CONN-SIDECAR",
                      sidecar->path + " names the library " + sidecar->manifest.library + ", not " +
                          file.filename().string() + ".",
                      "Take both files from the same release.");
  }
  return *sidecar;
}

// What others can write would be refused by whoever runs it: then nothing is put there.
Status MakeFolder(const std::string& directory) {
  if (file::Exists(directory)) {
    return CheckRights(directory, "Nothing was installed");
  }
  PENSTOCK_RETURN_IF_ERROR(file::MakeDirectories(directory));
  std::error_code ignored;
  fs::permissions(directory,
                  fs::perms::group_read | fs::perms::group_exec | fs::perms::others_read |
                      fs::perms::others_exec,
                  fs::perm_options::add, ignored);
  return {};
}

// A locked project takes only what its lock file names.
Status CheckLocked(const TrustSettings& settings, const LockFile& lock, const Found& found) {
  if (!settings.locked) return {};
  const Judgement judgement = Compare(lock, found);
  if (judgement.standing == Standing::kSame) return {};
  const bool fresh = judgement.standing == Standing::kNew;
  return UsageError(fresh ? "PS-TRUST-NEW" : "PS-TRUST-CHANGED",
                    "Connector " + found.id + " " + found.version +
                        (fresh ? " is not in " : " is not the one that ") + settings.lock_path +
                        (fresh ? "" : " holds: " + judgement.differences) +
                        ", and the project is locked.",
                    "Install the one that is recorded, or install it without the lock and commit "
                    "penstock.lock.");
}

// A connector that could be installed: what is known of it, and the bytes that count from here on,
// whatever becomes of the files.
struct Examined {
  Installed result;
  std::string library;
  std::optional<int> level;
};

Result<Examined> Examine(const InstallRequest& request) {
  PENSTOCK_ASSIGN_OR_RETURN(const sdk::Sidecar sidecar, SidecarOf(request.file));
  const std::string who = "Connector " + sidecar.manifest.id + " " + sidecar.manifest.version;
  Examined out;
  PENSTOCK_ASSIGN_OR_RETURN(const Fitness fitness, CheckFitness(request.file, who));
  PENSTOCK_ASSIGN_OR_RETURN(out.library, file::ReadAll(request.file, kLargestLibrary));
  // The manifest is a text inside the library, too; the loader compares the two.
  if (out.library.find(sidecar.manifest_json) == std::string::npos) {
    return UsageError("PS-CONN-SIDECAR",
                      who + ": the library " + request.file +
                          " was built with another manifest than " + sidecar.path + ".",
                      "Take both files from the same release.");
  }
  out.result.beyond_baseline = fitness.beyond_baseline;
  out.result.manifest = sidecar.manifest;
  out.result.manifest_json = sidecar.manifest_json;
  Found& found = out.result.found;
  found = Described(sidecar);
  found.library_sha256 = sdk::Sha256OfBytes(out.library);
  found.library = (fs::path(request.directory) / sidecar.manifest.library).string();
  if (!request.sha256.empty() && request.sha256 != found.library_sha256) {
    return UsageError("PS-CONN-DIGEST",
                      who + ": " + request.file + " has SHA-256 " + found.library_sha256 +
                          ", expected is " + request.sha256 + ".",
                      "Get the file again from its publisher; nothing was installed.");
  }
  if (!request.report.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(out.level, LevelOfReport(request.report, found));
  }
  return out;
}

}  // namespace

Result<Installed> Install(const TrustSettings& settings, const InstallRequest& request) {
  PENSTOCK_ASSIGN_OR_RETURN(Examined examined, Examine(request));
  Installed& out = examined.result;
  const Found& found = out.found;
  const std::string sidecar = (fs::path(request.directory) / (found.id + kSidecarSuffix)).string();
  const Status done = Update(settings, [&](LockFile* lock) -> Status {
    PENSTOCK_RETURN_IF_ERROR(CheckLocked(settings, *lock, found));
    PENSTOCK_RETURN_IF_ERROR(MakeFolder(request.directory));
    // Nothing in them is secret.
    constexpr auto kReaders = file::Readers::kEverybody;
    PENSTOCK_RETURN_IF_ERROR(file::WriteAll(found.library, examined.library, kReaders));
    PENSTOCK_RETURN_IF_ERROR(file::WriteAll(sidecar, out.manifest_json, kReaders));
    out.accepted = Put(lock, found, examined.level);
    return {};
  });
  if (!done.ok()) {
    Error error = done.error();
    if (error.code == "PS-TRUST-WRITE") {
      error.hint =
          "Nothing was installed; run this as a user who may write into the project's "
          "folder, and commit the file.";
    }
    return error;
  }
  out.level = out.accepted.now.libraries[found.machine].level;
  return std::move(out);
}

Status Uninstall(const TrustSettings& settings, const std::string& directory,
                 const std::string& connector) {
  const fs::path sidecar = fs::path(directory) / (connector + kSidecarSuffix);
  if (connector.find('/') != std::string::npos || !file::Exists(sidecar.string())) {
    return UsageError("PS-CONN-NOT-FOUND",
                      "There is no connector \"" + connector + "\" in " + directory + ".",
                      "`penstock connector list` shows what is installed; what came with penstock "
                      "stays.");
  }
  // A manifest that cannot be read any more does not tell its library's name: the usual one then.
  const auto read = sdk::ReadSidecar(directory, connector);
  const std::string library =
      read.ok() ? read->library_path : (fs::path(directory) / (connector + ".so")).string();
  return Update(settings, [&](LockFile* lock) -> Status {
    PENSTOCK_RETURN_IF_ERROR(file::Remove(sidecar.string()));
    PENSTOCK_RETURN_IF_ERROR(file::Remove(library));
    PENSTOCK_RETURN_IF_ERROR(file::SyncDirectory(directory));
    lock->connectors.erase(connector);
    return {};
  });
}

}  // namespace penstock::trust
