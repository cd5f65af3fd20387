#include "core/diff/diff.h"

#include <algorithm>
#include <bit>

#include "core/diff/deletes.h"
#include "core/diff/emit.h"
#include "core/diff/intake.h"
#include "core/diff/known.h"
#include "core/diff/match.h"
#include "core/spill/spill.h"

namespace penstock {
namespace {

using diff::DeleteQueue;
using diff::Emitter;
using diff::Intake;
using diff::Item;
using diff::kNone;
using diff::KnownRows;
using diff::kTick;
using diff::MatchCounts;
using diff::Matcher;
using diff::Row;

/// How the memory of a diff is shared out. While rows are read: two pools and what is known; while
/// they are matched: two pools and the rest.
struct Budget {
  uint64_t known = 0;
  uint64_t row_pool = 0, payload_pool = 0;
  uint64_t match_rows = 0;  // rows of one range with their tables
  uint64_t payloads = 0;    // payloads of one group of changes

  static constexpr uint64_t kLeast = 8u << 20;

  explicit Budget(uint64_t memory) : memory_(std::max(memory, kLeast)) {
    row_pool = payload_pool = memory_ / 16;
    known = memory_ - memory_ / 8 - row_pool - payload_pool;  // an eighth: plan, buffers, code
  }
  /// What was not needed of it makes the pools larger, and so the pieces on disk.
  void TookKnown(uint64_t bytes) {
    const uint64_t left = known > bytes ? known - bytes : 0;
    row_pool += left / 16;
    payload_pool += left / 4;
    const uint64_t rest = memory_ - memory_ / 8 - row_pool - payload_pool;
    match_rows = rest / 2;
    payloads = rest / 4;
  }

 private:
  uint64_t memory_;
};

/// Everything of one diff after its rows are read.
class Comparison {
 public:
  Comparison(StateView* state, const DiffOptions& options, const Budget& budget,
             PartitionSpill* rows, PartitionSpill* payloads, Matcher matcher, Emitter* emitter,
             PlanCounts* counts)
      : state_(state),
        options_(options),
        budget_(budget),
        rows_(rows),
        payloads_(payloads),
        matcher_(std::move(matcher)),
        emitter_(emitter),
        counts_(counts) {}

  Status Run() {
    uint64_t matched = 0;
    for (uint32_t p = 0; p < state_->partitions(); ++p) {
      PENSTOCK_RETURN_IF_ERROR(state_->LoadPartition(p, &entries_));
      PENSTOCK_RETURN_IF_ERROR(MatchPartition(p));
      matched += entries_.main.size() + rows_->Bytes(p) / sizeof(Row);
      if (matched < kTick) continue;
      matched = 0;
      PENSTOCK_RETURN_IF_ERROR(diff::Tick(options_, counts_->read));
    }
    return {};
  }

 private:
  /// Where an item's payload lies.
  struct Wanted {
    uint64_t offset = 0;
    uint32_t length = 0;
    uint32_t item = 0;  // index in the group
  };

  Status MatchPartition(uint32_t partition);
  Status MatchRange(uint32_t partition, uint32_t range, int range_bits);
  Status GatherRows(uint32_t partition, uint32_t range, int range_bits);
  bool InRange(const Hash128& key, uint32_t range, int range_bits) const {
    if (range_bits == 0) return true;
    const uint64_t below = key.hi << std::countr_zero(state_->partitions());
    return below >> (64 - range_bits) == range;
  }
  Status EmitItems(uint32_t partition);
  Status EmitGroup(uint32_t partition, size_t from, size_t to, bool whole);

  StateView* state_;
  const DiffOptions& options_;
  const Budget& budget_;
  PartitionSpill* rows_;
  PartitionSpill* payloads_;
  Matcher matcher_;
  Emitter* emitter_;
  PlanCounts* counts_;

