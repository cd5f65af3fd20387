#include "sdk/testing/kit/fake_host.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <thread>

#include "sdk/testing/kit/sign.h"

namespace penstock::kit {

std::string PeerRequest::Header(const std::string& name) const {
  for (const auto& [key, value] : headers) {
    const bool same = key.size() == name.size() &&
                      std::equal(key.begin(), key.end(), name.begin(), [](char a, char b) {
                        return std::tolower(static_cast<unsigned char>(a)) ==
                               std::tolower(static_cast<unsigned char>(b));
                      });
    if (same) return value;
  }
  return {};
}

sdk::Result<std::vector<StoredRecord>> Destination::Records(const std::string&) {
  return sdk::Failure{PENSTOCK_E_UNSUPPORTED, "KIT-NO-ORACLE",
                      "this fixture cannot tell what its destination holds", 0};
}

bool Fits(std::string_view pattern, std::string_view text) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (text.substr(0, star) != pattern.substr(0, star)) return false;
  const std::string_view rest = pattern.substr(star + 1);
  for (size_t i = star; i <= text.size(); ++i) {
    if (Fits(rest, text.substr(i))) return true;
  }
  return false;
}

namespace {

constexpr size_t kMaxToken = 4096;

sdk::Failure Stopping() {
  return {PENSTOCK_E_CANCELLED, "KIT-CANCELLED", "the run is being stopped", 0};
}

sdk::Failure NoRun() {
  return {PENSTOCK_E_UNSUPPORTED, "PS-BLOB-NO-RUN", "there are blobs only while a run writes", 0};
}

sdk::Failure NoWriter(const std::string& what) {
  return {PENSTOCK_E_INVALID_ARGUMENT, "PS-HTTP-NO-JOURNAL", what + " outside of a writer", 0};
}

bool IsGood(const PeerAnswer& answer) {
  return answer.transport == PENSTOCK_TRANSPORT_OK && answer.status >= 200 && answer.status < 300;
}

}  // namespace

FakeHost::FakeHost(const Subject& subject, const Facts& facts, Destination* destination,
                   Transcript* transcript)
    : subject_(subject), facts_(facts), destination_(destination), transcript_(transcript) {}

sdk::CallContext FakeHost::Context(int64_t timeout_ms) {
  sdk::CallContext context;
  context.cancelled = [this] { return cancelled_.load(); };
  context.timeout_ms = timeout_ms;
  return context;
}

sdk::CallContext FakeHost::WriterContext(int64_t timeout_ms) {
  sdk::CallContext context = Context(timeout_ms);
  context.user = this;
  return context;
}

void FakeHost::Die() {
  dead_.store(true);
  Cancel();
}

void FakeHost::Revive() {
  dead_.store(false);
  Uncancel();
  blobs_.EndRun();
  Forget();
}

void FakeHost::Deliver(const PeerRequest& request) {
  PeerRequest sent = request;
  Authorise(subject_, facts_, &sent);
  const PeerAnswer answer = destination_->Answer(sent);
  transcript_->Add("> late, as the kit had held it back: " + request.method + " " + request.url +
                   "\n< " + std::to_string(answer.status) + " " + Transcript::Short(answer.body));
}

sdk::Status FakeHost::Prepare(const sdk::ServiceCall& call, const sdk::HostRequest& from,
                              PeerRequest* request) {
  request->method = from.method;
  request->url = from.url;
  request->seqs.assign(from.seqs.begin(), from.seqs.end());
  request->limiter = from.limiter;
  request->cost = from.cost;
  request->idempotent = from.idempotent;
  for (const sdk::HostHeader& header : from.headers) {
    request->headers.emplace_back(header.name, header.value);
  }
  if (from.body_to_blob && !InWriter(call)) return NoRun();
  if (!from.seqs.empty() && !InWriter(call)) {
    return NoWriter("a request that changes records was made");
  }
  return blobs_.BodyOf(from.body, from.body_blob, &request->body);
}

PeerAnswer FakeHost::Send(const PeerRequest& request) {
  size_t n = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    n = sent_++;
  }
  std::optional<PeerAnswer> answer;
  if (before) answer = before(request, n);
  if (!answer && destination_ != nullptr) {
    PeerRequest sent = request;
    Authorise(subject_, facts_, &sent);
    if (repeat && repeat(request)) (void)destination_->Answer(sent);
    answer = destination_->Answer(sent);
  }
  if (!answer) {
    answer.emplace();
    answer->transport = PENSTOCK_TRANSPORT_NOT_SENT;
    answer->error = "there is no destination behind this host";
  }
  if (after) after(request, n, &*answer);
  std::string line = "> " + request.method + " " + request.url;
  if (!request.seqs.empty()) {
    line += "  (records " + std::to_string(request.seqs.front()) +
            (request.seqs.size() > 1 ? ".." + std::to_string(request.seqs.back()) : "") + ")";
  }
  if (!request.body.empty()) line += "\n>   " + Transcript::Short(request.body);
  line +=
      answer->transport == PENSTOCK_TRANSPORT_OK
          ? "\n< " + std::to_string(answer->status) + " " + Transcript::Short(answer->body)
          : "\n< no answer (transport " + std::to_string(answer->transport) + "): " + answer->error;
  transcript_->Add(line);
  const std::lock_guard<std::mutex> lock(mutex_);
  exchanges_.push_back({request, *answer, step_});
  return *std::move(answer);
}

