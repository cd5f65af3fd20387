// What the journals over a generation come to: the changed entries by partition.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/spill/spill.h"
#include "core/state/entry.h"
#include "core/state/generation.h"
#include "core/state/journal.h"

namespace penstock {

/// Lists of field names by number; [0] is empty.
class Fieldsets {
 public:
  explicit Fieldsets(std::vector<std::vector<std::string>> lists);
  /// The number of a list, added if it is new; kKeepFieldset for an empty one.
  uint32_t NumberOf(const std::vector<std::string>& names);
  const std::vector<std::string>& Names(uint32_t fieldset) const;
  const std::vector<std::vector<std::string>>& lists() const { return lists_; }

 private:
  std::vector<std::vector<std::string>> lists_;
};

/// Collects journals in their order, then applies them to the generation's entries. What is kept is
/// one record for each key that they touched: its entry after them, or that it is gone. One thread.
class Overlay {
 public:
  /// `base` may be null; both are borrowed.
  Overlay(const GenerationReader* base, Fieldsets* fieldsets, uint32_t partitions,
          std::string scratch_dir, uint64_t memory_bytes);

  /// Reads a journal; outcomes and, unless it is `closed`, intents.
  Result<JournalSummary> AddJournal(const std::string& path, bool closed);
  /// Applies what was added; `counts` are the base's before and the view's after.
  Status Materialise(StateCounts* counts);
  /// Merges a partition's records into its base entries.
  Status Merge(uint32_t partition, PartitionEntries* entries);

 private:
  struct Source {
    OutcomeContext context;
    JournalOpen open;
    bool interrupted = true;  // no close frame: its unanswered intents are in doubt
  };
  /// Where a record lies in a partition's bytes.
  struct Ref {
    Hash128 key_hash;
    uint64_t at = 0;
  };
  class KeyReplay;

  Status AppendRecord(const Hash128& key_hash, bool intent);
  Status MaterialisePartition(uint32_t partition, StateCounts* counts);
  Status SortRecords(std::string_view records);
  Result<std::optional<Entry>> BaseEntry(const Hash128& key_hash, size_t* from);
  Status Keep(uint32_t partition, const Hash128& key_hash, const std::optional<Entry>& after);

  const GenerationReader* base_;
  Fieldsets* fieldsets_;
  uint32_t partitions_;
  std::string scratch_dir_;
  uint64_t memory_bytes_;
  std::vector<Source> sources_;
  std::unique_ptr<PartitionSpill> records_;  // as the journals have them
  std::unique_ptr<PartitionSpill> changed_;  // as they end up

  // Reused from one partition to the next.
  std::string body_, record_;
  std::vector<Ref> refs_;
  PartitionEntries base_entries_;
  std::vector<MainEntry> merged_;
};

}  // namespace penstock
