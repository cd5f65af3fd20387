#include "host/engine/sentences.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>

namespace penstock::engine {
namespace {

std::string ChangedNames(const Inquiry& inquiry) {
  std::string names;
  for (const FieldNow& field : inquiry.fields) {
    if (field.changed) names += (names.empty() ? "" : ", ") + field.name;
  }
  return names;
}

std::string JobText(const Pending& pending) {
  return "It is in job " + pending.job + " since " + TimeText(pending.at_us) +
         ", which may still run.";
}

std::string JobNext(const std::string& integration, const std::string& key) {
  return "The next sync asks for the job, and nothing is sent before it has told; if it never "
         "does: `penstock settle " +
         integration + " " + ShellWord(key) + " --applied` or `--not-applied`.";
}

/// What the destination said of the last attempt.
std::string PendingText(const Integration& it, const Pending& pending) {
  const std::string when = " on " + TimeText(pending.at_us);
  if (!pending.job.empty()) return JobText(pending);
  if (pending.outcome == OutcomeKind::kInDoubt)
    return "Its last request" + when + " is in doubt: it may have been applied.";
  if (pending.outcome == OutcomeKind::kExists)
    return "The destination had a record with this key" + when + ", and " +
           std::string(ModeName(it.mode)) + " overwrites nothing.";
  if (pending.outcome == OutcomeKind::kMissing)
    return "The destination had no record with this key" + when + ", and " +
           std::string(ModeName(it.mode)) + " creates none.";
  std::string text = "The destination rejected this row";
  if (!pending.code.empty()) text += " with " + pending.code;
  if (!pending.field.empty()) text += " (field " + pending.field + ")";
  text += when;
  if (pending.error_class != ErrorClass::kNone) {
    text += ", class " + std::string(ErrorClassName(pending.error_class));
  }
  return text + ", and it has not changed since.";
}

std::string RetryText(const Integration& it, const Inquiry& q, int64_t now_us) {
  const Pending& pending = *q.entry->pending;
  if (!pending.job.empty()) return JobNext(it.id, q.key);
  const std::string key = it.id + " " + ShellWord(q.key);
  if (pending.outcome == OutcomeKind::kInDoubt) {
    return "It is held until it is settled: `penstock settle " + key +
           " --applied` or `--not-applied`.";
  }
  const std::string command = "; `penstock retry " + key + "` sends it with the next run.";
  if (q.decision->due_us == kNeverDue) {
    return "It is sent again when the row, the mapping or the field's definition changes" + command;
  }
  return "It is sent again when the row changes, else " +
         (q.decision->due_us > now_us ? "after " + TimeText(q.decision->due_us)
                                      : std::string("in the next run")) +
         command;
}

void ExplainAbsent(const Integration& it, Inquiry* q) {
  if (!q->entry && q->attempt) {
    const Outcome& last = *q->attempt->outcome;
    const bool deleted = last.kind == OutcomeKind::kDeleted || last.op == Op::kDelete;
    const std::string run = "The key is not in the model. Run " + q->attempt->run;
    const std::string when = " on " + TimeText(last.at_us);
    q->rule = last.kind == OutcomeKind::kDeleted
                  ? run + " deleted its record at the destination" + when + "."
                  : run + " told of it last," + when + ": " + std::string(OpName(last.op)) + " " +
                        std::string(OutcomeName(last.kind)) + ".";
    q->next = deleted ? "Nothing, unless its row comes back: then it is inserted." : "Nothing.";
    return;
  }
  if (!q->entry) {
    q->rule = "The key is neither in the model nor in the state: Penstock does not know it.";
    q->next = "Nothing.";
    return;
  }
  const bool deletes = q->decision && q->decision->verdict == Decision::Verdict::kChange;
  q->rule = "The row left the model" + std::string(q->entry->departed ? " in an earlier run" : "") +
            ", and the mode is " + std::string(ModeName(it.mode)) + ".";
  if (InJob(*q->entry)) {
    q->rule += " " + JobText(*q->entry->pending);
    q->next = JobNext(it.id, q->key);
  } else if (deletes) {
    q->next = "The next run deletes it at the destination.";
  } else if (InDoubt(*q->entry)) {
    q->next =
        "The last attempt for it is in doubt; nothing is sent in this mode, so it stays shown.";
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
      q->rule = "The last attempt for it is in doubt: it equals nothing until that is settled.";
      break;
    default:
      q->rule = "The row left the model.";
  }
  q->next = "The next run sends it (" + std::string(OpName(d.op)) + ").";
  (void)it;
}

}  // namespace

bool DifferInCase(const std::string& key, const std::string& other) {
  return key != other && key.size() == other.size() &&
         std::equal(key.begin(), key.end(), other.begin(), [](unsigned char a, unsigned char b) {
           return std::tolower(a) == std::tolower(b);
         });
}

std::string ShellWord(const std::string& word) {
  const bool plain =
      !word.empty() && word.find_first_of(" \t\"'\\$`&|;<>()*?!#~") == std::string::npos;
  if (plain) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string TimeText(int64_t unix_us) {
  const std::time_t seconds = static_cast<std::time_t>(unix_us / 1'000'000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 40> text{};
  const size_t n = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &utc);
  return {text.data(), n};
}

void Explain(const Integration& it, int64_t now_us, Inquiry* q) {
  if (q->model_error) {
    q->rule = "The model cannot be read now, so what decides about the key is not known.";
    q->next = "Mend the source (" + it.source + "), then ask again.";
    return;
  }
  if (q->rows == 0) return ExplainAbsent(it, q);
  const std::string kept = q->entry ? " The record already synced is left as it is." : "";
  if (q->rows > 1) {
    q->rule = "The model has " + std::to_string(q->rows) +
              " rows with this key, so none of them is sent." + kept;
    q->next = "Make the key unique in the model.";
    return;
  }
  if (!q->valid) {
    std::string message = q->invalid_message;
    if (message.ends_with('.')) message.pop_back();
    q->rule = "The row is invalid: " + message +
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
        q->rule = PendingText(it, *q->entry->pending);
        q->next = RetryText(it, *q, now_us);
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
