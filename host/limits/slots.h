// Byte locks that die with their process: concurrency slots, and who is waiting for one.
#pragma once

#include <cstdint>
#include <vector>

namespace penstock::limits {

/// Locked while the state of the file is changed.
inline constexpr int64_t kStateByte = int64_t{1} << 40;

/// Locks one byte of an open file for writing (an open file description lock). False: somebody
/// else has it, or errno says why not.
bool LockByte(int fd, int64_t byte);
/// Waits for the lock; false: errno says why not.
bool LockByteBlocking(int fd, int64_t byte);
void UnlockByte(int fd, int64_t byte);

/// The slots of one budget that this object holds. Not thread-safe.
class Slots {
 public:
  /// max 0: not limited.
  explicit Slots(uint32_t max) : max_(max), held_(max, false) {}

  /// The number of a slot that is ours now, or -1: ask again some milliseconds later. While others
  /// wait, nobody takes more than a fair share, and who gave a slot back lets them try first.
  int64_t TryTake(int fd);
  void Give(int fd, int64_t slot);
  /// The file was replaced: takes the slots that we hold in the new one, as far as they are free.
  void Move(int fd);

 private:
  void SetHungry(int fd, bool hungry);
  uint32_t OthersHungry(int fd) const;

  uint32_t max_;
  std::vector<bool> held_;
  uint32_t in_use_ = 0;
  int64_t hungry_byte_ = -1;
  bool gave_ = false;  // and did not let the others try since
};

}  // namespace penstock::limits
