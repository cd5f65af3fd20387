// One attempt to send one request: the seam between the gateway's decisions and the network.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "host/http/types.h"

namespace penstock::http {

/// Views and pointers live until `done` was called.
struct Attempt {
  bool https = true;
  std::string host;
  std::string port;
  std::string head;  // request line and headers, with the empty line at the end
  std::string_view body;
  BodyReader* body_reader = nullptr;
  BodySink* body_sink = nullptr;
  bool head_method = false;       // HEAD: the answer has no body
  bool fresh_connection = false;  // do not reuse a kept one
  int64_t most_idle_ms = 55000;   // nor one that was not used for longer
  int64_t connect_timeout_ms = 10000;
  int64_t timeout_ms = 60000;  // of the whole attempt
  uint64_t max_answer_bytes = 0;
};

struct AttemptResult {
  Transport transport = Transport::kNotSent;
  int32_t status = 0;
  Headers headers;
  std::string body;         // empty when a sink took it
  uint64_t body_bytes = 0;  // of the answer's body, wherever it went
  Error error;              // when transport is not kAnswered
  int64_t sent_us = 0;      // monotonic time of the first byte; 0: none was written
  int64_t answered_us = 0;  // 0: no answer
  /// kLost only: a kept connection was closed by the destination before it answered anything.
  bool stale = false;
  /// Trying again cannot help: a certificate that does not verify, an answer that is too large.
  bool hopeless = false;
};

class HttpTransport {
 public:
  using Done = std::function<void(AttemptResult)>;
  virtual ~HttpTransport() = default;
  /// Starts an attempt and returns its number. `done` is called exactly once, on any thread,
  /// possibly before Start returns. [thread-safe]
  virtual uint64_t Start(Attempt attempt, Done done) = 0;
  /// Ends an attempt of which nothing was written yet as not sent (PS-HTTP-CANCELLED); does nothing
  /// to others. [thread-safe]
  virtual void AbortUnsent(uint64_t number) = 0;
};

/// HTTP/1.1 with kept connections on one io thread that the transport owns; TLS 1.2 or later,
/// verified with host name. `ca_file`: trust these certificates only; empty: those of the system
/// (SSL_CERT_FILE and SSL_CERT_DIR are honoured). Every attempt must be done before it is
/// destroyed. PS-HTTP-CA.
Result<std::unique_ptr<HttpTransport>> MakeBeastTransport(const std::string& ca_file);

}  // namespace penstock::http
