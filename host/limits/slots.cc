#include "host/limits/slots.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

namespace penstock::limits {
namespace {

constexpr int64_t kSlotBytes = int64_t{1} << 41;
constexpr int64_t kHungryBytes = int64_t{1} << 42;
constexpr int64_t kHungryCount = 256;

struct flock ByteLock(short type, int64_t start, int64_t count) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = start;
  lock.l_len = count;
  return lock;
}

}  // namespace

bool LockByte(int fd, int64_t byte) {
  struct flock lock = ByteLock(F_WRLCK, byte, 1);
  return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

bool LockByteBlocking(int fd, int64_t byte) {
  struct flock lock = ByteLock(F_WRLCK, byte, 1);
  int result;
  do {
    result = fcntl(fd, F_OFD_SETLKW, &lock);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

void UnlockByte(int fd, int64_t byte) {
  struct flock lock = ByteLock(F_UNLCK, byte, 1);
  fcntl(fd, F_OFD_SETLK, &lock);
}

int64_t Slots::TryTake(int fd) {
  if (max_ == 0) return 0;
  uint32_t everybody = 1 + OthersHungry(fd);
  uint32_t fair = (max_ + everybody - 1) / everybody;
  bool above_share = everybody > 1 && uint64_t{in_use_ + 1} * everybody > max_;
  bool lets_others = above_share && std::exchange(gave_, false);
  if (in_use_ < fair && !lets_others) {
    for (uint32_t i = 0; i < max_; ++i) {
      if (held_[i] || !LockByte(fd, kSlotBytes + i)) continue;
      held_[i] = true;
      ++in_use_;
      SetHungry(fd, false);
      return i;
    }
  }
  SetHungry(fd, true);
  return -1;
}

void Slots::Give(int fd, int64_t slot) {
  if (max_ == 0) return;
  held_[static_cast<size_t>(slot)] = false;
  --in_use_;
  gave_ = true;
  UnlockByte(fd, kSlotBytes + slot);
}

void Slots::Move(int fd) {
  hungry_byte_ = -1;
  for (uint32_t i = 0; i < max_; ++i) {
    if (held_[i]) LockByte(fd, kSlotBytes + i);
  }
}

void Slots::SetHungry(int fd, bool hungry) {
  if (hungry == (hungry_byte_ >= 0)) return;
  if (!hungry) {
    UnlockByte(fd, hungry_byte_);
    hungry_byte_ = -1;
    return;
  }
  for (int64_t byte = kHungryBytes; byte < kHungryBytes + kHungryCount; ++byte) {
    if (!LockByte(fd, byte)) continue;
    hungry_byte_ = byte;
    return;
  }
}

uint32_t Slots::OthersHungry(int fd) const {
  uint32_t count = 0;
  int64_t start = kHungryBytes;
  while (start < kHungryBytes + kHungryCount) {
    struct flock lock = ByteLock(F_WRLCK, start, kHungryBytes + kHungryCount - start);
    if (fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) break;
    ++count;
    start = lock.l_start + 1;
  }
  return count;
}

}  // namespace penstock::limits
