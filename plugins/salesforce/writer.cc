#include "plugins/salesforce/writer.h"

namespace penstock::salesforce {

using sdk::Status;

sdk::Result<std::unique_ptr<RecordWriter>> RecordWriter::Begin(
    sdk::Host host, sdk::Call, const Api& api, std::shared_ptr<const ObjectInfo> object,
    const sdk::Assignment& assignment, std::span<const sdk::Note>) {
  sdk::Result<Shape> shape = MakeShape(std::move(object), assignment);
  if (!shape.ok()) return shape.failure();
  sdk::Result<Options> options = Options::Read(assignment.options);
  if (!options.ok()) return options.failure();
  std::unique_ptr<RecordWriter> writer(
      new RecordWriter(host, api, *shape, *options, assignment.limits.max_request_records));
  return writer;
}

RecordWriter::RecordWriter(sdk::Host host, const Api& api, const Shape& shape,
                           const Options& options, size_t chunk)
    : http_(host), api_(api), shape_(shape), collections_(http_, api, shape, options, chunk) {}

Status RecordWriter::Write(sdk::Call call, const sdk::Batch& batch, sdk::Outcomes& outcomes) {
  sdk::Result<std::vector<Item>> items = Prepare(http_, api_, shape_, call, batch, outcomes);
  if (!items.ok()) return items.failure();
  return collections_.Send(call, batch, *std::move(items), outcomes);
}

Status RecordWriter::Finish(sdk::Call, sdk::Outcomes&) { return {}; }

}  // namespace penstock::salesforce
