#include "plugins/salesforce/bulk.h"

#include "plugins/salesforce/rows.h"
#include "plugins/salesforce/soql.h"

namespace penstock::salesforce {

using sdk::Status;

namespace {

// Salesforce takes 150 MB in base64, which are about 110 MB as they are.
constexpr size_t kMaxJobBytes = 100'000'000;
// Of one writer, at the same time; while a job is made, one less runs.
constexpr size_t kMaxJobs = 2;
constexpr size_t kFlushBytes = 1 << 20;

}  // namespace

BulkWriter::BulkWriter(sdk::Host host, const Api& api, const Shape& shape, const Options& options)
    : host_(host), http_(host), api_(api), shape_(shape), steps_(host, api, shape, options) {}

bool BulkWriter::IsPossible(const sdk::Host& host) {
  return host.Find(PENSTOCK_HOST_JOURNAL, &penstock_host_journal::note) != nullptr &&
         host.Find(PENSTOCK_HOST_BLOB, &penstock_host_blob::discard) != nullptr &&
         host.Find(PENSTOCK_HOST_CLOCK, &penstock_host_clock::sleep_ms) != nullptr;
}

Status BulkWriter::TakeUp(sdk::Call call, const sdk::Note& note,
                          const sdk::Assignment& assignment) {
  sdk::NotedRecords noted = sdk::CopyNote(note, assignment);
  if (!IsRecordId(noted.token)) {
    return sdk::Failure{PENSTOCK_E_NOT_FOUND, "salesforce.UNKNOWN_JOB",
                        "an earlier run left a job of an unknown form", 0};
  }
  const bool by_id = shape_.verb == Verb::kUpdate || shape_.verb == Verb::kDelete;
  if (by_id && shape_.key != nullptr) {
    // The job went by ids that it had looked up; the host may not know them.
    std::vector<std::string> keys;
    for (size_t i = 0; i < noted.size(); ++i)
      keys.push_back(noted.ids[i].empty() ? noted.keys[i] : "");
    auto found = FindByKey(http_, call, api_, {shape_.object->name, shape_.key}, keys, {});
    if (!found.ok()) return found.failure();
    for (size_t i = 0; i < noted.size(); ++i) {
      if (noted.ids[i].empty() && (*found)[i]) noted.ids[i] = (*found)[i]->id;
    }
  }
  Job job;
  job.id = noted.token;
  job.earlier = true;
  for (size_t i = 0; i < noted.size(); ++i) {
    const std::string& text = by_id && shape_.key != nullptr ? noted.ids[i] : noted.keys[i];
    std::string key = ResultKeyOf(shape_, text);
    // Without a key of its own no result can be told to be its: it stays in doubt.
    const bool named = !key.empty() && job.records.Add(noted.seqs[i], std::move(key));
    if (!named) job.records.AddNameless(noted.seqs[i]);
  }
  running_.push_back(std::move(job));
  return {};
}

Status BulkWriter::Flush() {
  if (rows_.empty()) return {};
  Status status = spool_->Append(rows_);
  spooled_ += rows_.size();
  rows_.clear();
  return status;
}

Status BulkWriter::BeginSpool(sdk::Call call, sdk::Outcomes& outcomes) {
  while (running_.size() >= kMaxJobs) {
    Status status = SettleFirst(call, outcomes);
    if (!status.ok()) return status;
  }
  sdk::Result<sdk::Blob> blob = sdk::Blob::Create(host_, call);
  if (!blob.ok()) return blob.failure();
  spool_ = *std::move(blob);
  spooled_ = 0;
  rows_ = CsvHeader(shape_);
  return {};
}

Status BulkWriter::Spool(sdk::Call call, const sdk::Batch& batch, std::vector<Item>* items,
                         sdk::Outcomes& outcomes) {
  std::vector<Item> left;
  for (size_t i = 0; i < items->size(); ++i) {
    Item& item = (*items)[i];
    // A key that the job has already would make its results ambiguous.
    if (!FitsCsv(shape_, batch, item.record) ||
        !records_.Add(batch.seq(item.record), ResultKey(shape_, batch, item))) {
      left.push_back(std::move(item));
      continue;
    }
    Status status = spool_ ? Status() : BeginSpool(call, outcomes);
    if (status.ok()) AppendCsvRow(shape_, batch, item, &rows_);
    if (status.ok() && rows_.size() >= kFlushBytes) status = Flush();
    const bool full = status.ok() && (records_.size() >= kMaxJobRecords ||
                                      spooled_ + rows_.size() + kFlushBytes > kMaxJobBytes);
    if (full) status = SendSpool(call);
    if (!status.ok()) {
      for (size_t k = i + 1; k < items->size(); ++k) left.push_back(std::move((*items)[k]));
      *items = std::move(left);
      return status;
    }
  }
  *items = std::move(left);
  return {};
}

Status BulkWriter::Write(sdk::Call call, const sdk::Batch& batch, std::vector<Item>* items,
                         sdk::Outcomes& outcomes) {
  Status status = Spool(call, batch, items, outcomes);
  if (status.ok()) return {};
  Drop(status.failure(), outcomes);
  const sdk::Reason reason{"NOT_SENT", status.failure().message, {}};
  for (const Item& item : *items) outcomes.Unsent(batch.seq(item.record), reason);
  items->clear();
  return status;
}

void BulkWriter::Drop(const sdk::Failure& why, sdk::Outcomes& outcomes) {
  records_.RestUnsent({"NOT_SENT", why.message, {}}, outcomes);
  records_ = JobRecords();
  spool_.reset();
  rows_.clear();
}

Status BulkWriter::SendSpool(sdk::Call call) {
  Status status = Flush();
  if (!status.ok()) return status;
  Job job;
  job.records = std::move(records_);
  records_ = JobRecords();
  status = steps_.Submit(call, *spool_, &job);
  if (!status.ok()) {
    records_ = std::move(job.records);  // the caller reports them
    return status;
  }
  spool_.reset();
  running_.push_back(std::move(job));
  return {};
}

Status BulkWriter::SettleFirst(sdk::Call call, sdk::Outcomes& outcomes) {
  Job job = std::move(running_.front());
  running_.pop_front();
  return steps_.Settle(call, &job, outcomes);
}

Status BulkWriter::Finish(sdk::Call call, sdk::Outcomes& outcomes) {
  Status first;
  if (spool_ && records_.size() > 0) {
    first = SendSpool(call);
    if (!first.ok()) records_.RestUnsent({"NOT_SENT", first.failure().message, {}}, outcomes);
  }
  while (!running_.empty()) {
    Status status = SettleFirst(call, outcomes);
    if (status.ok()) continue;
    if (first.ok()) first = status;
    // Stopped: what still runs keeps its note, and the next run finds it.
    if (status.failure().status == PENSTOCK_E_CANCELLED ||
        status.failure().status == PENSTOCK_E_DEADLINE) {
      break;
    }
  }
  return first;
}

}  // namespace penstock::salesforce
