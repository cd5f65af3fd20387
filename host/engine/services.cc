#include "host/engine/services.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <list>
#include <thread>

#include "host/limits/clock.h"

namespace penstock::engine {
namespace {

constexpr std::string_view kLogin = "PS-OAUTH-";
constexpr int64_t kSleepStepMs = 50;  // how soon a cancelled run is noticed

sdk::Failure FailureOf(const Error& error) {
  penstock_status status = PENSTOCK_E_UNAVAILABLE;
  if (error.code.starts_with(kLogin) && error.code != "PS-OAUTH-UNAVAILABLE" &&
      error.code != "PS-OAUTH-BUSY") {
    status = PENSTOCK_E_UNAUTHENTICATED;
  }
  if (error.code == "PS-HTTP-CANCELLED") status = PENSTOCK_E_CANCELLED;
  if (error.code == "PS-HTTP-DEADLINE") status = PENSTOCK_E_DEADLINE;
  if (error.code == "PS-LIMITS-QUOTA") status = PENSTOCK_E_QUOTA;
  if (error.code.starts_with("PS-STATE-") || error.code.starts_with("PS-FILE-") ||
      error.code.starts_with("PS-LIMITS-FILE")) {
    status = PENSTOCK_E_INTERNAL;
  }
  return {status, error.code, error.message, 0};
}

// The run's journal as the gateway sees it.
class JournalObserver final : public http::SendObserver {
 public:
  JournalObserver(RequestJournal* journal, const std::vector<int>& not_applied)
      : journal_(journal), not_applied_(not_applied) {}

  Status BeforeSend(std::span<const http::Sending> requests) override {
    for (const http::Sending& request : requests) {
      PENSTOCK_RETURN_IF_ERROR(journal_->BeforeSend(request.request_id, request.seqs));
    }
    return {};
  }

  void AfterAnswer(const http::Answered& answered) override {
    const bool refused =
        std::find(not_applied_.begin(), not_applied_.end(), answered.status) != not_applied_.end();
    if (answered.maybe_applied) journal_->Unclear(answered.request_id, answered.seqs);
    switch (answered.transport) {
      case http::Transport::kAnswered:
        return refused ? journal_->NotApplied(answered.request_id, answered.seqs)
                       : journal_->Answered(answered.request_id, answered.seqs);
      case http::Transport::kNotSent:
        return journal_->NotApplied(answered.request_id, answered.seqs);
      case http::Transport::kForbidden:  // with a status: an answer that led elsewhere
        return answered.status == 0 ? journal_->NotApplied(answered.request_id, answered.seqs)
                                    : journal_->Answered(answered.request_id, answered.seqs);
      case http::Transport::kLost:
        return;  // stays what it is: sent, without an answer
    }
  }

