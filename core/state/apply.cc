// The only place where an outcome changes what is known of a key.
#include <algorithm>
#include <utility>

#include "core/state/entry.h"

namespace penstock {
namespace {

bool IsValue(uint32_t hash) { return hash != kFieldAbsent && hash != kFieldNull; }

/// Field hashes after an acknowledged write: what the write left alone keeps its old hash.
void MergeFields(const std::vector<uint32_t>& written, std::vector<uint32_t>* fields) {
  fields->resize(written.size(), kFieldAbsent);
  for (size_t i = 0; i < written.size(); ++i) {
    if (written[i] != kFieldAbsent) (*fields)[i] = written[i];
  }
}

Origin OriginAfterWrite(Origin before, OutcomeKind kind) {
  if (before == Origin::kCreated || before == Origin::kAdopted) return before;
  return kind == OutcomeKind::kCreated ? Origin::kCreated : Origin::kUpdated;
}

Entry Fresh(const Outcome& outcome) {
  Entry entry;
  entry.key_hash = outcome.key_hash;
  entry.key = outcome.key;
  return entry;
}

void Acknowledge(const Outcome& outcome, const OutcomeContext& context, OutcomeKind kind,
                 Entry* entry) {
  entry->acknowledged = true;
  entry->fingerprint = outcome.fingerprint;
  entry->has_absent = outcome.has_absent;
  entry->origin = OriginAfterWrite(entry->origin, kind);
  entry->departed = false;
  entry->last_run = context.run;
  if (!outcome.destination_id.empty()) entry->destination_id = outcome.destination_id;
  MergeFields(outcome.fields, &entry->fields);
  if (context.fieldset != kKeepFieldset) entry->fieldset = context.fieldset;
  entry->pending.reset();
}

/// The fields of an attempt, and what an attempt in doubt before it may have written beside them.
std::vector<uint32_t> MayHold(const Entry& before, const std::vector<uint32_t>& attempted) {
  std::vector<uint32_t> fields = attempted;
  if (!InDoubt(before)) return fields;
  const std::vector<uint32_t>& earlier = before.pending->fields;
  fields.resize(std::max(fields.size(), earlier.size()), kFieldAbsent);
  for (size_t i = 0; i < earlier.size(); ++i) {
    if (!IsValue(fields[i])) fields[i] = earlier[i];
  }
  return fields;
}

/// Does a word on the key leave something in doubt? A job's word settles the attempt that is in it.
bool StaysInDoubt(const Entry& before) {
  return InJob(before) ? before.pending->doubt_before : InDoubt(before);
}

Pending MakePending(const Entry& before, const Outcome& outcome, const OutcomeContext& context) {
  Pending pending;
  pending.op = outcome.op;
  pending.attempted = outcome.fingerprint;
  pending.outcome = outcome.kind;
  pending.error_class = outcome.error_class;
  pending.code = outcome.code;
  pending.message = outcome.message;
  pending.field = outcome.field;
  pending.connector_version = context.connector_version;
  pending.schema = context.schema;
  pending.run = context.run;
  pending.exchange = outcome.exchange;
  pending.at_us = outcome.at_us;
  pending.doubt = outcome.kind == OutcomeKind::kInDoubt || StaysInDoubt(before);
  pending.fields = MayHold(before, outcome.fields);
  pending.destination_id = outcome.destination_id;
  if (outcome.kind == OutcomeKind::kInDoubt) pending.job = outcome.job;
  if (!pending.job.empty() && InDoubt(before)) {
    pending.doubt_before = !InJob(before) || before.pending->doubt_before;
  }
  const bool again = before.pending && before.pending->op == outcome.op &&
                     before.pending->attempted == outcome.fingerprint &&
                     before.pending->outcome == outcome.kind;
  pending.tries = again ? before.pending->tries + 1 : 1;
  return pending;
}

std::optional<Entry> AfterMissing(Entry entry, const Outcome& outcome,
                                  const OutcomeContext& context) {
  if (outcome.op == Op::kDelete) return std::nullopt;          // gone: that is what was wanted
  if (context.mode != Mode::kUpdateOnly) return std::nullopt;  // the next diff inserts it
  entry.pending = MakePending(entry, outcome, context);
  entry.pending->doubt = false;  // there is no record: what was in doubt is settled
  entry.origin = Origin::kNone;
  if (context.fieldset != kKeepFieldset) entry.fieldset = context.fieldset;
  entry.acknowledged = false;
  entry.destination_id.clear();
  entry.last_run = context.run;
  return entry;
}

/// The record is there, with content that is not known: it equals no row. A field that we wrote or
/// may have written holds, for all we know, a value of ours.
void AcknowledgeUnknown(const Outcome& outcome, Origin origin, Entry* entry) {
  entry->acknowledged = true;
  entry->fingerprint = {};
  entry->has_absent = false;
  if (entry->origin == Origin::kNone) entry->origin = origin;
  if (!outcome.destination_id.empty()) entry->destination_id = outcome.destination_id;
  if (InDoubt(*entry)) {
    const std::vector<uint32_t>& attempted = entry->pending->fields;
    entry->fields.resize(std::max(entry->fields.size(), attempted.size()), kFieldAbsent);
    for (size_t i = 0; i < attempted.size(); ++i) {
      if (IsValue(attempted[i])) entry->fields[i] = attempted[i];
    }
  }
  for (uint32_t& field : entry->fields) field = IsValue(field) ? kFieldUnknown : kFieldAbsent;
}

/// The user's word, or the connector's lookup, on a key in doubt.
std::optional<Entry> AfterSettled(Entry entry, const Outcome& settled,
                                  const OutcomeContext& context) {
  const bool applied = settled.mark == Mark::kSettledApplied;
  if (!InDoubt(entry)) return entry;
  if (entry.pending->outcome != OutcomeKind::kInDoubt) {  // rejected since: that stands
    if (applied) AcknowledgeUnknown(settled, Origin::kCreated, &entry);
    entry.pending->doubt = false;
    return entry;
  }
  const Pending pending = std::move(*entry.pending);
  entry.pending.reset();
  if (!applied) {
    if (!entry.acknowledged) return std::nullopt;
    return entry;
  }
  if (pending.op == Op::kDelete) return std::nullopt;
  Outcome outcome;
  outcome.fingerprint = pending.attempted;
  outcome.fields = pending.fields;
  outcome.has_absent =
      std::find(pending.fields.begin(), pending.fields.end(), kFieldAbsent) != pending.fields.end();
  outcome.destination_id =
      settled.destination_id.empty() ? pending.destination_id : settled.destination_id;
  Acknowledge(outcome, context,
              pending.op == Op::kInsert ? OutcomeKind::kCreated : OutcomeKind::kUpdated, &entry);
  return entry;
}

/// A job that certainly did nothing for the key settles what was in doubt of it, and no more. Any
/// other attempt that was not sent leaves the entry as it is: the next diff finds it again.
std::optional<Entry> AfterUnsent(std::optional<Entry> before) {
  if (!before || !InJob(*before)) return before;
  if (before->pending->doubt_before) {
    before->pending->job.clear();
    before->pending->doubt_before = false;
    return before;
  }
  before->pending.reset();
  return before->acknowledged ? before : std::nullopt;
}

/// It may be the record that our unanswered insert made, or one that was there before: it is not
/// overwritten as ours, and never deleted.
Entry AfterFound(Entry entry, const Outcome& found, const OutcomeContext& context) {
  AcknowledgeUnknown(found, Origin::kAdopted, &entry);
  entry.pending.reset();
  entry.last_run = context.run;
  return entry;
}

std::optional<Entry> AfterMark(std::optional<Entry> before, const Outcome& outcome,
                               const OutcomeContext& context) {
  if (outcome.mark == Mark::kListed) {
    Entry entry = before ? std::move(*before) : Fresh(outcome);
    entry.acknowledged = true;
    entry.fingerprint = outcome.fingerprint;
    entry.origin = entry.origin == Origin::kNone ? Origin::kListed : entry.origin;
    entry.departed = false;
    entry.last_run = context.run;
    MergeFields(outcome.fields, &entry.fields);
    if (context.fieldset != kKeepFieldset) entry.fieldset = context.fieldset;
    return entry;
  }
  if (!before) return before;
  Entry& entry = *before;
  switch (outcome.mark) {
    case Mark::kDeparted:
      entry.departed = true;
      entry.last_run = context.run;
      return before;
    case Mark::kReturned:
      entry.departed = false;
      entry.pending.reset();
      entry.last_run = context.run;
      return before;
    case Mark::kClearPending:
      entry.pending.reset();
      return before;
    case Mark::kRefingerprint:
      entry.fingerprint = outcome.fingerprint;
      entry.has_absent = outcome.has_absent;
      entry.departed = false;
      MergeFields(outcome.fields, &entry.fields);
      if (context.fieldset != kKeepFieldset) entry.fieldset = context.fieldset;
      entry.pending.reset();
      return before;
    case Mark::kDropped:
      return std::nullopt;
    case Mark::kRetry:
      if (entry.pending) entry.pending->retry_asked = true;
      return before;
    case Mark::kSettledApplied:
    case Mark::kSettledNotApplied:
      return AfterSettled(std::move(entry), outcome, context);
    case Mark::kFound:
      return AfterFound(std::move(entry), outcome, context);
    case Mark::kOverwritten:
      AcknowledgeUnknown(outcome, entry.origin, &entry);
      std::fill(entry.fields.begin(), entry.fields.end(), kFieldUnknown);
      return before;
    case Mark::kListed:
    case Mark::kNone:
      break;
  }
  return before;
}

}  // namespace

void AlignFields(const std::vector<std::string>& from, const std::vector<std::string>& to,
                 std::vector<uint32_t>* fields) {
  if (from == to) {
    fields->resize(to.size(), kFieldAbsent);
    return;
  }
  std::vector<uint32_t> aligned(to.size(), kFieldAbsent);
  for (size_t i = 0; i < to.size(); ++i) {
    const auto at = std::lower_bound(from.begin(), from.end(), to[i]);
    if (at == from.end() || *at != to[i]) continue;
    const size_t index = static_cast<size_t>(at - from.begin());
    if (index < fields->size()) aligned[i] = (*fields)[index];
  }
  *fields = std::move(aligned);
}

void AlignEntry(const std::vector<std::string>& from, const std::vector<std::string>& to,
                uint32_t fieldset, Entry* entry) {
  AlignFields(from, to, &entry->fields);
  if (entry->pending) AlignFields(from, to, &entry->pending->fields);
  entry->fieldset = fieldset;
}

std::optional<Entry> Apply(std::optional<Entry> before, const Outcome& outcome,
                           const OutcomeContext& context) {
  if (outcome.mark != Mark::kNone) return AfterMark(std::move(before), outcome, context);
  switch (outcome.kind) {
    case OutcomeKind::kCreated:
    case OutcomeKind::kUpdated:
    case OutcomeKind::kUnchanged: {
      Entry entry = before ? std::move(*before) : Fresh(outcome);
      Acknowledge(outcome, context, outcome.kind, &entry);
      return entry;
    }
    case OutcomeKind::kDeleted:
      return std::nullopt;
    case OutcomeKind::kMissing:
      return AfterMissing(before ? std::move(*before) : Fresh(outcome), outcome, context);
    case OutcomeKind::kExists:
    case OutcomeKind::kRejected:
    case OutcomeKind::kInDoubt: {
      Entry entry = before ? std::move(*before) : Fresh(outcome);
      entry.pending = MakePending(entry, outcome, context);
      if (entry.fields.size() != outcome.fields.size() && !outcome.fields.empty()) {
        entry.fields.resize(outcome.fields.size(), kFieldAbsent);
      }
      if (context.fieldset != kKeepFieldset) entry.fieldset = context.fieldset;
      entry.last_run = context.run;
      return entry;
    }
    case OutcomeKind::kSkipped:
      // A delete of a record that belongs to another live key: it is that key's from now on.
      return outcome.op == Op::kDelete ? std::nullopt : before;
    case OutcomeKind::kUnsent:
      return AfterUnsent(std::move(before));
  }
  return before;
}

std::string_view OpName(Op op) {
  switch (op) {
    case Op::kUpsert:
      return "upsert";
    case Op::kInsert:
      return "insert";
    case Op::kUpdate:
      return "update";
    case Op::kDelete:
      return "delete";
  }
  return "unknown";
}

std::string_view OutcomeName(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::kCreated:
      return "created";
    case OutcomeKind::kUpdated:
      return "updated";
    case OutcomeKind::kDeleted:
      return "deleted";
    case OutcomeKind::kUnchanged:
      return "unchanged";
    case OutcomeKind::kMissing:
      return "missing";
    case OutcomeKind::kExists:
      return "exists";
    case OutcomeKind::kRejected:
      return "rejected";
    case OutcomeKind::kUnsent:
      return "unsent";
    case OutcomeKind::kInDoubt:
      return "in_doubt";
    case OutcomeKind::kSkipped:
      return "skipped";
  }
  return "unknown";
}

std::string_view ErrorClassName(ErrorClass error_class) {
  switch (error_class) {
    case ErrorClass::kNone:
      return "none";
    case ErrorClass::kData:
      return "data";
    case ErrorClass::kConflict:
      return "conflict";
    case ErrorClass::kReference:
      return "reference";
    case ErrorClass::kDestination:
      return "destination";
  }
  return "unknown";
}

}  // namespace penstock
