#include "core/state/overlay.h"

#include <algorithm>
#include <utility>

#include "core/state/bytes.h"
#include "core/state/codec.h"

namespace penstock {
namespace {

// A record: 4 bytes length of the body, 4 bytes source * 2 + (1: intent), 16 bytes key hash; the
// body is the number of the outcome or the request, and what the journal's frame had.
constexpr size_t kRecordHeaderBytes = 24;

/// In `flags` of a kept record: the key has no entry any more.
constexpr uint8_t kGone = 64;

Error Unreadable() {
  return MakeError("PS-FILE-CORRUPT", "A scratch file of the state does not hold what was written",
                   "Check the disk, then run again: no state was changed.");
}

/// What an unanswered intent means for its key.
Outcome InDoubt(const IntentRecord& intent, uint64_t request, const JournalOpen& open) {
  Outcome outcome;
  CopyAttempt(intent, &outcome);
  outcome.kind = OutcomeKind::kInDoubt;
  outcome.code = "PS-RUN-UNANSWERED";
  outcome.message = intent.job.empty()
                        ? "a request with this record was begun, and no answer to it is recorded"
                        : "its job was noted, and no answer of it is recorded";
  outcome.job = intent.job;
  outcome.exchange = request;
  outcome.at_us = open.started_us;
  return outcome;
}

}  // namespace

Fieldsets::Fieldsets(std::vector<std::vector<std::string>> lists) : lists_(std::move(lists)) {
  if (lists_.empty()) lists_.emplace_back();
}

uint32_t Fieldsets::NumberOf(const std::vector<std::string>& names) {
  if (names.empty()) return kKeepFieldset;
  const auto it = std::find(lists_.begin(), lists_.end(), names);
  const auto number = static_cast<uint32_t>(it - lists_.begin());
  if (it == lists_.end()) lists_.push_back(names);
  return number;
}

const std::vector<std::string>& Fieldsets::Names(uint32_t fieldset) const {
  return lists_[fieldset < lists_.size() ? fieldset : 0];
}

/// The records of one key, in order.
class Overlay::KeyReplay {
 public:
  KeyReplay(const std::vector<Source>& sources, const Fieldsets& fieldsets,
            std::optional<Entry> before)
      : sources_(sources), fieldsets_(fieldsets), entry_(std::move(before)) {}

  /// False if the bytes are not a record.
  bool Add(std::string_view record) {
    bytes::Source in(record);
    const auto length = in.Number<uint32_t>();
    const auto tag = in.Number<uint32_t>();
    in.Hash();
    std::string_view body = in.Take(length);
    uint64_t number = 0;
    if (!in.ok() || tag / 2 >= sources_.size() || !ReadVarint(&body, &number)) return false;
    if (tag / 2 != source_) {
      SettleOpenIntents();
      source_ = tag / 2;
    }
    if (tag % 2 == 1) return AddIntent(number, body);
    if (!codec::ReadOutcome(&body, &outcome_)) return false;
    outcome_.number = number;
    if (outcome_.seq != 0) {
      std::erase_if(intents_, [&](const auto& i) { return i.second.seq == outcome_.seq; });
    }
    ApplyOne(outcome_);
    return true;
  }

  std::optional<Entry> Finish() {
    SettleOpenIntents();
    return std::move(entry_);
  }

 private:
  bool AddIntent(uint64_t request, std::string_view body) {
    IntentRecord intent;
    if (!codec::ReadIntent(&body, &intent)) return false;
    // A request tried again names the same record: the last one counts.
    std::erase_if(intents_, [&](const auto& i) { return i.second.seq == intent.seq; });
    intents_.emplace_back(request, std::move(intent));
    return true;
  }

  void SettleOpenIntents() {
    for (const auto& [request, intent] : intents_) {
      const Source& source = sources_[source_];
      if (source.interrupted) ApplyOne(InDoubt(intent, request, source.open));
    }
    intents_.clear();
  }

