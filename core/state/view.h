// The one implementation of StateView.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/state/generation.h"
#include "core/state/overlay.h"
#include "core/state/state.h"

namespace penstock {

class DiskView : public StateView {
 public:
  explicit DiskView(std::string directory) : directory_(std::move(directory)) {}
  /// `names`: of the files in the directory.
  Status Load(const std::vector<std::string>& names, const StateAnchor& anchor,
              const std::string& scratch_dir, uint64_t memory_bytes);

  bool empty() const override { return !base_ && !any_journal_; }
  const std::optional<StateIdentity>& identity() const override { return identity_; }
  const std::string& lineage() const override { return lineage_; }
  uint64_t generation() const override { return base_ ? base_->header().generation : 0; }
  uint64_t last_outcome() const override { return last_outcome_; }
  uint64_t overlaid_outcomes() const override { return last_outcome_ - base_last_outcome(); }
  uint32_t last_run() const override { return last_run_; }
  const std::vector<std::string>& open_journals() const override { return open_journals_; }
  const StateCounts& counts() const override { return counts_; }
  const std::vector<std::string>& FieldNames(uint32_t fieldset) const override {
    return fieldsets_.Names(fieldset);
  }
  uint32_t partitions() const override { return partitions_; }
  Status LoadPartition(uint32_t partition, PartitionEntries* out) override;
  Result<Entry> LoadEntry(PartitionEntries* entries, size_t index) override;
  Result<std::optional<Entry>> Find(const Hash128& key_hash) override;
  Status ForEach(const std::function<Status(const Entry&)>& visit) override;

  // For Compact.
  /// The bytes of an entry as a generation holds them; borrowed from `*entries`.
  Result<std::string_view> SideOf(PartitionEntries* entries, size_t index) const;
  const Fieldsets& fieldsets() const { return fieldsets_; }
  uint64_t base_last_outcome() const { return base_ ? base_->footer().last_outcome : 0; }

 private:
  Status LoadBase(const std::vector<std::string>& names);
  Status LoadJournals(const std::vector<std::string>& names, const std::string& scratch_dir,
                      uint64_t memory_bytes);
  Status LoadJournal(const std::string& path, Overlay* overlay);
  Status CheckAnchor(const StateAnchor& anchor) const;
  Status CheckLineage(const std::string& path, const std::string& lineage);

  std::string directory_;
  std::unique_ptr<GenerationReader> base_;  // null: no generation yet
  Fieldsets fieldsets_{{}};
  std::unique_ptr<Overlay> overlay_;
  std::optional<StateIdentity> identity_;
  std::string lineage_;
  bool any_journal_ = false;
  uint64_t last_outcome_ = 0;
  uint32_t last_run_ = 0;
  uint32_t partitions_ = kMinPartitions;
  std::vector<std::string> open_journals_;
  StateCounts counts_;
  std::optional<PartitionEntries> found_;  // the partition of the last Find
};

}  // namespace penstock
