// Requests and responses as the host's rooms pass them to the gateway.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "host/exchanges/exchange.h"
#include "penstock/connector.h"

namespace penstock::http {

using exchanges::Headers;

/// What became of a request; the values are those of the ABI.
enum class Transport : int32_t {
  kAnswered = PENSTOCK_TRANSPORT_OK,
  kNotSent = PENSTOCK_TRANSPORT_NOT_SENT,    // certainly not applied
  kLost = PENSTOCK_TRANSPORT_LOST,           // may have been applied
  kForbidden = PENSTOCK_TRANSPORT_FORBIDDEN  // refused by the host
};

/// A body that is too large for memory. Called on the gateway's io thread: reads of a local file
/// are fine, waiting is not.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  virtual uint64_t size() const = 0;
  /// Fills `out` from `offset`, as far as there is; 0 at the end. A retry starts again at 0.
  virtual Result<size_t> Read(uint64_t offset, std::span<char> out) = 0;
};

/// Takes the body of a 2xx answer instead of memory. Called on the gateway's io thread.
class BodySink {
 public:
  virtual ~BodySink() = default;
  /// A body begins; what an earlier attempt wrote is to be forgotten.
  virtual Status Start(int status) = 0;
  virtual Status Write(std::string_view bytes) = 0;
};

/// Views and pointers live until Perform returns.
struct Request {
  uint64_t tag = 0;  // returned with the response
  std::string method;
  std::string url;  // relative to the base URL ("/crm/v3/…"), or absolute on an allowed host
  Headers headers;
  std::string_view body;
  BodyReader* body_reader = nullptr;  // instead of body
  BodySink* body_sink = nullptr;      // null: the answer's body in memory
  std::string limiter;                // empty: "default"
  uint32_t cost = 1;
  uint32_t timeout_ms = 0;  // of one attempt; 0: the gateway's
  bool idempotent = false;  // may be sent again after a failure that cannot be classified
  bool no_auth = false;
  std::span<const uint64_t> seqs;  // records that it may change; none for reads
};

struct Response {
  uint64_t tag = 0;
  uint64_t request_id = 0;  // names the exchange and the journal's intent
  int32_t status = 0;       // 0: no answer
  Transport transport = Transport::kAnswered;
  uint32_t attempts = 0;
  int64_t retry_after_ms = 0;  // as the answer asks, in either form; 0: not said
  Headers headers;
  std::string body;
  Error error;  // when transport is not kAnswered
};

/// The first header of that name (any case), or null.
const std::string* FindHeader(const Headers& headers, std::string_view name);

}  // namespace penstock::http
