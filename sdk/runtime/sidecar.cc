#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "sdk/runtime/files.h"
#include "sdk/runtime/loader.h"

namespace penstock::sdk {

namespace fs = std::filesystem;
using runtime::LoadFailure;
using runtime::WritableByAll;

namespace {

constexpr std::string_view kSuffix = ".connector.json";
constexpr size_t kMaxManifest = 1 << 20;

Result<std::string> ReadText(const std::string& path) {
  const auto file = runtime::RegularFile::Open(path, "manifest");
  if (!file.ok()) return LoadFailure("PS-CONN-MANIFEST", file.failure().message);
  std::string text(kMaxManifest + 1, '\0');
  text.resize(file->ReadAt(0, text.data(), text.size()));
  if (text.empty() || text.size() > kMaxManifest) {
    return LoadFailure("PS-CONN-MANIFEST", "the manifest " + path +
                                               (text.empty() ? " is empty or cannot be read"
                                                             : " is larger than 1 MiB"));
  }
  return text;
}

std::string IdOf(const fs::path& path) {
  const std::string name = path.filename().string();
  if (name.size() <= kSuffix.size() || !name.ends_with(kSuffix)) return {};
  return name.substr(0, name.size() - kSuffix.size());
}

Result<std::vector<std::string>> Ids(const std::string& directory) {
  std::error_code error;
  fs::directory_iterator it(directory, error);
  if (error) {
    return LoadFailure("PS-CONN-DIR", "the connector directory " + directory +
                                          " cannot be read: " + error.message());
  }
  std::vector<std::string> ids;
  for (; it != fs::directory_iterator(); it.increment(error)) {
    if (error) break;
    if (std::string id = IdOf(it->path()); !id.empty()) ids.push_back(std::move(id));
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

Failure NotFound(const std::string& directory, const std::string& id) {
  Result<std::vector<std::string>> ids = Ids(directory);
  if (!ids.ok()) return ids.failure();
  std::string names;
  for (const std::string& name : *ids) names += (names.empty() ? "" : ", ") + name;
  return LoadFailure("PS-CONN-NOT-FOUND",
                     "there is no connector \"" + id + "\" in " + directory +
                         (names.empty() ? ", which holds none" : "; there are: " + names));
}

}  // namespace

Result<Sidecar> ReadSidecar(const std::string& directory, const std::string& id) {
  const fs::path path = fs::path(directory) / (id + std::string(kSuffix));
  std::error_code error;
  if (id.empty() || id.find('/') != std::string::npos || !fs::exists(path, error)) {
    return NotFound(directory, id);
  }
  if (WritableByAll(path)) {
    return LoadFailure("PS-CONN-WRITABLE",
                       "the manifest " + path.string() +
                           " can be written by every user of this machine; take that right away");
  }
  Result<std::string> text = ReadText(path.string());
  if (!text.ok()) return text.failure();
  Result<Manifest> manifest = ParseManifest(*text);
  if (!manifest.ok()) {
    return LoadFailure("PS-CONN-MANIFEST", path.string() + ": " + manifest.failure().message);
  }
  if (manifest->id != id) {
    return LoadFailure("PS-CONN-MANIFEST", path.string() + " describes connector \"" +
                                               manifest->id + "\", not \"" + id +
                                               "\" as its file name says");
  }
  Sidecar sidecar;
  sidecar.manifest = *std::move(manifest);
  sidecar.manifest_json = *std::move(text);
  sidecar.path = path.string();
  sidecar.library_path = (fs::path(directory) / sidecar.manifest.library).string();
  return sidecar;
}

Result<std::vector<ListedConnector>> ListConnectors(const std::string& directory) {
  Result<std::vector<std::string>> ids = Ids(directory);
  if (!ids.ok()) return ids.failure();
  std::vector<ListedConnector> list;
  for (std::string& id : *ids) {
    ListedConnector listed;
    Result<Sidecar> sidecar = ReadSidecar(directory, id);
    listed.id = std::move(id);
    if (sidecar.ok()) {
      listed.sidecar = *std::move(sidecar);
    } else {
      listed.problem = sidecar.failure();
    }
    list.push_back(std::move(listed));
  }
  return list;
}

}  // namespace penstock::sdk
