#include "core/diff/emit.h"

#include <optional>
#include <utility>

namespace penstock::diff {

Emitter::Emitter(const DecisionContext& context, const Mapper& mapper, const Hasher& hasher,
                 StateView* state, PlanWriter* plan, DeleteQueue* deletes, PlanCounts* counts)
    : context_(context),
      state_(state),
      plan_(plan),
      deletes_(deletes),
      counts_(counts),
      changed_(mapper.fields().size(), 0),
      key_field_(mapper.key_field()),
      payload_(mapper.fields(), mapper.key_field(), hasher) {
  for (const MappedField& field : mapper.fields()) names_.push_back(field.name);
}

Result<Entry> Emitter::Load(PartitionEntries* entries, size_t index, bool* same_fields) {
  PENSTOCK_ASSIGN_OR_RETURN(Entry entry, state_->LoadEntry(entries, index));
  const auto [at, added] = same_fields_.try_emplace(entry.fieldset, true);
  const std::vector<std::string>& theirs = state_->FieldNames(entry.fieldset);
  if (added) at->second = theirs == names_;
  *same_fields = at->second;
  // A plan's field hashes follow its own list of names, so the number means nothing there.
  AlignEntry(at->second ? names_ : theirs, names_, 0, &entry);
  return entry;
}

Status Emitter::Take(const Item& item, const Row* row, std::string_view payload,
                     PartitionEntries* entries) {
  std::optional<Entry> before;
  now_.same_fields = true;
  if (item.entry != kNone) {
    PENSTOCK_ASSIGN_OR_RETURN(before, Load(entries, item.entry, &now_.same_fields));
  }
  const Entry* entry = before ? &*before : nullptr;
  if (row == nullptr) return TakeGone(*before);
  if (item.duplicates > 1) return TakeDuplicate(item, *row, payload, entry);
  return TakeRow(*row, payload, entry);
}

Status Emitter::TakeDuplicate(const Item& item, const Row& row, std::string_view payload,
                              const Entry* before) {
  InvalidRow invalid;
  if (!row.known()) {
    PENSTOCK_RETURN_IF_ERROR(payload_.Read(payload));
    invalid.key_text = payload_.key_text();
  } else if (before != nullptr) {
    invalid.key_text = KeyText(before->key);
  }
  invalid.row = row.number();
  invalid.code = "DUPLICATE_KEY";
  invalid.message = std::to_string(item.duplicates) +
                    " rows have this key: none of them is sent, and the record stays as it is.";
  ++counts_->invalid;
  ++counts_->invalid_by_code[invalid.code];
  return plan_->AddInvalid(invalid);
}

Status Emitter::TakeRow(const Row& row, std::string_view payload, const Entry* before) {
  if (row.known()) {
    return MakeError("PS-DIFF-AGAIN",
                     "A changed row looked like an acknowledged one while it was read (a chance of "
                     "one in a hundred billion).",
                     "Run again: it will not repeat. Nothing was sent.");
  }
  PENSTOCK_RETURN_IF_ERROR(payload_.Read(payload));
  now_.fingerprint = row.fingerprint;
  now_.has_absent = row.has_absent();
  payload_.HashFields(&now_.fields);
  if (before == nullptr) ++counts_->new_keys;
  Decision decision = Decide(context_, before, &now_);
  switch (decision.verdict) {
    case Decision::Verdict::kNothing:
      break;  // a row always comes to something: the sums at the end will tell
    case Decision::Verdict::kUnchanged:
      ++counts_->unchanged;
      break;
    case Decision::Verdict::kQuarantined:
      ++counts_->quarantined;
      if (before != nullptr && InJob(*before)) ++counts_->in_job;
      break;
    case Decision::Verdict::kChange:
      return AddChange(row, before, std::move(decision));
  }
  if (decision.mark == Mark::kNone) return {};
  return AddRowMark(decision.mark, row);
}

Status Emitter::AddRowMark(Mark mark, const Row& row) {
  MarkedKey marked;
  marked.mark = mark;
  marked.key_hash = row.key;
  marked.key.assign(payload_.key());
  marked.fingerprint = now_.fingerprint;
  marked.has_absent = now_.has_absent;
  marked.fields = now_.fields;
  return plan_->AddMark(marked);
}

void Emitter::CountReason(Reason reason) {
  if (reason == Reason::kRetry) ++counts_->retries;
  if (reason == Reason::kInDoubt) ++counts_->in_doubt;
  if (reason == Reason::kDepartedBefore) ++counts_->departed_before;
}

Status Emitter::AddChange(const Row& row, const Entry* before, Decision decision) {
  const bool acknowledged = before != nullptr && before->acknowledged;
  ++counts_->row_changes;
  CountReason(decision.reason);
  if (!acknowledged) decision.changed.clear();  // there is nothing that it differs from
  std::erase(decision.changed, key_field_);     // of a record whose content is not known
  const bool insert = decision.op == Op::kInsert || (decision.op == Op::kUpsert && !acknowledged);
  if (insert) {
    ++counts_->insert;
    if (!acknowledged) ++counts_->fresh;
  } else {
    ++counts_->update;
    for (const uint16_t field : decision.changed) ++changed_[field];
  }
  change_.op = decision.op;
  change_.reason = decision.reason;
  change_.key_hash = row.key;
  change_.key.assign(payload_.key());
  change_.key_text = payload_.key_text();
  change_.destination_id.clear();
  if (before != nullptr && decision.op != Op::kInsert) {
    change_.destination_id = before->destination_id;
  }
  change_.fingerprint = row.fingerprint;
  change_.has_absent = row.has_absent();
  change_.shared_id = false;
  change_.origin = before == nullptr ? Origin::kNone : before->origin;
  change_.changed = std::move(decision.changed);
  payload_.Resolve(before, now_.fields, &change_);
  return plan_->Add(&change_);
}

Status Emitter::TakeGone(const Entry& before) {
  if (before.acknowledged) {
    ++counts_->departed;
    if (!before.departed) ++counts_->newly_departed;
  }
  const Decision decision = Decide(context_, &before, nullptr);
  if (decision.verdict == Decision::Verdict::kChange) return AddDelete(before, decision);
  if (decision.mark == Mark::kNone) return {};
  if (decision.mark == Mark::kDeparted) {
    PENSTOCK_RETURN_IF_ERROR(deletes_->AddDeparture(DeleteOf(before, decision)));
  }
  MarkedKey marked;
  marked.mark = decision.mark;
  marked.key_hash = before.key_hash;
  marked.key = before.key;
  return plan_->AddMark(marked);
}

Status Emitter::AddDelete(const Entry& before, const Decision& decision) {
  ++counts_->remove;
  CountReason(decision.reason);
  return deletes_->Add(DeleteOf(before, decision));
}

Change Emitter::DeleteOf(const Entry& before, const Decision& decision) {
  Change change;
  change.op = decision.op;
  change.reason = decision.reason;
  change.key_hash = before.key_hash;
  change.key = before.key;
  change.key_text = KeyText(before.key);
  change.destination_id = before.destination_id;
  if (change.destination_id.empty() && before.pending) {
    change.destination_id = before.pending->destination_id;
  }
  change.origin = before.origin;
  change.payload = before.key;
  return change;
}

void Emitter::Finish() {
  counts_->fields.clear();
  for (size_t i = 0; i < names_.size(); ++i) {
    if (changed_[i] > 0) counts_->fields.push_back({names_[i], changed_[i]});
  }
}

}  // namespace penstock::diff
