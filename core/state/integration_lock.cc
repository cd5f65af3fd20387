#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "core/file/file.h"
#include "core/state/state.h"

namespace penstock {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPoll = std::chrono::milliseconds(50);
/// Who asks whether a run is at work is gone at once; for so long at most it is waited for.
constexpr auto kAskers = std::chrono::seconds(5);
constexpr auto kAskersPoll = std::chrono::milliseconds(1);

class FileLock : public IntegrationLock {
 public:
  explicit FileLock(file::Lock lock) : lock_(std::move(lock)) {}
  Status Describe(const std::string& holder) override { return lock_.SetHolder(holder); }

 private:
  file::Lock lock_;
};

Error Locked(const std::string& directory, const std::string& holder) {
  return MakeError("PS-RUN-LOCKED",
                   (holder.empty() ? std::string("Another process") : holder) +
                       " is at work on the state in " + directory,
                   "Wait until it has ended, or let this command wait with --wait 10m.");
}

std::string LockPath(const std::string& directory) { return directory + "/lock"; }

}  // namespace

Result<bool> IntegrationLock::Held(const std::string& directory) {
  return file::Lock::Taken(LockPath(directory));
}

Result<std::unique_ptr<IntegrationLock>> IntegrationLock::Acquire(
    const std::string& directory, const std::string& holder, int64_t wait_ms,
    const std::function<bool()>& cancelled) {
  PENSTOCK_RETURN_IF_ERROR(file::MakeDirectories(directory));
  PENSTOCK_ASSIGN_OR_RETURN(file::Lock lock, file::Lock::Open(LockPath(directory)));
  const auto end = Clock::now() + std::chrono::milliseconds(wait_ms);
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool taken, lock.TryLock());
    if (taken) break;
    const auto left = end - Clock::now();
    PENSTOCK_ASSIGN_OR_RETURN(const bool held, Held(directory));
    if (left <= (held ? left.zero() : -kAskers)) {
      PENSTOCK_ASSIGN_OR_RETURN(const std::string other, lock.Holder());
      return Locked(directory, other);
    }
    if (cancelled && cancelled()) {
      Error error = MakeError("PS-RUN-CANCELLED",
                              "Cancelled while waiting for the other run of this integration");
      error.exit = ExitCode::kCancelled;
      return error;
    }
    std::this_thread::sleep_for(held ? std::min<Clock::duration>(kPoll, left) : kAskersPoll);
  }
  PENSTOCK_RETURN_IF_ERROR(lock.SetHolder(holder));
  return std::unique_ptr<IntegrationLock>(std::make_unique<FileLock>(std::move(lock)));
}

}  // namespace penstock
