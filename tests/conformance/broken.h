// A connector that keeps every rule but the one that its configuration names.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/conformance/breaks.h"
#include "tests/conformance/broken_jobs.h"

namespace broken {

class Writer {
 public:
  Writer(Host host, Breaks breaks, Assignment assignment, size_t key);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  Status Write(Call call, const Batch& batch, Outcomes& outcomes);
  Status Finish(Call call, Outcomes& outcomes);
  /// A job of an earlier run.
  void HandBack(NotedRecords note) {
    if (by_jobs_) return by_jobs_->HandBack(std::move(note));
    if (breaks_("finish.open_notes")) return;
    jobs_.push_back({std::move(note.token), std::move(note.seqs)});
  }

 private:
  struct Job {
    std::string id;
    std::vector<uint64_t> seqs;
  };

  void BeforeWrite(const Batch& batch);
  std::string Operation() const;
  std::string TextFor(const Batch& batch, size_t record, size_t field) const;
  HttpRequest Request(const Batch& batch, const Range& range);
  Status Take(const Batch& batch, const Range& range, const HttpResponse& response,
              Outcomes& outcomes);
  Status TakeFailure(const std::vector<uint64_t>& seqs, const HttpResponse& response,
                     Outcomes& outcomes);
  Status TakeResults(const Batch& batch, const Range& range, const HttpResponse& response,
                     Outcomes& outcomes);
  Status NoteJobs(Call call, size_t first);
  std::string KeyOf(const Batch& batch, size_t record) const;

  Host host_;
  Http http_;
  Breaks breaks_;
  Assignment assignment_;
  size_t key_;
  uint32_t group_ = 0;
  bool wrote_ = false;
  std::unique_ptr<JobWriter> by_jobs_;  // instead of all else
  std::vector<Job> jobs_;
  std::vector<std::string> sent_;  // keys, for write.upsert_twice
};

}  // namespace broken
