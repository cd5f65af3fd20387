// Writes contacts: one operation, batches of a hundred, all of a call at once.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "penstock/connector.hpp"
#include "plugins/hubspot/batch_answer.h"
#include "plugins/hubspot/bodies.h"

namespace penstock::hubspot {

class ContactWriter {
 public:
  static sdk::Result<std::unique_ptr<ContactWriter>> Begin(sdk::Http http,
                                                           const sdk::Assignment& assignment);

  sdk::Status Write(sdk::Call call, const sdk::Batch& batch, sdk::Outcomes& outcomes);
  // Everything is reported by Write already.
  sdk::Status Finish(sdk::Call call, sdk::Outcomes& outcomes);

 private:
  // A request on its way, with what is needed to read its answer.
  struct Job {
    Request request;
    sdk::HttpRequest http;
  };

  ContactWriter(sdk::Http http, Shape shape, Verb verb, size_t chunk);

  Input InputOf(const sdk::Batch& batch, size_t record) const;
  // One kind of request for these records; `by_id`: named by record id, not by key.
  void AddJobs(const sdk::Batch& batch, const std::vector<size_t>& records, bool by_id,
               std::vector<Job>* jobs) const;
  Job MakeJob(const sdk::Batch& batch, std::vector<Input> inputs,
              const std::vector<size_t>& records, bool by_id) const;
  sdk::Status Archive(sdk::Call call, const sdk::Batch& batch, sdk::Outcomes& outcomes);
  sdk::Status Send(sdk::Call call, const std::vector<Job>& jobs, sdk::Outcomes& outcomes);
  // The outcomes of one request's records; not ok when the run should stop.
  sdk::Status Take(const Job& job, const sdk::HttpResponse& response, sdk::Outcomes& outcomes);
  sdk::Status TakeFailure(const Job& job, const sdk::HttpResponse& response,
                          sdk::Outcomes& outcomes);
  // 400 and its like: nothing of the request was applied.
  void Refuse(const Request& request, const ApiError& error, sdk::Outcomes& outcomes);

  sdk::Http http_;
  Shape shape_;
  Verb verb_;
  size_t chunk_;
  uint32_t group_ = 0;
};

}  // namespace penstock::hubspot
