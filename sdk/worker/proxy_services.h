// The host's services as a connector in the worker sees them: each is a question over the channel
// of the calling thread.
#pragma once

#include <string>

#include "sdk/runtime/services.h"

namespace penstock::sdk::worker {

/// [thread-safe]. A thread without a session has a clock and nothing else.
class ProxyServices final : public HostServices {
 public:
  ProxyServices(std::string name, std::string version, bool blobs)
      : name_(std::move(name)), version_(std::move(version)), blobs_(blobs) {}

  std::string Name() const override { return name_; }
  std::string Version() const override { return version_; }
  Status Perform(const ServiceCall& call, std::span<const HostRequest> requests,
                 const std::function<void(const HostResponse&)>& on_response) override;
  Status Note(const ServiceCall& call, std::span<const uint64_t> seqs,
              std::string_view token) override;
  int64_t UnixMicros() override;
  int64_t MonotonicMicros() override;
  Status Sleep(const ServiceCall& call, int64_t ms) override;
  void Log(int32_t level, std::string_view message, std::string_view fields_json) override;
  bool HasBlobs() const override { return blobs_; }
  Result<penstock_blob> CreateBlob(const ServiceCall& call) override;
  Status AppendBlob(penstock_blob blob, std::string_view bytes) override;
  Result<size_t> ReadBlob(penstock_blob blob, uint64_t offset, std::span<char> bytes) override;
  uint64_t BlobSize(penstock_blob blob) override;
  void DiscardBlob(penstock_blob blob) override;

 private:
  const std::string name_;
  const std::string version_;
  const bool blobs_;
};

/// Is the run being stopped? Asked of the host of the calling thread's call.
bool AskCancelled();

}  // namespace penstock::sdk::worker
