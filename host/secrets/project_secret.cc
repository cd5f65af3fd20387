#include "host/secrets/project_secret.h"

#include <openssl/rand.h>

#include <chrono>

#include "core/file/file.h"

namespace penstock::secrets {
namespace {

Error Unusable(const std::string& path, const std::string& why) {
  Error e = MakeError("PS-SECRET-FILE", "The project's secret cannot be used: " + why + ".",
                      "Restore it from a backup of the folder: every fingerprint in the state "
                      "depends on it.");
  e.file = path;
  return e;
}

// Waits for whoever makes the secret at this moment: a matter of milliseconds.
Result<file::Lock> LockMaking(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(file::Lock lock, file::Lock::Open(path));
  PENSTOCK_ASSIGN_OR_RETURN(const bool locked, lock.LockWithin(std::chrono::seconds(5)));
  if (locked) return lock;
  return Unusable(path, "another process keeps it locked");
}

}  // namespace

Result<std::string> ProjectSecret(const std::string& path) {
  if (!file::Exists(path)) {
    PENSTOCK_RETURN_IF_ERROR(file::MakeDirectories(file::DirectoryOf(path)));
    PENSTOCK_ASSIGN_OR_RETURN(const file::Lock lock, LockMaking(path + ".lock"));
    if (!file::Exists(path)) {
      std::string made(kProjectSecretBytes, '\0');
      if (RAND_bytes(reinterpret_cast<unsigned char*>(made.data()),
                     static_cast<int>(made.size())) != 1) {
        return Unusable(path, "the machine gave no random bytes to make it");
      }
      PENSTOCK_RETURN_IF_ERROR(file::WriteAll(path, made));
    }
  }
  auto read = file::ReadAll(path, 4096);
  if (!read.ok()) return Unusable(path, "it cannot be read");
  if (read->size() != kProjectSecretBytes) {
    return Unusable(path, "it has " + std::to_string(read->size()) + " bytes instead of 32");
  }
  return read;
}

}  // namespace penstock::secrets
