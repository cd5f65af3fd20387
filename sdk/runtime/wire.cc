#include "sdk/runtime/wire.h"

#include <algorithm>
#include <cstring>

#include "sdk/runtime/call.h"

namespace penstock::sdk::wire {
namespace {

constexpr int kMaxDepth = 8;
constexpr uint64_t kReserved = 4096;  // what is claimed beyond it must turn up first
constexpr size_t kMaxCode = 200;

bool IsText(uint8_t type) {
  return type == PENSTOCK_DECIMAL || type == PENSTOCK_STRING || type == PENSTOCK_BYTES ||
         type == PENSTOCK_JSON;
}

}  // namespace

bool Unpacker::Take(void* out, size_t n) {
  if (!good_ || rest_.size() < n) {
    good_ = false;
    std::memset(out, 0, n);
    return false;
  }
  std::memcpy(out, rest_.data(), n);
  rest_.remove_prefix(n);
  return true;
}

uint8_t Unpacker::U8() {
  uint8_t value = 0;
  Take(&value, sizeof(value));
  return value;
}
uint32_t Unpacker::U32() {
  uint32_t value = 0;
  Take(&value, sizeof(value));
  return value;
}
int32_t Unpacker::I32() {
  int32_t value = 0;
  Take(&value, sizeof(value));
  return value;
}
uint64_t Unpacker::U64() {
  uint64_t value = 0;
  Take(&value, sizeof(value));
  return value;
}
int64_t Unpacker::I64() {
  int64_t value = 0;
  Take(&value, sizeof(value));
  return value;
}
double Unpacker::F64() {
  double value = 0;
  Take(&value, sizeof(value));
  return value;
}

std::string_view Unpacker::Text() {
  const uint64_t n = U64();
  if (!good_ || n > rest_.size()) {
    good_ = false;
    return {};
  }
  const std::string_view text = rest_.substr(0, n);
  rest_.remove_prefix(n);
  return text;
}

uint64_t Unpacker::Count(size_t item_bytes) {
  const uint64_t n = U64();
  if (!good_ || n > rest_.size() / item_bytes) {
    good_ = false;
    return 0;
  }
  return n;
}

std::vector<uint64_t> Unpacker::Seqs() {
  std::vector<uint64_t> seqs(Count(sizeof(uint64_t)));
  if (!seqs.empty()) Take(seqs.data(), seqs.size() * sizeof(uint64_t));
  return seqs;
}

void PutValue(const penstock_value& value, Packer* out) {
  out->U8(value.type);
  switch (value.type) {
    case PENSTOCK_ABSENT:
    case PENSTOCK_NULL:
      return;
    case PENSTOCK_DOUBLE:
      return out->F64(value.v.f64);
    case PENSTOCK_LIST:
      out->U64(value.len);
      for (uint32_t i = 0; i < value.len; ++i) PutValue(value.v.list[i], out);
      return;
    default:
      if (IsText(value.type)) {
        return out->Text(value.len == 0 ? std::string_view()
                                        : std::string_view(value.v.text, value.len));
      }
      return out->I64(value.v.i64);
  }
}

penstock_value ValueStore::One(Unpacker* in, int depth) {
  penstock_value value{};
  value.type = in->U8();
  if (value.type == PENSTOCK_ABSENT || value.type == PENSTOCK_NULL) return value;
  if (value.type > PENSTOCK_LIST || depth > kMaxDepth) {
    in->Fail();
    return penstock_value{};
  }
  if (value.type == PENSTOCK_DOUBLE) {
    value.v.f64 = in->F64();
  } else if (value.type == PENSTOCK_LIST) {
    const uint64_t n = in->Count(kValueBytes);
    std::vector<penstock_value> items;
    items.reserve(std::min<uint64_t>(n, kReserved));
    for (uint64_t i = 0; i < n && in->good(); ++i) items.push_back(One(in, depth + 1));
    value.len = static_cast<uint32_t>(items.size());
    value.v.list = lists_.emplace_back(std::move(items)).data();
  } else if (IsText(value.type)) {
    const std::string_view text = in->Text();
    if (text.size() > UINT32_MAX) in->Fail();
    value.len = static_cast<uint32_t>(text.size());
    value.v.text = text.data();
  } else {
    value.v.i64 = in->I64();
  }
  return in->good() ? value : penstock_value{};
}

std::vector<penstock_value> ValueStore::Read(uint64_t n, Unpacker* in) {
  std::vector<penstock_value> values;
  values.reserve(std::min<uint64_t>(n, kReserved));
  for (uint64_t i = 0; i < n && in->good(); ++i) values.push_back(One(in, 0));
  return values;
}

void PutBatch(const penstock_batch& batch, Packer* out) {
  out->U32(batch.n_fields);
  out->Seqs(batch.seqs, batch.n_records);
  out->U8(batch.ids == nullptr ? 0 : 1);
  if (batch.ids != nullptr) {
    for (size_t i = 0; i < batch.n_records; ++i) out->Text(runtime::View(batch.ids[i]));
  }
  const size_t n = batch.n_records * batch.n_fields;
  out->U64(n);
  for (size_t i = 0; i < n; ++i) PutValue(batch.values[i], out);
}

bool TakeBatch(Unpacker* in, StoredBatch* out) {
  out->batch.struct_size = sizeof(penstock_batch);
  out->batch.n_fields = in->U32();
  out->seqs = in->Seqs();
  const size_t records = out->seqs.size();
  if (in->U8() != 0) {
    for (size_t i = 0; i < records && in->good(); ++i) out->ids.push_back(runtime::Str(in->Text()));
  }
  const uint64_t n = in->Count(kValueBytes);
  if (!in->good() || n != records * out->batch.n_fields) return false;
  out->values = out->store.Read(n, in);
  out->batch.n_records = records;
  out->batch.seqs = out->seqs.data();
  out->batch.ids = out->ids.empty() ? nullptr : out->ids.data();
  out->batch.values = out->values.data();
  return in->good();
}

void PutStatus(const Status& status, Packer* out) {
  out->I32(status.ok() ? PENSTOCK_OK : status.failure().status);
  if (status.ok()) return;
  out->Text(status.failure().code);
  out->Text(status.failure().message);
  out->I64(status.failure().retry_after_ms);
}

Status TakeStatus(Unpacker* in) {
  const int32_t code = in->I32();
  if (code == PENSTOCK_OK) return {};
  Failure failure;
  const bool known = code > PENSTOCK_OK && code <= PENSTOCK_E_DESTINATION;
  failure.status = known ? code : static_cast<penstock_status>(PENSTOCK_E_INTERNAL);
  failure.code = runtime::Bounded(in->Text(), kMaxCode);
  failure.message = runtime::Bounded(in->Text(), runtime::kMaxMessage);
  const int64_t retry_after_ms = in->I64();
  failure.retry_after_ms = retry_after_ms > 0 ? retry_after_ms : 0;
  return failure;
}

void PutOutcome(const penstock_outcome& outcome, Packer* out) {
  out->U64(outcome.seq);
  out->I32(outcome.outcome);
  out->I32(outcome.error_class);
  out->U32(outcome.group);
  for (const penstock_str& text :
       {outcome.destination_id, outcome.code, outcome.message, outcome.field, outcome.warning}) {
    out->Text(runtime::View(text));
  }
}

penstock_outcome TakeOutcome(Unpacker* in) {
  penstock_outcome outcome{};
  outcome.struct_size = sizeof(outcome);
  outcome.seq = in->U64();
  outcome.outcome = in->I32();
  outcome.error_class = in->I32();
  outcome.group = in->U32();
  for (penstock_str* text : {&outcome.destination_id, &outcome.code, &outcome.message,
                             &outcome.field, &outcome.warning}) {
    *text = runtime::Str(in->Text());
  }
  return outcome;
}

}  // namespace penstock::sdk::wire
