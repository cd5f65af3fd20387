// The diff: records of the model against the state, in bounded memory, into a plan.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/mapping/mapping.h"
#include "core/model/integration.h"
#include "core/plan/plan.h"
#include "core/state/state.h"

namespace penstock {

/// What the decision about one key needs besides the key itself.
struct DecisionContext {
  Mode mode = Mode::kUpsert;
  bool delete_created_only = false;
  RetryRejected retry_rejected = RetryRejected::kDaily;
  std::string connector_version, schema;
  int64_t now_us = 0;
  bool update_by_id = true;  // the object's update takes the destination id
  bool can_upsert = true;
  bool insert_idempotent = false, upsert_idempotent = true, update_idempotent = true,
       delete_idempotent = true;
  std::vector<bool> clear_ours;  // by field: its null policy is clear_ours
};

/// The row of a key as the model has it now.
struct RowNow {
  Hash128 fingerprint;
  bool has_absent = false;
  std::vector<uint32_t> fields;  // Hasher::Field, ABSENT is kFieldAbsent
  /// False when the entry was written with another list of field names (its mapping was edited
  /// since).
  bool same_fields = true;
};

inline constexpr int64_t kNeverDue = INT64_MAX;

struct Decision {
  enum class Verdict : uint8_t {
    kNothing,      // no row, and nothing to do
    kUnchanged,    // row equals what was acknowledged (or the mode sends nothing for it)
    kQuarantined,  // pending, not sent now
    kChange,
  };
  Verdict verdict = Verdict::kNothing;
  Op op = Op::kUpsert;
  Reason reason = Reason::kNew;
  Mark mark = Mark::kNone;  // beside any verdict but kChange
  /// Of kQuarantined: when it is sent though nothing changed; kNeverDue: not by itself.
  int64_t due_us = kNeverDue;
  std::vector<uint16_t> changed;
};

/// What to do about one key. `before`: its entry, fields aligned to the current names; `now`: its
/// valid row, if any. A key whose row is invalid or duplicate is not asked about: it is left as it
/// is. Pure. [thread-safe]
Decision Decide(const DecisionContext& context, const Entry* before, const RowNow* now);

struct DiffOptions {
  uint64_t memory_bytes = 64u << 20;  // at least 8 MiB are used
  std::string scratch_dir;
  std::function<void(uint64_t rows)> progress;  // now and then, from the calling thread
  std::function<bool()> cancelled;
  int known_bits = 40;  // of the check of KnownRows; fewer only in tests, to see it fail
};

/// Reads all rows, maps them, finds duplicates, decides every key, writes changes (sorted:
/// non-deletes, then deletes; within them by key hash), marks and invalid rows into `plan`, and
/// fills `header->counts`. Rows that are invalid or duplicate shield their key. Memory stays within
/// the setting whatever the number of rows. PS-SRC-..., PS-RUN-CANCELLED, PS-PLAN-WRITE,
/// PS-FILE-..., PS-STATE-CORRUPT, PS-DIFF-AGAIN (see README), PS-DIFF-COUNTS (a defect).
Status Diff(RowReader* rows, Mapper* mapper, const Hasher& hasher, StateView* state,
            const DecisionContext& context, const DiffOptions& options, PlanWriter* plan,
            PlanHeader* header);

}  // namespace penstock
