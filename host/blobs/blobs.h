// Spools for bodies that are too large for memory: unnamed files of the host that a connector fills
// by handle. They end with the run, however it ends.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/file/file.h"

namespace penstock::blobs {

struct Limits {
  uint64_t blob_bytes = uint64_t{1} << 30;
  uint64_t run_bytes = uint64_t{16} << 30;
};

/// One spool. Read and size are [thread-safe], the rest [serial:blob].
class Blob {
 public:
  Blob(file::Writer file, std::shared_ptr<std::atomic<uint64_t>> used, Limits limits);
  ~Blob();
  Blob(const Blob&) = delete;
  Blob& operator=(const Blob&) = delete;

  uint64_t size() const { return size_; }
  /// All of it, or an error and nothing of it: PS-BLOB-LIMIT, PS-FILE-FULL, PS-FILE-WRITE.
  Status Append(std::string_view bytes);
  /// Bytes read, 0 at the end. PS-FILE-READ.
  Result<size_t> Read(uint64_t offset, std::span<char> out) const;
  /// Empty again.
  Status Restart();

 private:
  file::Writer file_;
  const std::shared_ptr<std::atomic<uint64_t>> used_;  // by all blobs of the run
  const Limits limits_;
  std::atomic<uint64_t> size_;
};

/// The blobs of one run. [thread-safe]
class Store {
 public:
  /// `directory`: where the files are without being seen; made when it is needed.
  explicit Store(std::string directory, Limits limits = {});

  /// A new, empty blob; its handle. PS-FILE-...
  Result<uint64_t> Create();
  /// Null when there is none of that handle.
  std::shared_ptr<Blob> Find(uint64_t handle) const;
  /// Gives the room back; nothing for a handle that there is not.
  void Discard(uint64_t handle);

 private:
  const std::string directory_;
  const Limits limits_;
  const std::shared_ptr<std::atomic<uint64_t>> used_;
  mutable std::mutex mutex_;
  std::map<uint64_t, std::shared_ptr<Blob>> open_;
};

}  // namespace penstock::blobs
