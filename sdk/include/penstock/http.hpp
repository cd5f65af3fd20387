// Requests through the host: built in one place, sent together, answered one by one.
#pragma once

#include <cctype>
#include <cstdint>
#include <exception>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/blob.hpp"
#include "penstock/host.hpp"
#include "penstock/records.hpp"

namespace penstock::sdk {

/// One request. Owns its text.
struct HttpRequest {
  std::string method = "GET";
  std::string url;  // relative to the destination's base URL
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string limiter;         // named in the manifest; empty: "default"
  std::vector<uint64_t> seqs;  // records that it may change; none for reads
  uint32_t cost = 1;
  uint32_t timeout_ms = 0;  // 0: the host's default
  bool idempotent = false;  // sending it twice leaves the same state
  bool no_auth = false;
  penstock_blob body_blob =
      0;  // instead of `body`: read from disk, for each attempt from its start
  /// The body of a 2xx answer goes into a new blob, whatever its size; other answers to body().
  bool body_to_blob = false;

  /// A read: idempotent, changes nothing.
  static HttpRequest Get(std::string url) {
    HttpRequest request;
    request.url = std::move(url);
    request.idempotent = true;
    return request;
  }
  /// A JSON body. Not idempotent and without seqs until told otherwise.
  static HttpRequest Post(std::string url, std::string json) {
    HttpRequest request;
    request.method = "POST";
    request.url = std::move(url);
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = std::move(json);
    return request;
  }
};

/// An answer, or why there is none. Borrowed during the callback.
class HttpResponse {
 public:
  explicit HttpResponse(const penstock_http_response* response) : response_(response) {}

  /// 0 when there was no answer.
  int status() const { return response_->status; }
  /// One of PENSTOCK_TRANSPORT_...; an unknown one is LOST, the worst.
  int32_t transport() const {
    const int32_t t = response_->transport;
    return t >= PENSTOCK_TRANSPORT_OK && t <= PENSTOCK_TRANSPORT_FORBIDDEN
               ? t
               : static_cast<int32_t>(PENSTOCK_TRANSPORT_LOST);
  }
  bool answered() const { return transport() == PENSTOCK_TRANSPORT_OK; }
  bool success() const { return answered() && status() >= 200 && status() < 300; }
  std::string_view body() const { return View(response_->body); }
  std::string_view error() const { return View(response_->error); }
  /// Of a request with body_to_blob; empty if its answer was no success. Once: it is yours.
  Blob TakeBlob(Host host) const { return Blob::Adopt(host, response_->blob); }
  int64_t retry_after_ms() const { return response_->retry_after_ms; }
  uint32_t attempts() const { return response_->attempts; }
  /// The first header of that name, in any case; empty if there is none.
  std::string_view Header(std::string_view name) const {
    for (size_t i = 0; i < response_->n_headers; ++i) {
      if (SameName(View(response_->headers[i].name), name)) {
        return View(response_->headers[i].value);
      }
    }
    return {};
  }

 private:
  static bool SameName(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i) {
      if (std::tolower(static_cast<unsigned char>(a[i])) !=
          std::tolower(static_cast<unsigned char>(b[i]))) {
        return false;
      }
    }
    return true;
  }

  const penstock_http_response* response_;
};

/// What a write request without a usable answer means for its records: PENSTOCK_UNSENT when
/// certainly nothing was applied, PENSTOCK_IN_DOUBT when it may have been, 0 when the answer
/// decides (2xx, and every 4xx but 408, 423, 425, 429, 477). The host has made its attempts by
/// then.
inline int32_t FateOf(const HttpResponse& response) {
  if (!response.answered()) {
    return response.transport() == PENSTOCK_TRANSPORT_LOST ? static_cast<int32_t>(PENSTOCK_IN_DOUBT)
                                                           : static_cast<int32_t>(PENSTOCK_UNSENT);
  }
  const int status = response.status();
  switch (status) {
    case 423:
    case 425:
    case 429:
    case 477:
      return PENSTOCK_UNSENT;
    case 408:
      return PENSTOCK_IN_DOUBT;
    case 503:
      return response.retry_after_ms() > 0 ? PENSTOCK_UNSENT : PENSTOCK_IN_DOUBT;
    default:
      // A redirect that the host did not follow, too, says nothing of what was done.
      return status < 200 || (status >= 300 && status < 400) || status >= 500
                 ? static_cast<int32_t>(PENSTOCK_IN_DOUBT)
                 : 0;
  }
}

