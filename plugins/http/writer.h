// Writes records: one operation of one object, all requests of a batch at once.
#pragma once

#include <memory>

#include "penstock/connector.hpp"
#include "plugins/http/answer.h"
#include "plugins/http/config.h"
#include "plugins/http/request.h"

namespace penstock::http_plugin {

class RecordWriter {
 public:
  // The configuration outlives the writer. UNSUPPORTED for an assignment that it does not cover.
  static sdk::Result<std::unique_ptr<RecordWriter>> Begin(sdk::Http http, const Config& config,
                                                          const sdk::Assignment& assignment);

  sdk::Status Write(sdk::Call call, const sdk::Batch& batch, sdk::Outcomes& outcomes);
  // Everything is reported by Write already.
  sdk::Status Finish(sdk::Call call, sdk::Outcomes& outcomes);

 private:
  RecordWriter(sdk::Http http, const OperationConfig* operation, const sdk::Assignment& assignment);

  // The records that can be addressed; the others are rejected.
  std::vector<size_t> Addressed(const sdk::Batch& batch, sdk::Outcomes& outcomes) const;

  sdk::Http http_;
  const OperationConfig* operation_;
  RequestMaker maker_;
  AnswerReader reader_;
  size_t chunk_;
};

}  // namespace penstock::http_plugin
