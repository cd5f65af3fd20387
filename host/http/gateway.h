// The way of every request to a destination: allowed hosts, credentials, rate limits, retries,
// journal, capture.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "host/exchanges/writer.h"
#include "host/http/credentials.h"
#include "host/http/retry.h"
#include "host/http/transport.h"
#include "host/http/types.h"
#include "host/limits/budget.h"
#include "host/limits/clock.h"
#include "penstock/documents.hpp"

namespace penstock::http {

/// A request that is about to be sent for the first time and may change records.
struct Sending {
  uint64_t request_id = 0;
  std::span<const uint64_t> seqs;
};

/// How such a request ended; called before its response is delivered.
struct Answered {
  uint64_t request_id = 0;
  std::span<const uint64_t> seqs;
  Transport transport = Transport::kAnswered;
  int32_t status = 0;
  uint32_t attempts = 0;
  bool maybe_applied = false;  // an attempt before the last one got no clear answer
};

/// The journal, as the gateway sees it. Called on the threads that call Perform: concurrently when
/// several do, so that they can share one fsync.
class SendObserver {
 public:
  virtual ~SendObserver() = default;
  /// Before the first byte of these requests; durable on return. Once per request, not per attempt.
  /// An error: they are not sent, and Perform ends with that error.
  virtual Status BeforeSend(std::span<const Sending> requests) = 0;
  virtual void AfterAnswer(const Answered& answered) = 0;
};

/// What one call of Perform runs under.
struct PerformContext {
  /// Polled about every 50 ms. True: nothing more is sent, what is under way is finished. May be
  /// empty.
  std::function<bool()> cancelled;
  int64_t deadline_us = 0;  // on the gateway's Clock::MonotonicUs; 0: none
  SendObserver* observer = nullptr;
  exchanges::Writer* exchanges = nullptr;  // where requests are kept; null: nowhere
};

struct GatewayOptions {
  std::string base_url;
  std::vector<std::string> allowed_hosts;
  std::string ca_file;  // trust these certificates only; empty: the system's
  std::string user_agent = "Penstock";
  int64_t connect_timeout_ms = 10000;
  int64_t timeout_ms = 60000;  // of one attempt
  /// A kept connection may be closed by the other side at any moment; requests that would be in
  /// doubt then take only one that was used this recently.
  int64_t careful_idle_ms = 2000;
  int64_t patience_ms = 300000;  // longest wait for a limit or a Retry-After; above: stop
  uint64_t max_answer_bytes = uint64_t{64} << 20;
  sdk::RetryPolicy retry;
  std::vector<SpentRule> spent_rules = DefaultSpentRules();
  CredentialProvider credential;  // empty: none is attached
  /// Instead of `credential`. After a 401 it is renewed and the request sent once more; a second
  /// 401 ends Perform with PS-OAUTH-REFUSED.
  std::shared_ptr<Login> login;
  /// Budgets; a request that names another one is refused. Without "default", that is unlimited.
  std::vector<sdk::Limiter> limiters;
  std::filesystem::path limits_directory;  // one for this account: see limits/shared_dir.h
  double daily_share = 0.8;
  uint64_t first_request_id = 1;             // go on behind the journal's last one
  limits::Clock* clock = nullptr;            // null: the machine's
  std::unique_ptr<HttpTransport> transport;  // null: the network
  uint64_t seed = 0;                         // of waits; 0: from the machine
};

/// One per destination; owns connections and one io thread. [thread-safe] but for the destructor,
/// which must not run before every Perform has returned.
class Gateway {
 public:
  /// PS-HTTP-URL, PS-HTTP-HOST, PS-HTTP-CA, PS-LIMITS-DIR, PS-LIMITS-FILE.
  static Result<std::unique_ptr<Gateway>> Create(GatewayOptions options);
  virtual ~Gateway() = default;

  using OnResponse = std::function<void(const Response&)>;
  /// Sends the requests, calls `on_response` once for each, on this thread, in order of completion,
  /// and returns. Blocks. Not ok when the caller should stop: PS-HTTP-CANCELLED, PS-HTTP-DEADLINE,
  /// PS-LIMITS-QUOTA (the daily allowance is used up), PS-LIMITS-WAIT (the limits ask for more
  /// patience than there is), PS-LIMITS-FILE, or the error of the
  /// observer or of the credential or login; requests that were not sent for it are then kNotSent
  /// with it.
  virtual Status Perform(std::span<const Request> requests, const PerformContext& context,
                         const OnResponse& on_response) = 0;
};

}  // namespace penstock::http
