#include "sdk/testing/kit/raw_host.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "sdk/testing/kit/failing_new.h"

namespace penstock::kit {
namespace {

constexpr size_t kTail = 64;
constexpr unsigned char kNoise = 0xA5;

std::string Text(penstock_str text) {
  return text.ptr == nullptr ? std::string() : std::string(text.ptr, text.len);
}
penstock_str Str(std::string_view text) { return {text.data(), text.size()}; }

// `table` as the shape wants it; its first member is its size.
std::unique_ptr<Guarded> Shaped(Shape shape, const void* table, size_t size, size_t first) {
  const size_t length = shape == Shape::kTruncated ? first
                        : shape == Shape::kLonger  ? size + kTail
                                                   : size;
  auto memory = std::make_unique<Guarded>(length);
  std::memset(memory->data(), kNoise, length);
  std::memcpy(memory->data(), table, std::min(size, length));
  const auto struct_size = static_cast<uint32_t>(length);
  std::memcpy(memory->data(), &struct_size, sizeof(struct_size));
  return memory;
}

penstock_status CodeOf(const sdk::Status& status) {
  return status.ok() ? PENSTOCK_OK : status.failure().status;
}

/// An answer as the connector sees it.
struct Shown {
  PeerAnswer answer;
  std::vector<penstock_http_header> headers;
  std::unique_ptr<Guarded> memory;
};

void Show(Shape shape, uint64_t tag, penstock_blob blob, Shown* shown) {
  const PeerAnswer& answer = shown->answer;
  const bool answered = answer.transport == PENSTOCK_TRANSPORT_OK;
  for (const auto& [name, value] : answer.headers) {
    shown->headers.push_back({Str(name), Str(value)});
  }
  penstock_http_response response{};
  response.struct_size = sizeof(response);
  response.attempts = 1;
  response.tag = tag;
  response.status = answered ? answer.status : 0;
  response.transport = answer.transport;
  response.retry_after_ms = answer.retry_after_ms;
  response.headers = shown->headers.data();
  response.n_headers = shown->headers.size();
  response.blob = blob;
  if (answered && blob == 0) response.body = Str(answer.body);
  response.error = Str(answer.error);
  shown->memory = Shaped(shape == Shape::kLonger ? Shape::kLonger : Shape::kFull, &response,
                         sizeof(response), 0);
}

}  // namespace

Guarded::Guarded(size_t n) {
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  // Structs are aligned to 8: what n lacks to that lies in front, not behind.
  inner_ = (n + page - 1) / page * page;
  if (inner_ == 0) inner_ = page;
  length_ = inner_ + page;
  pages_ = ::mmap(nullptr, length_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ::mprotect(static_cast<char*>(pages_) + inner_, page, PROT_NONE);
  data_ = static_cast<char*>(pages_) + (inner_ - n);
}
Guarded::~Guarded() { ::munmap(pages_, length_); }
void Guarded::MakeReadOnly() { ::mprotect(pages_, inner_, PROT_READ); }

RawCall::RawCall(Shape shape, bool of_writer) : of_writer_(of_writer) {
  penstock_call call{};
  call.host_data = this;
  call.cancelled = Cancelled;
  call.fail = Fail;
  // A call cannot be cut: this header is the first one.
  memory_ = Shaped(shape == Shape::kLonger ? shape : Shape::kFull, &call, sizeof(call), 0);
}

const RawCall* RawCall::From(const penstock_call* call) {
  if (call == nullptr || call->fail != Fail) return nullptr;
  return static_cast<const RawCall*>(call->host_data);
}

int32_t RawCall::Cancelled(const penstock_call* call) {
  return static_cast<RawCall*>(call->host_data)->cancelled ? 1 : 0;
}

void RawCall::Fail(const penstock_call* call, const penstock_error* error) {
  const OwnAllocations own;
  auto* self = static_cast<RawCall*>(call->host_data);
  ++self->fails;
  if (error == nullptr) return;
  if (PENSTOCK_HAS(penstock_error, error, code)) self->code = Text(error->code);
  if (PENSTOCK_HAS(penstock_error, error, message)) self->message = Text(error->message);
}

std::string RawCall::Verdict(penstock_status status) const {
  const std::string returned = "it returned " + std::to_string(status);
  if (status < PENSTOCK_OK || status > PENSTOCK_E_DESTINATION)
    return returned + ", which is no status";
  if (status == PENSTOCK_OK) return fails == 0 ? "" : "it returned OK and called fail()";
  if (fails != 1) return returned + " and called fail() " + std::to_string(fails) + " times";
  if (code.empty()) return returned + " with an error that has no code";
  if (message.empty()) return returned + " with an error that has no message";
  return {};
}

RawSink::RawSink(Shape shape) {
  penstock_sink sink{};
  sink.host_data = this;
  sink.write = [](const penstock_sink* self, const char* bytes, size_t n) {
    const OwnAllocations own;
    static_cast<RawSink*>(self->host_data)->text.append(bytes, n);
    return static_cast<penstock_status>(PENSTOCK_OK);
  };
  memory_ = Shaped(shape == Shape::kLonger ? shape : Shape::kFull, &sink, sizeof(sink), 0);
}

std::unique_ptr<Guarded> RawHost::Table(const void* table, size_t size, size_t first) {
  return Shaped(shape_, table, size, first);
}

RawHost::RawHost(Shape shape, Transcript* transcript) : shape_(shape), transcript_(transcript) {
  penstock_host host{};
  host.abi_minor = shape == Shape::kLonger ? 9 : PENSTOCK_ABI_MINOR;
  host.host_data = this;
  host.name = "penstock-check";
  host.version = "0.1.0";
  host.get_extension = GetExtension;
  host_ = Shaped(shape == Shape::kLonger ? shape : Shape::kFull, &host, sizeof(host), 0);

  penstock_host_http http{};
  http.perform = Perform;
  // Cut, it has its size but not its function: a host that is older than the function.
  http_ = Table(&http, sizeof(http), offsetof(penstock_host_http, perform));
  penstock_host_log log{};
  log.log = [](const penstock_host* self, int32_t, penstock_str, penstock_str) {
    ++Self(self)->logs;
  };
  log_ = Table(&log, sizeof(log), offsetof(penstock_host_log, log));
  penstock_host_clock clock{};
  clock.unix_us = [](const penstock_host*) { return int64_t{1764028800000000}; };
  clock.monotonic_us = [](const penstock_host*) { return int64_t{1000000}; };
  clock.sleep_ms = [](const penstock_host*, const penstock_call*, int64_t) {
    return static_cast<penstock_status>(PENSTOCK_OK);
  };
  clock_ = Table(&clock, sizeof(clock), offsetof(penstock_host_clock, monotonic_us));
  penstock_host_journal journal{};
  journal.note = Note;
  journal_ = Table(&journal, sizeof(journal), offsetof(penstock_host_journal, note));
  const penstock_host_blob blob = BlobTable();
  blob_ = Table(&blob, sizeof(blob), offsetof(penstock_host_blob, append));
}

RawHost* RawHost::Self(const penstock_host* host) { return static_cast<RawHost*>(host->host_data); }

const void* RawHost::GetExtension(const penstock_host* host, const char* id) {
  RawHost* self = Self(host);
  if (self->shape_ == Shape::kBare || id == nullptr) return nullptr;
  const std::string_view name = id;
  if (name == PENSTOCK_HOST_HTTP) return self->http_->data();
  if (name == PENSTOCK_HOST_LOG) return self->log_->data();
  if (name == PENSTOCK_HOST_CLOCK) return self->clock_->data();
  if (name == PENSTOCK_HOST_JOURNAL) return self->journal_->data();
  if (name == PENSTOCK_HOST_BLOB) return self->blob_->data();
  return nullptr;
}

penstock_status RawHost::Note(const penstock_host*, const penstock_call* call, const uint64_t* seqs,
                              size_t n, penstock_str token) {
  constexpr size_t kMaxToken = 4096;
  const RawCall* raw = RawCall::From(call);
  const bool good = raw != nullptr && raw->of_writer() && (n == 0 || seqs != nullptr) &&
                    token.len > 0 && token.len <= kMaxToken;
  return good ? PENSTOCK_OK : PENSTOCK_E_INVALID_ARGUMENT;
}

penstock_host_blob RawHost::BlobTable() {
  penstock_host_blob blob{};
  blob.create = [](const penstock_host* host, const penstock_call* call,
                   penstock_blob* out) -> penstock_status {
    const OwnAllocations own;
    const RawCall* raw = RawCall::From(call);
    if (raw == nullptr || out == nullptr) return PENSTOCK_E_INVALID_ARGUMENT;
    if (!raw->of_writer()) return PENSTOCK_E_UNSUPPORTED;
    *out = Self(host)->blobs_.Create();
    return PENSTOCK_OK;
  };
  blob.append = [](const penstock_host* host, penstock_blob to, const char* bytes,
                   size_t n) -> penstock_status {
    const OwnAllocations own;
    if (bytes == nullptr && n > 0) return PENSTOCK_E_INVALID_ARGUMENT;
    return CodeOf(Self(host)->blobs_.Append(to, {bytes, n}));
  };
  blob.read = [](const penstock_host* host, penstock_blob from, uint64_t offset, char* bytes,
                 size_t n, size_t* got) -> penstock_status {
    const OwnAllocations own;
    if (got == nullptr || (bytes == nullptr && n > 0)) return PENSTOCK_E_INVALID_ARGUMENT;
    const sdk::Result<size_t> read = Self(host)->blobs_.Read(from, offset, {bytes, n});
    if (!read.ok()) return read.failure().status;
    *got = *read;
    return PENSTOCK_OK;
  };
  blob.size = [](const penstock_host* host, penstock_blob of) {
    return Self(host)->blobs_.Size(of);
  };
  blob.discard = [](const penstock_host* host, penstock_blob which) {
    const OwnAllocations own;
    Self(host)->blobs_.Discard(which);
  };
  return blob;
}

penstock_status RawHost::Prepare(const RawCall& call, const penstock_http_request& from,
                                 PeerRequest* request) {
  if (!PENSTOCK_HAS(penstock_http_request, &from, n_seqs)) return PENSTOCK_E_INVALID_ARGUMENT;
  const bool broken = (from.n_headers > 0 && from.headers == nullptr) ||
                      (from.n_seqs > 0 && from.seqs == nullptr) ||
                      (from.n_seqs > 0 && !call.of_writer());
  if (broken) return PENSTOCK_E_INVALID_ARGUMENT;
  if ((from.flags & PENSTOCK_HTTP_BODY_TO_BLOB) != 0 && !call.of_writer()) {
    return PENSTOCK_E_UNSUPPORTED;
  }
  request->method = Text(from.method);
  request->url = Text(from.url);
  if (from.n_seqs > 0) request->seqs.assign(from.seqs, from.seqs + from.n_seqs);
  for (size_t i = 0; i < from.n_headers; ++i) {
    request->headers.emplace_back(Text(from.headers[i].name), Text(from.headers[i].value));
  }
  return CodeOf(blobs_.BodyOf(Text(from.body), from.body_blob, &request->body));
}

PeerAnswer RawHost::Send(const PeerRequest& request) {
  PeerAnswer got;
  if (answer) {
    got = answer(request);
  } else {
    got.transport = PENSTOCK_TRANSPORT_NOT_SENT;
    got.error = "this host sends nothing";
  }
  if (transcript_ != nullptr) {
    transcript_->Add("> " + request.method + " " + request.url + "\n< " +
                     (got.transport == PENSTOCK_TRANSPORT_OK
                          ? std::to_string(got.status) + " " + Transcript::Short(got.body)
                          : "no answer: " + got.error));
  }
  return got;
}

penstock_status RawHost::Perform(const penstock_host* host, const penstock_call* call,
                                 const penstock_http_request* requests, size_t n, size_t stride,
                                 penstock_http_on_response on_response, void* user) {
  RawHost* self = Self(host);
  self->requests += static_cast<int>(n);
  const RawCall* raw = RawCall::From(call);
  if (raw == nullptr || on_response == nullptr) return PENSTOCK_E_INVALID_ARGUMENT;
  const char* bytes = reinterpret_cast<const char*>(requests);
  std::vector<PeerRequest> prepared;
  {
    const OwnAllocations own;
    prepared.resize(n);
    for (size_t i = 0; i < n; ++i) {
      const auto& request = *reinterpret_cast<const penstock_http_request*>(bytes + i * stride);
      const penstock_status status = self->Prepare(*raw, request, &prepared[i]);
      if (status != PENSTOCK_OK) return status;
    }
  }
  for (size_t i = 0; i < n; ++i) {
    const auto& request = *reinterpret_cast<const penstock_http_request*>(bytes + i * stride);
    Shown shown;
    {
      const OwnAllocations own;
      shown.answer = self->Send(prepared[i]);
      const PeerAnswer& got = shown.answer;
      const bool spooled = (request.flags & PENSTOCK_HTTP_BODY_TO_BLOB) != 0 &&
                           got.transport == PENSTOCK_TRANSPORT_OK && got.status >= 200 &&
                           got.status < 300;
      Show(self->shape_, request.tag, spooled ? self->blobs_.Of(got.body) : 0, &shown);
    }
    on_response(user, static_cast<const penstock_http_response*>(shown.memory->data()));
    const OwnAllocations own;
    shown = Shown();
  }
  return PENSTOCK_OK;
}

}  // namespace penstock::kit
