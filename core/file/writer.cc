// The writer.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "core/file/file.h"
#include "core/file/internal.h"

namespace penstock::file {
namespace {

using internal::Done;
using internal::FromErrno;
using internal::MayGoOn;

/// One system call's worth: a longer one is cut anyway, and the double can tear between parts.
constexpr size_t kMaxWrite = size_t{8} << 20;

/// For file systems without unnamed files: a named one, unlinked at once.
int NamedScratch(const std::string& directory) {
  std::string name = directory + "/scratch-XXXXXX";
  const int fd = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd >= 0) ::unlink(name.c_str());
  return fd;
}

}  // namespace

Result<Writer> Writer::Create(const std::string& path) {
  int fd = -1;
  if (MayGoOn(Op::kCreate, path)) {
    fd = internal::OpenAgain(path.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
  }
  if (fd < 0) return FromErrno("PS-FILE-CREATE", path, "cannot be created", errno);
  Done(Op::kCreate, path);
  return Writer(Descriptor(fd), path, 0);
}

Result<Writer> Writer::Append(const std::string& path) {
  Descriptor fd(internal::OpenAgain(path.c_str(), O_RDWR));
  struct stat info;
  if (fd.get() < 0 || ::fstat(fd.get(), &info) != 0) {
    return FromErrno("PS-FILE-CREATE", path, "cannot be opened for writing", errno);
  }
  return Writer(std::move(fd), path, static_cast<uint64_t>(info.st_size));
}

Result<Writer> Writer::Scratch(const std::string& directory) {
  const std::string path = directory + "/(scratch)";
  int fd = -1;
  if (MayGoOn(Op::kCreate, path)) {
    fd = internal::OpenAgain(directory.c_str(), O_RDWR | O_TMPFILE, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
      fd = NamedScratch(directory);
    }
  }
  if (fd < 0) {
    return FromErrno("PS-FILE-CREATE", directory, "cannot take a scratch file", errno);
  }
  Done(Op::kCreate, path);
  return Writer(Descriptor(fd), path, 0);
}

Status Writer::Write(std::string_view bytes) { return WriteAt(bytes, size_); }

Status Writer::WriteAt(std::string_view bytes, uint64_t offset) {
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, kMaxWrite);
    ssize_t written = -1;
    if (MayGoOn(Op::kWrite, path_, part, offset)) {
      written = ::pwrite(fd_.get(), part.data(), part.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written == 0) errno = ENOSPC;
    }
    if (written <= 0) return FromErrno("PS-FILE-WRITE", path_, "cannot be written", errno);
    Done(Op::kWrite, path_);
    bytes.remove_prefix(static_cast<size_t>(written));
    offset += static_cast<uint64_t>(written);
    size_ = std::max(size_, offset);
  }
  return Status();
}

Status Writer::Sync() {
  int result = -1;
  if (MayGoOn(Op::kSync, path_)) {
    do {
      result = ::fdatasync(fd_.get());
    } while (result != 0 && errno == EINTR);
  }
  if (result != 0) return FromErrno("PS-FILE-SYNC", path_, "cannot be made durable", errno);
  Done(Op::kSync, path_);
  return Status();
}

Status Writer::Truncate(uint64_t size) {
  int result = -1;
  if (MayGoOn(Op::kTruncate, path_, {}, size)) {
    do {
      result = ::ftruncate(fd_.get(), static_cast<off_t>(size));
    } while (result != 0 && errno == EINTR);
  }
  if (result != 0) return FromErrno("PS-FILE-WRITE", path_, "cannot be shortened", errno);
  size_ = size;
  Done(Op::kTruncate, path_);
  return Status();
}

Result<size_t> Writer::ReadAt(char* out, size_t n, uint64_t offset) const {
  const int64_t got = internal::ReadFully(fd_.get(), out, n, offset);
  if (got < 0) return FromErrno("PS-FILE-READ", path_, "cannot be read", errno);
  return static_cast<size_t>(got);
}

}  // namespace penstock::file
