// The broken connector's other way to write: by asynchronous jobs.
#pragma once

#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "penstock/connector.hpp"
#include "penstock/json_reader.hpp"
#include "tests/conformance/breaks.h"

namespace broken {

/// Spools records into a blob, makes a job of them, notes it, sends the blob, starts the job, waits
/// for its end, reads its results into a blob. A key is once in a job; one job at a time.
class JobWriter {
 public:
  JobWriter(Host host, Breaks breaks, Assignment assignment, size_t key);
  ~JobWriter();
  JobWriter(const JobWriter&) = delete;
  JobWriter& operator=(const JobWriter&) = delete;

  Status Write(Call call, const Batch& batch, Outcomes& outcomes);
  Status Finish(Call call, Outcomes& outcomes);
  /// A job of an earlier run.
  void HandBack(NotedRecords note);

 private:
  struct Job {
    std::string id;
    std::map<std::string, uint64_t> open;  // key -> seq, without an outcome
    bool earlier = false;
    Status started;  // what the request to start it came to
  };

  Status Spool(Call call, const Batch& batch, size_t record);
  Status Submit(Call call, Outcomes& outcomes);
  Status Create(Call call, std::string* id);
  Status NoteJob(Call call, const Job& job);
  Status Upload(Call call, const Job& job);
  Status SetState(Call call, const Job& job, const char* state, bool names);
  void Abort(Call call, const Job& job);
  Status Settle(Call call, Job* job, Outcomes& outcomes);
  Status SettleEarlier(Call call, Job* job, Outcomes& outcomes, bool* done);
  Status WaitUntilOver(Call call, const Job& job, std::string* state);
  Status Look(Call call, const std::string& id, std::string* state);
  Status Untold(Job* job, const Status& why, Outcomes& outcomes);
  Status Conclude(Call call, const std::string& state, Job* job, Outcomes& outcomes);
  Status TakeResults(Call call, Job* job, Outcomes& outcomes);
  static void RestUnsent(Job* job, const char* why, Outcomes& outcomes);
  static void RestCreated(Job* job, Outcomes& outcomes);

  Host host_;
  Http http_;
  Breaks breaks_;
  Assignment assignment_;
  size_t key_;
  std::optional<Blob> spool_;
  std::map<std::string, uint64_t> spooled_;
  std::vector<Job> jobs_;
};

}  // namespace broken
