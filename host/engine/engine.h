// From a project to what core's runs work with: sources, destinations, store, directories, secret.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/file/file.h"
#include "core/run/run.h"
#include "host/engine/destination.h"
#include "host/project/connector_folders.h"
#include "host/project/project.h"
#include "host/store/store.h"

namespace penstock::engine {

struct EngineOptions {
  project::ConnectorFolders connectors{"", ""};
  secrets::Lookup lookup;           // of ${env:NAME}
  std::string version;              // of penstock
  std::string actor;                // who, for the changelog; empty: the user and the machine
  std::function<bool()> cancelled;  // [thread-safe]; may be empty
  std::function<void(int32_t level, std::string message)> log;  // of connectors; may be empty
  std::function<void(const std::string& sentence)> notice;      // for people; may be empty
};

/// Which ends of an integration a verb needs.
struct Needs {
  bool source = true;
  bool destination = true;
  bool record_settings = false;  // a run: compare the settings with those last seen
};

class Engine;

/// One integration, ready for core's functions. Keeps the capture of its runs' exchanges. One
/// thread at a time; the engine outlives it.
class Session {
 public:
  ~Session();
  const RunEnvironment& environment() const { return environment_; }
  RunEnvironment& environment() { return environment_; }
  const Integration& integration() const { return *environment_.integration; }
  /// Null when the verb needs no destination.
  EngineDestination* destination() { return destination_; }

 private:
  friend class Engine;
  explicit Session(Engine* engine) : engine_(engine) {}
  Status CheckLevel() const;
  Status RunStarted(const RunRecord& record);
  Status RunFinished(const RunRecord& record);

  Engine* engine_;
  RunEnvironment environment_;
  EngineDestination* destination_ = nullptr;

  std::unique_ptr<exchanges::Writer> exchanges_;
  std::unique_ptr<blobs::Store> blobs_;
  std::unique_ptr<file::Lock> object_lock_;
};

/// One thread at a time.
class Engine {
 public:
  /// Opens the store and the project's secret; makes no connection. PS-STORE-..., PS-SECRET-...
  static Result<std::unique_ptr<Engine>> Open(project::Project project, EngineOptions options);

  /// PS-CONF-NAME for an unknown integration, and what opening its ends says.
  Result<std::unique_ptr<Session>> Prepare(const std::string& integration, const Needs& needs);
  Result<Source*> OpenSource(const std::string& name);
  Result<EngineDestination*> OpenDestination(const std::string& name);
  /// A second instance of a destination over another transport; the caller owns it.
  Result<std::unique_ptr<EngineDestination>> OpenApart(
      const std::string& name, std::unique_ptr<http::HttpTransport> transport);

  const project::Project& project() const { return project_; }
  store::Store* store() { return store_.get(); }
  const Hasher& hasher() const { return *hasher_; }
  Clock* clock() { return clock_.get(); }
  const EngineOptions& options() const { return options_; }
  /// Where plans lie, and the folder of an integration's state.
  std::string PlansDirectory() const;
  std::string BlobsDirectory() const;
  std::string IntegrationDirectory(const std::string& integration) const;

 private:
  friend class Session;
  Engine(project::Project project, EngineOptions options)
      : project_(std::move(project)), options_(std::move(options)) {}
  Status OpenSecret();

  project::Project project_;
  EngineOptions options_;
  std::unique_ptr<Clock> clock_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Hasher> hasher_;
  std::map<std::string, std::unique_ptr<Source>> sources_;
  std::map<std::string, std::unique_ptr<EngineDestination>> destinations_;
};

/// File of a run's exchanges in the integration's directory.
std::string ExchangesPath(const std::string& directory, uint32_t run_ordinal);

/// Plan files whose hash begins with `prefix`, as paths, sorted.
Result<std::vector<std::string>> FindPlans(const Engine& engine, const std::string& prefix);

}  // namespace penstock::engine
