// The host as a connector sees it: the call in hand, log, clock, journal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "penstock/connector.h"
#include "penstock/result.hpp"

namespace penstock::sdk {

inline penstock_str Str(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view View(penstock_str text) {
  return text.ptr == nullptr ? std::string_view() : std::string_view(text.ptr, text.len);
}

/// The call that the host is making. Valid until it returns.
class Call {
 public:
  explicit Call(const penstock_call* call) : call_(call) {}
  /// The run is being stopped: finish the request in hand, then return CANCELLED. [thread-safe]
  bool cancelled() const { return call_->cancelled != nullptr && call_->cancelled(call_) != 0; }
  /// On Host::MonotonicMicros; 0: none.
  int64_t deadline_us() const { return call_->deadline_us; }
  const penstock_call* c() const { return call_; }

 private:
  const penstock_call* call_;
};

/// A Status for what a service returned. Users may read it: the host says more where it can.
inline Status ServiceStatus(penstock_status status, std::string_view service) {
  if (status == PENSTOCK_OK) return {};
  std::string why =
      "the host's " + std::string(service) + " service ended with status " + std::to_string(status);
  if (status == PENSTOCK_E_UNAUTHENTICATED) why = "the login does not work";
  if (status == PENSTOCK_E_UNAVAILABLE) why = "the destination cannot be reached";
  if (status == PENSTOCK_E_CANCELLED) why = "the run is being stopped";
  if (status == PENSTOCK_E_DEADLINE) why = "the time for it is over";
  return Failure{status, "connector.SERVICE", std::move(why), 0};
}

/// A view of the host; copy it freely. Valid from open to close. [thread-safe]
class Host {
 public:
  explicit Host(const penstock_host* host) : host_(host) {}

  const penstock_host* c() const { return host_; }
  std::string_view name() const { return host_->name == nullptr ? "" : host_->name; }
  std::string_view version() const { return host_->version == nullptr ? "" : host_->version; }

  /// `level`: PENSTOCK_LOG_...; `fields_json`: a JSON object or empty. Never a secret, never a
  /// record's values.
  void Log(int32_t level, std::string_view message, std::string_view fields_json = {}) const {
    const auto* log = Find(PENSTOCK_HOST_LOG, &penstock_host_log::log);
    if (log != nullptr) log->log(host_, level, Str(message), Str(fields_json));
  }

  /// 0 when the host has no clock.
  int64_t UnixMicros() const {
    const auto* clock = Find(PENSTOCK_HOST_CLOCK, &penstock_host_clock::unix_us);
    return clock == nullptr ? 0 : clock->unix_us(host_);
  }
  int64_t MonotonicMicros() const {
    const auto* clock = Find(PENSTOCK_HOST_CLOCK, &penstock_host_clock::monotonic_us);
    return clock == nullptr ? 0 : clock->monotonic_us(host_);
  }
  /// The only way to wait. CANCELLED or DEADLINE end it early.
  Status Sleep(Call call, int64_t ms) const {
    const auto* clock = Find(PENSTOCK_HOST_CLOCK, &penstock_host_clock::sleep_ms);
    if (clock == nullptr) return ServiceStatus(PENSTOCK_E_UNSUPPORTED, "clock");
    return ServiceStatus(clock->sleep_ms(host_, call.c(), ms), "clock");
  }

  /// Ties `token` (1 to 4096 bytes: e.g. a job's id) to records until they have an
  /// outcome. Durable on return: from then on they count as sent, and what is reported of them is
  /// believed. Records without an outcome at the end of the run stay with their note: they are not
  /// sent again, and the next run hands them to Begin. A later note of a record replaces its
  /// earlier one.
  Status Note(Call call, std::span<const uint64_t> seqs, std::string_view token) const {
    const auto* journal = Find(PENSTOCK_HOST_JOURNAL, &penstock_host_journal::note);
    if (journal == nullptr) return ServiceStatus(PENSTOCK_E_UNSUPPORTED, "journal");
    return ServiceStatus(journal->note(host_, call.c(), seqs.data(), seqs.size(), Str(token)),
                         "journal");
  }

  /// A service's table, e.g. Find(PENSTOCK_HOST_BLOB, &penstock_host_blob::discard); null when the
  /// host does not have it, or only an older, shorter one without the function `needed`. The size
  /// of the table as this header knows it does not matter: an older host may lack its end.
  template <typename Table, typename Function>
  const Table* Find(const char* id, Function Table::*needed) const {
    if (host_->get_extension == nullptr) return nullptr;
    const auto* table = static_cast<const Table*>(host_->get_extension(host_, id));
    if (table == nullptr) return nullptr;
    const auto* end = reinterpret_cast<const char*>(&(table->*needed)) + sizeof(Function);
    const auto size = static_cast<size_t>(end - reinterpret_cast<const char*>(table));
    return table->struct_size >= size ? table : nullptr;
  }

 private:
  const penstock_host* host_;
};

}  // namespace penstock::sdk
