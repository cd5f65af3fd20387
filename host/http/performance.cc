// One call of Perform: the calling thread decides, journals and waits; the io thread only moves
// bytes.
#include <algorithm>
#include <utility>
#include <vector>

#include "host/http/flight.h"
#include "host/http/gateway_parts.h"
#include "host/http/message.h"

namespace penstock::http {
namespace {

constexpr int64_t kPollUs = 50000;
constexpr int64_t kLongUs = int64_t{3600} * 1000000;

class Performance {
 public:
  Performance(GatewayParts& parts, std::span<const Request> requests, const PerformContext& context,
              const Gateway::OnResponse& on_response)
      : parts_(parts),
        options_(parts.options),
        clock_(*parts.clock),
        context_(context),
        on_response_(on_response),
        requests_(requests),
        flights_(requests.size()),
        mailbox_(std::make_shared<Mailbox>()),
        open_(requests.size()),
        base_(parts.base) {}

  ~Performance() {
    if (!registered_) return;
    std::lock_guard<std::mutex> lock(parts_.mutex);
    parts_.waiting_for_slots.erase(mailbox_);
  }

  Status Run() {
    FindBase();
    for (size_t i = 0; i < flights_.size(); ++i) Prepare(i);
    while (open_ > 0) {
      CheckStop();
      if (stop_.ok()) LaunchReady();
      if (!stop_.ok()) EndWaiting();
      if (open_ == 0) break;
      bool woken = false;
      for (auto& [index, result] : mailbox_->Take(clock_, NextWakeUs(), &woken)) {
        OnEnded(flights_[index], std::move(result));
      }
      if (!woken) continue;
      for (Flight& flight : flights_) {
        if (flight.for_slot) flight.ready_at_us = 0;
      }
    }
    return stop_;
  }

 private:
  void Prepare(size_t index) {
    Flight& flight = flights_[index];
    flight.request = &requests_[index];
    flight.id = parts_.next_request_id++;
    if (!stop_.ok()) return;
    Status checked = Check(flight);
    if (!checked.ok()) Refuse(flight, checked.error());
  }

  // Where the login tells it: may log in.
  void FindBase() {
    if (!options_.login || requests_.empty()) return;
    CheckStop();
    if (!stop_.ok()) return;
    std::string memory;
    auto told = options_.login->BaseUrl(UseOf(requests_.front(), &memory));
    if (!told.ok()) return Stop(told.error());
    if (told->empty()) return;
    auto base = ParseUrl(*told);
    if (!base.ok()) return Stop(base.error());
    base_ = *std::move(base);
  }

  CredentialUse UseOf(const Request& request, std::string* memory) const {
    return {request, clock_.UnixUs(), memory, context_.cancelled, context_.deadline_us};
  }

  Status Aim(Flight& flight) const {
    PENSTOCK_ASSIGN_OR_RETURN(flight.url, ResolveUrl(base_, flight.request->url));
    return CheckAllowed(flight.url, base_, options_.allowed_hosts);
  }

  Status Check(Flight& flight) {
    PENSTOCK_RETURN_IF_ERROR(CheckRequest(*flight.request));
    PENSTOCK_RETURN_IF_ERROR(Aim(flight));
    const std::string& asked = flight.request->limiter;
    const std::string name = asked.empty() ? "default" : asked;
    auto found = parts_.budgets.find(name);
    if (found != parts_.budgets.end()) {
      flight.budget = found->second.get();
      flight.limiter = &parts_.limiters.find(name)->second;
    } else if (name != "default") {
      return UsageError("PS-HTTP-LIMITER", "A request names the unknown limiter " + name + ".",
                        "The connector's manifest lists its limiters.");
    }
    return {};
  }

  void CheckStop() {
    if (!stop_.ok()) return;
    if (context_.cancelled && context_.cancelled()) {
      Stop(MakeError("PS-HTTP-CANCELLED", "The request was cancelled before it was sent."));
    } else if (context_.deadline_us != 0 && clock_.MonotonicUs() >= context_.deadline_us) {
      Stop(MakeError("PS-HTTP-DEADLINE", "The time for this request is over; it was not sent."));
    }
  }

