// The state of one integration on disk: an immutable generation, journals over it, and the lock.
#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/state/entry.h"
#include "core/state/identity.h"
#include "core/state/journal.h"

namespace penstock {

/// What the store remembers, to notice a state that is missing, older or someone else's.
struct StateAnchor {
  std::string lineage;      // empty: this integration has never had a state
  uint64_t generation = 0;  // of the newest committed one
  uint64_t last_outcome = 0;
  uint64_t shared_ids = 0;  // StateCounts::shared_ids, which the files do not hold
};

struct StateCounts {
  uint64_t entries = 0, acknowledged = 0, departed = 0;
  uint64_t rejected = 0, in_doubt = 0, skipped = 0;  // pending, by outcome: missing, exists
  uint64_t shared_ids = 0;  // live keys whose record is another live key's, too: a conflict
  /// Of `acknowledged`, those of which nothing is pending. entries = plain() + rejected + in_doubt
  /// + skipped: each is in one of these, departed or not.
  uint64_t plain() const { return entries - rejected - in_doubt - skipped; }
  bool operator==(const StateCounts&) const = default;
};

/// What the diff's hot loop compares: 48 bytes a key, as they lie in the file.
struct MainEntry {
  static constexpr uint8_t kAcknowledged = 1, kDeparted = 2, kPending = 4, kHasAbsent = 8;
  static constexpr uint8_t kOverlaid = 128;  // in memory only: `side` points into the overlay

  Hash128 key_hash;
  Hash128 fingerprint;  // meaningful only if acknowledged
  uint32_t last_run = 0;
  Origin origin = Origin::kNone;
  uint8_t flags = 0;
  uint16_t reserved = 0;
  uint64_t side = 0;  // where the rest of the entry is; StateView::LoadEntry knows

  /// True if a row with this fingerprint needs no decision. `listed_too`: neither does one of the
  /// baseline, as in delete_only; other modes have it still to send.
  bool PlainlyUnchanged(const Hash128& now, bool listed_too) const {
    return (flags & (kAcknowledged | kDeparted | kPending)) == kAcknowledged &&
           fingerprint == now && (origin != Origin::kListed || listed_too);
  }
};
static_assert(sizeof(MainEntry) == 48);

/// One partition of a view, reused from one to the next so that its memory is.
struct PartitionEntries {
  uint32_t partition = 0;
  std::vector<MainEntry> main;  // ascending by key_hash, each key once

  // The view's own: rests of overlaid entries, and the side block read last.
  std::string overlay;
  uint64_t block_at = UINT64_MAX;
  std::string block;
};

/// Exclusive for runs of one integration, across processes; dies with its process (flock). Holds
/// who has it.
class IntegrationLock {
 public:
  /// PS-RUN-LOCKED naming the holder's run and pid; waits up to `wait_ms` first. Creates the
  /// directory. `holder`: one line, "run contacts-12, pid 4711". `cancelled` may be empty;
  /// PS-RUN-CANCELLED.
  static Result<std::unique_ptr<IntegrationLock>> Acquire(const std::string& directory,
                                                          const std::string& holder,
                                                          int64_t wait_ms,
                                                          const std::function<bool()>& cancelled);
  /// Whether a run, or another verb that writes, has the lock of this directory now. Creates and
  /// writes nothing, and refuses nobody: Acquire knows those who only ask. PS-FILE-LOCK.
  static Result<bool> Held(const std::string& directory);
  virtual ~IntegrationLock() = default;
  /// Says more about the holder once it is known.
  virtual Status Describe(const std::string& holder) = 0;
};

/// A read-only view: newest generation overlaid by every later journal, as they are when it is
/// opened. Safe beside a running writer and a compaction. Not thread-safe.
class StateView {
 public:
  /// Verifies header, footer, lineage against the anchor, continuity of outcome numbers over the
  /// journals. PS-STATE-MISSING, PS-STATE-OLDER, PS-STATE-LINEAGE, PS-STATE-CORRUPT,
  /// PS-STATE-VERSION. A state newer than the anchor is good: the process died between the two. So
  /// is one with an empty anchor, if its files agree on their lineage.
  ///
  /// Reads the later journals once and applies them; what comes out is kept by partition and spills
  /// below `scratch_dir`, so that memory stays within `memory_bytes` (plus one partition).
  /// An intent without an outcome in a journal without close frame is shown as in doubt: the run
  /// was interrupted, or is at it now.
  static Result<std::unique_ptr<StateView>> Open(const std::string& directory,
                                                 const StateAnchor& anchor,
                                                 const std::string& scratch_dir,
                                                 uint64_t memory_bytes);
  virtual ~StateView() = default;

  virtual bool empty() const = 0;  // no generation and no journal
  virtual const std::optional<StateIdentity>& identity() const = 0;
  virtual const std::string& lineage() const = 0;
  virtual uint64_t generation() const = 0;
  virtual uint64_t last_outcome() const = 0;
  virtual uint64_t overlaid_outcomes() const = 0;  // of these, not in the generation
  virtual uint32_t last_run() const = 0;           // highest run ordinal seen
  /// Runs whose journal has no close frame, oldest first.
  virtual const std::vector<std::string>& open_journals() const = 0;
  virtual const StateCounts& counts() const = 0;  // of the whole view
  /// Sorted; empty for a fieldset that there is not (0 has no names).
  virtual const std::vector<std::string>& FieldNames(uint32_t fieldset) const = 0;

  /// A power of two, at least 1024; the same for the life of the view. Partitions are ranges of
  /// ascending key hashes.
  virtual uint32_t partitions() const = 0;
  /// By the top bits of the hash.
  uint32_t PartitionOf(const Hash128& key_hash) const {
    return static_cast<uint32_t>(key_hash.hi >> (64 - std::countr_zero(partitions())));
  }
  /// Main entries of a partition with the overlay applied. One sequential read, no allocation once
  /// `*out` is warm. PS-STATE-CORRUPT.
  virtual Status LoadPartition(uint32_t partition, PartitionEntries* out) = 0;
  /// The whole entry of entries->main[index]; reads one block at most, none when it is the block
  /// read last: ask in ascending order. PS-STATE-CORRUPT.
  virtual Result<Entry> LoadEntry(PartitionEntries* entries, size_t index) = 0;

  /// The entry of a key; reads a partition at most.
  virtual Result<std::optional<Entry>> Find(const Hash128& key_hash) = 0;
  /// Every entry, partition by partition; stops at the first error of `visit`.
  virtual Status ForEach(const std::function<Status(const Entry&)>& visit) = 0;
};

/// Writes a new generation from a view: fsynced, renamed, directory fsynced. The generation that
/// the view was made of stays with the journals that follow it; what is older, and what killed
/// compactions left, is removed. Only under the integration's lock, with every journal closed, on a
/// view opened after that. Returns the anchor to store. PS-STATE-OPEN, PS-STATE-IDENTITY,
/// PS-STATE-LINEAGE, PS-STATE-STALE, PS-STATE-CORRUPT, PS-FILE-...
struct CompactOptions {
  StateIdentity identity;
  std::string lineage;         // of a new state; must equal the view's otherwise
  bool keep_journals = false;  // older journals are left to the caller's retention
};
Result<StateAnchor> Compact(const std::string& directory, StateView* view,
                            const CompactOptions& options);

/// True when enough outcomes lie over the generation that a new one pays (more than 10,000 and a
/// sixteenth of the entries), or there is no generation yet.
bool ShouldCompact(const StateView& view);

/// Path of a run's journal in the integration's directory.
std::string JournalPath(const std::string& directory, uint32_t run_ordinal);

}  // namespace penstock
