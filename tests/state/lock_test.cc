// The integration's lock across processes.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/file/file.h"
#include "core/state/state.h"
#include "tests/state/history.h"

namespace penstock::test {
namespace {

using ::testing::HasSubstr;

/// Takes the lock in another process, which lives until it is killed.
pid_t HoldElsewhere(const std::string& directory) {
  int ready[2];
  if (::pipe(ready) != 0) return -1;
  const pid_t child = ::fork();
  if (child == 0) {
    auto lock = IntegrationLock::Acquire(directory, "a run", 0, {});
    const bool taken = lock.ok() && (*lock)->Describe("run contacts-12, pid 4711").ok();
    if (::write(ready[1], taken ? "1" : "0", 1) != 1) ::_exit(1);
    ::pause();
    ::_exit(0);
  }
  char answer = '0';
  const bool told = ::read(ready[0], &answer, 1) == 1 && answer == '1';
  ::close(ready[0]);
  ::close(ready[1]);
  return told ? child : -1;
}

TEST(IntegrationLock, NamesTheHolderAndDiesWithItsProcess) {
  const TemporaryDirectory directory;
  const std::string path = directory / "contacts";
  const pid_t child = HoldElsewhere(path);
  ASSERT_GT(child, 0);
  const auto refused = IntegrationLock::Acquire(path, "me", 0, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, "PS-RUN-LOCKED");
  EXPECT_THAT(refused.error().message, HasSubstr("run contacts-12, pid 4711"));
  EXPECT_FALSE(IntegrationLock::Acquire(path, "me", 60, {}).ok());

  const auto cancelled = IntegrationLock::Acquire(path, "me", 600000, [] { return true; });
  ASSERT_FALSE(cancelled.ok());
  EXPECT_EQ(cancelled.error().code, "PS-RUN-CANCELLED");
  EXPECT_EQ(cancelled.error().exit, ExitCode::kCancelled);

  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(IntegrationLock::Acquire(path, "me", 0, {}).ok());
}

TEST(IntegrationLock, IsHeldWhileItsProcessLives) {
  const TemporaryDirectory directory;
  const std::string path = directory / "contacts";
  EXPECT_FALSE(*IntegrationLock::Held(path));
  EXPECT_FALSE(file::Exists(path)) << "asking writes nothing";
  const pid_t child = HoldElsewhere(path);
  ASSERT_GT(child, 0);
  EXPECT_TRUE(*IntegrationLock::Held(path));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_FALSE(*IntegrationLock::Held(path));
}

/// Who only asks has the file's lock for a moment, shared with others who ask.
TEST(IntegrationLock, IsNotRefusedBecauseSomebodyAsks) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(IntegrationLock::Acquire(directory.path(), "an earlier run", 0, {}).ok());
  const int asking = ::open((directory / "lock").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(::flock(asking, LOCK_SH | LOCK_NB), 0);
  EXPECT_FALSE(*IntegrationLock::Held(directory.path()));
  bool gone = false;
  const auto lock = IntegrationLock::Acquire(directory.path(), "me", 0, [&] {
    if (!gone) ::close(asking);
    gone = true;
    return false;
  });
  EXPECT_TRUE(lock.ok());
  EXPECT_TRUE(gone);
  EXPECT_TRUE(*IntegrationLock::Held(directory.path()));
}

TEST(IntegrationLock, WaitsUntilItIsFree) {
  const TemporaryDirectory directory;
  const pid_t child = HoldElsewhere(directory.path());
  ASSERT_GT(child, 0);
  bool killed = false;
  const auto lock = IntegrationLock::Acquire(directory.path(), "me", 600000, [&] {
    if (!killed) {
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
      killed = true;
    }
    return false;
  });
  EXPECT_TRUE(lock.ok());
  EXPECT_TRUE(killed);
}

}  // namespace
}  // namespace penstock::test
