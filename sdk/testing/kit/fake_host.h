// The host's services in memory: a clock that moves only when somebody waits, requests that go to
// the fixture's destination, everything said kept for later questions.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "penstock/testing/fixture.hpp"
#include "sdk/runtime/services.h"
#include "sdk/testing/kit/blobs.h"
#include "sdk/testing/kit/subject.h"
#include "sdk/testing/kit/transcript.h"

namespace penstock::kit {

/// A request and what became of it, kept.
struct Exchange {
  PeerRequest request;
  PeerAnswer answer;
  size_t step = 0;  // of the host's life: how often something was sent or waited for, with this one
};

/// A note, kept.
struct Noted {
  std::vector<uint64_t> seqs;
  std::string token;
  size_t step = 0;  // as of the last Exchange before it
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
  /// Nothing can be noted.
  bool refuse_notes = false;
  /// Sleep takes its time, as a real account needs it.
  bool real_time = false;
  /// Called in each Sleep.
  std::function<void()> on_sleep;

  /// Of a call outside of a run: no blobs, no notes, no request that names records.
  sdk::CallContext Context(int64_t timeout_ms = 0);
  /// Of begin, and so of all calls of its writer.
  sdk::CallContext WriterContext(int64_t timeout_ms = 0);
  void Cancel() { cancelled_.store(true); }
  void Uncancel() { cancelled_.store(false); }

  /// From now on it is as if the process had died: every service refuses, nothing is noted.
  void Die();
  bool dead() const { return dead_.load(); }
  /// The next run begins: blobs of the last one are gone, notes and exchanges forgotten.
  void Revive();
  /// A request of the connector that was held back arrives at the destination, unseen by all.
  void Deliver(const PeerRequest& request);

  std::vector<Exchange> exchanges() const;
  /// Of those, the ones that name records or are no reads.
  std::vector<Exchange> writes() const;
  size_t requests() const;
  /// Exchanges and notes until now.
  void Forget();
  void ForgetNotes();
  std::vector<std::string> logs() const;
  std::vector<Noted> notes() const;
  const Blobs& blobs() const { return blobs_; }
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

  sdk::Status Prepare(const sdk::ServiceCall& call, const sdk::HostRequest& from,
                      PeerRequest* request);
  PeerAnswer Send(const PeerRequest& request);
  bool InWriter(const sdk::ServiceCall& call) const { return call.user() == this; }
  bool Stopped(const sdk::ServiceCall& call) const { return dead_.load() || call.cancelled(); }

  const Subject& subject_;
  const Facts& facts_;
  Destination* destination_;
  Transcript* transcript_;
  std::atomic<bool> cancelled_{false}, dead_{false};
  std::atomic<int64_t> now_us_{1000000};
  std::atomic<int64_t> slept_ms_{0};
  mutable std::mutex mutex_;
  size_t sent_ = 0, step_ = 0;
  std::vector<Exchange> exchanges_;
  std::vector<std::string> logs_;
  std::vector<Noted> notes_;
  Blobs blobs_;
};

/// Whether "METHOD path" fits a pattern in which * stands for any text.
bool Fits(std::string_view pattern, std::string_view text);

}  // namespace penstock::kit
