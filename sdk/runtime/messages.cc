#include "sdk/runtime/messages.h"

namespace penstock::sdk::wire {
namespace {

constexpr uint8_t kIdempotent = 1, kNoAuth = 2, kBodyToBlob = 4;
constexpr size_t kHeaderBytes = 16;

void PutHeaders(std::span<const HostHeader> headers, Packer* out) {
  out->U64(headers.size());
  for (const HostHeader& header : headers) {
    out->Text(header.name);
    out->Text(header.value);
  }
}

std::vector<HostHeader> TakeHeaders(Unpacker* in) {
  const uint64_t n = in->Count(kHeaderBytes);
  std::vector<HostHeader> headers;
  for (uint64_t i = 0; i < n && in->good(); ++i) {
    const std::string_view name = in->Text();
    headers.push_back({name, in->Text()});
  }
  return headers;
}

void PutTexts(const std::vector<std::string>& texts, Packer* out) {
  out->U64(texts.size());
  for (const std::string& text : texts) out->Text(text);
}

std::vector<std::string> TakeTexts(Unpacker* in) {
  const uint64_t n = in->Count(sizeof(uint64_t));
  std::vector<std::string> texts;
  for (uint64_t i = 0; i < n && in->good(); ++i) texts.emplace_back(in->Text());
  return texts;
}

}  // namespace

void PutRequest(const HostRequest& request, Packer* out) {
  out->U64(request.tag);
  out->Text(request.method);
  out->Text(request.url);
  PutHeaders(request.headers, out);
  out->Text(request.body);
  out->U64(request.body_blob);
  out->Text(request.limiter);
  out->U32(request.cost);
  out->U32(request.timeout_ms);
  out->U8(static_cast<uint8_t>((request.idempotent ? kIdempotent : 0) |
                               (request.no_auth ? kNoAuth : 0) |
                               (request.body_to_blob ? kBodyToBlob : 0)));
  out->Seqs(request.seqs.data(), request.seqs.size());
}

void TakeRequest(Unpacker* in, StoredRequest* out) {
  HostRequest& request = out->request;
  request.tag = in->U64();
  request.method = in->Text();
  request.url = in->Text();
  out->headers = TakeHeaders(in);
  request.headers = out->headers;
  request.body = in->Text();
  request.body_blob = in->U64();
  request.limiter = in->Text();
  request.cost = in->U32();
  request.timeout_ms = in->U32();
  const uint8_t flags = in->U8();
  request.idempotent = (flags & kIdempotent) != 0;
  request.no_auth = (flags & kNoAuth) != 0;
  request.body_to_blob = (flags & kBodyToBlob) != 0;
  out->seqs = in->Seqs();
  request.seqs = out->seqs;
}

void PutResponse(const HostResponse& response, Packer* out) {
  out->U64(response.tag);
  out->I32(response.status);
  out->I32(static_cast<int32_t>(response.transport));
  out->U32(response.attempts);
  out->I64(response.retry_after_ms);
  PutHeaders(response.headers, out);
  out->Text(response.body);
  out->U64(response.blob);
  out->Text(response.error);
}

void TakeResponse(Unpacker* in, StoredResponse* out) {
  HostResponse& response = out->response;
  response.tag = in->U64();
  response.status = in->I32();
  response.transport = static_cast<Transport>(in->I32());
  response.attempts = in->U32();
  response.retry_after_ms = in->I64();
  out->headers = TakeHeaders(in);
  response.headers = out->headers;
  response.body = in->Text();
  response.blob = in->U64();
  response.error = in->Text();
}

void PutReady(const Ready& ready, Packer* out) {
  out->U8(ready.has_lookup ? 1 : 0);
  out->Text(ready.sha256);
  PutTexts(ready.confined, out);
  PutTexts(ready.refused, out);
}

bool TakeReady(Unpacker* in, Ready* out) {
  out->has_lookup = in->U8() != 0;
  out->sha256 = in->Text();
  out->confined = TakeTexts(in);
  out->refused = TakeTexts(in);
  return in->Ended();
}

}  // namespace penstock::sdk::wire
