// The reading half of the diff: rows are mapped and spilled by key.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/diff/diff.h"
#include "core/diff/known.h"
#include "core/diff/row.h"
#include "core/spill/spill.h"

namespace penstock::diff {

/// Every so many rows or keys the caller is told and asked.
inline constexpr uint64_t kTick = 8192;

/// Tells `progress` and asks `cancelled`. PS-RUN-CANCELLED.
Status Tick(const DiffOptions& options, uint64_t rows);

/// Takes rows of one read. Borrows everything. Not thread-safe.
class Intake {
 public:
  Intake(const StateView& state, const KnownRows& known, PartitionSpill* rows,
         PartitionSpill* payloads, PlanWriter* plan, PlanCounts* counts);

  /// Everything until the end of the reader. PS-SRC-..., PS-RUN-CANCELLED, PS-PLAN-WRITE,
  /// PS-FILE-...
  Status Run(RowReader* reader, Mapper* mapper, const DiffOptions& options);

 private:
  /// A row that waits until its place in KnownRows has come from memory.
  struct Waiting {
    Row row;
    uint32_t partition = 0;
    uint32_t payload_at = 0;  // in Batch::payloads
  };
  struct Batch {
    std::vector<Waiting> rows;
    std::string payloads;
  };
  static constexpr size_t kBatch = 32;

  Status Take(const Record& record, uint64_t number);
  Status TakeInvalid(const Record& record, uint64_t number);
  Status TakeTooLarge(const Record& record, uint64_t number);
  Status Append(uint32_t partition, const Row& row, std::string_view payload);
  Status AppendRow(uint32_t partition, const Row& row);
  Status AppendGathered();
  Status Turn();
  Status Settle(Batch* batch);

  uint32_t PartitionOf(const Hash128& key) const {
    return static_cast<uint32_t>(key.hi >> partition_shift_);
  }

  const KnownRows& known_;
  PartitionSpill* rows_;
  PartitionSpill* payloads_;
  PlanWriter* plan_;
  PlanCounts* counts_;
  int partition_shift_;
  Batch filling_;  // its places are asked for one by one …
  Batch waiting_;  // … and read when the next batch is full
  // A few rows of each partition, small enough to stay in the processor's cache: the spill's memory
  // is then written in longer pieces.
  uint32_t gather_ = 1;  // rows a partition
  std::vector<Row> gathered_;
  std::vector<uint8_t> gathered_count_;
  InvalidRow invalid_;
};

}  // namespace penstock::diff
