#include "plugins/salesforce/writer.h"

namespace penstock::salesforce {

using sdk::Failure;
using sdk::Status;

sdk::Result<std::unique_ptr<RecordWriter>> RecordWriter::Begin(
    sdk::Host host, sdk::Call call, const Api& api, std::shared_ptr<const ObjectInfo> object,
    const sdk::Assignment& assignment, std::span<const sdk::Note> notes) {
  sdk::Result<Shape> shape = MakeShape(std::move(object), assignment);
  if (!shape.ok()) return shape.failure();
  sdk::Result<Options> options = Options::Read(assignment.options);
  if (!options.ok()) return options.failure();
  std::unique_ptr<RecordWriter> writer(
      new RecordWriter(host, api, *shape, *options, assignment.limits.max_request_records));
  const bool wanted = options->UsesBulk(assignment.expected_records) || !notes.empty();
  if (!wanted) return writer;
  if (BulkWriter::IsPossible(host)) {
    writer->bulk_.emplace(host, api, *shape, *options);
  } else if (options->path == "bulk" || !notes.empty()) {
    return Failure{PENSTOCK_E_UNSUPPORTED, "salesforce.NO_JOBS",
                   "this host cannot keep jobs of Bulk API 2.0; use path: collections", 0};
  }
  for (const sdk::Note& note : notes) {
    Status taken = writer->bulk_->TakeUp(call, note, assignment);
    if (!taken.ok()) return taken.failure();
  }
  return writer;
}

RecordWriter::RecordWriter(sdk::Host host, const Api& api, const Shape& shape,
                           const Options& options, size_t chunk)
    : http_(host), api_(api), shape_(shape), collections_(http_, api, shape, options, chunk) {}

Status RecordWriter::Write(sdk::Call call, const sdk::Batch& batch, sdk::Outcomes& outcomes) {
  sdk::Result<std::vector<Item>> items = Prepare(http_, api_, shape_, call, batch, outcomes);
  if (!items.ok()) return items.failure();
  Status spooled;
  if (bulk_) spooled = bulk_->Write(call, batch, &*items, outcomes);
  Status sent = collections_.Send(call, batch, *std::move(items), outcomes);
  if (!spooled.ok() || sent.ok() || !bulk_) return spooled.ok() ? sent : spooled;
  const penstock_status why = sent.failure().status;
  // What went by Collections has its outcome; the rest of the batch can still go by its job.
  if (why == PENSTOCK_E_UNAVAILABLE || why == PENSTOCK_E_RATE_LIMITED) return {};
  bulk_->Drop(sent.failure(), outcomes);
  return sent;
}

Status RecordWriter::Finish(sdk::Call call, sdk::Outcomes& outcomes) {
  return bulk_ ? bulk_->Finish(call, outcomes) : Status();
}

}  // namespace penstock::salesforce
