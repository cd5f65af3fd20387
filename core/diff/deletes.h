// Deletes wait here until everything else is decided: they come last in a plan, and whether their
// destination id belongs to another live key is known only at the end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/diff/diff.h"
#include "core/file/file.h"
#include "core/plan/plan.h"
#include "core/state/state.h"

namespace penstock::diff {

/// Keeps the deletes of one diff in a scratch file (a few in memory), and the departures that may
/// end a conflict over a record. Not thread-safe.
class DeleteQueue {
 public:
  explicit DeleteQueue(std::string scratch_dir) : scratch_dir_(std::move(scratch_dir)) {}

  /// In ascending order of key. PS-FILE-...
  Status Add(const Change& change);
  /// A key that departs, and nothing is sent for it: in the same order, not handed to the plan.
  Status AddDeparture(const Change& change);
  /// Marks the deletes whose destination id a key that stays acknowledged has, too; and, in the
  /// plan, that key as overwritten: the record may hold the values of the one that leaves. Reads
  /// the view once (more often above memory_bytes / 16 deletes), or not at all when no delete has
  /// an id. PS-STATE-CORRUPT, PS-PLAN-WRITE, PS-FILE-..., PS-RUN-CANCELLED.
  Status FindShared(StateView* state, uint64_t memory_bytes, const DiffOptions& options,
                    uint64_t rows, PlanWriter* plan);
  /// Hands all to the plan.
  Status MoveTo(PlanWriter* plan);

 private:
  struct Cursor {
    uint64_t at = 0;    // of the current record
    uint64_t next = 0;  // of the one after it
    bool ended = false;
    bool departure = false;
    Change change;  // the current one
    uint64_t window_at = 0;
    std::string window;
  };
  struct IdPlace {
    uint64_t id = 0;  // hash of the destination id
    uint64_t at = 0;  // of its record
  };

  Status Put(const Change& change, char flags);
  Status Flush();
  uint64_t size() const { return flushed_ + tail_.size(); }
  Status Bytes(Cursor* cursor, uint64_t at, size_t n, std::string_view* out) const;
  Status Advance(Cursor* cursor) const;
  Status SetShared(uint64_t at);
  /// Ids of records from cursor on, at most `limit`, sorted.
  Status CollectIds(Cursor* cursor, uint64_t limit, std::vector<IdPlace>* ids) const;
  Status Scan(StateView* state, const std::vector<IdPlace>& ids, const DiffOptions& options,
              uint64_t rows, PlanWriter* plan);
  Status CheckEntry(const Entry& entry, const std::vector<IdPlace>& ids, PlanWriter* plan);

  std::string scratch_dir_;
  std::optional<file::Writer> file_;
  uint64_t flushed_ = 0;
  std::string tail_;
  std::string record_;
  bool has_ids_ = false;
  Cursor probe_;  // for single records
};

}  // namespace penstock::diff
