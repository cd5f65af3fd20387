#include "host/project/connector_folders.h"

#include <filesystem>
#include <set>

#include "sdk/runtime/loader.h"

namespace penstock::project {

std::string ConnectorFolders::Of(const std::string& connector) const {
  if (own_.empty() || connector.find('/') != std::string::npos) return installed_;
  std::error_code ignored;
  // A link that leads nowhere is somebody's mistake, not a reason to take another connector.
  const auto sidecar = std::filesystem::path(own_) / (connector + ".connector.json");
  return std::filesystem::exists(std::filesystem::symlink_status(sidecar, ignored)) ? own_
                                                                                    : installed_;
}

std::vector<std::string> ConnectorFolders::Connectors() const {
  std::set<std::string> ids;
  for (const std::string& folder : {own_, installed_}) {
    if (folder.empty()) continue;
    const auto listed = sdk::ListConnectors(folder);
    if (!listed.ok()) continue;
    for (const sdk::ListedConnector& connector : *listed) ids.insert(connector.id);
  }
  return {ids.begin(), ids.end()};
}

}  // namespace penstock::project
