#include "host/engine/services.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <list>
#include <thread>
#include <utility>

#include "host/engine/blob_services.h"
#include "host/limits/clock.h"
#include "host/oauth/login.h"

namespace penstock::engine {
namespace {

constexpr std::string_view kLogin = "PS-OAUTH-";
constexpr int kUnauthorized = 401;
constexpr int64_t kSleepStepMs = 50;  // how soon a cancelled run is noticed

sdk::Failure FailureOf(const Error& error) {
  penstock_status status = PENSTOCK_E_UNAVAILABLE;
  if (error.code.starts_with(kLogin) && !oauth::IsForNow(error)) {
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

sdk::Failure NoRun() {
  return {PENSTOCK_E_UNSUPPORTED, "PS-BLOB-NO-RUN", "there are blobs only while a run writes", 0};
}

sdk::Failure UnknownBlob() {
  return {PENSTOCK_E_INVALID_ARGUMENT, "PS-BLOB-HANDLE",
          "the connector used a blob that it has not opened, or beside a body", 0};
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
    // Who is not known changes nothing, whatever became of the renewal behind it.
    const bool refused =
        answered.status == kUnauthorized ||
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
void Deliver(const http::Response& from, uint64_t tag, penstock_blob blob,
             const exchanges::Redactor& redactor,
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
  to.tag = tag;
  to.blob = blob;
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

/// What lives as long as the requests of one Perform.
struct GatewayServices::Prepared {
  std::vector<http::Request> requests;
  std::vector<std::unique_ptr<BlobBody>> bodies;
  struct Sink {
    penstock_blob blob = 0;
    std::unique_ptr<BlobSink> sink;
  };
  std::vector<Sink> sinks;  // by request
};

sdk::Failure GatewayServices::Told(sdk::Failure failure) {
  const std::lock_guard lock(mutex_);
  if (failure.code.starts_with(kLogin)) login_failure_ = failure;
  service_failure_ = failure;
  return failure;
}

sdk::Failure GatewayServices::InHostsWords(sdk::Failure failure) const {
  const std::lock_guard lock(mutex_);
  const auto same = [&](const std::optional<sdk::Failure>& known) {
    return known && known->status == failure.status;
  };
  if (same(login_failure_)) return *login_failure_;
  const bool bare = failure.code == "connector.SERVICE";
  if (bare && same(service_failure_)) return *service_failure_;
  return failure;
}

/// Other calls may still have to tell why the login failed; that it could not be reached is over.
void GatewayServices::LoginWorks() {
  const std::lock_guard lock(mutex_);
  if (login_failure_ && login_failure_->status == PENSTOCK_E_UNAVAILABLE) login_failure_.reset();
}

sdk::Status GatewayServices::PrepareBlobs(const sdk::HostRequest& from, http::Request* to,
                                          Prepared* prepared) {
  Prepared::Sink& sink = prepared->sinks.emplace_back();
  if (from.body_blob != 0) {
    auto body = FindBlob(from.body_blob);
    if (body == nullptr || !from.body.empty()) return UnknownBlob();
    prepared->bodies.push_back(std::make_unique<BlobBody>(std::move(body)));
    to->body_reader = prepared->bodies.back().get();
  }
  if (!from.body_to_blob) return {};
  blobs::Store* const store = blobs_;
  if (store == nullptr) return NoRun();
  auto created = store->Create();
  if (!created.ok()) return BlobFailure(created.error());
  sink.blob = *created;
  sink.sink = std::make_unique<BlobSink>(store->Find(*created), options_.redactor);
  to->body_sink = sink.sink.get();
  return {};
}

/// The blob that the answer went into, or 0: then its body, if any, is in memory.
sdk::Result<penstock_blob> GatewayServices::FinishBlob(const http::Response& response, size_t index,
                                                       Prepared* prepared) {
  Prepared::Sink& sink = prepared->sinks[index];
  if (sink.sink == nullptr) return penstock_blob{0};
  const bool good = response.transport == http::Transport::kAnswered && response.status >= 200 &&
                    response.status < 300 && sink.sink->began();
  const penstock_blob blob = std::exchange(sink.blob, 0);
  if (good) {
    const Status finished = sink.sink->Finish();
    if (finished.ok()) return blob;
    DiscardBlob(blob);
    return BlobFailure(finished.error());
  }
  DiscardBlob(blob);
  return penstock_blob{0};
}

sdk::Status GatewayServices::Perform(
    const sdk::ServiceCall& call, std::span<const sdk::HostRequest> requests,
    const std::function<void(const sdk::HostResponse&)>& on_response) {
  Prepared prepared;
  prepared.requests.reserve(requests.size());
  sdk::Status status;
  bool writes = false;
  for (const sdk::HostRequest& request : requests) {
    writes = writes || !request.seqs.empty();
    prepared.requests.push_back(RequestOf(request));
    prepared.requests.back().tag = prepared.requests.size() - 1;
    if (status.ok()) status = PrepareBlobs(request, &prepared.requests.back(), &prepared);
  }
  const auto* user = static_cast<const CallUser*>(call.user());
  if (status.ok() && writes && (user == nullptr || user->journal == nullptr)) {
    status = sdk::Failure{PENSTOCK_E_INVALID_ARGUMENT, "PS-HTTP-NO-JOURNAL",
                          "a request that changes records was made outside of a writer", 0};
  }
  if (status.ok()) {
    http::PerformContext context;
    context.cancelled = [&call] { return call.cancelled(); };
    context.deadline_us = call.deadline_us;
    context.exchanges = exchanges_;
    JournalObserver observer(user == nullptr ? nullptr : user->journal, options_.not_applied);
    if (writes) context.observer = &observer;
    const Status done =
        gateway_->Perform(prepared.requests, context, [&](const http::Response& response) {
          requests_ += response.attempts;
          const size_t index = response.tag;
          const auto blob = FinishBlob(response, index, &prepared);
          if (blob.ok()) {
            return Deliver(response, requests[index].tag, *blob, options_.redactor, on_response);
          }
          http::Response lost;  // it was answered, but nobody can read what
          lost.transport = http::Transport::kLost;
          lost.attempts = response.attempts;
          lost.error = MakeError(blob.failure().code, blob.failure().message);
          Deliver(lost, requests[index].tag, 0, options_.redactor, on_response);
        });
    if (!done.ok()) status = FailureOf(done.error());
    if (done.ok()) LoginWorks();
  }
  for (const Prepared::Sink& sink : prepared.sinks) DiscardBlob(sink.blob);  // of what was not sent
  return status.ok() ? status : sdk::Status(Told(status.failure()));
}

sdk::Status GatewayServices::Note(const sdk::ServiceCall& call, std::span<const uint64_t> seqs,
                                  std::string_view token) {
  const auto* user = static_cast<const CallUser*>(call.user());
  if (user == nullptr || user->journal == nullptr) {
    return Told({PENSTOCK_E_INVALID_ARGUMENT, "PS-HTTP-NO-JOURNAL",
                 "a job was noted outside of a writer", 0});
  }
  const Status noted = user->journal->Note(seqs, std::string(token));
  if (noted.ok()) return {};
  const bool wrong = noted.error().code.starts_with("PS-CONN-");
  return Told({wrong ? PENSTOCK_E_INVALID_ARGUMENT : PENSTOCK_E_INTERNAL, noted.error().code,
               noted.error().message, 0});
}

std::shared_ptr<blobs::Blob> GatewayServices::FindBlob(penstock_blob blob) const {
  const blobs::Store* const store = blobs_;
  return store == nullptr ? nullptr : store->Find(blob);
}

sdk::Result<penstock_blob> GatewayServices::CreateBlob(const sdk::ServiceCall&) {
  blobs::Store* const store = blobs_;
  if (store == nullptr) return Told(NoRun());
  auto blob = store->Create();
  if (!blob.ok()) return Told(BlobFailure(blob.error()));
  return *blob;
}

sdk::Status GatewayServices::AppendBlob(penstock_blob blob, std::string_view bytes) {
  const auto found = FindBlob(blob);
  if (found == nullptr) return Told(UnknownBlob());
  const Status appended = found->Append(bytes);
  return appended.ok() ? sdk::Status() : sdk::Status(Told(BlobFailure(appended.error())));
}

sdk::Result<size_t> GatewayServices::ReadBlob(penstock_blob blob, uint64_t offset,
                                              std::span<char> bytes) {
  const auto found = FindBlob(blob);
  if (found == nullptr) return Told(UnknownBlob());
  const auto read = found->Read(offset, bytes);
  if (!read.ok()) return Told(BlobFailure(read.error()));
  return *read;
}

uint64_t GatewayServices::BlobSize(penstock_blob blob) {
  const auto found = FindBlob(blob);
  return found == nullptr ? 0 : found->size();
}

void GatewayServices::DiscardBlob(penstock_blob blob) {
  blobs::Store* const store = blobs_;
  if (store != nullptr && blob != 0) store->Discard(blob);
}

int64_t GatewayServices::UnixMicros() { return limits::SystemClock().UnixUs(); }

int64_t GatewayServices::MonotonicMicros() { return limits::SystemClock().MonotonicUs(); }

sdk::Status GatewayServices::Sleep(const sdk::ServiceCall& call, int64_t ms) {
  const int64_t end = MonotonicMicros() + ms * 1000;
  while (true) {
    const int64_t now = MonotonicMicros();
    if (call.cancelled()) {
      return Told({PENSTOCK_E_CANCELLED, "PS-RUN-CANCELLED", "the run was cancelled", 0});
    }
    if (call.deadline_us != 0 && now >= call.deadline_us) {
      return Told({PENSTOCK_E_DEADLINE, "PS-HTTP-DEADLINE", "the time for this call is over", 0});
    }
    if (now >= end) return {};
    std::this_thread::sleep_for(
        std::chrono::microseconds(std::min(end - now, kSleepStepMs * 1000)));
  }
}

void GatewayServices::Log(int32_t level, std::string_view message, std::string_view) {
  if (options_.log) options_.log(level, options_.redactor.Text(message));
}

}  // namespace penstock::engine
