#include "core/diff/intake.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace penstock::diff {
namespace {

constexpr uint64_t kGatherBytes = 320u << 10;
constexpr uint64_t kMaxGather = 16;

std::string_view Bytes(const Row* rows, size_t n) {
  return {reinterpret_cast<const char*>(rows), n * sizeof(Row)};
}

}  // namespace

Status Tick(const DiffOptions& options, uint64_t rows) {
  if (options.progress) options.progress(rows);
  if (options.cancelled && options.cancelled()) {
    Error error = MakeError("PS-RUN-CANCELLED", "Planning was cancelled; nothing was sent.");
    error.exit = ExitCode::kCancelled;
    return error;
  }
  return {};
}

Intake::Intake(const StateView& state, const KnownRows& known, PartitionSpill* rows,
               PartitionSpill* payloads, PlanWriter* plan, PlanCounts* counts)
    : known_(known),
      rows_(rows),
      payloads_(payloads),
      plan_(plan),
      counts_(counts),
      partition_shift_(64 - std::countr_zero(state.partitions())),
      gather_(static_cast<uint32_t>(
          std::clamp<uint64_t>(kGatherBytes / sizeof(Row) / state.partitions(), 1, kMaxGather))),
      gathered_(uint64_t{gather_} * state.partitions()),
      gathered_count_(state.partitions()) {}

Status Intake::Run(RowReader* reader, Mapper* mapper, const DiffOptions& options) {
  uint64_t number = 0;
  for (;;) {
    Result<std::span<const Value>> row = reader->Next();
    if (!row.ok()) return row.status();
    if (row->data() == nullptr) break;
    PENSTOCK_RETURN_IF_ERROR(Take(mapper->Map(*row), ++number));
    if (number % kTick == 0) PENSTOCK_RETURN_IF_ERROR(Tick(options, number));
  }
  counts_->read = number;
  PENSTOCK_RETURN_IF_ERROR(Turn());
  PENSTOCK_RETURN_IF_ERROR(Settle(&waiting_));
  return AppendGathered();
}

Status Intake::Take(const Record& record, uint64_t number) {
  if (!record.valid) return TakeInvalid(record, number);
  if (record.payload.size() > Row::kLengthMask) return TakeTooLarge(record, number);
  const uint32_t partition = PartitionOf(record.key_hash);
  const uint64_t flags = record.has_absent ? Row::kHasAbsent : 0;
  const Row row{record.key_hash, record.fingerprint,
                Row::MetaOf(number, flags, record.payload.size())};
  if (!known_.Covers(partition)) return Append(partition, row, record.payload);
  const uint8_t* const place = known_.PlaceOf(row.key);
  __builtin_prefetch(place);
  __builtin_prefetch(place + KnownRows::kLine);
  filling_.rows.push_back({row, partition, static_cast<uint32_t>(filling_.payloads.size())});
  filling_.payloads.append(record.payload);
  if (filling_.rows.size() == kBatch || filling_.payloads.size() > (1u << 20)) return Turn();
  return {};
}

Status Intake::Turn() {
  PENSTOCK_RETURN_IF_ERROR(Settle(&waiting_));
  std::swap(filling_, waiting_);
  return {};
}

Status Intake::Append(uint32_t partition, const Row& row, std::string_view payload) {
  PENSTOCK_RETURN_IF_ERROR(AppendRow(partition, row));
  return payloads_->Append(partition, payload);
}

Status Intake::AppendRow(uint32_t partition, const Row& row) {
  Row* const rows = &gathered_[uint64_t{partition} * gather_];
  uint8_t& count = gathered_count_[partition];
  rows[count++] = row;
  if (count < gather_) return {};
  count = 0;
  return rows_->Append(partition, Bytes(rows, gather_));
}

Status Intake::AppendGathered() {
  for (uint32_t p = 0; p < gathered_count_.size(); ++p) {
    const Row* const rows = &gathered_[uint64_t{p} * gather_];
    PENSTOCK_RETURN_IF_ERROR(rows_->Append(p, Bytes(rows, gathered_count_[p])));
    gathered_count_[p] = 0;
  }
  return {};
}

Status Intake::Settle(Batch* batch) {
  for (Waiting& waiting : batch->rows) {
    Row& row = waiting.row;
    if (known_.MayHold(row.key, row.fingerprint)) {
      row.meta = (row.meta & ~Row::kLengthMask) | Row::kKnown;
      PENSTOCK_RETURN_IF_ERROR(AppendRow(waiting.partition, row));
    } else {
      const std::string_view payload =
          std::string_view(batch->payloads).substr(waiting.payload_at, row.length());
      PENSTOCK_RETURN_IF_ERROR(Append(waiting.partition, row, payload));
    }
  }
  batch->rows.clear();
  batch->payloads.clear();
  return {};
}

Status Intake::TakeInvalid(const Record& record, uint64_t number) {
  ++counts_->invalid;
  ++counts_->invalid_by_code[std::string(record.invalid_code)];
  invalid_.row = number;
  invalid_.key_text.assign(record.key_text);
  invalid_.field.assign(record.invalid_field);
  invalid_.code.assign(record.invalid_code);
  invalid_.message.assign(record.invalid_message);
  PENSTOCK_RETURN_IF_ERROR(plan_->AddInvalid(invalid_));
  if (record.key.empty()) return {};
  // A row in this partition may still wait: rows need not keep their order, only payloads must, and
  // an invalid row has none.
  const Row row{record.key_hash, {}, Row::MetaOf(number, Row::kInvalid, 0)};
  return AppendRow(PartitionOf(record.key_hash), row);
}

Status Intake::TakeTooLarge(const Record& record, uint64_t number) {
  Record refused;
  refused.valid = false;
  refused.key = record.key;
  refused.key_text = record.key_text;
  refused.key_hash = record.key_hash;
  refused.invalid_code = "TOO_LONG";
  refused.invalid_message = "The row is larger than 256 MiB.";
  return TakeInvalid(refused, number);
}

}  // namespace penstock::diff
