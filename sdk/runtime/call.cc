#include "sdk/runtime/call.h"

namespace penstock::sdk::runtime {
namespace {

constexpr size_t kMaxCode = 200;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kCut = "…";

// Bytes of the well-formed UTF-8 character at `at`; 0: there is none.
size_t CharacterBytes(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t n = first >= 0xC2 && first <= 0xDF   ? 2
                   : (first & 0xF0) == 0xE0         ? 3
                   : first >= 0xF0 && first <= 0xF4 ? 4
                                                    : 0;
  if (n == 0 || n > text.size() - at) return 0;
  for (size_t i = 1; i < n; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool none = (first == 0xED && byte(1) > 0x9F) || (first == 0xF4 && byte(1) > 0x8F);
  return overlong || none ? 0 : n;
}

std::string_view StatusName(penstock_status status) {
  switch (status) {
    case PENSTOCK_E_INVALID_ARGUMENT:
      return "INVALID_ARGUMENT";
    case PENSTOCK_E_INVALID_CONFIG:
      return "INVALID_CONFIG";
    case PENSTOCK_E_UNAUTHENTICATED:
      return "UNAUTHENTICATED";
    case PENSTOCK_E_PERMISSION:
      return "PERMISSION";
    case PENSTOCK_E_NOT_FOUND:
      return "NOT_FOUND";
    case PENSTOCK_E_UNSUPPORTED:
      return "UNSUPPORTED";
    case PENSTOCK_E_RATE_LIMITED:
      return "RATE_LIMITED";
    case PENSTOCK_E_QUOTA:
      return "QUOTA";
    case PENSTOCK_E_UNAVAILABLE:
      return "UNAVAILABLE";
    case PENSTOCK_E_CANCELLED:
      return "CANCELLED";
    case PENSTOCK_E_DEADLINE:
      return "DEADLINE";
    case PENSTOCK_E_INTERNAL:
      return "INTERNAL";
    case PENSTOCK_E_DESTINATION:
      return "DESTINATION";
    default:
      return {};
  }
}

}  // namespace

std::string Bounded(std::string_view text, size_t limit) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t n = CharacterBytes(text, at);
    const std::string_view character = n == 0 ? kReplacement : text.substr(at, n);
    if (out.size() + character.size() > limit) return out + std::string(kCut);
    out += character;
    at += n == 0 ? 1 : n;
  }
  return out;
}

CallScope::CallScope(const CallContext& context, HostServices* services) {
  service_.context = &context;
  if (context.timeout_ms > 0 && services != nullptr) {
    service_.deadline_us = services->MonotonicMicros() + context.timeout_ms * 1000;
  }
  call_ = penstock_call{sizeof(penstock_call), 0, this, service_.deadline_us, Cancelled, Fail};
}

const CallScope* CallScope::From(const penstock_call* call) {
  if (call == nullptr || call->fail != &Fail) return nullptr;
  return static_cast<const CallScope*>(call->host_data);
}

int32_t CallScope::Cancelled(const penstock_call* call) {
  const CallScope* self = From(call);
  return self != nullptr && self->service_.cancelled() ? 1 : 0;
}

void CallScope::Fail(const penstock_call* call, const penstock_error* error) {
  if (call == nullptr || error == nullptr) return;
  auto* self = static_cast<CallScope*>(call->host_data);
  Failure failure;
  if (PENSTOCK_HAS(penstock_error, error, retry_after_ms)) {
    failure.retry_after_ms = error->retry_after_ms > 0 ? error->retry_after_ms : 0;
  }
  if (PENSTOCK_HAS(penstock_error, error, code))
    failure.code = Bounded(View(error->code), kMaxCode);
  if (PENSTOCK_HAS(penstock_error, error, message)) {
    failure.message = Bounded(View(error->message), kMaxMessage);
  }
  self->failure_ = std::move(failure);
}

Status CallScope::Conclude(penstock_status status, std::string_view connector,
                           std::string_view what) const {
  const std::string who = "connector " + std::string(connector) + ": " + std::string(what);
  if (status == PENSTOCK_OK) {
    if (!failure_.has_value()) return {};
    return Failure{PENSTOCK_E_INTERNAL, "PS-CONN-CONTRACT",
                   who + " returned OK although it reported an error: " + failure_->message, 0};
  }
  const std::string_view name = StatusName(status);
  if (name.empty()) {
    return Failure{PENSTOCK_E_INTERNAL, "PS-CONN-CONTRACT",
                   who + " returned " + std::to_string(status) + ", which is no status", 0};
  }
  Failure failure = failure_.value_or(Failure{});
  failure.status = status;
  if (failure.code.empty()) failure.code = "PS-CONN-CALL";
  if (failure.message.empty()) {
    failure.message = who + " ended with " + std::string(name) + " and did not say why";
  }
  return failure;
}

TextSink::TextSink(size_t limit) : limit_(limit) {
  sink_ = penstock_sink{sizeof(penstock_sink), 0, this, Write};
}

penstock_status TextSink::Write(const penstock_sink* sink, const char* bytes, size_t n) {
  if (sink == nullptr || (bytes == nullptr && n > 0)) return PENSTOCK_E_INVALID_ARGUMENT;
  auto* self = static_cast<TextSink*>(sink->host_data);
  if (n > self->limit_ - self->text_.size()) {
    self->overflowed_ = true;
    return PENSTOCK_E_INVALID_ARGUMENT;
  }
  self->text_.append(bytes, n);
  return PENSTOCK_OK;
}

}  // namespace penstock::sdk::runtime
