// What a connector may ask of its host, in C++. The host implements it in process; a worker process
// will implement it by asking the host over its pipe. Nothing here knows which of the two it is.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "penstock/connector.h"
#include "penstock/documents.hpp"
#include "penstock/result.hpp"

namespace penstock::sdk {

/// What the host gives along with each call into a connector.
struct CallContext {
  std::function<bool()> cancelled;  // [thread-safe]; empty: never
  int64_t timeout_ms = 0;           // of the whole call; 0: none
  void* user = nullptr;  // the host's own; comes back in ServiceCall, so that a service knows on
                         // whose behalf it works (e.g. which writer's journal)
};

/// The call during which a connector asks for a service. Borrowed during the service.
struct ServiceCall {
  const CallContext* context = nullptr;
  int64_t deadline_us = 0;  // on HostServices::MonotonicMicros; 0: none
  void* user() const { return context->user; }
  bool cancelled() const { return context->cancelled && context->cancelled(); }
};

struct HostHeader {
  std::string_view name, value;
};

/// One request of a connector; everything borrowed while Perform runs. Fields as in
/// penstock_http_request.
struct HostRequest {
  uint64_t tag = 0;
  std::string_view method, url;
  std::span<const HostHeader> headers;
  std::string_view body;
  penstock_blob body_blob = 0;
  std::string_view limiter;  // "default" when the connector named none
  uint32_t cost = 1;
  uint32_t timeout_ms = 0;  // 0: the host's default
  bool idempotent = false;
  bool no_auth = false;
  bool body_to_blob = false;
  std::span<const uint64_t> seqs;  // records that it may change
};

enum class Transport : int32_t {
  kOk = PENSTOCK_TRANSPORT_OK,
  kNotSent = PENSTOCK_TRANSPORT_NOT_SENT,
  kLost = PENSTOCK_TRANSPORT_LOST,
  kForbidden = PENSTOCK_TRANSPORT_FORBIDDEN,
};

/// The answer, or why there is none; borrowed while the callback runs.
struct HostResponse {
  uint64_t tag = 0;
  int status = 0;
  Transport transport = Transport::kOk;
  uint32_t attempts = 1;
  int64_t retry_after_ms = 0;
  std::span<const HostHeader> headers;
  std::string_view body;
  penstock_blob blob = 0;
  std::string_view error;
};

/// Outlives every connector instance opened with it. Every function is [thread-safe] unless it says
/// otherwise.
class HostServices {
 public:
  virtual ~HostServices() = default;

  /// Name and version of the host, for connectors' user agents and logs.
  virtual std::string Name() const = 0;
  virtual std::string Version() const = 0;

  /// What is done with properties that this host does not know in documents of a connector.
  virtual Unknown unknown_properties() const { return Unknown::kLeftOut; }

  /// Sends the requests under the host's limits, retries, TLS, credentials and allowed hosts. Calls
  /// `on_response` once per request on the calling thread, in order of completion. Blocks. Not ok
  /// only when the host could not work at all (cancelled, journal not writable): then requests
  /// without a callback were not sent.
  virtual Status Perform(const ServiceCall& call, std::span<const HostRequest> requests,
                         const std::function<void(const HostResponse&)>& on_response) = 0;

  /// Ties `token` to records; durable on return.
  virtual Status Note(const ServiceCall& call, std::span<const uint64_t> seqs,
                      std::string_view token) = 0;

  virtual int64_t UnixMicros() = 0;
  virtual int64_t MonotonicMicros() = 0;
  /// OK, CANCELLED or DEADLINE.
  virtual Status Sleep(const ServiceCall& call, int64_t ms) = 0;

  /// `level`: PENSTOCK_LOG_...; an unknown one arrives as ERROR. `fields_json` may be empty.
  virtual void Log(int32_t level, std::string_view message, std::string_view fields_json) = 0;

  /// Whether the blob functions work. If not, a connector is told that there is no such service.
  virtual bool HasBlobs() const { return false; }
  /// A new spool, which ends with the run.
  virtual Result<penstock_blob> CreateBlob(const ServiceCall& call);
  virtual Status AppendBlob(penstock_blob blob, std::string_view bytes);  // [serial:blob]
  /// Bytes read into `bytes`, 0 at the end. [serial:blob]
  virtual Result<size_t> ReadBlob(penstock_blob blob, uint64_t offset, std::span<char> bytes);
  virtual uint64_t BlobSize(penstock_blob blob);
  virtual void DiscardBlob(penstock_blob blob);  // [serial:blob]
};

}  // namespace penstock::sdk
