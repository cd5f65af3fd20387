// The journal of one run: append-only, framed, checksummed; what the destination acknowledged is
// what stands here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/state/entry.h"
#include "core/state/identity.h"

namespace penstock {

/// First frame: everything that the later frames lean on.
struct JournalOpen {
  /// What the state belongs to, also before there is a generation that says so; its account is
  /// empty where the run had no plan (verbs on single keys).
  StateIdentity identity;
  std::string lineage;
  std::string run;  // "contacts-12"
  uint32_t run_ordinal = 0;
  std::string plan_hash;
  Mode mode = Mode::kUpsert;
  std::string connector_version, schema;
  std::vector<std::string> fields;  // names, sorted, of Outcome::fields
  uint64_t first_outcome = 1;       // number that the first outcome will have
  int64_t started_us = 0;
};

/// A record that a request is about to change.
struct IntentRecord {
  uint64_t seq = 0;
  Op op = Op::kUpsert;
  Hash128 key_hash;
  std::string key;
  Hash128 fingerprint;
  bool has_absent = false;
  std::vector<uint32_t> fields;
  std::string destination_id;
  std::string job;  // the note that the record is in; empty: none
};

/// Last frame of a run that ended in order (also one that was cancelled or failed).
struct JournalClose {
  std::string status;  // DESIGN 7: "succeeded", ...
  uint64_t last_outcome = 0;
  int64_t ended_us = 0;
  std::string counts_json;
};

/// A connector's note.
struct JournalNote {
  std::string token;
  std::vector<uint64_t> seqs;
};

/// Writes. [thread-safe]: many writers' threads share one.
class Journal {
 public:
  /// Creates the file (it must not exist), makes the open frame and the directory durable. Under
  /// its own name the file always begins with a whole open frame. PS-STATE-WRITE, PS-FILE-...
  static Result<std::unique_ptr<Journal>> Create(const std::string& path, const JournalOpen& open);
  /// Opens the journal of an interrupted run to settle and close it; drops a torn tail.
  /// PS-STATE-WRITE if it is closed, PS-STATE-CORRUPT.
  static Result<std::unique_ptr<Journal>> Continue(const std::string& path);
  /// Without Close: flushes what it can; the run counts as interrupted.
  virtual ~Journal() = default;

  /// Durable on return; concurrent callers share one fdatasync. To be called before the request's
  /// first byte.
  virtual Status Intend(uint64_t request, const std::vector<IntentRecord>& records) = 0;
  /// Numbers the outcome (its own number is not looked at) and queues it; its sync begins at most
  /// 25 ms later, or with the next Intend, Note or Flush. Waits while more than 8 MiB are queued.
  virtual Status Report(Outcome outcome) = 0;
  /// A note and, as intents of no request that name it (IntentRecord::job), its records: durable
  /// together on return. Of a note that a power loss cut off, the records that are left count; its
  /// connector has not been told that it may go on.
  virtual Status Note(const JournalNote& note, const std::vector<IntentRecord>& records) = 0;
  /// Everything so far is durable on return; the first failed write or sync is reported here and by
  /// every later call.
  virtual Status Flush() = 0;
  /// Flush, close frame, sync. Nothing may follow.
  virtual Status Close(JournalClose close) = 0;
  virtual uint64_t last_outcome() const = 0;
  virtual const JournalOpen& open_frame() const = 0;
};

/// What a scan of one journal tells.
struct JournalSummary {
  JournalOpen open;
  std::optional<JournalClose> close;  // none: the run was interrupted (or is running)
  uint64_t last_outcome = 0;          // first_outcome - 1 if there is none
  uint64_t outcomes = 0;
  uint64_t valid_bytes = 0;  // a torn tail starts here
  bool torn = false;
};

struct JournalVisitor {
  std::function<Status(uint64_t request, const IntentRecord&)> intent;
  std::function<Status(const Outcome&)> outcome;
  std::function<Status(const JournalNote&)> note;
};

/// Reads the whole file in order in bounded memory; absent callbacks skip. A damaged frame that had
/// been durable (a later frame says so; in a closed journal all have), or a gap in numbers:
/// PS-STATE-CORRUPT naming file and offset. A torn tail (what a power loss leaves of the last
/// group, none of which was ever acknowledged): not an error, told in the summary. Safe beside the
/// running writer.
Result<JournalSummary> ReadJournal(const std::string& path, const JournalVisitor& visitor);

/// Open and close frames alone, whatever the journal's length: `close`, `last_outcome` and
/// `outcomes` are set only if the file ends with a close frame. PS-STATE-CORRUPT, PS-STATE-VERSION.
Result<JournalSummary> PeekJournal(const std::string& path);

}  // namespace penstock
