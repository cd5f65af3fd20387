// The host's services in memory: a clock that moves only when somebody waits, requests that go to
// the fixture's destination, everything said kept for later questions.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "penstock/testing/fixture.hpp"
#include "sdk/runtime/services.h"
#include "sdk/testing/kit/subject.h"
#include "sdk/testing/kit/transcript.h"

namespace penstock::kit {

/// A request and what became of it, kept.
struct Exchange {
  PeerRequest request;
  PeerAnswer answer;
};

/// [thread-safe] as HostServices is; the public members are set before the connector is called.
class FakeHost final : public sdk::HostServices {
 public:
  /// `destination` may be null: then no request is sent. All outlive the host.
  FakeHost(const Subject& subject, const Facts& facts, Destination* destination,
           Transcript* transcript);

  /// Before a request goes out; an answer keeps it from going out. `n` counts from 0.
  std::function<std::optional<PeerAnswer>(const PeerRequest&, size_t n)> before;
  /// After the destination's answer.
  std::function<void(const PeerRequest&, size_t n, PeerAnswer*)> after;
  /// Whether the destination gets this request twice, as if the first answer had been lost.
  std::function<bool(const PeerRequest&)> repeat;
  /// Answers of one perform come back in the opposite order.
  bool backwards = false;
  /// Sleep takes its time, as a real account needs it.
  bool real_time = false;
  /// Called in each Sleep.
  std::function<void()> on_sleep;

  sdk::CallContext Context(int64_t timeout_ms = 0);
  void Cancel() { cancelled_.store(true); }
  void Uncancel() { cancelled_.store(false); }

  std::vector<Exchange> exchanges() const;
  /// Of those, the ones that name records or are no reads.
  std::vector<Exchange> writes() const;
  size_t requests() const;
  /// Exchanges and notes until now.
  void Forget();
  void ForgetNotes();
  std::vector<std::string> logs() const;
  std::vector<std::pair<std::vector<uint64_t>, std::string>> notes() const;
  int64_t slept_ms() const { return slept_ms_.load(); }
  /// Whether the fixture or the method says that this request reads only.
  bool IsRead(const PeerRequest& request) const;

  std::string Name() const override { return "penstock-check"; }
  std::string Version() const override { return "0.1.0"; }
  sdk::Status Perform(const sdk::ServiceCall& call, std::span<const sdk::HostRequest> requests,
                      const std::function<void(const sdk::HostResponse&)>& on_response) override;
  sdk::Status Note(const sdk::ServiceCall& call, std::span<const uint64_t> seqs,
                   std::string_view token) override;
  int64_t UnixMicros() override { return kStart + now_us_.load(); }
  int64_t MonotonicMicros() override { return now_us_.load(); }
  sdk::Status Sleep(const sdk::ServiceCall& call, int64_t ms) override;
  void Log(int32_t level, std::string_view message, std::string_view fields_json) override;

  bool HasBlobs() const override { return true; }
  sdk::Unknown unknown_properties() const override { return sdk::Unknown::kRefused; }
  sdk::Result<penstock_blob> CreateBlob(const sdk::ServiceCall& call) override;
  sdk::Status AppendBlob(penstock_blob blob, std::string_view bytes) override;
  sdk::Result<size_t> ReadBlob(penstock_blob blob, uint64_t offset, std::span<char> bytes) override;
  uint64_t BlobSize(penstock_blob blob) override;
  void DiscardBlob(penstock_blob blob) override;

 private:
  static constexpr int64_t kStart = 1764028800000000;  // 2025-11-25

  PeerRequest Prepare(const sdk::HostRequest& request);
  PeerAnswer Send(const PeerRequest& request);

  const Subject& subject_;
  const Facts& facts_;
  Destination* destination_;
  Transcript* transcript_;
  std::atomic<bool> cancelled_{false};
  std::atomic<int64_t> now_us_{1000000};
  std::atomic<int64_t> slept_ms_{0};
  mutable std::mutex mutex_;
  size_t sent_ = 0;
  std::vector<Exchange> exchanges_;
  std::vector<std::string> logs_;
  std::vector<std::pair<std::vector<uint64_t>, std::string>> notes_;
  std::map<penstock_blob, std::string> blobs_;
  penstock_blob next_blob_ = 1;
};

/// Whether "METHOD path" fits a pattern in which * stands for any text.
bool Fits(std::string_view pattern, std::string_view text);

}  // namespace penstock::kit
