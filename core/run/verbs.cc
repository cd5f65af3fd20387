// The small verbs on keys and on the whole state.
#include <charconv>
#include <utility>

#include "core/file/file.h"
#include "core/mapping/normalise.h"
#include "core/run/context.h"
#include "core/value/decimal.h"

namespace penstock {
namespace {

/// Writes marks as a run of its own: settled first, journalled, in the list of runs.
class MarkRun {
 public:
  static Result<std::unique_ptr<MarkRun>> Begin(const RunEnvironment& env,
                                                const std::string& trigger) {
    SyncOptions options;
    options.trigger = trigger;
    std::unique_ptr<MarkRun> marks(new MarkRun(env));
    PENSTOCK_ASSIGN_OR_RETURN(marks->run_, run::OpenRun::Begin(env, options, ""));
    if (Status settled = run::SettleInterrupted(env, marks->run_.get()); !settled.ok()) {
      return marks->run_->Finish(settled, nullptr).error.value();
    }
    return marks;
  }

  StateView* view() { return run_->view(); }

  Status Write(const Entry& entry, Mark mark) {
    PENSTOCK_ASSIGN_OR_RETURN(Journal * journal, run_->EnsureJournal(nullptr, nullptr));
    Outcome outcome;
    outcome.key_hash = entry.key_hash;
    outcome.key = entry.key;
    outcome.mark = mark;
    outcome.at_us = env_.clock->UnixMicros();
    return journal->Report(std::move(outcome));
  }

  Status Finish(Status status) {
    const RunRecord record = run_->Finish(std::move(status), nullptr);
    return record.error ? Status(*record.error) : Status();
  }

 private:
  explicit MarkRun(const RunEnvironment& env) : env_(env) {}
  const RunEnvironment& env_;
  std::unique_ptr<run::OpenRun> run_;
};

bool IsRetriable(const Entry& entry) {
  return entry.pending && entry.pending->outcome != OutcomeKind::kInDoubt &&
         !entry.pending->retry_asked;
}

/// Is there anything to retry? Without a run of its own, so that asking for nothing leaves no
/// trace.
Result<bool> AnyRetriable(StateView* view, const std::vector<Hash128>& keys, bool all) {
  bool any = false;
  for (const Hash128& key : keys) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::optional<Entry> entry, view->Find(key));
    any = any || (entry && IsRetriable(*entry));
  }
  if (!all) return any;
  PENSTOCK_RETURN_IF_ERROR(view->ForEach([&](const Entry& entry) -> Status {
    any = any || IsRetriable(entry);
    return {};
  }));
  return any;
}

Status RetryAll(MarkRun* marks, uint64_t* count) {
  return marks->view()->ForEach([&](const Entry& entry) -> Status {
    if (!IsRetriable(entry)) return {};
    ++*count;
    return marks->Write(entry, Mark::kRetry);
  });
}

Status RetryKeys(MarkRun* marks, const std::vector<Hash128>& keys, uint64_t* count) {
  for (const Hash128& key : keys) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::optional<Entry> entry, marks->view()->Find(key));
    if (!entry || !IsRetriable(*entry)) continue;
    ++*count;
    PENSTOCK_RETURN_IF_ERROR(marks->Write(*entry, Mark::kRetry));
  }
  return {};
}

Error NotInDoubt(const RunEnvironment& env) {
  return UsageError(
      "PS-STATE-NOT-IN-DOUBT", "this key is not in doubt, so there is nothing to settle",
      "list those that are with `penstock records " + env.integration->id + " --status in_doubt`");
}

Status SettleKey(const RunEnvironment& env, MarkRun* marks, const Hash128& key, bool applied) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::optional<Entry> entry, marks->view()->Find(key));
  if (!entry || !InDoubt(*entry)) return NotInDoubt(env);
  return marks->Write(*entry, applied ? Mark::kSettledApplied : Mark::kSettledNotApplied);
}

}  // namespace

Result<std::unique_ptr<StateView>> OpenState(const RunEnvironment& env) {
  return run::OpenView(env);
}

