// One budget's shared memory: a small checksummed file that processes change under a lock.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <type_traits>

#include "core/base/result.h"
#include "host/limits/window.h"

namespace penstock::limits {

/// What all processes know of one budget. Times are CLOCK_MONOTONIC microseconds unless named unix.
struct BudgetState {
  int64_t saved_us = 0;
  int64_t saved_unix_us = 0;
  uint8_t boot_id[16] = {};

  int64_t paused_until_us = 0;
  int64_t paused_at_us = 0;
  int64_t min_round_trip_us = 0;  // 0: none yet
  int64_t told_max = 0;           // by the destination; 0: nothing told
  int64_t told_window_us = 0;
  uint32_t pauses_in_row = 0;
  uint32_t margin_ppm = 0;  // learned from 429s, of the window
  uint32_t good_in_row = 0;
  uint32_t last_id = 0;

  int64_t day = 0;  // days since 1970-01-01 UTC
  int64_t day_used = 0;
  int64_t day_told_max = 0;         // 0: nothing told
  int64_t day_told_remaining = -1;  // -1: nothing told
  int64_t day_used_since_told = 0;
  int64_t day_look_unix_us = 0;  // when spent: one request may look again from here on
  uint32_t day_spent = 0;        // the destination said so
  uint32_t reserved = 0;

  SlidingLog log;
};
static_assert(std::is_trivially_copyable_v<BudgetState>);

/// What stands in the file: this, without the marks that are not in use.
struct StateImage {
  char magic[8] = {};
  uint64_t bytes = 0;     // of the state that follow
  uint64_t checksum = 0;  // of them
  BudgetState state;
};

/// The open file of one budget. Its locks die with the process. One object may be used by one
/// thread at a time; other objects on the same path, in this or another process, are excluded.
class StateFile {
 public:
  /// Opens or creates (0600) the file; its directory must exist. PS-LIMITS-FILE.
  static Result<StateFile> Open(const std::filesystem::path& path);
  StateFile(StateFile&& other) noexcept;
  StateFile& operator=(StateFile&& other) noexcept;
  StateFile(const StateFile&) = delete;
  StateFile& operator=(const StateFile&) = delete;
  ~StateFile();

  /// Reads the state, lets `change` alter it, writes it back, all under the lock. A file that is
  /// missing, truncated or corrupt starts anew. `now_us` and `now_unix_us` move the times of an
  /// earlier boot to this one. PS-LIMITS-FILE when the disk refuses.
  Status Change(int64_t now_us, int64_t now_unix_us,
                const std::function<void(BudgetState&)>& change);

  /// The descriptor for byte locks beside the state (slots.h); changes when the file was replaced.
  int descriptor() const { return fd_; }

 private:
  StateFile(std::filesystem::path path, int fd)
      : path_(std::move(path)), fd_(fd), image_(std::make_unique<StateImage>()) {}
  Status Reopen();
  bool Read();
  Status Write();

  std::filesystem::path path_;
  int fd_ = -1;
  std::unique_ptr<StateImage> image_;
};

}  // namespace penstock::limits
