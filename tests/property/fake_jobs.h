// Asynchronous jobs of the fake account: created, uploaded, completed, then processed once. Like
// the account they live in a file that survives the death of a process, and are the oracle of what
// a killed run had done.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tests/property/fake_account.h"

namespace penstock::testing {

struct JobRow {
  std::string key, id;
  std::vector<std::pair<std::string, std::string>> values;  // field, encoded
};

struct FakeJob {
  int32_t op = 0;
  std::vector<JobRow> rows;
  uint32_t uploads = 0;
  bool completed = false, processed = false, aborted = false, gone = false;
  std::map<std::string, FakeAccount::Applied> results;  // by key; the account keeps them
};

/// [thread-safe]
class FakeJobs {
 public:
  FakeJobs(std::string log_path, FakeAccount* account);

  void Reload();
  std::map<std::string, FakeJob> Jobs() const;
  std::string Create(int32_t op);
  void Upload(const std::string& job, const std::vector<JobRow>& rows);
  void Complete(const std::string& job);
  /// Applies the rows once, only the first half of them if `half`. Nothing before it is complete.
  void Process(const std::string& job, bool half);
  void Abort(const std::string& job);
  /// The destination knows nothing of it any more.
  void Forget(const std::string& job);
  /// This process dies now; the destination is elsewhere and ends what it is at.
  [[noreturn]] void Die(int status);

 private:
  void Append(const std::string& line);
  void Replay(const std::string& line);

  const std::string path_;
  FakeAccount* const account_;
  mutable std::mutex mutex_;
  std::map<std::string, FakeJob> jobs_;
};

}  // namespace penstock::testing
