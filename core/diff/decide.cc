// What to do about one key: every row of the design's table that is decided before a request is
// made.
#include <algorithm>

#include "core/diff/diff.h"

namespace penstock {
namespace {

constexpr int64_t kDayMicros = int64_t{24} * 3600 * 1'000'000;
constexpr int64_t kFirstBackoffMicros = int64_t{15} * 60 * 1'000'000;

/// Wait before a rejection that is not about the record's own data is tried again: next run, 15
/// min, 1 h, 4 h, … a day.
int64_t BackoffMicros(uint32_t tries) {
  if (tries <= 1) return 0;
  int64_t wait = kFirstBackoffMicros;
  for (uint32_t i = 2; i < tries && wait < kDayMicros; ++i) wait *= 4;
  return std::min(wait, kDayMicros);
}

/// When a pending, unacknowledged attempt with the same content is to be made again: 0 is at once,
/// kNeverDue not by itself.
int64_t DueMicros(const DecisionContext& context, const Pending& pending) {
  if (pending.retry_asked) return 0;
  if (pending.outcome == OutcomeKind::kExists) return kNeverDue;  // not ours
  if (context.retry_rejected == RetryRejected::kEveryRun) return 0;
  if (pending.connector_version != context.connector_version || pending.schema != context.schema)
    return 0;
  if (pending.outcome == OutcomeKind::kRejected &&
      (pending.error_class == ErrorClass::kReference ||
       pending.error_class == ErrorClass::kDestination)) {
    return pending.at_us + BackoffMicros(pending.tries);
  }
  return context.retry_rejected == RetryRejected::kDaily ? pending.at_us + kDayMicros : kNeverDue;
}

bool IsDue(const DecisionContext& context, const Pending& pending) {
  return context.now_us >= DueMicros(context, pending);
}

/// "It exists" is the last word only where nothing is overwritten, "it is missing" only where
/// nothing is created; after a switch of mode they say nothing.
bool StillHolds(const DecisionContext& context, const Pending& pending) {
  if (pending.outcome == OutcomeKind::kExists) return context.mode == Mode::kInsertOnly;
  if (pending.outcome == OutcomeKind::kMissing) return context.mode == Mode::kUpdateOnly;
  return true;
}

Decision Verdict(Decision::Verdict verdict, Mark mark = Mark::kNone) {
  Decision decision;
  decision.verdict = verdict;
  decision.mark = mark;
  return decision;
}

Decision MakeChange(Op op, Reason reason, std::vector<uint16_t> changed = {}) {
  Decision decision;
  decision.verdict = Decision::Verdict::kChange;
  decision.op = op;
  decision.reason = reason;
  decision.changed = std::move(changed);
  return decision;
}

/// The operation that makes an existing or new record agree, in modes that write rows.
Op WriteOp(const DecisionContext& context, const Entry* before) {
  switch (context.mode) {
    case Mode::kInsertOnly:
      return Op::kInsert;
    case Mode::kUpdateOnly:
      return Op::kUpdate;
    case Mode::kMirror:
    case Mode::kUpsert:
    case Mode::kDeleteOnly:
      break;
  }
  const bool known = before != nullptr && before->acknowledged && !before->destination_id.empty();
  if (known && context.update_by_id) return Op::kUpdate;
  if (context.can_upsert) return Op::kUpsert;
  return before != nullptr && before->acknowledged ? Op::kUpdate : Op::kInsert;
}

bool IsIdempotent(const DecisionContext& context, Op op) {
  switch (op) {
    case Op::kUpsert:
      return context.upsert_idempotent;
    case Op::kInsert:
      return context.insert_idempotent;
    case Op::kUpdate:
      return context.update_idempotent;
    case Op::kDelete:
      return context.delete_idempotent;
  }
  return false;
}

bool MayDelete(const DecisionContext& context, Origin origin) {
  if (context.delete_created_only) return origin == Origin::kCreated;
  switch (origin) {
    case Origin::kCreated:
    case Origin::kUpdated:
      return DeletesDeparted(context.mode);
    case Origin::kListed:
      return context.mode == Mode::kDeleteOnly;
    case Origin::kAdopted:
    case Origin::kNone:
      return false;
  }
  return false;
}

std::vector<uint16_t> ChangedFields(const DecisionContext& context, const Entry& before,
                                    const RowNow& now) {
  std::vector<uint16_t> changed;
  for (size_t i = 0; i < now.fields.size(); ++i) {
    const uint32_t old_hash = i < before.fields.size() ? before.fields[i] : kFieldAbsent;
    const uint32_t new_hash = now.fields[i];
    if (new_hash == old_hash || new_hash == kFieldAbsent) continue;
    const bool never_written = old_hash == kFieldAbsent || old_hash == kFieldNull;
    const bool clear_ours = i < context.clear_ours.size() && context.clear_ours[i];
    if (new_hash == kFieldNull && never_written && clear_ours) continue;
    changed.push_back(static_cast<uint16_t>(i));
  }
  return changed;
}

Decision DecideGone(const DecisionContext& context, const Entry& before) {
  const bool in_doubt = InDoubt(before);
  if (!before.acknowledged && !in_doubt)
    return Verdict(Decision::Verdict::kNothing, Mark::kDropped);
  if (DeletesDeparted(context.mode)) {
    Origin origin = before.origin;
    // A write in doubt would have been ours, but perhaps of a record that was there before: of an
    // insert it is certain that it created, and what is being deleted was judged before.
    if (!before.acknowledged) {
      const bool found = before.pending->op == Op::kUpsert || before.pending->op == Op::kUpdate;
      origin = found ? Origin::kUpdated : Origin::kCreated;
    }
    if (in_doubt && origin == Origin::kListed) origin = Origin::kUpdated;
    if (MayDelete(context, origin)) {
      const bool again = before.pending && before.pending->op == Op::kDelete;
      if (again && before.pending->outcome == OutcomeKind::kInDoubt && !context.delete_idempotent)
        return Verdict(Decision::Verdict::kNothing);  // held
      if (again && before.pending->outcome != OutcomeKind::kInDoubt) {
        if (!IsDue(context, *before.pending)) return Verdict(Decision::Verdict::kNothing);
        return MakeChange(Op::kDelete, Reason::kRetry);
      }
      if (in_doubt) return MakeChange(Op::kDelete, Reason::kInDoubt);
      return MakeChange(Op::kDelete, before.departed ? Reason::kDepartedBefore : Reason::kDeparted);
    }
  }
  if (before.departed || !before.acknowledged) return Verdict(Decision::Verdict::kNothing);
  return Verdict(Decision::Verdict::kNothing, Mark::kDeparted);
}

Decision DecideInDoubt(const DecisionContext& context, const Entry& before, const RowNow& now) {
  if (context.mode == Mode::kDeleteOnly) return Verdict(Decision::Verdict::kQuarantined);
  // After a delete in doubt the record may be gone, so an update by id would miss it.
  const bool after_delete = before.pending->op == Op::kDelete;
  const Op op = WriteOp(context, after_delete ? nullptr : &before);
  const bool repeats = op == before.pending->op || op == Op::kInsert;
  if (repeats && !IsIdempotent(context, op)) return Verdict(Decision::Verdict::kQuarantined);
  return MakeChange(op, Reason::kInDoubt, ChangedFields(context, before, now));
}

/// Present in the model, acknowledged, nothing pending that matters.
Decision DecideAcknowledged(const DecisionContext& context, const Entry& before,
                            const RowNow& now) {
  const Mark back = before.departed  ? Mark::kReturned
                    : before.pending ? Mark::kClearPending
                                     : Mark::kNone;
  if (context.mode == Mode::kInsertOnly || context.mode == Mode::kDeleteOnly) {
    return Verdict(Decision::Verdict::kUnchanged, back);
  }
  if (before.fingerprint == now.fingerprint) return Verdict(Decision::Verdict::kUnchanged, back);
  std::vector<uint16_t> changed = ChangedFields(context, before, now);
  const bool explained = before.has_absent || now.has_absent || !now.same_fields;
  if (changed.empty() && explained)
    return Verdict(Decision::Verdict::kUnchanged, Mark::kRefingerprint);
  return MakeChange(WriteOp(context, &before),
                    before.departed ? Reason::kReturned : Reason::kChanged, std::move(changed));
}

}  // namespace

Decision Decide(const DecisionContext& context, const Entry* before, const RowNow* now) {
  if (before == nullptr && now == nullptr) return Verdict(Decision::Verdict::kNothing);
  // A job that may still run could undo whatever is sent now: its next answer is waited for.
  if (before != nullptr && InJob(*before)) {
    return Verdict(now == nullptr ? Decision::Verdict::kNothing : Decision::Verdict::kQuarantined);
  }
  if (now == nullptr) return DecideGone(context, *before);
  if (before == nullptr) {
    if (context.mode == Mode::kDeleteOnly)
      return Verdict(Decision::Verdict::kUnchanged, Mark::kListed);
    return MakeChange(WriteOp(context, nullptr), Reason::kNew);
  }
  // A baseline was listed, never written: other modes have its rows still to send.
  const bool only_listed = before->origin == Origin::kListed && context.mode != Mode::kDeleteOnly;
  if (before->pending) {
    const Pending& pending = *before->pending;
    if (pending.outcome == OutcomeKind::kInDoubt) return DecideInDoubt(context, *before, *now);
    const bool equals_acknowledged = before->acknowledged &&
                                     before->fingerprint == now->fingerprint && !pending.doubt &&
                                     !only_listed;
    if (!equals_acknowledged && StillHolds(context, pending) && pending.op != Op::kDelete &&
        pending.attempted == now->fingerprint) {
      if (context.mode == Mode::kDeleteOnly) return Verdict(Decision::Verdict::kQuarantined);
      if (!IsDue(context, pending)) {
        Decision decision = Verdict(Decision::Verdict::kQuarantined);
        decision.due_us = DueMicros(context, pending);
        return decision;
      }
      return MakeChange(WriteOp(context, before), Reason::kRetry,
                        ChangedFields(context, *before, *now));
    }
    // Rejected, but what was in doubt before that still is.
    if (pending.doubt) return DecideInDoubt(context, *before, *now);
  }
  if (!before->acknowledged || only_listed) {
    if (context.mode == Mode::kDeleteOnly)
      return Verdict(Decision::Verdict::kUnchanged, Mark::kListed);
    const bool exists = before->pending && before->pending->outcome == OutcomeKind::kExists;
    if (exists && context.mode == Mode::kInsertOnly && !before->pending->retry_asked) {
      return Verdict(Decision::Verdict::kQuarantined);  // not ours, whatever the row says now
    }
    return MakeChange(WriteOp(context, before), Reason::kNew);
  }
  return DecideAcknowledged(context, *before, *now);
}

}  // namespace penstock
