// One call into a connector, as C sees it. For the files of this folder only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "penstock/connector.h"
#include "penstock/result.hpp"
#include "sdk/runtime/services.h"

namespace penstock::sdk::runtime {

/// Text from the other side; a null pointer is empty whatever the length says.
inline std::string_view View(penstock_str text) {
  return text.ptr == nullptr ? std::string_view() : std::string_view(text.ptr, text.len);
}
inline penstock_str Str(std::string_view text) { return {text.data(), text.size()}; }

/// The code of an exception that a connector let escape (connector.hpp).
inline constexpr std::string_view kException = "connector.EXCEPTION";

/// A catalog or a check report may be this long.
inline constexpr size_t kMaxDocument = 64u << 20;

/// A connector's message may be this long; what is more is cut.
inline constexpr size_t kMaxMessage = 500;

/// A line of its log, likewise.
inline constexpr size_t kMaxLog = 8192;

/// Well-formed UTF-8: what is none is replaced, what has more than `limit` bytes is cut between
/// characters, and then "…" stands behind them.
std::string Bounded(std::string_view text, size_t limit);

/// Lives for one call. Not movable: the C struct points back here.
class CallScope {
 public:
  CallScope(const CallContext& context, HostServices* services);
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

  const penstock_call* c() const { return &call_; }
  const ServiceCall& service() const { return service_; }

  /// What came of the call: `status` is what the function returned, `what` names it in sentences.
  Status Conclude(penstock_status status, std::string_view connector, std::string_view what) const;

  /// The scope behind a call that a connector passes to a service; null if it is none.
  static const CallScope* From(const penstock_call* call);

 private:
  static int32_t Cancelled(const penstock_call* call);
  static void Fail(const penstock_call* call, const penstock_error* error);

  penstock_call call_;
  ServiceCall service_;
  std::optional<Failure> failure_;
};

/// Runs `body`, a call into a connector. An exception that escapes from it becomes INTERNAL.
template <typename Body>
penstock_status Contained(Body&& body) {
  try {
    return body();
  } catch (...) {
    return PENSTOCK_E_INTERNAL;
  }
}

/// Collects what a connector writes, up to a limit.
class TextSink {
 public:
  explicit TextSink(size_t limit);
  TextSink(const TextSink&) = delete;
  TextSink& operator=(const TextSink&) = delete;

  const penstock_sink* c() const { return &sink_; }
  const std::string& text() const { return text_; }
  bool overflowed() const { return overflowed_; }

 private:
  static penstock_status Write(const penstock_sink* sink, const char* bytes, size_t n);

  penstock_sink sink_;
  size_t limit_;
  std::string text_;
  bool overflowed_ = false;
};

}  // namespace penstock::sdk::runtime