/// The words for an outcome that FateOf gave. Borrows nothing.
class FateText {
 public:
  FateText(const HttpResponse& response, int32_t fate)
      : code_(response.answered()       ? "HTTP_" + std::to_string(response.status())
              : fate == PENSTOCK_UNSENT ? std::string("NOT_SENT")
                                        : std::string("NO_ANSWER")),
        message_(response.answered()
                     ? "the destination answered " + std::to_string(response.status())
                     : std::string(response.error())) {}
  /// Borrowed from this object.
  Reason reason() const { return {code_, message_, {}}; }

 private:
  std::string code_, message_;
};

/// Reports the fate of a write request's records where FateOf knows it; false when the answer
/// decides. WriteRequests (write.hpp) does it by itself. [serial:writer]
inline bool ReportFate(const HttpResponse& response, std::span<const uint64_t> seqs,
                       Outcomes& outcomes) {
  const int32_t fate = FateOf(response);
  if (fate == 0) return false;
  const FateText text(response, fate);
  for (const uint64_t seq : seqs) outcomes.Fate(fate, seq, text.reason());
  return true;
}

/// What an answer that is no success, or a missing one, means for the call, where the API has no
/// words of its own: 401 UNAUTHENTICATED, 403 PERMISSION, 404 and 410 NOT_FOUND, 429 RATE_LIMITED,
/// 408, 423, 425, 477, 5xx and no answer UNAVAILABLE, a forbidden host INVALID_CONFIG, all others
/// INTERNAL. `connector`: its id, in front of the code. `doing` begins the sentence ("reading the
/// account"), `said` ends it: the destination's own message, if it has one.
inline Failure HttpFailure(const HttpResponse& response, std::string_view connector,
                           std::string_view doing, std::string_view said = {}) {
  const auto make = [&](penstock_status status, std::string_view code, std::string_view sentence) {
    std::string message = std::string(doing) + ": " + std::string(sentence);
    if (!said.empty()) message += ": " + std::string(said);
    return Failure{status, std::string(connector) + "." + std::string(code), std::move(message),
                   response.retry_after_ms()};
  };
  if (!response.answered()) {
    return response.transport() == PENSTOCK_TRANSPORT_FORBIDDEN
               ? make(PENSTOCK_E_INVALID_CONFIG, "FORBIDDEN_HOST", response.error())
               : make(PENSTOCK_E_UNAVAILABLE, "NO_ANSWER", response.error());
  }
  const std::string answers = "the destination answers " + std::to_string(response.status());
  switch (response.status()) {
    case 401:
      return make(PENSTOCK_E_UNAUTHENTICATED, "UNAUTHENTICATED",
                  "the destination does not accept the credentials");
    case 403:
      return make(PENSTOCK_E_PERMISSION, "FORBIDDEN", "the credentials do not permit it");
    case 404:
    case 410:
      return make(PENSTOCK_E_NOT_FOUND, "NOT_FOUND", answers);
    case 429:
      return make(PENSTOCK_E_RATE_LIMITED, "RATE_LIMITED", "the destination's rate limit");
    case 408:
    case 423:
    case 425:
    case 477:
      return make(PENSTOCK_E_UNAVAILABLE, "HTTP_" + std::to_string(response.status()), answers);
    default:
      return make(response.status() >= 500 ? PENSTOCK_E_UNAVAILABLE : PENSTOCK_E_INTERNAL,
                  "HTTP_" + std::to_string(response.status()), answers);
  }
}

