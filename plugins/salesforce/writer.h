// The writer of one object and operation: prepares records, and chooses the way that they go.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "penstock/connector.hpp"
#include "plugins/salesforce/bulk.h"
#include "plugins/salesforce/collections.h"

namespace penstock::salesforce {

class RecordWriter {
 public:
  static sdk::Result<std::unique_ptr<RecordWriter>> Begin(sdk::Host host, sdk::Call call,
                                                          const Api& api,
                                                          std::shared_ptr<const ObjectInfo> object,
                                                          const sdk::Assignment& assignment,
                                                          std::span<const sdk::Note> notes);

  sdk::Status Write(sdk::Call call, const sdk::Batch& batch, sdk::Outcomes& outcomes);
  sdk::Status Finish(sdk::Call call, sdk::Outcomes& outcomes);

 private:
  RecordWriter(sdk::Host host, const Api& api, const Shape& shape, const Options& options,
               size_t chunk);

  sdk::Http http_;
  Api api_;
  Shape shape_;
  CollectionsWriter collections_;
  std::optional<BulkWriter> bulk_;
};

}  // namespace penstock::salesforce