  PartitionEntries entries_;
  std::string row_bytes_;          // of a partition that is matched as a whole
  std::vector<Row> gathered_;      // of one range of a larger one
  std::span<const Row> current_;   // either of them
  std::vector<uint64_t> offsets_;  // of the payloads of current_
  std::string payload_bytes_;      // of the whole partition, or of one group
  std::string piece_;
  std::vector<Wanted> wanted_;
  std::vector<std::string_view> found_;  // by item of the group
  uint64_t emitted_ = 0;
};

/// A partition whose rows do not fit is matched range by range, each with a pass over its rows.
Status Comparison::MatchPartition(uint32_t partition) {
  constexpr uint64_t kBytesPerRow = sizeof(Row) + sizeof(uint64_t) + 48;  // with tables and items
  const uint64_t needed = rows_->Bytes(partition) / sizeof(Row) * kBytesPerRow;
  int range_bits = 0;
  while (needed >> range_bits > budget_.match_rows && range_bits < 20) ++range_bits;
  for (uint32_t range = 0; range < (1u << range_bits); ++range) {
    PENSTOCK_RETURN_IF_ERROR(MatchRange(partition, range, range_bits));
  }
  return {};
}

Status Comparison::GatherRows(uint32_t partition, uint32_t range, int range_bits) {
  uint64_t offset = 0;
  offsets_.clear();
  if (range_bits == 0) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::string_view bytes, rows_->Read(partition, &row_bytes_));
    current_ = {reinterpret_cast<const Row*>(bytes.data()), bytes.size() / sizeof(Row)};
    for (const Row& row : current_) {
      offsets_.push_back(offset);
      offset += row.length();
    }
    return {};
  }
  constexpr uint64_t kPiece = 4096 * sizeof(Row);
  gathered_.clear();
  for (uint64_t at = 0; at < rows_->Bytes(partition); at += kPiece) {
    const uint64_t n = std::min(kPiece, rows_->Bytes(partition) - at);
    PENSTOCK_RETURN_IF_ERROR(rows_->ReadAt(partition, at, n, &piece_));
    const std::span<const Row> rows(reinterpret_cast<const Row*>(piece_.data()), n / sizeof(Row));
    for (const Row& row : rows) {
      if (InRange(row.key, range, range_bits)) {
        gathered_.push_back(row);
        offsets_.push_back(offset);
      }
      offset += row.length();
    }
  }
  current_ = gathered_;
  return {};
}

Status Comparison::MatchRange(uint32_t partition, uint32_t range, int range_bits) {
  PENSTOCK_RETURN_IF_ERROR(GatherRows(partition, range, range_bits));
  const auto& main = entries_.main;
  const auto in_range_before = [&](uint32_t r) {
    return [this, r, range_bits](const MainEntry& entry) {
      if (range_bits == 0) return r > 0;
      const uint64_t below = entry.key_hash.hi << std::countr_zero(state_->partitions());
      return below >> (64 - range_bits) < r;
    };
  };
  const auto from = std::partition_point(main.begin(), main.end(), in_range_before(range));
  const auto to = std::partition_point(from, main.end(), in_range_before(range + 1));
  const auto first = static_cast<uint32_t>(from - main.begin());
  const MatchCounts found = matcher_.Match({from, to}, first, current_);
  counts_->unchanged += found.unchanged;
  counts_->departed += found.departed;
  counts_->entries += found.entries;
  return EmitItems(partition);
}

/// Items in groups whose payloads fit into memory.
Status Comparison::EmitItems(uint32_t partition) {
  const std::vector<Item>& items = matcher_.items();
  uint64_t needed = 0;
  for (const Item& item : items) needed += item.row == kNone ? 0 : current_[item.row].length();
  const uint64_t total = payloads_->Bytes(partition);
  const bool whole = total <= budget_.payloads && needed * 4 >= total && total > 0;
  if (whole) return EmitGroup(partition, 0, items.size(), true);
  for (size_t from = 0; from < items.size();) {
    uint64_t bytes = 0;
    size_t to = from;
    for (; to < items.size() && to - from < (1u << 17); ++to) {
      const uint32_t row = items[to].row;
      const uint64_t length = row == kNone ? 0 : current_[row].length();
      if (to > from && bytes + length > budget_.payloads) break;
      bytes += length;
    }
    PENSTOCK_RETURN_IF_ERROR(EmitGroup(partition, from, to, false));
    from = to;
  }
  return {};
}

