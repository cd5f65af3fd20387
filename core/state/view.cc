#include "core/state/view.h"

#include <algorithm>
#include <utility>

#include "core/file/file.h"
#include "core/state/codec.h"
#include "core/state/damage.h"
#include "core/state/names.h"

namespace penstock {
namespace {

constexpr char kRestore[] =
    "Restore the directory from a backup that is as new as the store, or set the integration's "
    "state aside and begin anew: a run on an old state would send again what was acknowledged "
    "since.";

Error StateError(const char* code, const std::string& path, const std::string& sentence,
                 std::string hint = kRestore) {
  Error error = MakeError(code, sentence, std::move(hint));
  error.file = path;
  return error;
}

}  // namespace

Result<std::unique_ptr<StateView>> StateView::Open(const std::string& directory,
                                                   const StateAnchor& anchor,
                                                   const std::string& scratch_dir,
                                                   uint64_t memory_bytes) {
  // Two compactions while this reads remove what was listed: then the newer files are read.
  constexpr int kAttempts = 3;
  for (int attempt = 1;; ++attempt) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<std::string> names, file::List(directory));
    auto view = std::make_unique<DiskView>(directory);
    const Status status = view->Load(names, anchor, scratch_dir, memory_bytes);
    if (status.ok()) return std::unique_ptr<StateView>(std::move(view));
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<std::string> now, file::List(directory));
    if (attempt == kAttempts || now == names) return status.error();
  }
}

Status DiskView::Load(const std::vector<std::string>& names, const StateAnchor& anchor,
                      const std::string& scratch_dir, uint64_t memory_bytes) {
  lineage_ = anchor.lineage;
  PENSTOCK_RETURN_IF_ERROR(LoadBase(names));
  if (generation() < anchor.generation) return CheckAnchor(anchor);
  PENSTOCK_RETURN_IF_ERROR(LoadJournals(names, scratch_dir, memory_bytes));
  counts_.shared_ids = anchor.shared_ids;
  return CheckAnchor(anchor);
}

Status DiskView::LoadBase(const std::vector<std::string>& names) {
  std::optional<uint64_t> newest;
  for (const std::string& name : names) {
    if (const auto generation = GenerationOf(name)) newest = std::max(newest, generation);
  }
  if (!newest) return Status();
  const std::string path = directory_ + "/" + GenerationName(*newest);
  PENSTOCK_ASSIGN_OR_RETURN(base_, GenerationReader::Open(path));
  const codec::GenerationHeader& header = base_->header();
  if (header.generation != *newest) {
    return CorruptionError(path, 0,
                           "the file says that it is generation " +
                               std::to_string(header.generation) + ": somebody renamed it");
  }
  PENSTOCK_RETURN_IF_ERROR(CheckLineage(path, header.lineage));
  identity_ = header.identity;
  fieldsets_ = Fieldsets(header.fieldsets);
  last_outcome_ = base_->footer().last_outcome;
  last_run_ = base_->footer().last_run;
  partitions_ = base_->partitions();
  counts_ = base_->footer().counts;
  return Status();
}

Status DiskView::CheckLineage(const std::string& path, const std::string& lineage) {
  if (lineage_.empty()) lineage_ = lineage;
  if (lineage_ == lineage) return Status();
  return StateError("PS-STATE-LINEAGE", path,
                    path + " belongs to the lineage " + lineage +
                        ", and this integration's state to the lineage " + lineage_,
                    "Another state was copied into " + directory_ +
                        ", or the store was: put back the one that belongs here.");
}

Status DiskView::LoadJournals(const std::vector<std::string>& names, const std::string& scratch_dir,
                              uint64_t memory_bytes) {
  auto overlay =
      std::make_unique<Overlay>(base_.get(), &fieldsets_, partitions_, scratch_dir, memory_bytes);
  // Names are sorted, and the ordinals in them have ten digits: the order of the runs.
  for (const std::string& name : names) {
    if (!JournalOf(name)) continue;
    any_journal_ = true;
    PENSTOCK_RETURN_IF_ERROR(LoadJournal(directory_ + "/" + name, overlay.get()));
  }
  PENSTOCK_RETURN_IF_ERROR(overlay->Materialise(&counts_));
  overlay_ = std::move(overlay);
  return Status();
}

