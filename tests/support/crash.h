// The double of core/file: fails the n-th operation, or ends the process there as kill -9 or a
// power loss would, so that a forgotten fsync is caught.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/file/file.h"

namespace penstock::test {

enum class Crash {
  kFail,       // the n-th operation fails with `error`; the process goes on
  kKill,       // the process ends before the n-th operation; the disk keeps all that was done
  kPowerLoss,  // the same, and what was not made durable is lost: none, all or a part of it
};

struct CrashOptions {
  Crash kind = Crash::kPowerLoss;
  uint64_t at = 0;     // which operation, from 1; 0: none
  int error = 5;       // EIO; of kFail
  bool go_on = false;  // of kFail: every later operation fails as well (a full disk)
  uint64_t seed = 1;   // of what a power loss leaves
};

/// Exit status of a process that crashed.
inline constexpr int kCrashExit = 137;

/// [thread-safe], as far as operations on the same file are not concurrent.
class CrashHooks : public file::Hooks {
 public:
  /// `counter`: incremented with every operation; may lie in shared memory.
  CrashHooks(const CrashOptions& options, uint64_t* counter);
  ~CrashHooks() override;
  int Before(file::Op op, const std::string& path, std::string_view bytes,
             uint64_t offset) override;
  void After(file::Op op, const std::string& path, const std::string& to) override;

 private:
  /// A change of a file's bytes since its last sync.
  struct Change {
    uint64_t offset = 0;
    uint64_t old_size = 0;
    std::string old_bytes;  // what stood from offset on
    std::string new_bytes;
    bool truncate = false;
  };
  /// A change of a name since the directory's last sync.
  struct NameChange {
    file::Op op = file::Op::kCreate;
    std::string path, to;
    std::string backup;  // the file that the change took away; empty: none
  };

  void Remember(file::Op op, const std::string& path, std::string_view bytes, uint64_t offset);
  std::string Backup(const std::string& path);
  [[noreturn]] void End();
  void LoseBytes(const std::string& path, const std::vector<Change>& changes);
  void LoseNames();

  const CrashOptions options_;
  uint64_t* const counter_;
  std::mutex mutex_;
  std::mt19937_64 random_;
  std::map<std::string, std::vector<Change>> changes_;  // by the file's path now
  std::vector<NameChange> names_;
  std::string pending_backup_;  // of the rename or removal under way
  uint64_t backups_ = 0;
};

struct RunResult {
  bool crashed = false;  // ended by the double
  bool ok = false;       // `run` returned OK
  bool reached = false;  // the n-th operation was reached
  uint64_t operations = 0;
};
/// Runs in a child process under the double, to its end or its crash. To be called while this
/// process has one thread. What `run` is to tell beyond that goes through SharedMemory.
RunResult RunToEnd(const CrashOptions& options, const std::function<Status()>& run);

/// For n = 1, 2, ... (by `step`): `setup` here, `run` in a child with a crash at its n-th
/// operation, `verify` here; until a run ends without reaching the n-th. Stops at the first fatal
/// failure of a test. Returns how many points there were.
uint64_t ForEachCrashPoint(CrashOptions options, const std::function<void()>& setup,
                           const std::function<Status()>& run,
                           const std::function<void(const RunResult&)>& verify, uint64_t step = 1);

/// `bytes` zeroed bytes that children write and this process reads; never freed.
void* SharedMemory(size_t bytes);

}  // namespace penstock::test