Status Comparison::EmitGroup(uint32_t partition, size_t from, size_t to, bool whole) {
  const std::vector<Item>& items = matcher_.items();
  found_.assign(to - from, {});
  wanted_.clear();
  uint64_t bytes = 0;
  for (size_t i = from; i < to; ++i) {
    const uint32_t row = items[i].row;
    if (row == kNone || current_[row].length() == 0) continue;
    wanted_.push_back({offsets_[row], current_[row].length(), static_cast<uint32_t>(i - from)});
    bytes += current_[row].length();
  }
  if (whole) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::string_view all,
                              payloads_->Read(partition, &payload_bytes_));
    for (const Wanted& w : wanted_) found_[w.item] = all.substr(w.offset, w.length);
  } else {
    std::sort(wanted_.begin(), wanted_.end(),
              [](const Wanted& a, const Wanted& b) { return a.offset < b.offset; });
    payload_bytes_.clear();
    payload_bytes_.reserve(bytes);
    for (const Wanted& w : wanted_) {
      PENSTOCK_RETURN_IF_ERROR(payloads_->ReadAt(partition, w.offset, w.length, &piece_));
      found_[w.item] = {payload_bytes_.data() + payload_bytes_.size(), piece_.size()};
      payload_bytes_.append(piece_);
    }
  }
  for (size_t i = from; i < to; ++i) {
    const Row* row = items[i].row == kNone ? nullptr : &current_[items[i].row];
    PENSTOCK_RETURN_IF_ERROR(emitter_->Take(items[i], row, found_[i - from], &entries_));
    if (++emitted_ % kTick == 0) PENSTOCK_RETURN_IF_ERROR(diff::Tick(options_, counts_->read));
  }
  return {};
}

Status CheckSums(const PlanCounts& c) {
  if (c.read == c.unchanged + c.invalid + c.quarantined + c.row_changes &&
      c.row_changes == c.insert + c.update) {
    return {};
  }
  return MakeError("PS-DIFF-COUNTS",
                   "The counts of the plan do not add up: " + std::to_string(c.read) +
                       " rows read, but " + std::to_string(c.unchanged) + " unchanged, " +
                       std::to_string(c.invalid) + " invalid, " + std::to_string(c.quarantined) +
                       " quarantined and " + std::to_string(c.row_changes) + " changed (" +
                       std::to_string(c.insert) + " inserts, " + std::to_string(c.update) +
                       " updates). Nothing was sent.",
                   "This is a defect of Penstock: please report it.");
}

}  // namespace

Status Diff(RowReader* rows, Mapper* mapper, const Hasher& hasher, StateView* state,
            const DecisionContext& context, const DiffOptions& options, PlanWriter* plan,
            PlanHeader* header) {
  header->counts = {};
  PlanCounts* counts = &header->counts;
  Budget budget(options.memory_bytes);
  const bool listed_too = context.mode == Mode::kDeleteOnly;
  KnownRows known;
  PENSTOCK_RETURN_IF_ERROR(known.Load(state, budget.known, options.known_bits, listed_too));
  budget.TookKnown(known.memory_bytes());
  PENSTOCK_ASSIGN_OR_RETURN(
      const std::unique_ptr<PartitionSpill> row_spill,
      PartitionSpill::Create(options.scratch_dir, state->partitions(), budget.row_pool));
  PENSTOCK_ASSIGN_OR_RETURN(
      const std::unique_ptr<PartitionSpill> payload_spill,
      PartitionSpill::Create(options.scratch_dir, state->partitions(), budget.payload_pool));

  Intake intake(*state, known, row_spill.get(), payload_spill.get(), plan, counts);
  PENSTOCK_RETURN_IF_ERROR(intake.Run(rows, mapper, options));
  known.Drop();

  DeleteQueue deletes(options.scratch_dir);
  Emitter emitter(context, *mapper, hasher, state, plan, &deletes, counts);
  Comparison comparison(state, options, budget, row_spill.get(), payload_spill.get(),
                        Matcher(!DeletesDeparted(context.mode), listed_too), &emitter, counts);
  PENSTOCK_RETURN_IF_ERROR(comparison.Run());
  PENSTOCK_RETURN_IF_ERROR(
      deletes.FindShared(state, budget.match_rows, options, counts->read, plan));
  PENSTOCK_RETURN_IF_ERROR(deletes.MoveTo(plan));
  emitter.Finish();
  return CheckSums(*counts);
}

}  // namespace penstock