  // Nothing more is sent; what is under way is waited for.
  void Stop(Error error) {
    if (!stop_.ok()) return;
    stop_ = std::move(error);
    for (const Flight& flight : flights_) {
      if (flight.stage == Stage::kSending) parts_.transport->AbortUnsent(flight.attempt_number);
    }
  }

  void EndWaiting() {
    for (Flight& flight : flights_) {
      if (flight.stage != Stage::kWaiting) continue;
      if (flight.last) {
        flight.earlier.pop_back();
        Finish(flight);
      } else {
        AttemptResult result;
        result.error = stop_.error();
        flight.last = std::move(result);
        Finish(flight);
      }
    }
  }

  int64_t NextWakeUs() const {
    int64_t now_us = clock_.MonotonicUs();
    int64_t next_us = now_us + (context_.cancelled ? kPollUs : kLongUs);
    if (context_.deadline_us != 0) next_us = std::min(next_us, context_.deadline_us);
    if (!stop_.ok()) return now_us + kPollUs;
    for (const Flight& flight : flights_) {
      if (flight.stage == Stage::kWaiting) next_us = std::min(next_us, flight.ready_at_us);
    }
    return next_us;
  }

  void LaunchReady() {
    std::vector<Flight*> granted;
    const Flight* slotless = nullptr;  // found all slots of its limiter taken, just now
    for (Flight& flight : flights_) {
      if (flight.stage != Stage::kWaiting || flight.ready_at_us > clock_.MonotonicUs()) continue;
      if (slotless != nullptr && slotless->budget == flight.budget) {
        flight.ready_at_us = slotless->ready_at_us;
        flight.for_slot = true;
        continue;
      }
      if (Acquire(flight)) granted.push_back(&flight);
      if (flight.for_slot) slotless = &flight;
      if (!stop_.ok()) break;
    }
    if (stop_.ok()) Announce(granted);
    for (Flight* flight : granted) {
      if (stop_.ok()) StartAttempt(*flight);
      if (flight->stage == Stage::kWaiting) GiveBack(*flight);
    }
  }

  bool Acquire(Flight& flight) {
    if (flight.budget == nullptr) return true;
    limits::Decision decision = flight.budget->TryAcquire(flight.request->cost);
    flight.for_slot = false;
    switch (decision.verdict) {
      case limits::Verdict::kGranted:
        flight.permit = decision.permit;
        return true;
      case limits::Verdict::kWait:
        if (TooLong(decision.retry_at_us)) return false;
        flight.ready_at_us = decision.retry_at_us;
        flight.for_slot = decision.for_slot;
        if (decision.for_slot) Register();
        return false;
      case limits::Verdict::kSpent:
      case limits::Verdict::kFailed:
        Stop(std::move(decision.error));
        return false;
    }
    return false;
  }

  // True, and everything stops, when the limits ask for more patience than there is.
  bool TooLong(int64_t until_us) {
    int64_t wait_ms = (until_us - clock_.MonotonicUs()) / 1000;
    if (wait_ms <= options_.patience_ms) return false;
    Stop(MakeError("PS-LIMITS-WAIT",
                   "The rate limit of the destination allows the next request only in " +
                       std::to_string(wait_ms / 1000) + " s.",
                   "What was not sent is found again by the next run."));
    return true;
  }

  void Register() {
    if (std::exchange(registered_, true)) return;
    std::lock_guard<std::mutex> lock(parts_.mutex);
    parts_.waiting_for_slots.insert(mailbox_);
  }

  void GiveBack(Flight& flight) {
    if (flight.budget == nullptr) return;
    flight.budget->Release(flight.permit, {}, {});
    parts_.WakeWaiting();
  }

  // Journals, all at once, what is about to be sent for the first time.
  void Announce(const std::vector<Flight*>& granted) {
    std::vector<Sending> sendings;
    for (Flight* flight : granted) {
      if (context_.observer == nullptr || flight->announced) continue;
      if (flight->request->seqs.empty()) continue;
      sendings.push_back({flight->id, flight->request->seqs});
    }
    if (sendings.empty()) return;
    Status status = context_.observer->BeforeSend(sendings);
    if (!status.ok()) return Stop(status.error());
    for (Flight* flight : granted) {
      flight->announced = flight->announced || !flight->request->seqs.empty();
    }
  }

