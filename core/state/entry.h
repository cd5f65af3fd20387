// What is known of one key, what can happen to it, and how the second changes the first. Pure data
// and pure functions: the journal, the generations, the diff and the tests all share exactly these.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/integration.h"
#include "core/value/encoding.h"
#include "penstock/connector.h"

namespace penstock {

enum class Op : uint8_t {
  kUpsert = PENSTOCK_OP_UPSERT,
  kInsert = PENSTOCK_OP_INSERT,
  kUpdate = PENSTOCK_OP_UPDATE,
  kDelete = PENSTOCK_OP_DELETE,
};
std::string_view OpName(Op op);  // "upsert", "insert", "update", "delete"

enum class OutcomeKind : uint8_t {
  kCreated = PENSTOCK_CREATED,
  kUpdated = PENSTOCK_UPDATED,
  kDeleted = PENSTOCK_DELETED,
  kUnchanged = PENSTOCK_UNCHANGED,
  kMissing = PENSTOCK_MISSING,
  kExists = PENSTOCK_EXISTS,
  kRejected = PENSTOCK_REJECTED,
  kUnsent = PENSTOCK_UNSENT,
  kInDoubt = PENSTOCK_IN_DOUBT,
  kSkipped = 32,  // by the core itself: e.g. a delete whose id belongs to another live key
};
std::string_view OutcomeName(OutcomeKind kind);  // "created", ..., "in_doubt"
inline bool Succeeded(OutcomeKind k) {
  return k == OutcomeKind::kCreated || k == OutcomeKind::kUpdated || k == OutcomeKind::kDeleted ||
         k == OutcomeKind::kUnchanged;
}
inline bool Skipped(OutcomeKind k) {
  return k == OutcomeKind::kMissing || k == OutcomeKind::kExists || k == OutcomeKind::kSkipped;
}

enum class ErrorClass : uint8_t {
  kNone = 0,
  kData = PENSTOCK_CLASS_DATA,
  kConflict = PENSTOCK_CLASS_CONFLICT,
  kReference = PENSTOCK_CLASS_REFERENCE,
  kDestination = PENSTOCK_CLASS_DESTINATION,
};
std::string_view ErrorClassName(ErrorClass error_class);

/// How a key came to be ours.
enum class Origin : uint8_t { kNone = 0, kCreated = 1, kUpdated = 2, kListed = 3, kAdopted = 4 };

/// Changes of state that no request causes; journalled like outcomes.
enum class Mark : uint8_t {
  kNone = 0,
  kDeparted = 1,       // the row left the model, and nothing is to be sent
  kReturned = 2,       // it came back with the acknowledged fingerprint
  kClearPending = 3,   // the row equals the acknowledged fingerprint again
  kListed = 4,         // baseline of delete_only
  kRefingerprint = 5,  // other fingerprint (mapping edit), nothing to send
  kDropped = 6,        // the entry is of no use any more (rejected and departed)
  kRetry = 7,          // the user asked: the next plan sends it
  kSettledApplied = 8,
  kSettledNotApplied = 9,
  kFound = 10,  // a lookup found a record under a key in doubt: ours or not, nobody can tell
  kOverwritten =
      11,  // another key that had the same record has left: it may hold that one's values
};

/// The last attempt that was not acknowledged.
struct Pending {
  Op op = Op::kUpsert;
  Hash128 attempted;  // fingerprint; zero for deletes
  OutcomeKind outcome = OutcomeKind::kInDoubt;
  ErrorClass error_class = ErrorClass::kNone;
  std::string code, message, field;
  std::string connector_version;
  std::string schema;     // SchemaDigest at the attempt
  uint32_t run = 0;       // ordinal
  uint64_t exchange = 0;  // request id in that run; 0: none
  int64_t at_us = 0;
  uint32_t tries = 0;  // attempts in a row with the same fingerprint
  bool retry_asked = false;
  /// This attempt, or one before it, may have been applied: no later answer has settled it. A
  /// rejection does not, since it says nothing about the attempt before.
  bool doubt = false;
  /// Field hashes of the attempt, so that `settle --applied` can acknowledge it; where it wrote no
  /// value but one in doubt before it did, that one's.
  std::vector<uint32_t> fields;
  std::string destination_id;
  /// In doubt only: the connector's note (its job) that the attempt is in. While there is one the
  /// key is held: the job may still run, so it is asked for, and nothing is sent.
  std::string job;
  /// Of one in a job: an attempt before it was in doubt, too, which the job says nothing about.
  bool doubt_before = false;

