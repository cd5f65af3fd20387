// Records in, outcomes out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "penstock/connector.h"
#include "penstock/host.hpp"

namespace penstock::sdk {

/// A view of the records of one call. Borrowed.
class Batch {
 public:
  explicit Batch(const penstock_batch* batch) : batch_(batch) {}
  size_t size() const { return batch_->n_records; }
  /// As many as the assignment has, in its order.
  size_t n_fields() const { return batch_->n_fields; }
  const penstock_value& value(size_t record, size_t field) const {
    return batch_->values[record * batch_->n_fields + field];
  }
  uint64_t seq(size_t record) const { return batch_->seqs[record]; }
  /// The destination id, empty where the host knows none.
  std::string_view id(size_t record) const {
    return batch_->ids == nullptr ? std::string_view() : View(batch_->ids[record]);
  }

 private:
  const penstock_batch* batch_;
};

/// A half-open range of record indices.
struct Range {
  size_t begin = 0;
  size_t end = 0;
  size_t size() const { return end - begin; }
};

/// `n` records in ranges of at most `size` (0 counts as 1).
inline std::vector<Range> Chunk(size_t n, size_t size) {
  std::vector<Range> ranges;
  const size_t step = size == 0 ? 1 : size;
  for (size_t i = 0; i < n; i += step) ranges.push_back({i, n - i < step ? n : i + step});
  return ranges;
}

enum class ErrorClass : int32_t {
  kData = PENSTOCK_CLASS_DATA,
  kConflict = PENSTOCK_CLASS_CONFLICT,
  kReference = PENSTOCK_CLASS_REFERENCE,
  kDestination = PENSTOCK_CLASS_DESTINATION,
};

/// Why a record came to something else than success. Text is copied by the host.
struct Reason {
  std::string_view code;     // machine-readable, e.g. "INVALID_OPTION"
  std::string_view message;  // for people
  std::string_view field;    // the offending field, if known
};

/// Where outcomes go: one per record, exactly once. Claim success only when certain of it.
/// [serial:writer]
class Outcomes {
 public:
  explicit Outcomes(const penstock_outcomes* outcomes) : outcomes_(outcomes) {}

  void Created(uint64_t seq, std::string_view id, std::string_view warning = {}) {
    Success(PENSTOCK_CREATED, seq, id, warning);
  }
  void Updated(uint64_t seq, std::string_view id, std::string_view warning = {}) {
    Success(PENSTOCK_UPDATED, seq, id, warning);
  }
  void Deleted(uint64_t seq, std::string_view id) { Success(PENSTOCK_DELETED, seq, id, {}); }
  void Unchanged(uint64_t seq, std::string_view id) { Success(PENSTOCK_UNCHANGED, seq, id, {}); }
  void Missing(uint64_t seq, const Reason& reason) { Other(PENSTOCK_MISSING, seq, reason); }
  /// `id` of the record that is there, if known.
  void Exists(uint64_t seq, std::string_view id, const Reason& reason) {
    penstock_outcome outcome = Make(PENSTOCK_EXISTS, seq, reason);
    outcome.destination_id = Str(id);
    Send(outcome);
  }
  void Rejected(uint64_t seq, ErrorClass error_class, const Reason& reason) {
    penstock_outcome outcome = Make(PENSTOCK_REJECTED, seq, reason);
    outcome.error_class = static_cast<int32_t>(error_class);
    Send(outcome);
  }
  /// Certainly not applied.
  void Unsent(uint64_t seq, const Reason& reason) { Other(PENSTOCK_UNSENT, seq, reason); }
  /// May have been applied.
  void InDoubt(uint64_t seq, const Reason& reason) { Other(PENSTOCK_IN_DOUBT, seq, reason); }
  /// The all-or-nothing request `group` failed, nothing of it was applied, and it is not known
  /// which of its (at least two) records is to blame.
  void Split(uint64_t seq, uint32_t group, const Reason& reason) {
    penstock_outcome outcome = Make(PENSTOCK_SPLIT, seq, reason);
    outcome.group = group;
    Send(outcome);
  }
  /// UNSENT or IN_DOUBT, as FateOf says.
  void Fate(int32_t fate, uint64_t seq, const Reason& reason) { Other(fate, seq, reason); }

 private:
  static penstock_outcome Make(int32_t kind, uint64_t seq, const Reason& reason) {
    penstock_outcome outcome{};
    outcome.struct_size = sizeof(outcome);
    outcome.outcome = kind;
    outcome.seq = seq;
    outcome.code = Str(reason.code);
    outcome.message = Str(reason.message);
    outcome.field = Str(reason.field);
    return outcome;
  }
  void Success(int32_t kind, uint64_t seq, std::string_view id, std::string_view warning) {
    penstock_outcome outcome = Make(kind, seq, {});
    outcome.destination_id = Str(id);
    outcome.warning = Str(warning);
    Send(outcome);
  }
  void Other(int32_t kind, uint64_t seq, const Reason& reason) { Send(Make(kind, seq, reason)); }
  // The host keeps account: what it refuses here it names at the end of the call.
  void Send(const penstock_outcome& outcome) {
    outcomes_->report(outcomes_, &outcome, 1, sizeof(outcome));
  }

  const penstock_outcomes* outcomes_;
};

/// Keys of a lookup: rows of values. Borrowed.
class Keys {
 public:
  Keys(const penstock_value* values, size_t n, size_t n_fields)
      : values_(values), n_(n), n_fields_(n_fields) {}
  size_t size() const { return n_; }
  size_t n_fields() const { return n_fields_; }
  const penstock_value& value(size_t key, size_t field) const {
    return values_[key * n_fields_ + field];
  }

 private:
  const penstock_value* values_;
  size_t n_;
  size_t n_fields_;
};

/// Where the answers of a lookup go: one per key, in any order.
class Found {
 public:
  Found(penstock_on_found on_found, void* user) : on_found_(on_found), user_(user) {}
  void At(size_t index, std::string_view id, std::span<const penstock_value> values = {}) {
    Tell(PENSTOCK_FOUND_ONE, index, id, values);
  }
  void Nothing(size_t index) { Tell(PENSTOCK_FOUND_NONE, index, {}, {}); }
  /// The key is not unique at the destination.
  void Several(size_t index) { Tell(PENSTOCK_FOUND_SEVERAL, index, {}, {}); }

 private:
  void Tell(int32_t found, size_t index, std::string_view id,
            std::span<const penstock_value> values) {
    const penstock_found answer{sizeof(penstock_found), found,        index, Str(id),
                                values.data(),          values.size()};
    on_found_(user_, &answer);
  }

  penstock_on_found on_found_;
  void* user_;
};

}  // namespace penstock::sdk