  void StartAttempt(Flight& flight) {
    auto provided = CredentialOf(flight);
    if (!provided.ok()) return Stop(provided.error());
    const std::vector<CredentialHeader> credential = *std::move(provided);
    Headers headers = CompleteHeaders(*flight.request, flight.url, options_.user_agent, credential);
    Attempt attempt = AttemptOf(flight, options_, clock_.MonotonicUs(), context_.deadline_us);
    attempt.head = HeadText(flight.request->method, flight.url, headers);
    for (size_t i = 0; i < credential.size(); ++i) {
      if (!credential[i].secret) continue;
      headers[headers.size() - credential.size() + i].second = exchanges::kSecretMark;
    }
    flight.sent_headers = std::move(headers);
    if (flight.attempts == 0) {
      flight.started_us = clock_.MonotonicUs();
      flight.started_unix_us = clock_.UnixUs();
    }
    ++flight.attempts;
    flight.stage = Stage::kSending;
    auto index = static_cast<size_t>(&flight - flights_.data());
    flight.attempt_number = parts_.transport->Start(
        std::move(attempt), [mailbox = mailbox_, index](AttemptResult result) {
          mailbox->Put(index, std::move(result));
        });
  }

  Result<std::vector<CredentialHeader>> CredentialOf(Flight& flight) const {
    if (flight.request->no_auth) return std::vector<CredentialHeader>();
    const CredentialUse use = UseOf(*flight.request, &flight.credential_memory);
    if (options_.login) return options_.login->Headers(use);
    return options_.credential ? options_.credential(use) : std::vector<CredentialHeader>();
  }

  void OnEnded(Flight& flight, AttemptResult result) {
    bool answered = result.transport == Transport::kAnswered;
    int64_t now_unix_us = clock_.UnixUs();
    flight.retry_after_ms.reset();
    if (answered) flight.retry_after_ms = ReadRetryAfter(result.headers, now_unix_us);
    bool spent = answered && IsSpent(options_.spent_rules, result.status, result.body);
    ReleasePermit(flight, result, spent);
    Fate fate = spent ? Fate::kFinal : Judge(options_.retry, result, flight.retry_after_ms);
    flight.maybe_applied =
        flight.maybe_applied || fate == Fate::kUnclear || result.transport == Transport::kLost;
    bool stale = result.stale && !flight.stale_once;
    flight.last = std::move(result);
    flight.stage = Stage::kWaiting;
    if (answered && FollowRedirect(flight)) return;
    if (answered && RenewCredential(flight)) return;
    uint32_t allowed =
        options_.retry.attempts + (flight.stale_once ? 1 : 0) + (flight.renewed ? 1 : 0);
    bool again = fate == Fate::kNotApplied || (fate == Fate::kUnclear && flight.MayRepeat());
    if (stale && again) {
      flight.stale_once = true;
      return SendAgain(flight, 0);
    }
    if (!again || flight.attempts >= allowed || !stop_.ok()) return Finish(flight);
    int64_t wait_ms = 0;
    {
      std::lock_guard<std::mutex> lock(parts_.mutex);
      wait_ms = BackoffMs(flight.attempts, flight.retry_after_ms, parts_.random);
    }
    int64_t ready_us = clock_.MonotonicUs() + wait_ms * 1000;
    if (wait_ms > options_.patience_ms) return Finish(flight);
    if (context_.deadline_us != 0 && ready_us >= context_.deadline_us) return Finish(flight);
    SendAgain(flight, wait_ms * 1000);
  }

  // True when the answer was a 401 of an old credential and the request is sent once more. That
  // answer says for certain that nothing was applied.
  bool RenewCredential(Flight& flight) {
    const bool refused = flight.last->status == 401 && !flight.request->no_auth;
    if (!refused || !options_.login || !stop_.ok()) return false;
    if (flight.renewed) {
      Stop(MakeError(
          "PS-OAUTH-REFUSED",
          flight.url.HostAndPort() + " answers 401, also to a token that was got a moment ago.",
          "See at the destination whether the app and its user may use the API."));
      return false;
    }
    flight.renewed = true;
    Status renewed = options_.login->Renew(UseOf(*flight.request, &flight.credential_memory));
    if (renewed.ok()) FindBase();
    if (renewed.ok() && stop_.ok() && !flight.redirected) renewed = Aim(flight);
    if (!renewed.ok()) Stop(renewed.error());
    if (!stop_.ok()) return false;
    SendAgain(flight, 0);
    return true;
  }