  bool operator==(const Pending&) const = default;
};

/// The state of one key.
struct Entry {
  Hash128 key_hash;
  std::string key;  // canonical bytes
  bool acknowledged = false;
  Hash128 fingerprint;      // meaningful only if acknowledged
  bool has_absent = false;  // the acknowledged payload left fields alone
  Origin origin = Origin::kNone;
  bool departed = false;
  uint32_t last_run = 0;
  std::string destination_id;
  uint32_t fieldset = 0;  // which list of field names `fields` follows (StateView::FieldNames)
  std::vector<uint32_t> fields;  // Hasher::Field of what was last written, or a reserved one
  std::optional<Pending> pending;

  bool operator==(const Entry&) const = default;
};
/// May the destination hold something of this key that it has not acknowledged?
inline bool InDoubt(const Entry& entry) { return entry.pending && entry.pending->doubt; }
/// Is it in a destination's job that may still run?
inline bool InJob(const Entry& entry) { return entry.pending && !entry.pending->job.empty(); }

/// One journalled outcome or mark.
struct Outcome {
  uint64_t number = 0;  // 1, 2, 3 … within the lineage, no gaps
  uint64_t seq = 0;     // of the change in its plan; 0 for marks
  Hash128 key_hash;
  std::string key;
  Mark mark = Mark::kNone;  // then op and kind mean nothing
  Op op = Op::kUpsert;
  OutcomeKind kind = OutcomeKind::kUnsent;
  ErrorClass error_class = ErrorClass::kNone;
  std::string code, message, field, warning;
  std::string destination_id;
  Hash128 fingerprint;  // attempted
  bool has_absent = false;
  std::vector<uint32_t> fields;  // field hashes, by the journal's field names
  uint64_t exchange = 0;         // request id; 0: none
  int64_t at_us = 0;
  std::string job;  // kInDoubt only: the note that it stays with

  bool operator==(const Outcome&) const = default;
};

/// What a change, an intent and an outcome all say of one attempt on a key, from one to another.
template <typename From, typename To>
void CopyAttempt(const From& from, To* to) {
  to->seq = from.seq;
  to->op = from.op;
  to->key_hash = from.key_hash;
  to->key = from.key;
  to->destination_id = from.destination_id;
  to->fingerprint = from.fingerprint;
  to->has_absent = from.has_absent;
  to->fields = from.fields;
}

/// What an outcome needs to know of its run to change an entry.
struct OutcomeContext {
  Mode mode = Mode::kUpsert;
  uint32_t run = 0;
  std::string connector_version;
  std::string schema;
  uint32_t fieldset =
      0;  // of Outcome::fields; kKeepFieldset: the journal names no fields (verbs on single keys)
};
inline constexpr uint32_t kKeepFieldset = UINT32_MAX;

/// Aligns field hashes from one sorted list of names to another: unknown ones become kFieldAbsent.
void AlignFields(const std::vector<std::string>& from, const std::vector<std::string>& to,
                 std::vector<uint32_t>* fields);
/// The same for all field hashes of an entry, its pending ones included; it then belongs to
/// `fieldset`.
void AlignEntry(const std::vector<std::string>& from, const std::vector<std::string>& to,
                uint32_t fieldset, Entry* entry);

/// The entry after the outcome; nothing if there is none any more. `before` has its fields already
/// aligned to the outcome's field names. The only place where state changes. [thread-safe]
std::optional<Entry> Apply(std::optional<Entry> before, const Outcome& outcome,
                           const OutcomeContext& context);

}  // namespace penstock
