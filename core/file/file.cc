// The seam, errno as sentences, and the reader.
#include "core/file/file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <system_error>

#include "core/file/internal.h"

namespace penstock::file {
namespace {

Hooks* current_hooks = nullptr;

std::string SizeText(uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " bytes";
  if (bytes < (1024u << 10)) return std::to_string(bytes >> 10) + " KiB";
  return std::to_string(bytes >> 20) + " MiB";
}

}  // namespace

void SetHooks(Hooks* hooks) { current_hooks = hooks; }
Hooks* CurrentHooks() { return current_hooks; }

namespace internal {

Error FromErrno(const char* code, const std::string& path, const std::string& what, int error) {
  Error result;
  const std::string reason = std::generic_category().message(error);
  if (error == ENOSPC || error == EDQUOT) {
    const std::string directory = DirectoryOf(path);
    result = MakeError(
        "PS-FILE-FULL",
        path + " " + what + ": " +
            (error == ENOSPC ? "the file system that holds " + directory + " is full"
                             : "the disk quota of this user on the file system of " + directory +
                                   " is used up"),
        "Free space there (\"df " + directory +
            "\" shows how much is left), or move the project to a larger disk, then run the "
            "command again: nothing that was acknowledged is lost.");
  } else {
    result = MakeError(code, path + " " + what + ": " + reason);
    if (error == EACCES || error == EPERM) {
      result.hint = "Run as the user who owns the project, or correct the owner of " + path + ".";
    } else if (error == EROFS) {
      result.hint = "The file system is mounted read-only; Penstock must be able to write there.";
    } else if (error == EIO) {
      result.hint = "The disk reports an error: look at the kernel's log before trying again.";
    }
  }
  result.file = path;
  return result;
}

int OpenAgain(const char* path, int flags, mode_t mode) {
  int fd;
  do {
    fd = ::open(path, flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

int64_t ReadFully(int fd, char* out, size_t n, uint64_t offset) {
  size_t done = 0;
  while (done < n) {
    const ssize_t got = ::pread(fd, out + done, n - done, static_cast<off_t>(offset + done));
    if (got < 0) {
      if (errno == EINTR) continue;
      return -1;
    }
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return static_cast<int64_t>(done);
}

}  // namespace internal

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Reader> Reader::Open(const std::string& path) {
  // Opening a pipe would wait for ever for somebody who writes into it.
  Descriptor fd(internal::OpenAgain(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY));
  struct stat info;
  if (fd.get() < 0 || ::fstat(fd.get(), &info) != 0) {
    return internal::FromErrno("PS-FILE-READ", path, "cannot be opened", errno);
  }
  if (!S_ISREG(info.st_mode)) {
    Error error = MakeError("PS-FILE-READ", path + " cannot be read: it is no regular file");
    error.file = path;
    return error;
  }
  return Reader(std::move(fd), path, static_cast<uint64_t>(info.st_size));
}

Status Reader::ReadAt(char* out, size_t n, uint64_t offset) const {
  const int64_t got = internal::ReadFully(fd_.get(), out, n, offset);
  if (got < 0) return internal::FromErrno("PS-FILE-READ", path_, "cannot be read", errno);
  if (static_cast<size_t>(got) != n) {
    Error error =
        MakeError("PS-FILE-READ", path_ + " ends at byte " +
                                      std::to_string(offset + static_cast<size_t>(got)) + ", " +
                                      SizeText(n - static_cast<size_t>(got)) + " before it should");
    error.file = path_;
    return error;
  }
  return Status();
}

}  // namespace penstock::file