  void ApplyOne(const Outcome& outcome) {
    const OutcomeContext& context = sources_[source_].context;
    if (entry_ && context.fieldset != kKeepFieldset && entry_->fieldset != context.fieldset) {
      AlignEntry(fieldsets_.Names(entry_->fieldset), fieldsets_.Names(context.fieldset),
                 context.fieldset, &*entry_);
    }
    const bool fresh = !entry_;
    entry_ = Apply(std::move(entry_), outcome, context);
    if (fresh && entry_ && context.fieldset != kKeepFieldset) entry_->fieldset = context.fieldset;
  }

  const std::vector<Source>& sources_;
  const Fieldsets& fieldsets_;
  std::optional<Entry> entry_;
  size_t source_ = 0;
  std::vector<std::pair<uint64_t, IntentRecord>> intents_;  // unanswered, with their requests
  Outcome outcome_;
};

Overlay::Overlay(const GenerationReader* base, Fieldsets* fieldsets, uint32_t partitions,
                 std::string scratch_dir, uint64_t memory_bytes)
    : base_(base),
      fieldsets_(fieldsets),
      partitions_(partitions),
      scratch_dir_(std::move(scratch_dir)),
      memory_bytes_(memory_bytes) {}

Status Overlay::AppendRecord(const Hash128& key_hash, bool intent) {
  record_.clear();
  bytes::Append(static_cast<uint32_t>(body_.size()), &record_);
  bytes::Append(static_cast<uint32_t>((sources_.size() - 1) * 2 + (intent ? 1 : 0)), &record_);
  bytes::AppendHash(key_hash, &record_);
  record_ += body_;
  return records_->Append(PartitionIn(partitions_, key_hash), record_);
}

Result<JournalSummary> Overlay::AddJournal(const std::string& path, bool closed) {
  if (!records_) {
    PENSTOCK_ASSIGN_OR_RETURN(records_,
                              PartitionSpill::Create(scratch_dir_, partitions_, memory_bytes_ / 2));
  }
  sources_.emplace_back();
  JournalVisitor visitor;
  visitor.outcome = [&](const Outcome& outcome) {
    body_.clear();
    AppendVarint(outcome.number, &body_);
    codec::AppendOutcome(outcome, &body_);
    return AppendRecord(outcome.key_hash, false);
  };
  if (!closed) {
    visitor.intent = [&](uint64_t request, const IntentRecord& intent) {
      body_.clear();
      AppendVarint(request, &body_);
      codec::AppendIntent(intent, &body_);
      return AppendRecord(intent.key_hash, true);
    };
  }
  PENSTOCK_ASSIGN_OR_RETURN(JournalSummary summary, ReadJournal(path, visitor));
  Source& source = sources_.back();
  source.open = summary.open;
  source.interrupted = !summary.close;
  source.context.mode = summary.open.mode;
  source.context.run = summary.open.run_ordinal;
  source.context.connector_version = summary.open.connector_version;
  source.context.schema = summary.open.schema;
  source.context.fieldset = fieldsets_->NumberOf(summary.open.fields);
  return summary;
}

Status Overlay::Materialise(StateCounts* counts) {
  if (!records_) return Status();
  PENSTOCK_ASSIGN_OR_RETURN(changed_,
                            PartitionSpill::Create(scratch_dir_, partitions_, memory_bytes_ / 2));
  for (uint32_t partition = 0; partition < partitions_; ++partition) {
    if (records_->Bytes(partition) == 0) continue;
    PENSTOCK_RETURN_IF_ERROR(MaterialisePartition(partition, counts));
  }
  records_.reset();
  return Status();
}

Status Overlay::SortRecords(std::string_view records) {
  refs_.clear();
  for (uint64_t at = 0; at < records.size();) {
    bytes::Source in(records.substr(at));
    const auto length = in.Number<uint32_t>();
    in.Number<uint32_t>();
    refs_.push_back({in.Hash(), at});
    in.Take(length);
    if (!in.ok()) return Unreadable();
    at += kRecordHeaderBytes + length;
  }
  std::sort(refs_.begin(), refs_.end(), [](const Ref& a, const Ref& b) {
    return a.key_hash != b.key_hash ? a.key_hash < b.key_hash : a.at < b.at;
  });
  return Status();
}

/// The generation's entry of a key; `*from` is where the search for the last one ended.
Result<std::optional<Entry>> Overlay::BaseEntry(const Hash128& key_hash, size_t* from) {
  const std::vector<MainEntry>& main = base_entries_.main;
  const auto it = std::lower_bound(
      main.begin() + static_cast<std::ptrdiff_t>(*from), main.end(), key_hash,
      [](const MainEntry& entry, const Hash128& hash) { return entry.key_hash < hash; });
  *from = static_cast<size_t>(it - main.begin());
  std::optional<Entry> entry;
  if (it == main.end() || it->key_hash != key_hash) return entry;
  PENSTOCK_ASSIGN_OR_RETURN(const std::string_view side, base_->ReadSide(it->side, &base_entries_));
  if (!codec::ReadSide(side, *it, &entry.emplace())) return Unreadable();
  return entry;
}

Status Overlay::Keep(uint32_t partition, const Hash128& key_hash,
                     const std::optional<Entry>& after) {
  MainEntry main;
  main.key_hash = key_hash;
  body_.clear();
  if (after) {
    codec::AppendSide(*after, &main, &body_);
    main.flags |= MainEntry::kOverlaid;
  } else {
    main.flags = kGone;
  }
  record_.assign(reinterpret_cast<const char*>(&main), sizeof(main));
  record_ += body_;
  return changed_->Append(partition, record_);
}

Status Overlay::MaterialisePartition(uint32_t partition, StateCounts* counts) {
  std::string buffer;
  PENSTOCK_ASSIGN_OR_RETURN(const std::string_view records, records_->Read(partition, &buffer));
  PENSTOCK_RETURN_IF_ERROR(SortRecords(records));
  base_entries_.main.clear();
  base_entries_.block_at = UINT64_MAX;
  if (base_ != nullptr) {
    PENSTOCK_RETURN_IF_ERROR(base_->ReadMain(partition, &base_entries_.main));
  }
  size_t from = 0;
  for (size_t i = 0; i < refs_.size();) {
    const Hash128 key_hash = refs_[i].key_hash;
    PENSTOCK_ASSIGN_OR_RETURN(std::optional<Entry> before, BaseEntry(key_hash, &from));
    if (before) Count(*before, false, counts);
    const bool in_base = before.has_value();
    KeyReplay replay(sources_, *fieldsets_, std::move(before));
    for (; i < refs_.size() && refs_[i].key_hash == key_hash; ++i) {
      if (!replay.Add(records.substr(refs_[i].at))) return Unreadable();
    }
    const std::optional<Entry> after = replay.Finish();
    if (after) Count(*after, true, counts);
    if (after || in_base) PENSTOCK_RETURN_IF_ERROR(Keep(partition, key_hash, after));
  }
  return Status();
}

Status Overlay::Merge(uint32_t partition, PartitionEntries* entries) {
  if (!changed_ || changed_->Bytes(partition) == 0) return Status();
  PENSTOCK_ASSIGN_OR_RETURN(std::string_view rest, changed_->Read(partition, &entries->overlay));
  merged_.clear();
  auto base = entries->main.begin();
  const auto end = entries->main.end();
  while (!rest.empty()) {
    MainEntry main;
    if (rest.size() < sizeof(main)) return Unreadable();
    std::memcpy(&main, rest.data(), sizeof(main));
    rest.remove_prefix(sizeof(main));
    while (base != end && base->key_hash < main.key_hash) merged_.push_back(*base++);
    if (base != end && base->key_hash == main.key_hash) ++base;
    if (main.flags == kGone) continue;
    const std::string_view side = codec::SideBytes(rest);
    if (side.empty()) return Unreadable();
    main.side = static_cast<uint64_t>(side.data() - entries->overlay.data());
    merged_.push_back(main);
    rest.remove_prefix(side.size());
  }
  merged_.insert(merged_.end(), base, end);
  entries->main.swap(merged_);
  return Status();
}

}  // namespace penstock
