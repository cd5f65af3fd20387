// What the sources of this room share: the seam, and errors made of errno.
#pragma once

#include <fcntl.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/file/file.h"

namespace penstock::file::internal {

/// Asks the double. False with errno set if the operation is to fail.
inline bool MayGoOn(Op op, const std::string& path, std::string_view bytes = {},
                    uint64_t offset = 0) {
  Hooks* hooks = CurrentHooks();
  if (hooks == nullptr) return true;
  const int error = hooks->Before(op, path, bytes, offset);
  if (error == 0) return true;
  errno = error;
  return false;
}

inline void Done(Op op, const std::string& path, const std::string& to = {}) {
  if (Hooks* hooks = CurrentHooks()) hooks->After(op, path, to);
}

/// `what`: "cannot be written". Full disks and quotas become PS-FILE-FULL whatever the code.
Error FromErrno(const char* code, const std::string& path, const std::string& what, int error);

/// open(2) until it is not interrupted.
int OpenAgain(const char* path, int flags, mode_t mode = 0);

/// pread(2) until n bytes are read or the file ends. Bytes read, or -1 with errno.
int64_t ReadFully(int fd, char* out, size_t n, uint64_t offset);

}  // namespace penstock::file::internal
