// What became of the changes of a run, in numbers.
#pragma once

#include <cstdint>

#include "core/state/entry.h"

namespace penstock {

/// changes = succeeded + rejected + skipped + in_doubt + unsent, always.
struct OutcomeCounts {
  uint64_t succeeded = 0, rejected = 0, skipped = 0, in_doubt = 0, unsent = 0;
  uint64_t created = 0, updated = 0, deleted = 0, unchanged = 0;  // of succeeded

  uint64_t changes() const { return succeeded + rejected + skipped + in_doubt + unsent; }
  /// One more change with this outcome.
  void Add(OutcomeKind kind) {
    if (Succeeded(kind)) {
      ++succeeded;
      if (kind == OutcomeKind::kCreated) ++created;
      if (kind == OutcomeKind::kUpdated) ++updated;
      if (kind == OutcomeKind::kDeleted) ++deleted;
      if (kind == OutcomeKind::kUnchanged) ++unchanged;
    } else if (Skipped(kind)) {
      ++skipped;
    } else if (kind == OutcomeKind::kRejected) {
      ++rejected;
    } else if (kind == OutcomeKind::kInDoubt) {
      ++in_doubt;
    } else {
      ++unsent;
    }
  }
};

}  // namespace penstock
