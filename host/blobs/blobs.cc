#include "host/blobs/blobs.h"

#include <algorithm>
#include <utility>

namespace penstock::blobs {
namespace {

/// Of the process: a handle of an earlier run must not be taken for one of this.
std::atomic<uint64_t> last_handle{0};

std::string SizeText(uint64_t bytes) {
  return bytes >> 20 == 0 ? std::to_string(bytes) + " bytes" : std::to_string(bytes >> 20) + " MiB";
}

Error TooLarge(const std::string& what, uint64_t limit) {
  return MakeError("PS-BLOB-LIMIT",
                   what + " would be larger than " + SizeText(limit) + ", the most that is kept",
                   "report this to the connector's publisher: it has to send smaller parts");
}

}  // namespace

Blob::Blob(file::Writer file, std::shared_ptr<std::atomic<uint64_t>> used, Limits limits)
    : file_(std::move(file)), used_(std::move(used)), limits_(limits), size_(0) {}

Blob::~Blob() { *used_ -= size_; }

Status Blob::Append(std::string_view bytes) {
  const uint64_t before = size_;
  if (before + bytes.size() > limits_.blob_bytes) {
    return TooLarge("a blob", limits_.blob_bytes);
  }
  if (*used_ + bytes.size() > limits_.run_bytes) {
    return TooLarge("all blobs of a run", limits_.run_bytes);
  }
  Status written = file_.WriteAt(bytes, before);
  if (!written.ok()) {
    (void)file_.Truncate(before).ok();  // what was written of it is behind the end, if it stays
    return written;
  }
  *used_ += bytes.size();
  size_ = before + bytes.size();
  return {};
}

Result<size_t> Blob::Read(uint64_t offset, std::span<char> out) const {
  const uint64_t end = size_;
  if (offset >= end) return size_t{0};
  return file_.ReadAt(out.data(), static_cast<size_t>(std::min<uint64_t>(out.size(), end - offset)),
                      offset);
}

Status Blob::Restart() {
  PENSTOCK_RETURN_IF_ERROR(file_.Truncate(0));
  *used_ -= size_;
  size_ = 0;
  return {};
}

Store::Store(std::string directory, Limits limits)
    : directory_(std::move(directory)),
      limits_(limits),
      used_(std::make_shared<std::atomic<uint64_t>>(0)) {}

Result<uint64_t> Store::Create() {
  const std::lock_guard lock(mutex_);
  PENSTOCK_RETURN_IF_ERROR(file::MakeDirectories(directory_));
  PENSTOCK_ASSIGN_OR_RETURN(file::Writer file, file::Writer::Scratch(directory_));
  const uint64_t handle = ++last_handle;
  open_[handle] = std::make_shared<Blob>(std::move(file), used_, limits_);
  return handle;
}

std::shared_ptr<Blob> Store::Find(uint64_t handle) const {
  const std::lock_guard lock(mutex_);
  const auto at = open_.find(handle);
  return at == open_.end() ? nullptr : at->second;
}

void Store::Discard(uint64_t handle) {
  const std::lock_guard lock(mutex_);
  open_.erase(handle);
}

}  // namespace penstock::blobs
