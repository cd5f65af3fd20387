#include "host/engine/sentences.h"

#include <array>
#include <ctime>

namespace penstock::engine {
namespace {

constexpr int64_t kDay = int64_t{24} * 3600 * 1'000'000;

std::string ChangedNames(const Inquiry& inquiry) {
  std::string names;
  for (const FieldNow& field : inquiry.fields) {
    if (field.changed) names += (names.empty() ? "" : ", ") + field.name;
  }
  return names;
}

std::string RejectedText(const Pending& pending) {
  std::string text = "The destination rejected this row";
  if (!pending.code.empty()) text += " with " + pending.code;
  if (!pending.field.empty()) text += " (field " + pending.field + ")";
  text += " on " + TimeText(pending.at_us);
  if (pending.error_class != ErrorClass::kNone) {
    text += ", class " + std::string(ErrorClassName(pending.error_class));
  }
  return text;
}

std::string RetryText(const Integration& it, const Pending& pending, int64_t now_us) {
  const std::string command = "; `penstock retry " + it.id + "` sends it now.";
  if (pending.outcome == OutcomeKind::kInDoubt) {
    return "It is held until it is settled: `penstock settle " + it.id +
           " KEY --applied` or `--not-applied`.";
  }
  if (it.retry_rejected == RetryRejected::kOnChange) {
    return "It is sent again when the row, the mapping or the field's definition changes" + command;
  }
  const int64_t due = pending.at_us + kDay;
  return "It is sent again when the row changes, else " +
         (due > now_us ? "after " + TimeText(due) : std::string("in the next run")) + command;
}

void ExplainAbsent(const Integration& it, Inquiry* q) {
  if (!q->entry) {
    q->rule = "The key is neither in the model nor in the state: Penstock does not know it.";
    q->next = "Nothing.";
    return;
  }
  const bool deletes = q->decision && q->decision->verdict == Decision::Verdict::kChange;
  q->rule = "The row left the model" + std::string(q->entry->departed ? " in an earlier run" : "") +
            ", and the mode is " + std::string(ModeName(it.mode)) + ".";
  if (deletes) {
    q->next = "The next run deletes it at the destination.";
  } else if (q->entry->pending && q->entry->pending->outcome == OutcomeKind::kInDoubt) {
    q->next = "Its last request is in doubt and is settled first.";
  } else {
    q->next = "Nothing is sent; the record stays at the destination as it is.";
  }
}

void ExplainChange(const Integration& it, Inquiry* q) {
  const Decision& d = *q->decision;
  const std::string changed = ChangedNames(*q);
  switch (d.reason) {
    case Reason::kNew:
      q->rule = "No acknowledged entry: the key is new to Penstock.";
      break;
    case Reason::kChanged:
      q->rule = "The row differs from what was acknowledged" +
                (changed.empty() ? std::string(".") : " in " + changed + ".");
      break;
    case Reason::kReturned:
      q->rule = "The row had left the model and is back.";
      break;
    case Reason::kRetry:
      q->rule = "It was rejected before and is due again.";
      break;
    case Reason::kInDoubt:
      q->rule = "Its last request is in doubt: it equals nothing until that is settled.";
      break;
    default:
      q->rule = "The row left the model.";
  }
  q->next = "The next run sends it (" + std::string(OpName(d.op)) + ").";
  (void)it;
}

}  // namespace

std::string TimeText(int64_t unix_us) {
  const std::time_t seconds = static_cast<std::time_t>(unix_us / 1'000'000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 40> text{};
  const size_t n = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &utc);
  return {text.data(), n};
}

void Explain(const Integration& it, int64_t now_us, Inquiry* q) {
  if (q->rows == 0) return ExplainAbsent(it, q);
  const std::string kept = q->entry ? " The record already synced is left as it is." : "";
  if (q->rows > 1) {
    q->rule = "The model has " + std::to_string(q->rows) +
              " rows with this key, so none of them is sent." + kept;
    q->next = "Make the key unique in the model.";
    return;
  }
  if (!q->valid) {
    q->rule = "The row is invalid: " + q->invalid_message +
              (q->invalid_field.empty() ? "" : " (field " + q->invalid_field + ")") +
              ", so it is not sent." + kept;
    q->next = "It is looked at again in every run.";
    return;
  }
  if (!q->decision) return;
  switch (q->decision->verdict) {
    case Decision::Verdict::kChange:
      return ExplainChange(it, q);
    case Decision::Verdict::kQuarantined:
      if (q->entry && q->entry->pending) {
        const Pending& pending = *q->entry->pending;
        q->rule = pending.outcome == OutcomeKind::kInDoubt
                      ? "Its last request is in doubt: it may have been applied."
                      : RejectedText(pending) + ", and it has not changed since.";
        q->next = RetryText(it, pending, now_us);
      }
      return;
    case Decision::Verdict::kUnchanged:
    case Decision::Verdict::kNothing:
      q->rule = "The row equals what the destination last acknowledged.";
      if (q->entry && !q->entry->acknowledged) {
        q->rule = "In mode " + std::string(ModeName(it.mode)) + " nothing is sent for this row.";
      }
      q->next = "Nothing is sent until the row changes.";
      return;
  }
}

}  // namespace penstock::engine
