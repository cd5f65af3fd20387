#include "sdk/worker/proxy_services.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <vector>

#include "sdk/runtime/messages.h"
#include "sdk/worker/session.h"

namespace penstock::sdk::worker {
namespace {

using wire::Kind;
using wire::Packer;
using wire::Unpacker;

Failure NoCall() {
  return Failure{PENSTOCK_E_UNSUPPORTED, "PS-CONN-NO-CALL",
                 "a service was asked for outside of a call", 0};
}

template <typename Clock>
int64_t Micros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch())
      .count();
}

/// A service that answers with a status and nothing else.
Status AskStatus(Kind kind, const Packer& question) {
  Session* session = Session::Current();
  if (session == nullptr) return NoCall();
  std::string reply;
  session->Ask(kind, question, &reply);
  Unpacker in(reply);
  return wire::TakeStatus(&in);
}

/// One that answers with a number, 0 without a session.
uint64_t AskNumber(Kind kind, const Packer& question) {
  Session* session = Session::Current();
  if (session == nullptr) return 0;
  std::string reply;
  session->Ask(kind, question, &reply);
  return Unpacker(reply).U64();
}

}  // namespace

bool AskCancelled() { return AskNumber(Kind::kCancelled, Packer()) != 0; }

Status ProxyServices::Perform(const ServiceCall&, std::span<const HostRequest> requests,
                              const std::function<void(const HostResponse&)>& on_response) {
  Session* session = Session::Current();
  if (session == nullptr) return NoCall();
  Packer question;
  question.U64(requests.size());
  for (const HostRequest& request : requests) wire::PutRequest(request, &question);
  if (question.bytes().size() > wire::kMaxPayload) {
    return Failure{PENSTOCK_E_INVALID_ARGUMENT, "PS-CONN-TOO-LARGE",
                   "the requests of one call are larger than 80 MiB together: send fewer at once, "
                   "or bodies from blobs",
                   0};
  }
  session->Send(Kind::kPerform, question.bytes());
  std::string payload;
  Kind kind = Kind::kReply;
  while (true) {
    session->Receive(&kind, &payload);
    Unpacker in(payload);
    if (kind != Kind::kResponse) return wire::TakeStatus(&in);
    wire::StoredResponse response;
    wire::TakeResponse(&in, &response);
    on_response(response.response);
    session->Send(Kind::kTaken, {});
  }
}

Status ProxyServices::Note(const ServiceCall&, std::span<const uint64_t> seqs,
                           std::string_view token) {
  Packer question;
  question.Seqs(seqs.data(), seqs.size());
  question.Text(token);
  return AskStatus(Kind::kNote, question);
}

int64_t ProxyServices::UnixMicros() {
  if (Session::Current() == nullptr) return Micros<std::chrono::system_clock>();
  return static_cast<int64_t>(AskNumber(Kind::kUnixMicros, Packer()));
}

int64_t ProxyServices::MonotonicMicros() {
  if (Session::Current() == nullptr) return Micros<std::chrono::steady_clock>();
  return static_cast<int64_t>(AskNumber(Kind::kMonotonicMicros, Packer()));
}

Status ProxyServices::Sleep(const ServiceCall&, int64_t ms) {
  Packer question;
  question.I64(ms);
  return AskStatus(Kind::kSleep, question);
}

void ProxyServices::Log(int32_t level, std::string_view message, std::string_view fields_json) {
  Session* session = Session::Current();
  if (session == nullptr) return;
  Packer note;
  note.I32(level);
  note.Text(message);
  note.Text(fields_json);
  session->Send(Kind::kLog, note.bytes());
}

Result<penstock_blob> ProxyServices::CreateBlob(const ServiceCall&) {
  Session* session = Session::Current();
  if (session == nullptr) return NoCall();
  std::string reply;
  session->Ask(Kind::kCreateBlob, Packer(), &reply);
  Unpacker in(reply);
  const Status status = wire::TakeStatus(&in);
  if (!status.ok()) return status.failure();
  return in.U64();
}

Status ProxyServices::AppendBlob(penstock_blob blob, std::string_view bytes) {
  constexpr size_t kPart = 16u << 20;
  do {
    const std::string_view part = bytes.substr(0, kPart);
    Packer question;
    question.U64(blob);
    question.Text(part);
    Status status = AskStatus(Kind::kAppendBlob, question);
    if (!status.ok()) return status;
    bytes.remove_prefix(part.size());
  } while (!bytes.empty());
  return {};
}

Result<size_t> ProxyServices::ReadBlob(penstock_blob blob, uint64_t offset, std::span<char> bytes) {
  Session* session = Session::Current();
  if (session == nullptr) return NoCall();
  Packer question;
  question.U64(blob);
  question.U64(offset);
  question.U64(bytes.size());
  std::string reply;
  session->Ask(Kind::kReadBlob, question, &reply);
  Unpacker in(reply);
  const Status status = wire::TakeStatus(&in);
  if (!status.ok()) return status.failure();
  const std::string_view got = in.Text();
  const size_t n = std::min(got.size(), bytes.size());
  std::memcpy(bytes.data(), got.data(), n);
  return n;
}

uint64_t ProxyServices::BlobSize(penstock_blob blob) {
  Packer question;
  question.U64(blob);
  return AskNumber(Kind::kBlobSize, question);
}

void ProxyServices::DiscardBlob(penstock_blob blob) {
  Packer question;
  question.U64(blob);
  (void)AskStatus(Kind::kDiscardBlob, question);
}

}  // namespace penstock::sdk::worker
