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

RawCall::RawCall(Shape shape) {
  penstock_call call{};
  call.host_data = this;
  call.cancelled = Cancelled;
  call.fail = Fail;
  // A call cannot be cut: this header is the first one.
  memory_ = Shaped(shape == Shape::kLonger ? shape : Shape::kFull, &call, sizeof(call), 0);
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
  journal.note = [](const penstock_host*, const penstock_call*, const uint64_t*, size_t,
                    penstock_str) { return static_cast<penstock_status>(PENSTOCK_OK); };
  journal_ = Table(&journal, sizeof(journal), offsetof(penstock_host_journal, note));
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
  return nullptr;
}

penstock_status RawHost::Perform(const penstock_host* host, const penstock_call*,
                                 const penstock_http_request* requests, size_t n, size_t stride,
                                 penstock_http_on_response on_response, void* user) {
  RawHost* self = Self(host);
  const char* bytes = reinterpret_cast<const char*>(requests);
  for (size_t i = 0; i < n; ++i) {
    const auto& request = *reinterpret_cast<const penstock_http_request*>(bytes + i * stride);
    std::unique_ptr<Guarded> memory;
    {
      const OwnAllocations own;
      memory = self->Answer(request);
    }
    on_response(user, static_cast<const penstock_http_response*>(memory->data()));
    const OwnAllocations own;
    memory.reset();
  }
  return PENSTOCK_OK;
}

std::unique_ptr<Guarded> RawHost::Answer(const penstock_http_request& request) {
  ++requests;
  penstock_http_response response{};
  response.struct_size = sizeof(response);
  response.attempts = 1;
  response.tag = request.tag;
  response.transport = PENSTOCK_TRANSPORT_NOT_SENT;
  response.error = Str("this host sends nothing");
  if (answer) answer(request, &response);
  if (transcript_ != nullptr) {
    transcript_->Add(
        "> " + Text(request.method) + " " + Text(request.url) + "\n< " +
        (response.transport == PENSTOCK_TRANSPORT_OK
             ? std::to_string(response.status) + " " + Transcript::Short(Text(response.body))
             : "no answer: " + Text(response.error)));
  }
  return Shaped(shape_ == Shape::kLonger ? Shape::kLonger : Shape::kFull, &response,
                sizeof(response), 0);
}

}  // namespace penstock::kit
