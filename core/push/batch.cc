#include "core/push/batch.h"

#include <utility>

#include "core/plan/codec.h"
#include "core/value/encoding.h"

namespace penstock {

Result<std::shared_ptr<Batch>> Batch::Build(std::vector<Change> changes, const Shape& shape) {
  auto batch = std::make_shared<Batch>();
  batch->changes_ = std::move(changes);
  const size_t width = shape.key_only ? 1 : shape.n_fields;
  batch->key_index_ = shape.key_only ? 0 : shape.key_field;
  batch->values_.reserve(batch->changes_.size() * width);
  for (const Change& change : batch->changes_) {
    std::string_view bytes =
        shape.key_only ? std::string_view(change.key) : std::string_view(change.payload);
    for (size_t f = 0; f < width; ++f) {
      PENSTOCK_ASSIGN_OR_RETURN(const Value value, DecodeValue(&bytes, &batch->arena_));
      batch->values_.push_back(value);
    }
    for (const auto& [field, value] : shape.overrides) {
      if (!shape.key_only) batch->values_[batch->values_.size() - width + field] = value;
    }
    batch->seqs_.push_back(change.seq);
    batch->ids_.push_back({change.destination_id.data(), change.destination_id.size()});
  }
  penstock_batch& view = batch->view_;
  view.struct_size = sizeof(penstock_batch);
  view.n_fields = static_cast<uint32_t>(width);
  view.n_records = batch->changes_.size();
  view.values = batch->values_.data();
  view.seqs = batch->seqs_.data();
  view.ids = batch->ids_.data();
  return batch;
}

KeptBatch::KeptBatch(const Batch& batch) {
  places_.reserve(batch.size());
  for (const Change& change : batch.changes()) {
    const auto begin = static_cast<uint32_t>(bytes_.size());
    plan::EncodeWithoutPayload(change, &bytes_);
    places_.push_back({change.seq, begin, static_cast<uint32_t>(bytes_.size())});
  }
  bytes_.shrink_to_fit();
}

void KeptBatch::Read(size_t i, Change* out) const {
  const Place& place = places_[i];
  const std::string_view bytes =
      std::string_view(bytes_).substr(place.begin, place.end - place.begin);
  (void)plan::DecodeChange(bytes, out);  // as they were written a moment ago
  out->seq = place.seq;
}

}  // namespace penstock
