// The deciding half of the diff: what a key's row and entry come to in the plan and in the counts.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/result.h"
#include "core/diff/deletes.h"
#include "core/diff/diff.h"
#include "core/diff/match.h"
#include "core/diff/payload.h"

namespace penstock::diff {

/// Takes items in ascending order of key. Borrows everything. Not thread-safe.
class Emitter {
 public:
  Emitter(const DecisionContext& context, const Mapper& mapper, const Hasher& hasher,
          StateView* state, PlanWriter* plan, DeleteQueue* deletes, PlanCounts* counts);

  /// `row` and `payload` of an item that has one; `entries` is the item's partition. Adds to the
  /// plan, the deletes and the counts. PS-DIFF-AGAIN, PS-STATE-CORRUPT, PS-PLAN-WRITE, PS-FILE-...
  Status Take(const Item& item, const Row* row, std::string_view payload,
              PartitionEntries* entries);
  /// Fills the counts of fields.
  void Finish();

 private:
  Status TakeDuplicate(const Item& item, const Row& row, std::string_view payload,
                       const Entry* before);
  Status TakeRow(const Row& row, std::string_view payload, const Entry* before);
  Status TakeGone(const Entry& before);
  Status AddChange(const Row& row, const Entry* before, Decision decision);
  Status AddDelete(const Entry& before, const Decision& decision);
  static Change DeleteOf(const Entry& before, const Decision& decision);
  Status AddRowMark(Mark mark, const Row& row);
  void CountReason(Reason reason);
  /// Loads the entry with its fields by the current names.
  Result<Entry> Load(PartitionEntries* entries, size_t index, bool* same_fields);

  const DecisionContext& context_;
  StateView* state_;
  PlanWriter* plan_;
  DeleteQueue* deletes_;
  PlanCounts* counts_;
  std::vector<std::string> names_;                  // of the fields
  std::unordered_map<uint32_t, bool> same_fields_;  // by fieldset of the state
  std::vector<uint64_t> changed_;                   // by field
  size_t key_field_;
  Payload payload_;
  RowNow now_;
  Change change_;
};

}  // namespace penstock::diff
