// The advisory lock.
#include <sys/file.h>
#include <unistd.h>

#include <thread>

#include "core/file/file.h"
#include "core/file/internal.h"

namespace penstock::file {

Result<Lock> Lock::Open(const std::string& path) {
  const int fd = internal::OpenAgain(path.c_str(), O_RDWR | O_CREAT, 0600);
  if (fd < 0) {
    return internal::FromErrno("PS-FILE-CREATE", path, "cannot be opened as a lock", errno);
  }
  return Lock(Descriptor(fd), path);
}

Result<bool> Lock::Try(int how) {
  int result;
  do {
    result = ::flock(fd_.get(), how | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  return internal::FromErrno("PS-FILE-LOCK", path_, "cannot be locked", errno);
}

Result<bool> Lock::TryLock() { return Try(LOCK_EX); }

Result<bool> Lock::Taken(const std::string& path) {
  const int fd = internal::OpenAgain(path.c_str(), O_RDONLY, 0);
  if (fd < 0 && errno == ENOENT) return false;
  if (fd < 0) {
    return internal::FromErrno("PS-FILE-LOCK", path, "cannot be opened as a lock", errno);
  }
  Lock asking(Descriptor(fd), path);
  PENSTOCK_ASSIGN_OR_RETURN(const bool free, asking.Try(LOCK_SH));
  return !free;
}

Result<bool> Lock::LockWithin(std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds kPoll{10};
  const auto until = std::chrono::steady_clock::now() + patience;
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool locked, TryLock());
    if (locked || std::chrono::steady_clock::now() >= until) return locked;
    std::this_thread::sleep_for(kPoll);
  }
}

Status Lock::SetHolder(std::string_view text) {
  if (::ftruncate(fd_.get(), 0) != 0 || ::pwrite(fd_.get(), text.data(), text.size(), 0) < 0) {
    return internal::FromErrno("PS-FILE-WRITE", path_, "cannot be written", errno);
  }
  return Status();
}

Result<std::string> Lock::Holder() const {
  std::string text(4096, '\0');
  const int64_t got = internal::ReadFully(fd_.get(), text.data(), text.size(), 0);
  if (got < 0) return internal::FromErrno("PS-FILE-READ", path_, "cannot be read", errno);
  text.resize(static_cast<size_t>(got));
  return text;
}

}  // namespace penstock::file
