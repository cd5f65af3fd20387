#include "sdk/runtime/host_tables.h"

#include <cstring>
#include <vector>

#include "sdk/runtime/call.h"

namespace penstock::sdk {

namespace {
Failure NoBlobs() {
  return Failure{PENSTOCK_E_UNSUPPORTED, "PS-CONN-NO-BLOBS", "this host has no blobs", 0};
}
}  // namespace

Result<penstock_blob> HostServices::CreateBlob(const ServiceCall&) { return NoBlobs(); }
Status HostServices::AppendBlob(penstock_blob, std::string_view) { return NoBlobs(); }
Result<size_t> HostServices::ReadBlob(penstock_blob, uint64_t, std::span<char>) {
  return NoBlobs();
}
uint64_t HostServices::BlobSize(penstock_blob) { return 0; }
void HostServices::DiscardBlob(penstock_blob) {}

namespace runtime {
namespace {

HostServices* ServicesOf(const penstock_host* host) {
  return static_cast<const HostTables*>(host->host_data)->services();
}

penstock_status CodeOf(const Status& status) {
  return status.ok() ? PENSTOCK_OK : status.failure().status;
}

// No exception of the host may run through a connector's frames.
template <typename Body>
penstock_status Service(const penstock_host* host, const penstock_call* call, Body&& body) {
  const CallScope* scope = CallScope::From(call);
  if (host == nullptr || scope == nullptr) return PENSTOCK_E_INVALID_ARGUMENT;
  return Contained([&] { return body(ServicesOf(host), scope->service()); });
}

// ---- http

HostRequest ReadRequest(const penstock_http_request& from, std::vector<HostHeader>* headers) {
  for (size_t i = 0; i < from.n_headers; ++i) {
    headers->push_back({View(from.headers[i].name), View(from.headers[i].value)});
  }
  HostRequest request;
  request.tag = from.tag;
  request.method = View(from.method);
  request.url = View(from.url);
  request.headers = *headers;
  request.body = View(from.body);
  request.body_blob = from.body_blob;
  request.limiter = from.limiter.len == 0 ? std::string_view("default") : View(from.limiter);
  request.cost = from.cost == 0 ? 1 : from.cost;
  request.timeout_ms = from.timeout_ms;
  request.idempotent = (from.flags & PENSTOCK_HTTP_IDEMPOTENT) != 0;
  request.no_auth = (from.flags & PENSTOCK_HTTP_NO_AUTH) != 0;
  request.body_to_blob = (from.flags & PENSTOCK_HTTP_BODY_TO_BLOB) != 0;
  if (from.seqs != nullptr) request.seqs = {from.seqs, from.n_seqs};
  return request;
}

void PassResponse(const HostResponse& from, penstock_http_on_response on_response, void* user) {
  std::vector<penstock_http_header> headers;
  headers.reserve(from.headers.size());
  for (const HostHeader& header : from.headers) {
    headers.push_back({Str(header.name), Str(header.value)});
  }
  penstock_http_response response{};
  response.struct_size = sizeof(response);
  response.status = from.status;
  response.transport = static_cast<int32_t>(from.transport);
  response.attempts = from.attempts;
  response.tag = from.tag;
  response.retry_after_ms = from.retry_after_ms;
  response.headers = headers.data();
  response.n_headers = headers.size();
  response.body = Str(from.body);
  response.blob = from.blob;
  response.error = Str(from.error);
  on_response(user, &response);
}

// Every field of revision 0 must be there: a shorter struct is no request. Later fields are not
// asked for: an older connector does not have them.
bool Readable(const char* requests, size_t n, size_t stride) {
  if (n == 0) return true;
  if (requests == nullptr) return false;
  for (size_t i = 0; i < n; ++i) {
    const auto* request = reinterpret_cast<const penstock_http_request*>(requests + i * stride);
    if (stride < sizeof(request->struct_size) || stride < request->struct_size) return false;
    if (!PENSTOCK_HAS(penstock_http_request, request, n_seqs)) return false;
    if (request->n_headers > 0 && request->headers == nullptr) return false;
    if (request->n_seqs > 0 && request->seqs == nullptr) return false;
  }
  return true;
}

penstock_status Perform(const penstock_host* host, const penstock_call* call,
                        const penstock_http_request* requests, size_t n, size_t stride,
                        penstock_http_on_response on_response, void* user) {
  const char* bytes = reinterpret_cast<const char*>(requests);
  if (on_response == nullptr || !Readable(bytes, n, stride)) return PENSTOCK_E_INVALID_ARGUMENT;
  return Service(host, call, [&](HostServices* services, const ServiceCall& service) {
    std::vector<std::vector<HostHeader>> headers(n);
    std::vector<HostRequest> list;
    list.reserve(n);
    for (size_t i = 0; i < n; ++i) {
      const auto* request = reinterpret_cast<const penstock_http_request*>(bytes + i * stride);
      list.push_back(ReadRequest(*request, &headers[i]));
    }
    return CodeOf(services->Perform(service, list, [&](const HostResponse& response) {
      PassResponse(response, on_response, user);
    }));
  });
}

constexpr penstock_host_http kHttp = {sizeof(penstock_host_http), 0, Perform};

// ---- journal

penstock_status Note(const penstock_host* host, const penstock_call* call, const uint64_t* seqs,
                     size_t n, penstock_str token) {
  if (n > 0 && seqs == nullptr) return PENSTOCK_E_INVALID_ARGUMENT;
  return Service(host, call, [&](HostServices* services, const ServiceCall& service) {
    return CodeOf(services->Note(service, {seqs, n}, View(token)));
  });
}

constexpr penstock_host_journal kJournal = {sizeof(penstock_host_journal), 0, Note};

// ---- clock, log

int64_t UnixMicros(const penstock_host* host) { return ServicesOf(host)->UnixMicros(); }
int64_t MonotonicMicros(const penstock_host* host) { return ServicesOf(host)->MonotonicMicros(); }
penstock_status SleepMs(const penstock_host* host, const penstock_call* call, int64_t ms) {
  return Service(host, call, [&](HostServices* services, const ServiceCall& service) {
    return CodeOf(services->Sleep(service, ms < 0 ? 0 : ms));
  });
}

constexpr penstock_host_clock kClock = {sizeof(penstock_host_clock), 0, UnixMicros, MonotonicMicros,
                                        SleepMs};

void Log(const penstock_host* host, int32_t level, penstock_str message, penstock_str fields) {
  const bool known = level >= PENSTOCK_LOG_DEBUG && level <= PENSTOCK_LOG_ERROR;
  Contained([&] {
    ServicesOf(host)->Log(known ? level : static_cast<int32_t>(PENSTOCK_LOG_ERROR),
                          Bounded(View(message), kMaxLog), Bounded(View(fields), kMaxLog));
    return PENSTOCK_OK;
  });
}

constexpr penstock_host_log kLog = {sizeof(penstock_host_log), 0, Log};

// ---- blobs

penstock_status CreateBlob(const penstock_host* host, const penstock_call* call,
                           penstock_blob* out) {
  if (out == nullptr) return PENSTOCK_E_INVALID_ARGUMENT;
  return Service(host, call, [&](HostServices* services, const ServiceCall& service) {
    Result<penstock_blob> blob = services->CreateBlob(service);
    if (!blob.ok()) return blob.failure().status;
    *out = *blob;
    return static_cast<penstock_status>(PENSTOCK_OK);
  });
}

penstock_status AppendBlob(const penstock_host* host, penstock_blob blob, const char* bytes,
                           size_t n) {
  if (bytes == nullptr && n > 0) return PENSTOCK_E_INVALID_ARGUMENT;
  return Contained([&] { return CodeOf(ServicesOf(host)->AppendBlob(blob, {bytes, n})); });
}

penstock_status ReadBlob(const penstock_host* host, penstock_blob blob, uint64_t offset,
                         char* bytes, size_t n, size_t* got) {
  if (got == nullptr || (bytes == nullptr && n > 0)) return PENSTOCK_E_INVALID_ARGUMENT;
  return Contained([&] {
    Result<size_t> read = ServicesOf(host)->ReadBlob(blob, offset, {bytes, n});
    if (!read.ok()) return read.failure().status;
    *got = *read;
    return static_cast<penstock_status>(PENSTOCK_OK);
  });
}

uint64_t BlobSize(const penstock_host* host, penstock_blob blob) {
  return ServicesOf(host)->BlobSize(blob);
}
void DiscardBlob(const penstock_host* host, penstock_blob blob) {
  Contained([&] {
    ServicesOf(host)->DiscardBlob(blob);
    return PENSTOCK_OK;
  });
}

constexpr penstock_host_blob kBlob = {
    sizeof(penstock_host_blob), 0, CreateBlob, AppendBlob, ReadBlob, BlobSize, DiscardBlob};

const void* GetExtension(const penstock_host* host, const char* id) {
  if (host == nullptr || id == nullptr) return nullptr;
  if (std::strcmp(id, PENSTOCK_HOST_HTTP) == 0) return &kHttp;
  if (std::strcmp(id, PENSTOCK_HOST_JOURNAL) == 0) return &kJournal;
  if (std::strcmp(id, PENSTOCK_HOST_CLOCK) == 0) return &kClock;
  if (std::strcmp(id, PENSTOCK_HOST_LOG) == 0) return &kLog;
  if (std::strcmp(id, PENSTOCK_HOST_BLOB) == 0 && ServicesOf(host)->HasBlobs()) return &kBlob;
  return nullptr;
}

}  // namespace

HostTables::HostTables(HostServices* services)
    : services_(services), name_(services->Name()), version_(services->Version()) {
  host_ = penstock_host{sizeof(penstock_host), PENSTOCK_ABI_MINOR, this,
                        name_.c_str(),         version_.c_str(),   GetExtension};
}

}  // namespace runtime
}  // namespace penstock::sdk
