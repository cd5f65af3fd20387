// What a connector's init may use: clock and nothing else. For the loader only.
#pragma once

#include <chrono>

#include "sdk/runtime/services.h"

namespace penstock::sdk::runtime {

/// [thread-safe]
class InitServices final : public HostServices {
 public:
  std::string Name() const override { return "penstock"; }
  std::string Version() const override { return {}; }
  Status Perform(const ServiceCall&, std::span<const HostRequest>,
                 const std::function<void(const HostResponse&)>&) override {
    return NotNow();
  }
  Status Note(const ServiceCall&, std::span<const uint64_t>, std::string_view) override {
    return NotNow();
  }
  int64_t UnixMicros() override { return Micros<std::chrono::system_clock>(); }
  int64_t MonotonicMicros() override { return Micros<std::chrono::steady_clock>(); }
  Status Sleep(const ServiceCall&, int64_t) override { return NotNow(); }
  void Log(int32_t, std::string_view, std::string_view) override {}
  void AddMetric(std::string_view, double, std::string_view) override {}

 private:
  template <typename Clock>
  static int64_t Micros() {
    return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch())
        .count();
  }
  static Failure NotNow() {
    return Failure{PENSTOCK_E_UNSUPPORTED, "PS-CONN-INIT", "init may use no service but the clock",
                   0};
  }
};

}  // namespace penstock::sdk::runtime
