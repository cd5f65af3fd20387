// Bulk API 2.0 ingest: the jobs, their endpoints, and the thread that works on them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "plugins/salesforce/sandbox/job.h"
#include "plugins/salesforce/sandbox/usage.h"

namespace penstock::sandbox::salesforce {

// Of an upload: what the vendor recommends, since 150 MB are allowed after it has made base64 of
// it.
constexpr std::int64_t kMaxUpload = 100'000'000;

// Thread-safe after Open().
class Ingest {
 public:
  // `latency_ms`: how long a job lasts at least, by the sandbox's clock.
  Ingest(const Org& org, DailyCount& batches, std::int64_t latency_ms)
      : org_(org), batches_(batches), first_latency_ms_(latency_ms), latency_ms_(latency_ms) {}
  ~Ingest() { Stop(); }
  Ingest(const Ingest&) = delete;
  Ingest& operator=(const Ingest&) = delete;

  // Finds the folder of bodies and starts the thread.
  bool Open(std::string* error);
  void Stop();
  void AddRoutes();
  const std::string& folder() const { return folder_; }

  // PUT /_sandbox/config: members that begin with "bulk_".
  bool Configure(std::string_view name, const JsonValue& value);
  void WriteStats(JsonWriter& json);
  // Forgets all jobs. What they write is written when it returns.
  void Reset();

 private:
  using JobPointer = std::shared_ptr<Job>;
  // A fault for jobs that are closed later.
  struct Rule {
    std::string object, operation;  // "": any
    std::int64_t after = 0, times = 1;
    std::int64_t seen = 0, fired = 0;
    JobFault fault;
  };

  Response Create(const Request& request);
  std::optional<ApiError> ReadJob(const Request& request, Job* job) const;
  Response Upload(const Request& request);
  Response Change(const Request& request);
  Response Close(Job& job, const Request& request);
  Response Abort(Job& job, const Request& request);
  Response Get(const Request& request);
  Response List(const Request& request);
  Response Delete(const Request& request);
  Response Results(const Request& request, std::unique_ptr<Spool> Job::*which);
  JobPointer Find(const std::string& id) const;
  void WriteInfo(JsonWriter& json, const Job& job, JobState state, bool whole) const;
  JobState Shown(const Job& job, std::int64_t now_ms) const;
  bool SetFaults(const JsonValue& list);
  void AbortJobs(std::string_view id);
  void EndJobs(std::unique_lock<std::mutex>& lock);
  void Run();

  const Org& org_;
  DailyCount& batches_;
  std::string folder_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::map<std::string, JobPointer> jobs_;
  std::deque<JobPointer> queue_;  // closed, not begun
  std::vector<Rule> rules_;
  std::uint64_t next_ = 1;
  std::uint64_t uploads_ = 0;  // that were taken
  std::size_t at_work_ = 0;    // jobs that are begun and not over
  const std::int64_t first_latency_ms_;
  std::int64_t latency_ms_;
  std::uint64_t polls_ = 0;  // that a job is unfinished at least; 0: as it comes
  bool hold_ = false;
  std::thread thread_;
};

}  // namespace penstock::sandbox::salesforce
