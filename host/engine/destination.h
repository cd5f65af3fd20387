// A destination of the project, opened: its connector, its gateway and its cached catalog behind
// core's interface.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "core/run/destination.h"
#include "host/engine/catalog_cache.h"
#include "host/engine/services.h"
#include "host/exchanges/redactor.h"
#include "host/project/project.h"
#include "host/secrets/references.h"
#include "host/trust/trust.h"
#include "sdk/runtime/worker.h"

namespace penstock::engine {

struct OpenOptions {
  std::string connector_directory;
  /// Whether the connector may run; what it admits is what is loaded. Empty: any (for its author).
  /// `host`: where this destination's requests go.
  std::function<Result<trust::Admission>(const sdk::Sidecar&, const std::string& host)> admit;
  secrets::Lookup lookup;
  std::string version;
  std::string catalog_path;         // empty: the catalog is asked for anew in each process
  std::string token_directory;      // where tokens of OAuth are kept; empty: nowhere
  std::string secret_path;          // the project's secret, which encrypts them
  std::string worker_program;       // empty: the one beside this program
  std::function<bool()> cancelled;  // asked while the connector starts; may be empty
  std::function<void(int32_t level, std::string message)> log;
  std::unique_ptr<http::HttpTransport> transport;  // null: the network
};

/// As core's Destination; Check is asked once a process, Discover is answered from the cached
/// catalog unless that is missing, a day old, or lacks what is expected.
class EngineDestination final : public Destination {
 public:
  /// Resolves references, loads the connector and opens it; makes no request. PS-CONF-ENV,
  /// PS-CONF-CONNECTOR, PS-CONF-CONFIG, PS-CONN-..., PS-TRUST-..., PS-HTTP-...
  static Result<std::unique_ptr<EngineDestination>> Open(
      const project::DestinationSettings& settings, OpenOptions options);

  /// Fields that the next Discover of `object` has to know, else it asks the destination.
  void Expect(const std::string& object, const std::set<std::string>& fields);
  /// The catalog of all objects, asked anew, into the cache.
  sdk::Result<sdk::Catalog> Refresh(const CallLimits& limits);
  /// Knows every secret of this destination. [thread-safe]
  const exchanges::Redactor& redactor() const { return redactor_; }
  GatewayServices* services() { return services_.get(); }
  /// The connector that runs; nothing known of it where nobody had to admit it.
  const trust::Admission& admission() const { return admission_; }

  const sdk::Manifest& manifest() const override { return instance_->manifest(); }
  sdk::Result<sdk::CheckReport> Check(const CallLimits& limits) override;
  sdk::Result<sdk::Catalog> Discover(const std::vector<std::string>& objects,
                                     const CallLimits& limits) override;
  sdk::Result<std::unique_ptr<DestinationWriter>> Begin(const sdk::Assignment& assignment,
                                                        std::span<const OpenNote> notes,
                                                        RequestJournal* journal,
                                                        const CallLimits& limits) override;
  bool can_lookup() const override { return instance_->has_lookup(); }
  sdk::Status Lookup(const sdk::Assignment& assignment, std::span<const Value> keys,
                     std::vector<LookupHit>* hits, const CallLimits& limits) override;
  uint64_t requests() const override { return services_->requests(); }

 private:
  explicit EngineDestination(std::string catalog_path) : cache_(std::move(catalog_path)) {}
  bool Usable(const sdk::Object& object) const;

  trust::Admission admission_;
  exchanges::Redactor redactor_;
  std::unique_ptr<GatewayServices> services_;
  std::unique_ptr<sdk::ConnectorInstance> instance_;
  CatalogCache cache_;
  std::set<std::string> fresh_;  // objects asked for in this process
  std::map<std::string, std::set<std::string>> expected_;
  std::optional<sdk::CheckReport> report_;
};

}  // namespace penstock::engine
