// Where connectors lie: those installed for a project before those of the installation.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace penstock::project {

class ConnectorFolders {
 public:
  /// `own`: the project's folder, which need not be there; empty: only `installed` counts, as when
  /// the user named one folder.
  ConnectorFolders(std::string own, std::string installed)
      : own_(std::move(own)), installed_(std::move(installed)) {}

  /// The folder to take the connector from: the project's own if it is there, else the other one.
  /// Looks at the disk. [thread-safe]
  std::string Of(const std::string& connector) const;
  /// Ids of all that can be read, sorted.
  std::vector<std::string> Connectors() const;
  const std::string& own() const { return own_; }
  const std::string& installed() const { return installed_; }

 private:
  std::string own_, installed_;
};

}  // namespace penstock::project
