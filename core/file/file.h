// Every write, fsync, rename and unlink of Penstock's own files goes through here, so that a test
// can fail, cut short or kill at the n-th call.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace penstock::file {

enum class Op { kCreate, kWrite, kSync, kRename, kSyncDirectory, kRemove, kTruncate };

/// The double's seam. Null in production.
class Hooks {
 public:
  virtual ~Hooks() = default;
  /// Before each operation, on whichever thread does it. Returns 0 to go on, or the errno to fail
  /// with. May end the process. `bytes`: of kWrite what is to be written at `offset`, of kRename
  /// the new path; `offset` of kTruncate is the new size. A long write may come in several parts.
  virtual int Before(Op op, const std::string& path, std::string_view bytes, uint64_t offset) = 0;
  /// After each operation that was done.
  virtual void After(Op op, const std::string& path, const std::string& to) = 0;
};
/// Null takes it away. Not thread-safe against running operations: set it before threads start.
void SetHooks(Hooks* hooks);
/// The double, or null: for who writes our files with a library of its own (the store's SQLite).
Hooks* CurrentHooks();

/// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int get() const { return fd_; }

 private:
  int fd_;
};

/// A file being written. Not thread-safe. Closes without sync when destroyed.
class Writer {
 public:
  /// Creates with mode 0600; fails if it exists. PS-FILE-CREATE.
  static Result<Writer> Create(const std::string& path);
  /// Opens an existing file to go on at its end.
  static Result<Writer> Append(const std::string& path);
  /// An unnamed scratch file in `directory`, gone when closed. Readable through ReadAt.
  static Result<Writer> Scratch(const std::string& directory);

  /// All of it or an error. PS-FILE-WRITE; PS-FILE-FULL names the file system and what to free.
  Status Write(std::string_view bytes);
  Status WriteAt(std::string_view bytes, uint64_t offset);
  /// fdatasync. PS-FILE-SYNC.
  Status Sync();
  Status Truncate(uint64_t size);
  Result<size_t> ReadAt(char* out, size_t n, uint64_t offset) const;
  uint64_t size() const { return size_; }
  const std::string& path() const { return path_; }

 private:
  Writer(Descriptor fd, std::string path, uint64_t size)
      : fd_(std::move(fd)), path_(std::move(path)), size_(size) {}
  Descriptor fd_;
  std::string path_;
  uint64_t size_ = 0;
};

/// A file being read at offsets. [thread-safe]
class Reader {
 public:
  static Result<Reader> Open(const std::string& path);
  /// Exactly n bytes. PS-FILE-READ, also when the file ends before.
  Status ReadAt(char* out, size_t n, uint64_t offset) const;
  uint64_t size() const { return size_; }
  const std::string& path() const { return path_; }

 private:
  Reader(Descriptor fd, std::string path, uint64_t size)
      : fd_(std::move(fd)), path_(std::move(path)), size_(size) {}
  Descriptor fd_;
  std::string path_;
  uint64_t size_ = 0;
};

/// An advisory lock on a file (flock): dies with its process, is not inherited through exec. The
/// file stays when the lock is gone. Not thread-safe.
class Lock {
 public:
  /// Opens or creates the file (0600); takes no lock yet. PS-FILE-CREATE.
  static Result<Lock> Open(const std::string& path);
  /// True if this object now has it. Never waits. PS-FILE-LOCK.
  Result<bool> TryLock();
  /// The same, trying again for so long: for locks that are held for moments. PS-FILE-LOCK.
  Result<bool> LockWithin(std::chrono::milliseconds patience);
  /// Whether anybody has the lock of that file now; false if there is no such file. Creates and
  /// writes nothing; those who ask are not taken for holders by each other, but TryLock fails while
  /// somebody asks, which is for a moment. PS-FILE-LOCK.
  static Result<bool> Taken(const std::string& path);
  /// Says who has the lock; only while having it.
  Status SetHolder(std::string_view text);
  /// What the holder said; at most 4 KiB.
  Result<std::string> Holder() const;

 private:
  Lock(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Result<bool> Try(int how);  // of flock
  Descriptor fd_;
  std::string path_;
};

/// rename, then fsync of the directory. PS-FILE-RENAME.
Status RenameDurably(const std::string& from, const std::string& to);
Status SyncDirectory(const std::string& directory);
/// unlink; a file that is not there is no error. Not durable before SyncDirectory.
Status Remove(const std::string& path);
/// The folder part of a path, "." if it has none.
std::string DirectoryOf(const std::string& path);
/// mkdir -p with 0700, durable.
Status MakeDirectories(const std::string& path);
Result<std::vector<std::string>> List(
    const std::string& directory);  // names, sorted; empty when it is missing
bool Exists(const std::string& path);
/// When the content was last written, microseconds since 1970. PS-FILE-READ.
Result<int64_t> ModifiedUnixMicros(const std::string& path);
/// Whole small file (at most `limit` bytes).
Result<std::string> ReadAll(const std::string& path, uint64_t limit = 64u << 20);
enum class Readers { kOwner, kEverybody };
/// Temporary file, sync, rename, directory sync: readers see the old or the new content. 0600, or
/// 0644 for everybody.
Status WriteAll(const std::string& path, std::string_view content,
                Readers readers = Readers::kOwner);

}  // namespace penstock::file
