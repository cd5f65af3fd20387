// Blobs in memory with the host's rules (host/blobs and what serves it), for both hosts of the kit.
// Of reads it makes more use than ours do: each gives half of what is left, as the header allows.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/connector.h"
#include "penstock/result.hpp"

namespace penstock::kit {

/// [thread-safe]
class Blobs {
 public:
  penstock_blob Create();
  /// UNAVAILABLE: more than a blob or all of a run may hold. INVALID_ARGUMENT: no such blob.
  sdk::Status Append(penstock_blob blob, std::string_view bytes);
  sdk::Result<size_t> Read(penstock_blob blob, uint64_t offset, std::span<char> out);
  /// 0 when there is none.
  uint64_t Size(penstock_blob blob) const;
  /// Nothing for a handle that there is not.
  void Discard(penstock_blob blob);

  /// Body of a request that has `body` and `blob`, of which one must be empty; into `out`.
  sdk::Status BodyOf(std::string_view body, penstock_blob blob, std::string* out);
  /// A new one for the body of an answer.
  penstock_blob Of(std::string body);

  /// All are gone, as when a run ends.
  void EndRun();
  /// Every use that was refused for its handle, as a sentence: "it reads blob 3, which it has ...".
  std::vector<std::string> misuses() const;
  /// How many were made, and how many of those are there.
  size_t made() const;
  size_t held() const;

 private:
  sdk::Failure Refuse(const std::string& what, penstock_blob blob);

  mutable std::mutex mutex_;
  std::map<penstock_blob, std::string> blobs_;
  std::vector<std::string> misuses_;
  penstock_blob last_ = 0;  // handles are never used again
  uint64_t bytes_ = 0;
};

}  // namespace penstock::kit
