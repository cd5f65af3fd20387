#include "core/diff/deletes.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>

#include "core/diff/intake.h"
#include "core/plan/codec.h"

namespace penstock::diff {
namespace {

constexpr size_t kWindow = 256u << 10;
constexpr size_t kHead = 5;  // u32 length, u8 flags; then the change as the plan's codec writes it
constexpr size_t kFlagsAt = 4;
constexpr char kShared = 1;     // of a delete
constexpr char kDeparture = 2;  // no delete, and never shared

uint64_t IdHash(std::string_view id) { return XXH3_64bits(id.data(), id.size()); }

Error Damaged() {
  return MakeError("PS-FILE-CORRUPT", "A scratch file of the diff does not hold what was written.",
                   "Check the disk, then run again: nothing was sent.");
}

}  // namespace

Status DeleteQueue::Add(const Change& change) { return Put(change, 0); }

Status DeleteQueue::AddDeparture(const Change& change) { return Put(change, kDeparture); }

Status DeleteQueue::Put(const Change& change, char flags) {
  record_.assign(kHead, '\0');
  record_[kFlagsAt] = flags;
  plan::EncodeChange(change, &record_);
  const auto length = static_cast<uint32_t>(record_.size() - kHead);
  std::memcpy(record_.data(), &length, sizeof(length));
  has_ids_ |= !change.destination_id.empty();
  tail_.append(record_);
  if (tail_.size() >= kWindow) return Flush();
  return {};
}

Status DeleteQueue::Flush() {
  if (!file_) {
    PENSTOCK_ASSIGN_OR_RETURN(file_, file::Writer::Scratch(scratch_dir_));
  }
  PENSTOCK_RETURN_IF_ERROR(file_->Write(tail_));
  flushed_ += tail_.size();
  tail_.clear();
  return {};
}

Status DeleteQueue::Bytes(Cursor* cursor, uint64_t at, size_t n, std::string_view* out) const {
  if (at >= flushed_) {
    if (n > size() - at) return Damaged();
    *out = std::string_view(tail_).substr(at - flushed_, n);
    return {};
  }
  if (n > flushed_ - at) return Damaged();
  if (at < cursor->window_at || at + n > cursor->window_at + cursor->window.size()) {
    cursor->window.resize(std::max<uint64_t>(n, std::min<uint64_t>(kWindow, flushed_ - at)));
    PENSTOCK_ASSIGN_OR_RETURN(const size_t got,
                              file_->ReadAt(cursor->window.data(), cursor->window.size(), at));
    if (got < n) return Damaged();
    cursor->window.resize(got);
    cursor->window_at = at;
  }
  *out = std::string_view(cursor->window).substr(at - cursor->window_at, n);
  return {};
}

Status DeleteQueue::Advance(Cursor* cursor) const {
  cursor->at = cursor->next;
  cursor->ended = cursor->at >= size();
  if (cursor->ended) return {};
  std::string_view head, body;
  PENSTOCK_RETURN_IF_ERROR(Bytes(cursor, cursor->at, kHead, &head));
  uint32_t length = 0;
  std::memcpy(&length, head.data(), sizeof(length));
  const char flags = head[kFlagsAt];
  PENSTOCK_RETURN_IF_ERROR(Bytes(cursor, cursor->at + kHead, length, &body));
  if (!plan::DecodeChange(body, &cursor->change)) return Damaged();
  cursor->change.shared_id = flags == kShared;
  cursor->departure = flags == kDeparture;
  cursor->next = cursor->at + kHead + length;
  return {};
}

Status DeleteQueue::SetShared(uint64_t at) {
  if (at >= flushed_) {
    tail_[at - flushed_ + kFlagsAt] = kShared;
    return {};
  }
  probe_.window.clear();
  return file_->WriteAt(std::string_view(&kShared, 1), at + kFlagsAt);
}

Status DeleteQueue::CollectIds(Cursor* cursor, uint64_t limit, std::vector<IdPlace>* ids) const {
  ids->clear();
  while (!cursor->ended && ids->size() < limit) {
    const std::string& id = cursor->change.destination_id;
    if (!id.empty()) ids->push_back({IdHash(id), cursor->at});
    PENSTOCK_RETURN_IF_ERROR(Advance(cursor));
  }
  std::sort(ids->begin(), ids->end(),
            [](const IdPlace& a, const IdPlace& b) { return a.id < b.id; });
  return {};
}

Status DeleteQueue::CheckEntry(const Entry& entry, const std::vector<IdPlace>& ids,
                               PlanWriter* plan) {
  if (entry.destination_id.empty()) return {};
  bool overwritten = false;
  const uint64_t id = IdHash(entry.destination_id);
  auto at = std::lower_bound(ids.begin(), ids.end(), id, [](const IdPlace& place, uint64_t wanted) {
    return place.id < wanted;
  });
  for (; at != ids.end() && at->id == id; ++at) {
    probe_.next = at->at;
    PENSTOCK_RETURN_IF_ERROR(Advance(&probe_));
    if (probe_.change.destination_id != entry.destination_id) continue;
    overwritten = true;
    if (probe_.change.shared_id || probe_.departure) continue;
    PENSTOCK_RETURN_IF_ERROR(SetShared(at->at));
  }
  if (!overwritten || entry.departed) return {};
  MarkedKey survivor;
  survivor.mark = Mark::kOverwritten;
  survivor.key_hash = entry.key_hash;
  survivor.key = entry.key;
  return plan->AddMark(survivor);
}

Status DeleteQueue::Scan(StateView* state, const std::vector<IdPlace>& ids,
                         const DiffOptions& options, uint64_t rows, PlanWriter* plan) {
  Cursor deletes;  // in the order of keys, as the entries are
  PENSTOCK_RETURN_IF_ERROR(Advance(&deletes));
  PartitionEntries entries;
  for (uint32_t p = 0; p < state->partitions(); ++p) {
    PENSTOCK_RETURN_IF_ERROR(Tick(options, rows));
    PENSTOCK_RETURN_IF_ERROR(state->LoadPartition(p, &entries));
    for (size_t i = 0; i < entries.main.size(); ++i) {
      const MainEntry& main = entries.main[i];
      while (!deletes.ended && deletes.change.key_hash < main.key_hash) {
        PENSTOCK_RETURN_IF_ERROR(Advance(&deletes));
      }
      const bool deleted = !deletes.ended && deletes.change.key_hash == main.key_hash;
      if (deleted || (main.flags & MainEntry::kAcknowledged) == 0) continue;
      PENSTOCK_ASSIGN_OR_RETURN(const Entry entry, state->LoadEntry(&entries, i));
      PENSTOCK_RETURN_IF_ERROR(CheckEntry(entry, ids, plan));
    }
  }
  return {};
}

Status DeleteQueue::FindShared(StateView* state, uint64_t memory_bytes, const DiffOptions& options,
                               uint64_t rows, PlanWriter* plan) {
  if (!has_ids_) return {};
  const uint64_t limit = std::max<uint64_t>(memory_bytes / sizeof(IdPlace), 1024);
  std::vector<IdPlace> ids;
  Cursor cursor;
  PENSTOCK_RETURN_IF_ERROR(Advance(&cursor));
  while (!cursor.ended) {
    PENSTOCK_RETURN_IF_ERROR(CollectIds(&cursor, limit, &ids));
    if (!ids.empty()) PENSTOCK_RETURN_IF_ERROR(Scan(state, ids, options, rows, plan));
  }
  return {};
}

Status DeleteQueue::MoveTo(PlanWriter* plan) {
  Cursor cursor;
  PENSTOCK_RETURN_IF_ERROR(Advance(&cursor));
  while (!cursor.ended) {
    if (!cursor.departure) PENSTOCK_RETURN_IF_ERROR(plan->Add(&cursor.change));
    PENSTOCK_RETURN_IF_ERROR(Advance(&cursor));
  }
  return {};
}

}  // namespace penstock::diff
