#include "core/state/damage.h"

#include "core/file/file.h"
#include "core/state/names.h"

namespace penstock {

Error CorruptionError(const std::string& path, uint64_t offset, const std::string& what) {
  const std::string directory = file::DirectoryOf(path);
  const std::string name = path.substr(path.find_last_of('/') + 1);
  // The generation to fall back on: the newest but the damaged one.
  std::string kept;
  if (const auto listed = file::List(directory); listed.ok()) {
    for (const std::string& other : *listed) {
      if (other != name && GenerationOf(other)) kept = other;
    }
  }
  std::string hint =
      "Nothing was changed. Copy " + directory +
      " before anything else, check the disk, and restore the directory from a backup.";
  if (!kept.empty()) {
    hint += " Beside it lies " + kept + ", a generation that this damage does not touch.";
  }
  Error error = MakeError("PS-STATE-CORRUPT",
                          path + " is damaged at byte " + std::to_string(offset) + ": " + what,
                          std::move(hint));
  error.file = path;
  return error;
}

Error VersionError(const std::string& path, uint32_t version, uint32_t readable) {
  Error error = MakeError("PS-STATE-VERSION",
                          path + " has format " + std::to_string(version) +
                              "; this build of Penstock reads format " + std::to_string(readable),
                          "Use the version of Penstock that wrote it, or a newer one.");
  error.file = path;
  return error;
}

}  // namespace penstock
