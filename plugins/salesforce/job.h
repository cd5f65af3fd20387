// One ingest job of Bulk API 2.0.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "penstock/connector.hpp"
#include "plugins/salesforce/api.h"
#include "plugins/salesforce/options.h"
#include "plugins/salesforce/shape.h"
#include "plugins/salesforce/verdict.h"

namespace penstock::salesforce {

// The records of a job, and which of them have their outcome. Keys are as ResultKey makes them.
class JobRecords {
 public:
  // False when a record with this key is in it already.
  bool Add(uint64_t seq, std::string key);
  size_t size() const { return seqs_.size(); }
  const std::vector<uint64_t>& seqs() const { return seqs_; }
  // The seq of a record without outcome, which has one from now on; 0 when there is none.
  uint64_t Settle(const std::string& key);
  // For all that are left.
  void RestUnsent(const sdk::Reason& reason, sdk::Outcomes& outcomes);
  void RestInDoubt(const sdk::Reason& reason, sdk::Outcomes& outcomes);

 private:
  std::vector<uint64_t> seqs_;
  std::vector<bool> settled_;
  std::unordered_map<std::string, uint32_t> places_;
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

  // Creates a job, notes it with the records, uploads `rows` and completes it. Not ok: certainly
  // nothing of it was or will be applied, unless `*id` is not empty, when the job is to be waited
  // for. Blocks.
  sdk::Status Submit(sdk::Call call, const JobRecords& records, const sdk::Blob& rows,
                     std::string* id) const;
  // Waits until the job is over, and reports an outcome of each of its records; a job that was
  // never completed is aborted. Not ok: the job may still run and nothing more is known, or its
  // results end the run. Blocks.
  sdk::Status Settle(sdk::Call call, const std::string& id, JobRecords* records,
                     sdk::Outcomes& outcomes) const;

 private:
  // What Salesforce says of a job.
  struct Info {
    std::string state, message;
    uint64_t processed = 0;
    bool gone = false;
    bool over() const { return state == "JobComplete" || state == "Failed" || state == "Aborted"; }
  };

  sdk::Result<std::string> Create(sdk::Call call) const;
  sdk::Status Upload(sdk::Call call, const std::string& id, const JobRecords& records,
                     const sdk::Blob& rows) const;
  sdk::Status SetState(sdk::Call call, const std::string& id, const char* state,
                       const std::vector<uint64_t>& seqs) const;
  sdk::Result<Info> Ask(sdk::Call call, const std::string& id) const;
  sdk::Result<Info> WaitUntilOver(sdk::Call call, const std::string& id) const;
  sdk::Status TakeResults(sdk::Call call, const std::string& id, const Info& info,
                          JobRecords* records, sdk::Outcomes& outcomes) const;

  sdk::Host host_;
  sdk::Http http_;
  Api api_;
  Shape shape_;
  Options options_;
};

}  // namespace penstock::salesforce