sdk::Status FakeHost::Perform(const sdk::ServiceCall& call,
                              std::span<const sdk::HostRequest> requests,
                              const std::function<void(const sdk::HostResponse&)>& on_response) {
  std::vector<PeerRequest> prepared(requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    sdk::Status status = Prepare(call, requests[i], &prepared[i]);
    if (!status.ok()) return status;
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++step_;
  }
  std::vector<PeerAnswer> answers;
  for (const PeerRequest& request : prepared) {
    if (Stopped(call)) break;
    answers.push_back(Send(request));
    now_us_.fetch_add(1000);
  }
  for (size_t i = 0; i < answers.size(); ++i) {
    const size_t n = backwards ? answers.size() - 1 - i : i;
    const PeerAnswer& answer = answers[n];
    const bool answered = answer.transport == PENSTOCK_TRANSPORT_OK;
    std::vector<sdk::HostHeader> headers;
    for (const auto& [name, value] : answer.headers) headers.push_back({name, value});
    sdk::HostResponse response;
    response.tag = requests[n].tag;
    response.status = answered ? answer.status : 0;
    response.transport = static_cast<sdk::Transport>(answer.transport);
    response.retry_after_ms = answer.retry_after_ms;
    response.headers = headers;
    response.error = answer.error;
    if (requests[n].body_to_blob && IsGood(answer)) {
      response.blob = blobs_.Of(answer.body);
    } else if (answered) {
      response.body = answer.body;
    }
    on_response(response);
  }
  if (answers.size() == requests.size()) return {};
  return Stopping();
}

sdk::Status FakeHost::Note(const sdk::ServiceCall& call, std::span<const uint64_t> seqs,
                           std::string_view token) {
  if (dead_.load()) return Stopping();
  if (!InWriter(call)) return NoWriter("a job was noted");
  if (token.empty() || token.size() > kMaxToken) {
    return sdk::Failure{PENSTOCK_E_INVALID_ARGUMENT, "PS-CONN-NOTE",
                        "the connector's note has a token of " + std::to_string(token.size()) +
                            " bytes; 1 to " + std::to_string(kMaxToken) + " can be kept",
                        0};
  }
  if (refuse_notes) {
    return sdk::Failure{PENSTOCK_E_INTERNAL, "PS-STATE-WRITE",
                        "the kit lets the journal be unwritable here", 0};
  }
  if (seqs.empty()) return {};
  const std::lock_guard<std::mutex> lock(mutex_);
  notes_.push_back({{seqs.begin(), seqs.end()}, std::string(token), step_});
  return {};
}

sdk::Status FakeHost::Sleep(const sdk::ServiceCall& call, int64_t ms) {
  if (on_sleep) on_sleep();
  if (Stopped(call)) return Stopping();
  const int64_t us = std::max<int64_t>(ms, 0) * 1000;
  if (real_time) std::this_thread::sleep_for(std::chrono::microseconds(us));
  slept_ms_.fetch_add(std::max<int64_t>(ms, 0));
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++step_;
  }
  const int64_t now = now_us_.fetch_add(us) + us;
  if (call.deadline_us != 0 && now >= call.deadline_us) {
    return sdk::Failure{PENSTOCK_E_DEADLINE, "KIT-DEADLINE", "the call's time is up", 0};
  }
  return {};
}

void FakeHost::Log(int32_t level, std::string_view message, std::string_view fields_json) {
  const std::lock_guard<std::mutex> lock(mutex_);
  logs_.push_back(std::to_string(level) + " " + std::string(message) + " " +
                  std::string(fields_json));
}

std::vector<Exchange> FakeHost::exchanges() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return exchanges_;
}

std::vector<Exchange> FakeHost::writes() const {
  std::vector<Exchange> found;
  for (Exchange& exchange : exchanges()) {
    if (!IsRead(exchange.request) || !exchange.request.seqs.empty()) {
      found.push_back(std::move(exchange));
    }
  }
  return found;
}

size_t FakeHost::requests() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return exchanges_.size();
}

void FakeHost::Forget() {
  const std::lock_guard<std::mutex> lock(mutex_);
  exchanges_.clear();
  notes_.clear();
  sent_ = 0;
}

void FakeHost::ForgetNotes() {
  const std::lock_guard<std::mutex> lock(mutex_);
  notes_.clear();
}

std::vector<std::string> FakeHost::logs() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return logs_;
}
std::vector<Noted> FakeHost::notes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return notes_;
}

bool FakeHost::IsRead(const PeerRequest& request) const {
  if (request.method == "GET" || request.method == "HEAD") return true;
  const std::string line = request.method + " " + request.url.substr(0, request.url.find('?'));
  return std::any_of(facts_.reads.begin(), facts_.reads.end(),
                     [&](const std::string& pattern) { return Fits(pattern, line); });
}

sdk::Result<penstock_blob> FakeHost::CreateBlob(const sdk::ServiceCall& call) {
  if (!InWriter(call)) return NoRun();
  return blobs_.Create();
}

sdk::Status FakeHost::AppendBlob(penstock_blob blob, std::string_view bytes) {
  return blobs_.Append(blob, bytes);
}

sdk::Result<size_t> FakeHost::ReadBlob(penstock_blob blob, uint64_t offset, std::span<char> out) {
  return blobs_.Read(blob, offset, out);
}

uint64_t FakeHost::BlobSize(penstock_blob blob) { return blobs_.Size(blob); }

void FakeHost::DiscardBlob(penstock_blob blob) { blobs_.Discard(blob); }

}  // namespace penstock::kit
