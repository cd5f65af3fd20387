// Changes as a connector takes them: decoded values, seqs and destination ids, kept alive together.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/plan/plan.h"
#include "core/value/value.h"

namespace penstock {

/// Changes of one operation that are handed to a writer at once. Immutable once built; shared while
/// records of it are in flight.
class Batch {
 public:
  /// How payloads become rows of values.
  struct Shape {
    size_t n_fields = 0, key_field = 0;
    bool key_only = false;  // just the key field is handed over (deletes, lookups)
    /// Run variables: (field, text or timestamp of this run) instead of what was known when
    /// planning.
    std::vector<std::pair<size_t, Value>> overrides;
  };
  /// PS-DATA-CORRUPT if a payload cannot be decoded. Values of overrides are borrowed.
  static Result<std::shared_ptr<Batch>> Build(std::vector<Change> changes, const Shape& shape);

  /// Borrowed from this batch.
  const penstock_batch& view() const { return view_; }
  const std::vector<Change>& changes() const { return changes_; }
  size_t size() const { return changes_.size(); }

  /// The key as the connector gets it.
  const Value& key(size_t i) const { return values_[i * view_.n_fields + key_index_]; }

 private:
  std::vector<Change> changes_;
  std::vector<Value> values_;
  std::vector<uint64_t> seqs_;
  std::vector<penstock_str> ids_;
  Arena arena_;
  penstock_batch view_{};
  size_t key_index_ = 0;
};

/// What is known of a batch's changes but for their payloads, in as little memory as possible: of
/// records that a connector holds back, perhaps hundreds of thousands for a job. Immutable.
class KeptBatch {
 public:
  explicit KeptBatch(const Batch& batch);
  /// The i-th change of the batch, without payload. `out` keeps its memory.
  void Read(size_t i, Change* out) const;

 private:
  struct Place {
    uint64_t seq = 0;
    uint32_t begin = 0, end = 0;
  };
  std::string bytes_;
  std::vector<Place> places_;
};

}  // namespace penstock