  void SendAgain(Flight& flight, int64_t wait_us) {
    flight.earlier.push_back(flight.last->status);
    flight.ready_at_us = clock_.MonotonicUs() + wait_us;
  }

  void ReleasePermit(Flight& flight, const AttemptResult& result, bool spent) {
    if (flight.budget == nullptr) return;
    bool slow_down = result.status == 429 || (result.status == 503 && flight.retry_after_ms);
    limits::Use use;
    use.sent_us = result.sent_us;
    use.answered_us = result.answered_us;
    use.accepted = result.transport == Transport::kAnswered && !slow_down;
    flight.budget->Release(flight.permit, use, ReadTold(*flight.limiter, result.headers));
    if (spent) {
      flight.budget->SetSpent();
    } else if (slow_down) {
      flight.budget->Pause(flight.retry_after_ms.value_or(0), result.sent_us);
    }
    parts_.WakeWaiting();
  }

  // True when the redirect was dealt with: followed once to the same host, or refused.
  bool FollowRedirect(Flight& flight) {
    const std::string* location = RedirectTarget(flight.last->status, flight.last->headers);
    if (location == nullptr) return false;
    auto target = ResolveRedirect(flight.url, *location);
    if (target.ok() && target->SameHost(flight.url)) {
      bool safe = flight.request->method == "GET" || flight.request->method == "HEAD";
      if (!safe || flight.redirected || !stop_.ok()) return false;
      flight.redirected = true;
      flight.url = *std::move(target);
      --flight.attempts;  // the same request in another place
      SendAgain(flight, 0);
      return true;
    }
    std::string where = target.ok() ? target->HostAndPort() : "an address that is not valid";
    // 307 and 308 say that it is still to be done; the others may come after it was.
    const int32_t status = flight.last->status;
    const bool done_perhaps = flight.maybe_applied || (status != 307 && status != 308);
    const bool writes = !flight.request->seqs.empty();
    flight.last->transport = writes && done_perhaps ? Transport::kLost : Transport::kForbidden;
    flight.last->body.clear();
    flight.last->error =
        MakeError("PS-HTTP-REDIRECT",
                  flight.url.HostAndPort() + " redirects to " + where + ", which is not followed.",
                  "Check base_url of the destination: the redirect may name the right one.");
    Finish(flight);
    return true;
  }

  void Refuse(Flight& flight, const Error& error) {
    AttemptResult result;
    result.transport = Transport::kForbidden;
    result.error = error;
    flight.last = std::move(result);
    if (flight.url.host.empty()) flight.url.target = flight.request->url;
    Finish(flight);
  }

  void Finish(Flight& flight) {
    ConfessDoubt(options_.retry, &flight);
    flight.stage = Stage::kDone;
    --open_;
    const AttemptResult& last = *flight.last;
    bool happened = flight.attempts > 0 || last.transport == Transport::kForbidden;
    if (context_.exchanges != nullptr && happened) {
      context_.exchanges->Keep(RawOf(flight, clock_.MonotonicUs()));
    }
    if (flight.announced) {
      context_.observer->AfterAnswer({flight.id, flight.request->seqs, last.transport, last.status,
                                      flight.attempts, flight.maybe_applied});
    }
    on_response_(TakeResponse(&flight));
    flight.last.reset();
  }

  GatewayParts& parts_;
  const GatewayOptions& options_;
  limits::Clock& clock_;
  const PerformContext& context_;
  const Gateway::OnResponse& on_response_;
  const std::span<const Request> requests_;
  std::vector<Flight> flights_;
  std::shared_ptr<Mailbox> mailbox_;
  size_t open_;
  Url base_;
  bool registered_ = false;
  Status stop_;
};

}  // namespace

Status RunPerformance(GatewayParts& parts, std::span<const Request> requests,
                      const PerformContext& context, const Gateway::OnResponse& on_response) {
  return Performance(parts, requests, context, on_response).Run();
}

}  // namespace penstock::http