/// Gathers what the requests of one call came to. A failure that ends the run (credentials, quota,
/// …) is the call's own; one that may pass (UNAVAILABLE, RATE_LIMITED) only when no request got
/// through: otherwise the outcomes say it all, and the run goes on.
class CallResult {
 public:
  /// Of one request, in any order.
  void Add(Status status) {
    if (status.ok()) {
      got_through_ = true;
    } else if (Passing(status.failure().status)) {
      if (passing_.ok()) passing_ = std::move(status);
    } else if (ending_.ok()) {
      ending_ = std::move(status);
    }
  }
  Status Conclude() const {
    if (!ending_.ok()) return ending_;
    return got_through_ ? Status() : passing_;
  }

 private:
  static bool Passing(penstock_status status) {
    return status == PENSTOCK_E_UNAVAILABLE || status == PENSTOCK_E_RATE_LIMITED;
  }
  bool got_through_ = false;
  Status passing_, ending_;
};

/// Sends requests through the host. [thread-safe]
class Http {
 public:
  explicit Http(Host host) : host_(host) {}

  using OnResponse = std::function<void(size_t index, const HttpResponse&)>;

  /// Sends all of them, as many at once as the host's limits allow, and calls `on_response` once
  /// per request with its index, in order of completion, on this thread. Blocks. Not ok when the
  /// host refused to work (e.g. CANCELLED): then requests without a callback were not sent. An
  /// exception thrown by `on_response` comes out here, after the other answers are in.
  Status PerformAll(Call call, std::span<const HttpRequest> requests,
                    const OnResponse& on_response) const {
    const auto* http = host_.Find(PENSTOCK_HOST_HTTP, &penstock_host_http::perform);
    if (http == nullptr) return ServiceStatus(PENSTOCK_E_UNSUPPORTED, "http");
    std::vector<std::vector<penstock_http_header>> headers(requests.size());
    std::vector<penstock_http_request> list(requests.size());
    for (size_t i = 0; i < requests.size(); ++i) {
      list[i] = Fill(requests[i], i, &headers[i]);
    }
    Passed passed{&on_response, requests.size(), nullptr};
    const penstock_status status = http->perform(host_.c(), call.c(), list.data(), list.size(),
                                                 sizeof(penstock_http_request), &Pass, &passed);
    if (passed.thrown) std::rethrow_exception(passed.thrown);
    return ServiceStatus(status, "http");
  }

  /// One request.
  Status Perform(Call call, const HttpRequest& request,
                 const std::function<void(const HttpResponse&)>& on_response) const {
    return PerformAll(call, {&request, 1},
                      [&](size_t, const HttpResponse& response) { on_response(response); });
  }

 private:
  struct Passed {
    const OnResponse* on_response;
    size_t n;
    std::exception_ptr thrown;
  };

  static void Pass(void* user, const penstock_http_response* response) noexcept {
    auto* passed = static_cast<Passed*>(user);
    if (response == nullptr || response->tag >= passed->n) return;
    try {
      (*passed->on_response)(static_cast<size_t>(response->tag), HttpResponse(response));
    } catch (...) {
      if (!passed->thrown) passed->thrown = std::current_exception();
    }
  }

  static penstock_http_request Fill(const HttpRequest& from, size_t tag,
                                    std::vector<penstock_http_header>* headers) {
    for (const auto& [name, value] : from.headers) headers->push_back({Str(name), Str(value)});
    penstock_http_request request{};
    request.struct_size = sizeof(request);
    request.flags = (from.idempotent ? static_cast<uint32_t>(PENSTOCK_HTTP_IDEMPOTENT) : 0u) |
                    (from.no_auth ? static_cast<uint32_t>(PENSTOCK_HTTP_NO_AUTH) : 0u) |
                    (from.body_to_blob ? static_cast<uint32_t>(PENSTOCK_HTTP_BODY_TO_BLOB) : 0u);
    request.tag = tag;
    request.method = Str(from.method);
    request.url = Str(from.url);
    request.headers = headers->data();
    request.n_headers = headers->size();
    request.body = Str(from.body);
    request.body_blob = from.body_blob;
    request.limiter = Str(from.limiter);
    request.cost = from.cost;
    request.timeout_ms = from.timeout_ms;
    request.seqs = from.seqs.data();
    request.n_seqs = from.seqs.size();
    return request;
  }

  Host host_;
};

}  // namespace penstock::sdk
