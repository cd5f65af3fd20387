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
  // The requests of one call, and what is needed to read their answers.
  struct Jobs {
    explicit Jobs(const sdk::Batch& batch) : http(batch) {}
    sdk::WriteRequests http;
    std::vector<Request> requests;
  };

  ContactWriter(sdk::Http http, Shape shape, Verb verb, size_t chunk);

  Input InputOf(const sdk::Batch& batch, size_t record) const;
  // Requests of one kind for these records; `by_id`: named by record id, not by key.
  void AddJobs(const sdk::Batch& batch, const std::vector<size_t>& records, bool by_id,
               Jobs* jobs) const;
  void AddJob(const sdk::Batch& batch, std::vector<Input> inputs, std::vector<size_t> records,
              bool by_id, Jobs* jobs) const;
  sdk::Status Archive(sdk::Call call, const sdk::Batch& batch, sdk::Outcomes& outcomes);
  sdk::Status Send(sdk::Call call, const Jobs& jobs, sdk::Outcomes& outcomes);
  // The outcomes of one request's records; not ok when the run should stop.
  sdk::Status Take(const Request& request, const sdk::HttpResponse& response,
                   sdk::RequestOutcomes& records) const;
  sdk::Status TakeFailure(const Request& request, const sdk::HttpResponse& response,
                          sdk::RequestOutcomes& records) const;
  // 400 and its like: nothing of the request was applied.
  void Refuse(const Request& request, const ApiError& error, sdk::RequestOutcomes& records) const;

  sdk::Http http_;
  Shape shape_;
  Verb verb_;
  size_t chunk_;
};

}  // namespace penstock::hubspot