 private:
  RequestJournal* journal_;
  const std::vector<int>& not_applied_;
};

http::Request RequestOf(const sdk::HostRequest& from) {
  http::Request to;
  to.tag = from.tag;
  to.method = from.method;
  to.url = from.url;
  for (const sdk::HostHeader& header : from.headers) {
    to.headers.emplace_back(header.name, header.value);
  }
  to.body = from.body;
  to.limiter = from.limiter;
  to.cost = from.cost;
  to.timeout_ms = from.timeout_ms;
  to.idempotent = from.idempotent;
  to.no_auth = from.no_auth;
  to.seqs = from.seqs;
  return to;
}

// A destination may echo a credential: no connector sees it, and so nothing that a connector says.
void Deliver(const http::Response& from, const exchanges::Redactor& redactor,
             const std::function<void(const sdk::HostResponse&)>& on_response) {
  std::vector<sdk::HostHeader> headers;
  std::list<std::string> cleaned;
  const auto clean = [&](std::string_view text) -> std::string_view {
    auto without = redactor.WithoutKnown(text);
    return without ? std::string_view(cleaned.emplace_back(*std::move(without))) : text;
  };
  headers.reserve(from.headers.size());
  for (const auto& [name, value] : from.headers) headers.push_back({name, clean(value)});
  sdk::HostResponse to;
  to.tag = from.tag;
  to.status = from.status;
  to.transport = static_cast<sdk::Transport>(from.transport);
  to.attempts = from.attempts;
  to.retry_after_ms = from.retry_after_ms;
  to.headers = headers;
  to.body = clean(from.body);
  to.error = clean(from.error.message);
  on_response(to);
}

}  // namespace

GatewayServices::GatewayServices(std::unique_ptr<http::Gateway> gateway, Options options)
    : gateway_(std::move(gateway)), options_(std::move(options)) {}

sdk::Status GatewayServices::Perform(
    const sdk::ServiceCall& call, std::span<const sdk::HostRequest> requests,
    const std::function<void(const sdk::HostResponse&)>& on_response) {
  std::vector<http::Request> prepared;
  prepared.reserve(requests.size());
  bool writes = false;
  for (const sdk::HostRequest& request : requests) {
    if (request.body_blob != 0 || request.body_to_blob) {
      return sdk::Failure{PENSTOCK_E_UNSUPPORTED, "PS-HTTP-BLOB",
                          "bodies in blobs are not built yet", 0};
    }
    writes = writes || !request.seqs.empty();
    prepared.push_back(RequestOf(request));
  }
  const auto* user = static_cast<const CallUser*>(call.user());
  if (writes && (user == nullptr || user->journal == nullptr)) {
    return sdk::Failure{PENSTOCK_E_INVALID_ARGUMENT, "PS-HTTP-NO-JOURNAL",
                        "a request that changes records was made outside of a writer", 0};
  }
  http::PerformContext context;
  context.cancelled = [&call] { return call.cancelled(); };
  context.deadline_us = call.deadline_us;
  context.exchanges = exchanges_;
  JournalObserver observer(user == nullptr ? nullptr : user->journal, options_.not_applied);
  if (writes) context.observer = &observer;
  const Status done = gateway_->Perform(prepared, context, [&](const http::Response& response) {
    requests_ += response.attempts;
    Deliver(response, options_.redactor, on_response);
  });
  const std::lock_guard<std::mutex> lock(mutex_);
  // Other calls may still have to tell why the login failed; that it could not be reached is over.
  if (done.ok() && refusal_ && refusal_->status == PENSTOCK_E_UNAVAILABLE) refusal_.reset();
  if (done.ok()) return {};
  const sdk::Failure failure = FailureOf(done.error());
  if (failure.code.starts_with(kLogin)) refusal_ = failure;
  return failure;
}

sdk::Failure GatewayServices::InHostsWords(sdk::Failure failure) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool same = refusal_ && refusal_->status == failure.status;
  return same ? *refusal_ : std::move(failure);
}

sdk::Status GatewayServices::Note(const sdk::ServiceCall&, std::span<const uint64_t>,
                                  std::string_view) {
  return sdk::Failure{PENSTOCK_E_UNSUPPORTED, "PS-CONN-NOTE",
                      "notes of asynchronous jobs are not handed back to a later run yet, so none "
                      "are taken",
                      0};
}

int64_t GatewayServices::UnixMicros() { return limits::SystemClock().UnixUs(); }

int64_t GatewayServices::MonotonicMicros() { return limits::SystemClock().MonotonicUs(); }

sdk::Status GatewayServices::Sleep(const sdk::ServiceCall& call, int64_t ms) {
  const int64_t end = MonotonicMicros() + ms * 1000;
  while (true) {
    const int64_t now = MonotonicMicros();
    if (call.cancelled()) {
      return sdk::Failure{PENSTOCK_E_CANCELLED, "PS-RUN-CANCELLED", "the run was cancelled", 0};
    }
    if (call.deadline_us != 0 && now >= call.deadline_us) {
      return sdk::Failure{PENSTOCK_E_DEADLINE, "PS-HTTP-DEADLINE", "the time for this call is over",
                          0};
    }
    if (now >= end) return {};
    std::this_thread::sleep_for(
        std::chrono::microseconds(std::min(end - now, kSleepStepMs * 1000)));
  }
}

void GatewayServices::Log(int32_t level, std::string_view message, std::string_view) {
  if (options_.log) options_.log(level, options_.redactor.Text(message));
}

void GatewayServices::AddMetric(std::string_view, double, std::string_view) {}

}  // namespace penstock::engine
