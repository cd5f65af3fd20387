// A new generation from a view, and what it makes superfluous.
#include <algorithm>
#include <utility>

#include "core/file/file.h"
#include "core/state/generation.h"
#include "core/state/names.h"
#include "core/state/view.h"

namespace penstock {
namespace {

constexpr uint64_t kWorthCompacting = 10000;
constexpr uint64_t kShareWorthCompacting = 16;

Status CheckCompactable(const std::string& directory, const DiskView& view,
                        const CompactOptions& options) {
  if (!view.open_journals().empty()) {
    return MakeError("PS-STATE-OPEN",
                     "The state in " + directory + " cannot be compacted while run " +
                         view.open_journals().front() + " is open",
                     "Run sync: it settles the interrupted run first.");
  }
  if (view.identity()) {
    PENSTOCK_RETURN_IF_ERROR(CheckIdentity(*view.identity(), options.identity));
  }
  if (!view.lineage().empty() && view.lineage() != options.lineage) {
    return MakeError("PS-STATE-LINEAGE", "The state in " + directory + " has the lineage " +
                                             view.lineage() + ", not " + options.lineage);
  }
  if (file::Exists(directory + "/" + GenerationName(view.generation() + 1))) {
    return MakeError(
        "PS-STATE-STALE",
        "Another process has compacted the state in " + directory + " since it was read",
        "Run the command again.");
  }
  return Status();
}

/// Everything of the view, in order, into the file at `path`; durable on return.
Status WriteGeneration(const std::string& path, DiskView* view, const CompactOptions& options) {
  codec::GenerationHeader header;
  header.identity = options.identity;
  header.lineage = options.lineage;
  header.generation = view->generation() + 1;
  header.fieldsets = view->fieldsets().lists();
  PENSTOCK_ASSIGN_OR_RETURN(
      const std::unique_ptr<GenerationWriter> writer,
      GenerationWriter::Create(path, header, PartitionsFor(view->counts().entries)));
  PartitionEntries entries;
  for (uint32_t partition = 0; partition < view->partitions(); ++partition) {
    PENSTOCK_RETURN_IF_ERROR(view->LoadPartition(partition, &entries));
    for (size_t i = 0; i < entries.main.size(); ++i) {
      PENSTOCK_ASSIGN_OR_RETURN(const std::string_view side, view->SideOf(&entries, i));
      PENSTOCK_RETURN_IF_ERROR(writer->Add(entries.main[i], side));
    }
  }
  GenerationFooter footer;
  footer.last_outcome = view->last_outcome();
  footer.last_run = view->last_run();
  footer.counts = view->counts();
  return writer->Finish(std::move(footer));
}

/// True if the generation that stays beside the new one does not need the file.
Result<bool> Superfluous(const std::string& directory, const std::string& name,
                         const DiskView& view, bool keep_journals) {
  if (IsLeftover(name)) return true;
  if (const auto generation = GenerationOf(name)) return *generation < view.generation();
  if (!JournalOf(name) || keep_journals) return false;
  PENSTOCK_ASSIGN_OR_RETURN(const JournalSummary journal, PeekJournal(directory + "/" + name));
  return journal.close && journal.last_outcome <= view.base_last_outcome();
}

Status RemoveSuperfluous(const std::string& directory, const DiskView& view, bool keep_journals) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<std::string> names, file::List(directory));
  bool removed = false;
  std::string path;
  for (const std::string& name : names) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool superfluous,
                              Superfluous(directory, name, view, keep_journals));
    if (!superfluous) continue;
    path.assign(directory).append("/").append(name);
    PENSTOCK_RETURN_IF_ERROR(file::Remove(path));
    removed = true;
  }
  return removed ? file::SyncDirectory(directory) : Status();
}

}  // namespace

Result<StateAnchor> Compact(const std::string& directory, StateView* view,
                            const CompactOptions& options) {
  DiskView* const disk = static_cast<DiskView*>(view);  // Open makes no other
  PENSTOCK_RETURN_IF_ERROR(CheckCompactable(directory, *disk, options));
  const std::string path = directory + "/" + GenerationName(disk->generation() + 1);
  const std::string temporary = path + ".tmp";
  PENSTOCK_RETURN_IF_ERROR(file::MakeDirectories(directory));
  PENSTOCK_RETURN_IF_ERROR(file::Remove(temporary));
  if (const Status written = WriteGeneration(temporary, disk, options); !written.ok()) {
    // A full disk should have its space back. What cannot be removed, the next compaction removes.
    (void)file::Remove(temporary).ok();
    return written.error();
  }
  PENSTOCK_RETURN_IF_ERROR(file::RenameDurably(temporary, path));
  PENSTOCK_RETURN_IF_ERROR(RemoveSuperfluous(directory, *disk, options.keep_journals));
  StateAnchor anchor;
  anchor.lineage = options.lineage;
  anchor.generation = disk->generation() + 1;
  anchor.last_outcome = disk->last_outcome();
  return anchor;
}

bool ShouldCompact(const StateView& view) {
  if (view.generation() == 0) return true;
  const uint64_t share = view.counts().entries / kShareWorthCompacting;
  return view.overlaid_outcomes() > std::max(kWorthCompacting, share);
}

}  // namespace penstock