Result<uint64_t> Retry(const RunEnvironment& env, const std::vector<Hash128>& keys, bool all) {
  PENSTOCK_ASSIGN_OR_RETURN(auto view, run::OpenView(env));
  PENSTOCK_ASSIGN_OR_RETURN(const bool any, AnyRetriable(view.get(), keys, all));
  if (!any) return uint64_t{0};
  view.reset();
  PENSTOCK_ASSIGN_OR_RETURN(auto marks, MarkRun::Begin(env, "retry"));
  uint64_t count = 0;
  Status status = all ? RetryAll(marks.get(), &count) : RetryKeys(marks.get(), keys, &count);
  PENSTOCK_RETURN_IF_ERROR(marks->Finish(std::move(status)));
  return count;
}

Status Settle(const RunEnvironment& env, const Hash128& key, bool applied) {
  PENSTOCK_ASSIGN_OR_RETURN(auto view, run::OpenView(env));
  PENSTOCK_ASSIGN_OR_RETURN(const std::optional<Entry> entry, view->Find(key));
  // What a killed run left without an answer comes into doubt when this run settles it.
  if (view->open_journals().empty() && (!entry || !InDoubt(*entry))) return NotInDoubt(env);
  view.reset();
  PENSTOCK_ASSIGN_OR_RETURN(auto marks, MarkRun::Begin(env, "settle"));
  return marks->Finish(SettleKey(env, marks.get(), key, applied));
}

Result<std::string> Forget(const RunEnvironment& env) {
  PENSTOCK_RETURN_IF_ERROR(file::MakeDirectories(env.directory));
  PENSTOCK_ASSIGN_OR_RETURN(
      auto lock, IntegrationLock::Acquire(env.directory, "penstock forget", 0, env.cancelled));
  const std::string aside =
      env.directory + ".forgotten-" + std::to_string(env.clock->UnixMicros() / 1'000'000);
  // The store forgets first: a crash in between leaves files that the next run adopts, never a
  // state without files.
  PENSTOCK_RETURN_IF_ERROR(env.store->SaveAnchor(env.integration->id, StateAnchor()));
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<RunRecord> running,
                            env.store->Running(env.integration->id));
  for (RunRecord& record : running) {  // their journals go, too
    record.status = "interrupted";
    PENSTOCK_RETURN_IF_ERROR(env.store->FinishRun(record));
  }
  PENSTOCK_RETURN_IF_ERROR(file::RenameDurably(env.directory, aside));
  return aside;
}

std::string KeyBytesOfText(const sdk::Field& key_field, const std::string& text) {
  Arena arena;
  const std::string_view normal = Normalise(text, key_field.normalisers, &arena);
  Value key = StringValue(normal);
  std::string_view canonical;
  int64_t number = 0;
  const auto parsed = std::from_chars(normal.data(), normal.data() + normal.size(), number);
  if (key_field.type == sdk::FieldType::kInteger && parsed.ptr == normal.data() + normal.size()) {
    key = IntValue(number);
  } else if (key_field.type == sdk::FieldType::kDecimal &&
             CanonicalDecimal(normal, &arena, &canonical) == DecimalText::kOk) {
    key = TextValue(ValueType::kDecimal, canonical);
  }
  std::string bytes;
  EncodeValue(key, &bytes);
  return bytes;
}

Hash128 HashOfKeyText(const Hasher& hasher, const sdk::Field& key_field, const std::string& text) {
  return hasher.Bytes(KeyBytesOfText(key_field, text));
}

bool LeftUnsent(const RunRecord& record) {
  return record.outcomes.unsent > 0 && !record.limited && record.trigger != "settle";
}

ExitCode ExitOf(const RunRecord& record, const Tolerance& tolerate) {
  if (record.status == "held") return ExitCode::kHeld;
  if (record.status == "cancelled") return ExitCode::kCancelled;
  if (record.error) return record.error->exit;
  if (record.status == "failed" || record.status == "interrupted") return ExitCode::kFailed;
  const OutcomeCounts& c = record.outcomes;
  const bool above = c.rejected > tolerate.rejected || record.plan.invalid > tolerate.invalid ||
                     c.skipped > tolerate.skipped || c.in_doubt > tolerate.in_doubt ||
                     LeftUnsent(record);
  return above ? ExitCode::kOutcomes : ExitCode::kDone;
}

}  // namespace penstock
