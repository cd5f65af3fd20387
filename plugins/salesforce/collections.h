// Writing through sObject Collections: two hundred records a request, each with its own result.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "penstock/connector.hpp"
#include "plugins/salesforce/api.h"
#include "plugins/salesforce/options.h"
#include "plugins/salesforce/prepare.h"
#include "plugins/salesforce/shape.h"
#include "plugins/salesforce/verdict.h"

namespace penstock::salesforce {

class CollectionsWriter {
 public:
  // `chunk`: records of a request, at most kMaxRecords. Borrows nothing.
  CollectionsWriter(sdk::Http http, Api api, Shape shape, Options options, size_t chunk);

  // Sends the prepared records of a batch and reports an outcome of each. Blocks. [serial:writer]
  sdk::Status Send(sdk::Call call, const sdk::Batch& batch, std::vector<Item> items,
                   sdk::Outcomes& outcomes);

 private:
  // The requests of one call, with the items of each.
  struct Jobs {
    explicit Jobs(const sdk::Batch& batch) : http(batch) {}
    sdk::WriteRequests http;
    std::vector<std::vector<Item>> items;
  };

  sdk::HttpRequest RequestOf(const sdk::Batch& batch, const std::vector<Item>& items) const;
  // The outcomes of one request's records; not ok when the run should stop.
  sdk::Status Take(const sdk::Batch& batch, const std::vector<Item>& items,
                   const sdk::HttpResponse& response, sdk::RequestOutcomes& records);
  sdk::Status TakeResults(const sdk::Batch& batch, const std::vector<Item>& items,
                          const sdk::JsonValue& results, sdk::RequestOutcomes& records);
  sdk::Status TakeFailure(const sdk::HttpResponse& response, sdk::RequestOutcomes& records);
  bool Succeed(const Item& item, size_t place, const sdk::JsonValue& result,
               sdk::RequestOutcomes& records) const;
  // Records that were kept out by locks: handed back to be sent in halves, one request at a time.
  sdk::Status SettleContended(const std::vector<std::pair<size_t, Verdict>>& contended,
                              sdk::RequestOutcomes& records);

  sdk::Http http_;
  Api api_;
  Shape shape_;
  Options options_;
  size_t chunk_;
  std::unordered_map<uint64_t, int>
      contended_;  // how often, by seq; only of records without outcome
};

}  // namespace penstock::salesforce
