#include "core/diff/intake.h"

namespace penstock::diff {
namespace {

std::string_view Bytes(const Row& row) {
  return {reinterpret_cast<const char*>(&row), sizeof(row)};
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

Status Intake::Run(RowReader* reader, Mapper* mapper, const DiffOptions& options) {
  waiting_.reserve(kWaiting);
  uint64_t number = 0;
  for (;;) {
    Result<std::span<const Value>> row = reader->Next();
    if (!row.ok()) return row.status();
    if (row->data() == nullptr) break;
    PENSTOCK_RETURN_IF_ERROR(Take(mapper->Map(*row), ++number));
    if (number % kTick == 0) PENSTOCK_RETURN_IF_ERROR(Tick(options, number));
  }
  counts_->read = number;
  return Settle();
}

Status Intake::Take(const Record& record, uint64_t number) {
  if (!record.valid) return TakeInvalid(record, number);
  if (record.payload.size() > Row::kLengthMask) return TakeTooLarge(record, number);
  const uint32_t partition = state_.PartitionOf(record.key_hash);
  const uint64_t flags = record.has_absent ? Row::kHasAbsent : 0;
  const Row row{record.key_hash, record.fingerprint,
                Row::MetaOf(number, flags, record.payload.size())};
  if (!known_.Covers(partition)) return Append(partition, row, record.payload);
  known_.Prefetch(row.key);
  waiting_.push_back({row, partition, static_cast<uint32_t>(waiting_bytes_.size())});
  waiting_bytes_.append(record.payload);
  if (waiting_.size() == kWaiting || waiting_bytes_.size() > (1u << 20)) return Settle();
  return {};
}

Status Intake::Append(uint32_t partition, const Row& row, std::string_view payload) {
  PENSTOCK_RETURN_IF_ERROR(rows_->Append(partition, Bytes(row)));
  return payloads_->Append(partition, payload);
}

Status Intake::Settle() {
  for (Waiting& waiting : waiting_) {
    Row& row = waiting.row;
    if (known_.MayHold(row.key, row.fingerprint)) {
      row.meta = (row.meta & ~Row::kLengthMask) | Row::kKnown;
      PENSTOCK_RETURN_IF_ERROR(rows_->Append(waiting.partition, Bytes(row)));
    } else {
      PENSTOCK_RETURN_IF_ERROR(
          Append(waiting.partition, row,
                 std::string_view(waiting_bytes_).substr(waiting.payload_at, row.length())));
    }
  }
  waiting_.clear();
  waiting_bytes_.clear();
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
  return rows_->Append(state_.PartitionOf(record.key_hash), Bytes(row));
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
