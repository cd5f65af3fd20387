#include "sdk/worker/serve.h"

#include <unistd.h>

#include <deque>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "sdk/runtime/instance.h"
#include "sdk/worker/session.h"

namespace penstock::sdk::worker {
namespace {

using wire::Kind;
using wire::Packer;
using wire::Unpacker;

CallContext ContextOf(int64_t timeout_ms) {
  CallContext context;
  context.cancelled = [] { return AskCancelled(); };
  context.timeout_ms = timeout_ms;
  return context;
}

void Return(Session* session, const Status& status, std::string_view text = {}) {
  Packer out;
  wire::PutStatus(status, &out);
  if (status.ok()) out.Text(text);
  session->Send(Kind::kReturn, out.bytes());
}

Status Malformed() {
  return Failure{PENSTOCK_E_INVALID_ARGUMENT, "PS-CONN-WORKER",
                 "the host sent a call that this worker cannot read", 0};
}

/// A writer's thread, from begin to end.
void ServeWriter(int fd, std::unique_ptr<ConnectorWriter> writer) {
  wire::Channel channel(fd);
  Session session(&channel);
  const OutcomeCallback report = [&](const penstock_outcome& o) { session.Report(o); };
  Kind kind = Kind::kEnd;
  std::string payload;
  while (true) {
    session.Receive(&kind, &payload);
    if (kind == Kind::kWrite) {
      Unpacker in(payload);
      wire::StoredBatch stored;
      const bool whole = wire::TakeBatch(&in, &stored) && in.Ended();
      Return(&session, whole ? writer->Write(stored.batch, report) : Malformed());
    } else if (kind == Kind::kFinish) {
      Return(&session, writer->Finish(report));
    } else {
      writer.reset();
      Return(&session, {});
      return;
    }
  }
}

/// The destination's thread.
class Destination {
 public:
  Destination(wire::Channel* control, const ConnectorLibrary& library, ProxyServices* services)
      : control_(control), library_(library), services_(services), session_(control) {}

  [[noreturn]] void Serve() {
    Kind kind = Kind::kClose;
    std::string payload;
    while (true) {
      session_.Receive(&kind, &payload);
      Unpacker in(payload);
      switch (kind) {
        case Kind::kOpen:
          Open(&in);
          break;
        case Kind::kCheck:
          Check(&in);
          break;
        case Kind::kDiscover:
          Discover(&in);
          break;
        case Kind::kLookup:
          Lookup(&in);
          break;
        case Kind::kBegin:
          Begin(&in);
          break;
        default:
          instance_.reset();
          Return(&session_, {});
          ::_exit(0);
      }
    }
  }

 private:
  void Open(Unpacker* in) {
    const CallContext context = ContextOf(in->I64());
    auto opened = ConnectorInstance::Open(library_, services_, in->Text(), context);
    if (!opened.ok()) return Return(&session_, opened.failure());
    instance_ = *std::move(opened);
    Return(&session_, {});
  }

  void Check(Unpacker* in) {
    const auto report = instance_->Check(ContextOf(in->I64()));
    if (!report.ok()) return Return(&session_, report.failure());
    Return(&session_, {}, ToJson(*report));
  }

  void Discover(Unpacker* in) {
    const CallContext context = ContextOf(in->I64());
    std::vector<std::string> objects;
    const uint64_t n = in->Count(sizeof(uint64_t));
    for (uint64_t i = 0; i < n; ++i) objects.emplace_back(in->Text());
    const auto catalog = instance_->Discover(objects, context);
    if (!catalog.ok()) return Return(&session_, catalog.failure());
    Return(&session_, {}, ToJson(*catalog));
  }

  void Lookup(Unpacker* in) {
    const CallContext context = ContextOf(in->I64());
    const auto assignment = ParseAssignment(in->Text());
    if (!assignment.ok()) return Return(&session_, assignment.failure());
    const uint32_t key_fields = in->U32();
    wire::ValueStore store;
    const uint64_t n = in->Count(wire::kValueBytes);
    const std::vector<penstock_value> keys = store.Read(n, in);
    if (!in->Ended()) return Return(&session_, Malformed());
    const Status status = instance_->Lookup(
        *assignment, keys, key_fields, [&](const FoundRecord& record) { Tell(record); }, context);
    Return(&session_, status);
  }

  void Tell(const FoundRecord& record) {
    Packer found;
    found.U64(record.index);
    found.U8(static_cast<uint8_t>(record.matches));
    found.Text(record.destination_id);
    found.U64(record.values.size());
    for (const penstock_value& value : record.values) wire::PutValue(value, &found);
    session_.Send(Kind::kFound, found.bytes());
  }

  void Begin(Unpacker* in) {
    const int fd = control_->TakeFd();
    const CallContext context = ContextOf(in->I64());
    const auto assignment = ParseAssignment(in->Text());
    if (!assignment.ok()) return Refuse(fd, assignment.failure());
    std::deque<wire::StoredBatch> batches;
    std::vector<OpenNote> notes;
    const uint64_t n = in->Count(sizeof(uint64_t));
    for (uint64_t i = 0; i < n; ++i) {
      const std::string_view token = in->Text();
      if (!wire::TakeBatch(in, &batches.emplace_back())) return Refuse(fd, Malformed());
      notes.push_back({token, &batches.back().batch});
    }
    if (!in->Ended() || fd < 0) return Refuse(fd, Malformed());
    auto writer = instance_->Begin(*assignment, notes, context);
    if (!writer.ok()) return Refuse(fd, writer.failure());
    std::thread(ServeWriter, fd, *std::move(writer)).detach();
    Return(&session_, {});
  }

  void Refuse(int fd, const Status& status) {
    if (fd >= 0) ::close(fd);
    Return(&session_, status);
  }

  wire::Channel* const control_;
  const ConnectorLibrary& library_;
  ProxyServices* const services_;
  Session session_;
  std::unique_ptr<ConnectorInstance> instance_;
};

}  // namespace

void ServeDestination(wire::Channel* control, const ConnectorLibrary& library,
                      ProxyServices* services) {
  Destination(control, library, services).Serve();
}

}  // namespace penstock::sdk::worker
