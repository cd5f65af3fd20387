// Spools for bodies that are too large for memory: files of the host that a connector names and
// fills, and that live as long as their run, or as long as one of its jobs is open.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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
  Blob(file::Writer file, std::string name, std::shared_ptr<std::atomic<uint64_t>> used,
       Limits limits);
  ~Blob();
  Blob(const Blob&) = delete;
  Blob& operator=(const Blob&) = delete;

  const std::string& name() const { return name_; }
  const std::string& path() const { return file_.path(); }
  uint64_t size() const { return size_; }
  /// All of it, or an error and nothing of it: PS-BLOB-LIMIT, PS-FILE-FULL, PS-FILE-WRITE.
  Status Append(std::string_view bytes);
  /// Bytes read, 0 at the end. PS-FILE-READ.
  Result<size_t> Read(uint64_t offset, std::span<char> out) const;
  /// Durable on return, its name too.
  Status Sync();
  /// Empty again.
  Status Restart();

 private:
  file::Writer file_;
  const std::string name_;
  const std::shared_ptr<std::atomic<uint64_t>> used_;  // by all blobs of the run
  const Limits limits_;
  std::atomic<uint64_t> size_;
};

/// The blobs that one run has open. [thread-safe]
class Store {
 public:
  /// `directory`: of all blobs of the environment. `run`: "contacts-12" of `integration` contacts,
  /// whose earlier runs' blobs may be opened as well. Makes nothing yet.
  Store(std::string directory, std::string integration, std::string run, Limits limits = {});

  /// A new, empty blob; its handle. PS-FILE-...
  Result<uint64_t> Create();
  /// Its handle, the same as before where it is open already. PS-BLOB-MISSING, PS-FILE-...
  Result<uint64_t> Open(std::string_view name);
  /// Null when there is none of that handle.
  std::shared_ptr<Blob> Find(uint64_t handle) const;
  /// Removes the file; nothing for a handle that there is not.
  void Discard(uint64_t handle);

 private:
  uint64_t Take(file::Writer file, std::string name);  // under the mutex

  const std::string directory_, integration_, run_;
  const Limits limits_;
  const std::shared_ptr<std::atomic<uint64_t>> used_;
  mutable std::mutex mutex_;
  std::map<uint64_t, std::shared_ptr<Blob>> open_;
  uint64_t last_number_ = 0;
};

/// Removes the blobs of all runs of the integration but those with the ordinals `keep`. Under the
/// integration's lock. PS-FILE-...
Status Sweep(const std::string& directory, const std::string& integration,
             const std::vector<uint32_t>& keep);
/// Is there any blob of the integration?
Result<bool> Any(const std::string& directory, const std::string& integration);

}  // namespace penstock::blobs
