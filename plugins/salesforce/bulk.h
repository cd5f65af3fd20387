// Writing through Bulk API 2.0: records are spooled as CSV, sent in jobs, and settled by the jobs'
// results.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "penstock/connector.hpp"
#include "plugins/salesforce/job.h"
#include "plugins/salesforce/prepare.h"

namespace penstock::salesforce {

class BulkWriter {
 public:
  BulkWriter(sdk::Host host, const Api& api, const Shape& shape, const Options& options);

  // Whether the host has what jobs need: a journal for their ids, spools for their rows.
  static bool IsPossible(const sdk::Host& host);

  // Takes the records of an earlier run's job, to be settled by Finish. Copies.
  sdk::Status TakeUp(sdk::Call call, const sdk::Note& note, const sdk::Assignment& assignment);
  // Spools the prepared records that CSV can say, and sends full jobs; those that it cannot say are
  // left in `items`. Outcomes may be of records of earlier calls. Blocks. [serial:writer]
  sdk::Status Write(sdk::Call call, const sdk::Batch& batch, std::vector<Item>* items,
                    sdk::Outcomes& outcomes);
  // Gives up what is spooled and not yet in a job: those records are unsent. [serial:writer]
  void Drop(const sdk::Failure& why, sdk::Outcomes& outcomes);
  // Sends what is spooled, and waits until all jobs are settled. Blocks. [serial:writer]
  sdk::Status Finish(sdk::Call call, sdk::Outcomes& outcomes);

 private:
  // Waits until there may be another job, and begins its rows.
  sdk::Status BeginSpool(sdk::Call call, sdk::Outcomes& outcomes);
  sdk::Status Spool(sdk::Call call, const sdk::Batch& batch, std::vector<Item>* items,
                    sdk::Outcomes& outcomes);
  sdk::Status Flush();
  sdk::Status SendSpool(sdk::Call call);
  sdk::Status SettleFirst(sdk::Call call, sdk::Outcomes& outcomes);

  sdk::Host host_;
  sdk::Http http_;
  Api api_;
  Shape shape_;
  JobSteps steps_;
  std::optional<sdk::Blob> spool_;
  size_t spooled_ = 0;  // bytes in it: to ask the host at each record costs more than the record
  std::string rows_;    // not in it yet
  JobRecords records_;
  std::deque<Job> running_;
};

}  // namespace penstock::salesforce
