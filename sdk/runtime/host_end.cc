#include "sdk/runtime/host_end.h"

#include <algorithm>
#include <chrono>
#include <deque>

#include "sdk/runtime/call.h"
#include "sdk/runtime/messages.h"

namespace penstock::sdk::runtime {
namespace {

using wire::Kind;
using wire::Packer;
using wire::Unpacker;

constexpr uint64_t kMaxBlobRead = 16u << 20;

int64_t NowMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

HostEnd::HostEnd(wire::Channel* channel, HostServices* services, const CallContext& context,
                 int64_t silence_ms, int64_t cancelled_ms)
    : channel_(channel), services_(services), context_(context) {
  service_.context = &context_;
  if (context.timeout_ms > 0) {
    service_.deadline_us = services->MonotonicMicros() + context.timeout_ms * 1000;
  }
  patience_.silence_ms = silence_ms;
  patience_.cancelled = context.cancelled;
  patience_.cancelled_ms = cancelled_ms;
}

bool HostEnd::Malformed() {
  channel_->Break(wire::Channel::End::kMalformed);
  return false;
}

/// A connector that asks for ever is stopped as well, once its run is.
bool HostEnd::Next(Kind* kind, std::string* payload) {
  if (!channel_->Receive(kind, payload, patience_)) return false;
  if (stop_at_us_ == 0 && service_.cancelled())
    stop_at_us_ = NowMicros() + patience_.cancelled_ms * 1000;
  if (stop_at_us_ != 0 && NowMicros() > stop_at_us_ && *kind != Kind::kReturn) {
    channel_->Break(wire::Channel::End::kSilent);
    return false;
  }
  return true;
}

bool HostEnd::Call(Kind kind, const Packer& question, const HostEndSinks& sinks,
                   std::string* returned, int pass_fd) {
  if (!channel_->Send(kind, question.bytes(), pass_fd, patience_)) return false;
  Kind got = Kind::kReturn;
  while (Next(&got, returned)) {
    if (got == Kind::kReturn) return true;
    if (!Serve(got, *returned, sinks)) return false;
  }
  return false;
}

bool HostEnd::Reply(const Status& status) {
  Packer reply;
  wire::PutStatus(status, &reply);
  return channel_->Send(Kind::kReply, reply.bytes(), -1, patience_);
}

bool HostEnd::Serve(Kind kind, const std::string& payload, const HostEndSinks& sinks) {
  Unpacker in(payload);
  Packer number;
  switch (kind) {
    case Kind::kOutcomes:
      return Outcomes(&in, sinks);
    case Kind::kFound:
      return Found(&in, sinks);
    case Kind::kCancelled:
      number.U64(service_.cancelled() ? 1 : 0);
      return channel_->Send(Kind::kReply, number.bytes(), -1, patience_);
    case Kind::kUnixMicros:
      number.I64(services_->UnixMicros());
      return channel_->Send(Kind::kReply, number.bytes(), -1, patience_);
    case Kind::kMonotonicMicros:
      number.I64(services_->MonotonicMicros());
      return channel_->Send(Kind::kReply, number.bytes(), -1, patience_);
    case Kind::kSleep: {
      const int64_t ms = in.I64();
      return in.Ended() ? Reply(services_->Sleep(service_, std::max<int64_t>(ms, 0))) : Malformed();
    }
    case Kind::kPerform:
      return Perform(&in, sinks);
    case Kind::kNote: {
      const std::vector<uint64_t> seqs = in.Seqs();
      const std::string_view token = in.Text();
      return in.Ended() ? Reply(services_->Note(service_, seqs, token)) : Malformed();
    }
    case Kind::kLog: {
      const int32_t level = in.I32();
      const std::string_view message = in.Text(), fields = in.Text();
      if (!in.Ended()) return Malformed();
      const bool known = level >= PENSTOCK_LOG_DEBUG && level <= PENSTOCK_LOG_ERROR;
      services_->Log(known ? level : static_cast<int32_t>(PENSTOCK_LOG_ERROR),
                     Bounded(message, kMaxLog), Bounded(fields, kMaxLog));
      return true;
    }
    case Kind::kCrashed:
      crash_signal_ = in.I32();
      channel_->Break(wire::Channel::End::kClosed);
      return false;
    default:
      return ServeBlob(kind, &in);
  }
}

bool HostEnd::ServeBlob(Kind kind, Unpacker* in) {
  if (kind < Kind::kCreateBlob || kind > Kind::kDiscardBlob || !services_->HasBlobs()) {
    return Malformed();
  }
  Packer reply;
  if (kind == Kind::kCreateBlob) {
    const Result<penstock_blob> blob = services_->CreateBlob(service_);
    wire::PutStatus(blob.ok() ? Status() : Status(blob.failure()), &reply);
    reply.U64(blob.ok() ? *blob : 0);
  } else {
    const penstock_blob blob = in->U64();
    if (kind == Kind::kAppendBlob) {
      wire::PutStatus(services_->AppendBlob(blob, in->Text()), &reply);
    } else if (kind == Kind::kReadBlob) {
      const uint64_t offset = in->U64();
      std::string bytes(std::min(in->U64(), kMaxBlobRead), '\0');
      const Result<size_t> got = services_->ReadBlob(blob, offset, bytes);
      wire::PutStatus(got.ok() ? Status() : Status(got.failure()), &reply);
      if (got.ok()) reply.Text(std::string_view(bytes).substr(0, *got));
    } else if (kind == Kind::kBlobSize) {
      reply.U64(services_->BlobSize(blob));
    } else {
      services_->DiscardBlob(blob);
      wire::PutStatus({}, &reply);
    }
  }
  if (!in->Ended()) return Malformed();
  return channel_->Send(Kind::kReply, reply.bytes(), -1, patience_);
}

bool HostEnd::Outcomes(Unpacker* in, const HostEndSinks& sinks) {
  const uint64_t n = in->Count(sizeof(uint64_t));
  if (!sinks.outcome) return Malformed();
  for (uint64_t i = 0; i < n; ++i) {
    const penstock_outcome outcome = wire::TakeOutcome(in);
    if (!in->good()) return Malformed();
    sinks.outcome(outcome);
  }
  return in->Ended() || Malformed();
}

bool HostEnd::Found(Unpacker* in, const HostEndSinks& sinks) {
  FoundRecord record;
  record.index = in->U64();
  record.matches = ReadMatches(in->U8());
  record.destination_id = in->Text();
  wire::ValueStore store;
  const uint64_t n = in->Count(wire::kValueBytes);
  const std::vector<penstock_value> values = store.Read(n, in);
  record.values = values;
  if (!in->Ended() || !sinks.found) return Malformed();
  sinks.found(record);
  return true;
}

bool HostEnd::Perform(Unpacker* in, const HostEndSinks& sinks) {
  if (performing_) return Malformed();  // from within an answer: a connector must not
  const uint64_t n = in->Count(wire::kRequestBytes);
  std::deque<wire::StoredRequest> stored;
  std::vector<HostRequest> requests;
  for (uint64_t i = 0; i < n && in->good(); ++i) {
    wire::TakeRequest(in, &stored.emplace_back());
    requests.push_back(stored.back().request);
  }
  if (!in->Ended()) return Malformed();
  performing_ = true;
  const Status status = services_->Perform(service_, requests, [&](const HostResponse& response) {
    // When the worker has died, the other answers still count: their requests were answered.
    if (channel_->end() == wire::Channel::End::kNone) PassOn(response, sinks);
  });
  performing_ = false;
  if (channel_->end() != wire::Channel::End::kNone) return false;
  return Reply(status);
}

bool HostEnd::PassOn(const HostResponse& response, const HostEndSinks& sinks) {
  Packer answer;
  wire::PutResponse(response, &answer);
  if (!channel_->Send(Kind::kResponse, answer.bytes(), -1, patience_)) return false;
  Kind kind = Kind::kTaken;
  std::string payload;
  while (Next(&kind, &payload)) {
    if (kind == Kind::kTaken) return true;
    if (!Serve(kind, payload, sinks)) return false;
  }
  return false;
}

}  // namespace penstock::sdk::runtime
