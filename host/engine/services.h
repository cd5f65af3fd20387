// What a connector may ask of its host, answered by the gateway, the run's journal and the run's
// capture of exchanges.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/run/destination.h"
#include "host/exchanges/writer.h"
#include "host/http/gateway.h"
#include "sdk/runtime/services.h"

namespace penstock::engine {

/// What CallContext::user points to during the calls of a writer; null for other calls.
struct CallUser {
  RequestJournal* journal = nullptr;
};

/// Of one destination. [thread-safe] but for SetExchanges, which is called between runs.
class GatewayServices final : public sdk::HostServices {
 public:
  struct Options {
    std::string version;           // of penstock
    std::vector<int> not_applied;  // statuses after which certainly nothing was applied
    exchanges::Redactor redactor;  // knows the destination's secrets
    std::function<void(int32_t level, std::string message)> log;  // may be empty
  };
  GatewayServices(std::unique_ptr<http::Gateway> gateway, Options options);

  /// Where requests are kept from now on; null: nowhere. Borrowed.
  void SetExchanges(exchanges::Writer* writer) { exchanges_ = writer; }
  /// What a connector's call came to: where it ended because the host could not work (a login that
  /// failed), in the host's words; the connector knows its status only.
  sdk::Failure InHostsWords(sdk::Failure failure) const;
  /// Requests sent so far, retries included.
  uint64_t requests() const { return requests_; }

  std::string Name() const override { return "penstock"; }
  std::string Version() const override { return options_.version; }
  sdk::Status Perform(const sdk::ServiceCall& call, std::span<const sdk::HostRequest> requests,
                      const std::function<void(const sdk::HostResponse&)>& on_response) override;
  sdk::Status Note(const sdk::ServiceCall& call, std::span<const uint64_t> seqs,
                   std::string_view token) override;
  int64_t UnixMicros() override;
  int64_t MonotonicMicros() override;
  sdk::Status Sleep(const sdk::ServiceCall& call, int64_t ms) override;
  void Log(int32_t level, std::string_view message, std::string_view fields_json) override;
  void AddMetric(std::string_view name, double delta, std::string_view labels_json) override;

 private:
  std::unique_ptr<http::Gateway> gateway_;
  Options options_;
  std::atomic<exchanges::Writer*> exchanges_ = nullptr;
  std::atomic<uint64_t> requests_ = 0;
  mutable std::mutex mutex_;             // guards what follows
  std::optional<sdk::Failure> refusal_;  // of the latest Perform that the host itself refused
};

}  // namespace penstock::engine
