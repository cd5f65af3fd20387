#include "sdk/testing/kit/blobs.h"

#include <algorithm>

namespace penstock::kit {
namespace {

constexpr uint64_t kBlobBytes = uint64_t{1} << 30;
constexpr uint64_t kRunBytes = uint64_t{16} << 30;

}  // namespace

sdk::Failure Blobs::Refuse(const std::string& what, penstock_blob blob) {
  std::string why = "which there never was";
  if (blob == 0) why = "which is none";
  if (blob != 0 && blob <= last_) why = "which it has discarded, or which ended with its run";
  misuses_.push_back("it " + what + " blob " + std::to_string(blob) + ", " + why);
  return {PENSTOCK_E_INVALID_ARGUMENT, "PS-BLOB-HANDLE",
          "the connector used a blob that it has not opened, or beside a body", 0};
}

penstock_blob Blobs::Create() { return Of({}); }

penstock_blob Blobs::Of(std::string body) {
  const std::lock_guard<std::mutex> lock(mutex_);
  bytes_ += body.size();
  blobs_[++last_] = std::move(body);
  return last_;
}

sdk::Status Blobs::Append(penstock_blob blob, std::string_view bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto at = blobs_.find(blob);
  if (at == blobs_.end()) return Refuse("appends to", blob);
  if (at->second.size() + bytes.size() > kBlobBytes || bytes_ + bytes.size() > kRunBytes) {
    return sdk::Failure{PENSTOCK_E_UNAVAILABLE, "PS-BLOB-LIMIT",
                        "a blob would be larger than 1 GiB, or all of a run than 16 GiB", 0};
  }
  at->second.append(bytes);
  bytes_ += bytes.size();
  return {};
}

sdk::Result<size_t> Blobs::Read(penstock_blob blob, uint64_t offset, std::span<char> out) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto at = blobs_.find(blob);
  if (at == blobs_.end()) return Refuse("reads", blob);
  if (offset >= at->second.size()) return size_t{0};
  const size_t half = (at->second.size() - offset + 1) / 2;
  return at->second.copy(out.data(), std::min(out.size(), half), offset);
}

uint64_t Blobs::Size(penstock_blob blob) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto at = blobs_.find(blob);
  return at == blobs_.end() ? 0 : at->second.size();
}

void Blobs::Discard(penstock_blob blob) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto at = blobs_.find(blob);
  if (at == blobs_.end()) return;
  bytes_ -= at->second.size();
  blobs_.erase(at);
}

sdk::Status Blobs::BodyOf(std::string_view body, penstock_blob blob, std::string* out) {
  if (blob == 0) {
    out->assign(body);
    return {};
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto at = blobs_.find(blob);
  if (at == blobs_.end()) return Refuse("sends", blob);
  if (!body.empty()) {
    const sdk::Failure refused = Refuse("sends", blob);
    misuses_.back() = "it sends blob " + std::to_string(blob) + " in a request that has a body";
    return refused;
  }
  *out = at->second;
  return {};
}

void Blobs::EndRun() {
  const std::lock_guard<std::mutex> lock(mutex_);
  blobs_.clear();
  bytes_ = 0;
}

std::vector<std::string> Blobs::misuses() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return misuses_;
}

size_t Blobs::made() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return last_;
}

size_t Blobs::held() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return blobs_.size();
}

}  // namespace penstock::kit
