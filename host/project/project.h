// The project: penstock.yaml and integrations/*.yaml, read for one environment, with everything
// that is wrong with them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/model/integration.h"

namespace penstock::project {

/// A warehouse as the file describes it. References (${env:NAME}) are not resolved here.
struct SourceSettings {
  std::string name;
  std::string type;  // "postgres", "sqlite"
  std::string url;   // postgres; may hold references
  std::string path;  // sqlite; absolute; may hold references
  std::string time_zone = "UTC";
  Place place;
};

/// A destination as the file describes it. References are not resolved here.
struct DestinationSettings {
  std::string name;
  std::string connector;
  std::string config = "{}";                   // JSON object; texts may hold references
  std::map<std::string, Place> config_places;  // by property; "" is the config itself
  std::string base_url;                        // empty: the manifest's; may hold references
  std::string directory;                       // that files which references name count from
  std::string ca_file;                         // absolute; empty: the system's
  int64_t timeout_ms = 0;                      // of one request; 0: the gateway's default
  double daily_share = 0.8;
  bool in_process = false;                    // `isolation: in_process`: no worker, for debugging
  uint64_t worker_memory_bytes = 1ull << 30;  // of its address space
  int64_t worker_silence_ms = 60'000;         // of a connector that asks for nothing
  Place place, connector_place;
};

/// An integration with what only the host needs of it.
struct IntegrationSettings {
  Integration integration;
  bool shared = false;
  std::string trigger;  // as written, for people; empty: none
  std::optional<Place> trigger_place;
  std::string table;  // the model's table form; empty otherwise
  Place place;        // of its name
};

/// What the project asks of connectors before they may run.
struct Policy {
  bool locked = false;         // `connectors: locked`: only what penstock.lock holds
  int level = 0;               // of the conformance kit, for every mode; 0: none
  std::map<Mode, int> levels;  // for single modes, in place of `level`
  Place place;                 // of the section

  int LevelFor(Mode mode) const {
    const auto own = levels.find(mode);
    return own == levels.end() ? level : own->second;
  }
};

struct Project {
  std::string directory;    // absolute, of the project file
  std::string file;         // the project file, as messages name it
  std::string environment;  // "default" without --env
  std::map<std::string, SourceSettings> sources;
  std::map<std::string, DestinationSettings> destinations;
  std::map<std::string, IntegrationSettings> integrations;
  std::vector<std::string> environments;  // that there are, "default" among them
  Policy policy;

  /// `.penstock/<environment>` below the project, absolute.
  std::string StateDirectory() const;
  /// `catalog/[<environment>/]<destination>.json` below the project, absolute; no folder for
  /// default.
  std::string CatalogPath(const std::string& destination) const;
  /// `connectors` below the project: those that were installed for it. Absolute; may not exist.
  std::string ConnectorDirectory() const;
  /// `penstock.lock` below the project, absolute.
  std::string LockPath() const;
};

struct LoadOptions {
  std::string directory;                // -C; empty: the working directory
  std::string file;                     // --project; empty: penstock.yaml in `directory`
  std::string environment = "default";  // --env
};

/// What a load found. `project` holds whatever could be read, also beside errors; integrations with
/// errors of their own are left out of it.
struct LoadedProject {
  Project project;
  std::vector<Error> errors;  // in the order of the files
  std::vector<Error> warnings;
};

/// Reads the project; resolves no reference, opens no connection, runs no connector code. Errors of
/// the file are collected, not returned; PS-CONF-MISSING when there is no project file.
/// [thread-safe]
Result<LoadedProject> LoadProject(const LoadOptions& options);

/// The folder of the project file that LoadProject would read, absolute; empty: there is none.
std::string FindProjectDirectory(const LoadOptions& options);

/// "integration", "source", ...: complains that `name` is unknown, with a suggestion. PS-CONF-NAME.
Error UnknownName(const std::string& what, const std::string& name,
                  const std::vector<std::string>& known);

}  // namespace penstock::project
