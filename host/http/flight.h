// One request on its way through all its attempts; private to this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/exchanges/writer.h"
#include "host/http/gateway.h"
#include "host/http/transport.h"
#include "host/http/url.h"

namespace penstock::http {

enum class Stage { kWaiting, kSending, kDone };

struct Flight {
  const Request* request = nullptr;
  uint64_t id = 0;
  Url url;
  limits::Budget* budget = nullptr;  // null: not limited
  const sdk::Limiter* limiter = nullptr;
  Stage stage = Stage::kWaiting;
  int64_t ready_at_us = 0;
  bool for_slot = false;       // waits for a concurrency slot
  bool announced = false;      // to the observer
  bool maybe_applied = false;  // an earlier or the last attempt may have been
  bool redirected = false;
  bool renewed = false;  // its credential was renewed after a 401
  bool stale_once = false;
  uint32_t attempts = 0;
  limits::Permit permit;
  uint64_t attempt_number = 0;
  Headers sent_headers;  // without the credential
  std::string credential_memory;
  std::vector<int32_t> earlier;
  std::optional<AttemptResult> last;
  std::optional<int64_t> retry_after_ms;
  int64_t started_us = 0;
  int64_t started_unix_us = 0;

  bool MayRepeat() const {
    return request->idempotent || request->method == "GET" || request->method == "HEAD";
  }
};

/// The next attempt, but for its head. `deadline_us`: of the call, on the clock of `now_us`; 0:
/// none.
Attempt AttemptOf(const Flight& flight, const GatewayOptions& options, int64_t now_us,
                  int64_t deadline_us);

/// An attempt that certainly did nothing does not undo one before it that may have: the last one is
/// lost then. Before it is told to anybody.
void ConfessDoubt(const sdk::RetryPolicy& retry, Flight* flight);

/// What is kept of a flight that ended; its views live as long as the flight's request and `last`.
exchanges::Raw RawOf(const Flight& flight, int64_t now_us);

/// What the caller is told; takes it out of `last`.
Response TakeResponse(Flight* flight);

}  // namespace penstock::http