Status DiskView::LoadJournal(const std::string& path, Overlay* overlay) {
  PENSTOCK_ASSIGN_OR_RETURN(const JournalSummary peek, PeekJournal(path));
  PENSTOCK_RETURN_IF_ERROR(CheckLineage(path, peek.open.lineage));
  last_run_ = std::max(last_run_, peek.open.run_ordinal);
  if (!identity_ && !peek.open.identity.account.empty()) identity_ = peek.open.identity;
  if (peek.close && peek.last_outcome <= base_last_outcome()) return Status();
  if (peek.open.first_outcome > last_outcome_ + 1) {
    return StateError("PS-STATE-MISSING", path,
                      "Outcomes " + std::to_string(last_outcome_ + 1) + " to " +
                          std::to_string(peek.open.first_outcome - 1) + " are missing: " + path +
                          " goes on after them, and no journal before it holds them");
  }
  if (peek.open.first_outcome <= last_outcome_) {
    return CorruptionError(path, 0,
                           "it begins with outcome " + std::to_string(peek.open.first_outcome) +
                               ", and the files before it end with " +
                               std::to_string(last_outcome_));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const JournalSummary summary,
                            overlay->AddJournal(path, peek.close.has_value()));
  last_outcome_ = summary.last_outcome;
  if (!summary.close) open_journals_.push_back(summary.open.run);
  return Status();
}

Status DiskView::CheckAnchor(const StateAnchor& anchor) const {
  if (!base_ && anchor.generation > 0) {
    return StateError("PS-STATE-MISSING", directory_,
                      directory_ +
                          " holds no generation of the state, and the store knows generation " +
                          std::to_string(anchor.generation));
  }
  if (empty() && anchor.last_outcome > 0) {
    return StateError("PS-STATE-MISSING", directory_,
                      directory_ + " holds no state, and the store knows outcome " +
                          std::to_string(anchor.last_outcome));
  }
  if (generation() < anchor.generation) {
    return StateError("PS-STATE-OLDER", directory_,
                      "The newest generation in " + directory_ + " is " +
                          std::to_string(generation()) + ", and the store knows generation " +
                          std::to_string(anchor.generation));
  }
  if (last_outcome_ < anchor.last_outcome) {
    return StateError("PS-STATE-OLDER", directory_,
                      "The state in " + directory_ + " ends with outcome " +
                          std::to_string(last_outcome_) + ", and the store knows outcome " +
                          std::to_string(anchor.last_outcome));
  }
  return Status();
}

Status DiskView::LoadPartition(uint32_t partition, PartitionEntries* out) {
  out->partition = partition;
  out->block_at = UINT64_MAX;
  out->main.clear();
  if (base_) PENSTOCK_RETURN_IF_ERROR(base_->ReadMain(partition, &out->main));
  return overlay_->Merge(partition, out);
}

Result<std::string_view> DiskView::SideOf(PartitionEntries* entries, size_t index) const {
  const MainEntry& main = entries->main[index];
  if ((main.flags & MainEntry::kOverlaid) == 0) return base_->ReadSide(main.side, entries);
  return codec::SideBytes(std::string_view(entries->overlay).substr(main.side));
}

Result<Entry> DiskView::LoadEntry(PartitionEntries* entries, size_t index) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::string_view side, SideOf(entries, index));
  Entry entry;
  if (!codec::ReadSide(side, entries->main[index], &entry)) {
    return CorruptionError(base_ ? base_->path() : directory_, 0, "an entry is not readable");
  }
  return entry;
}

Result<std::optional<Entry>> DiskView::Find(const Hash128& key_hash) {
  const uint32_t partition = PartitionOf(key_hash);
  if (!found_ || found_->partition != partition) {
    PartitionEntries entries;
    found_.reset();
    PENSTOCK_RETURN_IF_ERROR(LoadPartition(partition, &entries));
    found_ = std::move(entries);
  }
  const std::vector<MainEntry>& main = found_->main;
  const auto it = std::lower_bound(
      main.begin(), main.end(), key_hash,
      [](const MainEntry& entry, const Hash128& hash) { return entry.key_hash < hash; });
  if (it == main.end() || it->key_hash != key_hash) return std::optional<Entry>();
  PENSTOCK_ASSIGN_OR_RETURN(Entry entry,
                            LoadEntry(&*found_, static_cast<size_t>(it - main.begin())));
  return std::optional<Entry>(std::move(entry));
}

Status DiskView::ForEach(const std::function<Status(const Entry&)>& visit) {
  PartitionEntries entries;
  for (uint32_t partition = 0; partition < partitions_; ++partition) {
    PENSTOCK_RETURN_IF_ERROR(LoadPartition(partition, &entries));
    for (size_t i = 0; i < entries.main.size(); ++i) {
      PENSTOCK_ASSIGN_OR_RETURN(const Entry entry, LoadEntry(&entries, i));
      PENSTOCK_RETURN_IF_ERROR(visit(entry));
    }
  }
  return Status();
}

}  // namespace penstock
