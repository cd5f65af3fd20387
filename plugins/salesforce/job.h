// One ingest job of Bulk API 2.0.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "penstock/connector.hpp"
#include "plugins/salesforce/api.h"
#include "plugins/salesforce/options.h"
#include "plugins/salesforce/shape.h"
#include "plugins/salesforce/twins.h"
#include "plugins/salesforce/verdict.h"

namespace penstock::salesforce {

// The records of a job, and which of them have their outcome. Keys are as ResultKey makes them.
class JobRecords {
 public:
  // False when a record with this key is in it already.
  bool Add(uint64_t seq, std::string key);
  // A record that no row of results can be told to be about.
  void AddNameless(uint64_t seq);
  size_t size() const { return seqs_.size(); }
  const std::vector<uint64_t>& seqs() const { return seqs_; }
  // The seq of a record without outcome, which has one from now on; 0 when there is none.
  uint64_t Settle(const std::string& key);
  // Another key of the job that Salesforce takes for the same; empty: there is none.
  std::string_view TwinOf(const std::string& key);
  // For all that are left.
  void RestUnsent(const sdk::Reason& reason, sdk::Outcomes& outcomes);
  void RestInDoubt(const sdk::Reason& reason, sdk::Outcomes& outcomes);

 private:
  std::vector<uint64_t> seqs_;
  std::vector<bool> settled_;
  std::unordered_map<std::string, uint32_t> places_;
  std::optional<Twins> twins_;  // made when one is asked for
};

// A job that was noted.
struct Job {
  std::string id;
  JobRecords records;
  bool earlier = false;     // an earlier run made it
  sdk::Status completed;    // what completing it was answered; it may be complete whatever that is
  bool unanswered = false;  // that request was sent and got no answer: it may come late
};

// The steps of jobs of one shape. [serial:writer]
class JobSteps {
 public:
  JobSteps(sdk::Host host, Api api, Shape shape, Options options)
      : host_(host),
        http_(host),
        api_(std::move(api)),
        shape_(std::move(shape)),
        options_(std::move(options)) {}

  // Creates a job of `job->records`, notes it, uploads `rows` and completes it. Not ok: certainly
  // nothing of it was or will be applied. Ok: the job is to be settled. Blocks.
  sdk::Status Submit(sdk::Call call, const sdk::Blob& rows, Job* job) const;
  // Waits until the job is over, and reports the outcomes of its records; a job that was never
  // completed is aborted. Not ok: the job may still run or its results could not be read, and the
  // records without an outcome stay with their note; or the run should end. Blocks.
  sdk::Status Settle(sdk::Call call, Job* job, sdk::Outcomes& outcomes) const;

 private:
  // What Salesforce says of a job.
  struct Info {
    std::string state, message;
    std::optional<uint64_t> processed;  // records; nothing: it does not say
    bool gone = false;
    bool aborted_here = false;     // it was open before
    bool never_completed = false;  // aborted while it was open, for certain
    bool over() const { return state == "JobComplete" || state == "Failed" || state == "Aborted"; }
  };

  sdk::Result<std::string> Create(sdk::Call call) const;
  sdk::Status Upload(sdk::Call call, const std::string& id, const JobRecords& records,
                     const sdk::Blob& rows) const;
  // `unanswered`, if not null: whether the request may have come without an answer to it.
  sdk::Status SetState(sdk::Call call, const std::string& id, const char* state,
                       const std::vector<uint64_t>& seqs, bool* unanswered = nullptr) const;
  sdk::Result<Info> Ask(sdk::Call call, const std::string& id) const;
  sdk::Result<Info> WaitUntilOver(sdk::Call call, const Job& job) const;
  // The files of successful, failed and unprocessed records.
  using Files = std::array<std::optional<sdk::Blob>, 3>;
  sdk::Result<Files> FetchResults(sdk::Call call, const std::string& id) const;
  sdk::Status TakeResults(sdk::Call call, const Info& info, Job* job,
                          sdk::Outcomes& outcomes) const;
  // Of records that a job did not process.
  struct LeftOut {
    const char* code;
    std::string message;
  };
  static LeftOut WhyLeftOut(const Job& job, const Info& info);
  // What a job that ended without its records done means for the run.
  static sdk::Status Conclusion(const Job& job, const Info& info, const sdk::Reason& why);

  sdk::Host host_;
  sdk::Http http_;
  Api api_;
  Shape shape_;
  Options options_;
};

}  // namespace penstock::salesforce
