// One ingest job: what it is told, and the work on its rows.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "plugins/salesforce/sandbox/csv.h"
#include "plugins/salesforce/sandbox/drafts.h"
#include "plugins/salesforce/sandbox/records.h"

namespace penstock::sandbox::salesforce {

// A file without a name: it ends with its last holder, however the program ends.
class Spool {
 public:
  // In a folder; throws std::runtime_error if that cannot be.
  explicit Spool(const std::string& folder);
  // Takes over a file, which loses its name.
  static std::unique_ptr<Spool> Adopt(const std::string& path);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  void Write(std::string_view text);
  // Writes all of it; any number of threads at once, after the last Write().
  void Stream(std::ostream& out);
  std::FILE* file() const { return file_; }

 private:
  explicit Spool(std::FILE* file) : file_(file) {}
  std::FILE* file_;
};

// What goes wrong with a job because a test asks for it.
struct JobFault {
  enum class Kind { kNone, kFail, kAbort, kUnprocessed, kStall };
  Kind kind = Kind::kNone;
  std::uint64_t at = 0;     // rows worked on before it
  std::uint64_t count = 1;  // unprocessed: rows
  std::string message;      // fail
};

enum class JobState { kOpen, kUploadComplete, kInProgress, kJobComplete, kFailed, kAborted };
const char* StateName(JobState state);
bool IsOver(JobState state);

// Settings do not change; the rest is under Ingest's mutex, but for what Work() owns.
struct Job {
  std::string id;
  Object* object = nullptr;
  Operation operation = Operation::kInsert;
  std::string operation_name, object_name, key_name, delimiter_name, rule, version;
  const Field* key = nullptr;
  CsvForm form;
  std::int64_t created_ms = 0;

  JobState state = JobState::kOpen;
  std::string error;
  std::int64_t changed_ms = 0, closed_ms = 0;
  std::uint64_t processed = 0, failed = 0;
  std::uint64_t polls = 0;  // since it was closed
  std::unique_ptr<Spool> input;
  std::unique_ptr<Spool> successful, refused, unprocessed;
  JobFault fault;
  std::atomic<bool> abort{false};
  std::atomic<bool> released{false};  // from its stall
};

// The work on a job, batch by batch. One thread.
class Work {
 public:
  Work(const Org& org, Job& job, std::mutex& mutex, const std::string& folder);

  // Works on a batch, or up to where it stalls; false when the job is over.
  bool Step();
  // Whether it waits for a test to let it go on.
  bool Stalled() const;
  std::uint64_t batches() const { return batches_; }

 private:
  bool ReadHeader();
  bool FailHeader(const std::string& error);
  void ReadBatch();
  bool FaultDue(JobFault::Kind kind) const;
  void WorkOn(std::size_t end);
  void WriteChunk(std::size_t end);
  void LeaveRest();
  void Finish(JobState state, const std::string& error);
  void FailInput(CsvReader::Next why);
  void AddRow(Spool& to, const std::vector<std::string>& first,
              const std::vector<std::string>& cells);

  const Org& org_;
  Job& job_;
  std::mutex& mutex_;
  CsvReader reader_;
  std::vector<std::string> header_;
  std::vector<Column> columns_;
  bool started_ = false;
  std::vector<std::vector<std::string>> rows_;    // of the batch, in the order of the work
  std::size_t at_ = 0;                            // the next of them
  CsvReader::Next next_ = CsvReader::Next::kRow;  // what follows the batch
  std::uint64_t done_ = 0;                        // rows worked on or left out
  std::uint64_t batches_ = 0;
  std::uint64_t left_ = 0;  // of the fault "unprocessed"
};

}  // namespace penstock::sandbox::salesforce
