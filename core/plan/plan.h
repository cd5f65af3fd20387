// The plan file: the exact changes that a run would make. Left of it nothing is sent; right of it
// nothing is decided.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/mapping/mapping.h"
#include "core/state/entry.h"

namespace penstock {

/// Why a change is in the plan.
enum class Reason : uint8_t {
  kNew = 1,  // no acknowledged entry: "new to Penstock"
  kChanged = 2,
  kReturned = 3,  // departed, now back and different
  kRetry = 4,     // rejected before, due again
  kInDoubt = 5,
  kDeparted = 6,        // left the model since the last run
  kDepartedBefore = 7,  // had left before the mode became a deleting one
};
std::string_view ReasonName(Reason reason);

struct Change {
  uint64_t seq = 0;  // 1, 2, 3 … in file order; deletes come after everything else
  Op op = Op::kUpsert;
  Reason reason = Reason::kNew;
  Hash128 key_hash;
  std::string key;  // canonical bytes (one encoded Value)
  std::string key_text;
  std::string destination_id;  // empty: not known
  Hash128 fingerprint;
  bool has_absent = false;
  bool sparse = false;     // payload leaves fields out: see sdk::Operation::sparse
  bool shared_id = false;  // delete only: another live key has this destination id; it is skipped
  Origin origin = Origin::kNone;  // before
  std::vector<uint16_t> changed;  // indices into PlanHeader::fields; empty for new ones and deletes
  std::vector<uint32_t> fields;   // field hashes after acknowledgement; empty for deletes
  std::string payload;  // encoded values by PlanHeader::fields, as they are sent (NULL or ABSENT
                        // decided); deletes: the key field's value alone, the same bytes as `key`
};

/// A word on a key that needs no request.
struct MarkedKey {
  Mark mark = Mark::kNone;
  Hash128 key_hash;
  std::string key;
  // Of a row that is in the model; else empty.
  Hash128 fingerprint;
  bool has_absent = false;
  std::vector<uint32_t> fields;  // field hashes by PlanHeader::fields
  bool operator==(const MarkedKey&) const = default;
};

struct InvalidRow {
  uint64_t row = 0;  // 1-based, in the order read
  std::string key_text, field, code, message;
};

struct FieldCount {
  std::string field;
  uint64_t changed = 0;
};

struct PlanCounts {
  // rows read = unchanged + invalid + quarantined + row_changes
  uint64_t read = 0, unchanged = 0, invalid = 0, quarantined = 0, row_changes = 0;
  uint64_t insert = 0, update = 0, remove = 0;  // insert + update == row_changes; remove: deletes
  uint64_t fresh = 0;                           // of insert: never acknowledged by us
  uint64_t retries = 0, in_doubt = 0, departed_before = 0;
  uint64_t in_job = 0;  // of quarantined: in a destination's job that may still run
  uint64_t newly_departed = 0,
           departed = 0;  // keys; departed: all that are gone from the model and still known
  uint64_t new_keys = 0;  // keys in the model that the state does not know
  uint64_t entries = 0;   // acknowledged and not departed, before the run
  std::map<std::string, uint64_t> invalid_by_code;
  std::vector<FieldCount> fields;  // of updates
};

struct PlanHeader {
  // Covered by the hash:
  std::string integration, environment, account, object, connector, connector_version;
  // model_digest: of the model's text and the mapping as the project file has them.
  std::string model_digest, mapping_digest, schema_digest, options;
  Mode mode = Mode::kUpsert;
  std::string lineage;
  uint64_t last_outcome = 0;  // the newest that the diff saw
  std::vector<MappedField> fields;
  size_t key_field = 0;
  PlanCounts counts;
  // Not covered:
  std::string hash;  // SHA-256, lower-case hex, set by PlanWriter::Finish
  int64_t created_us = 0, expires_us = 0;
  double seconds = 0;  // what planning took
};

/// Streams a plan to `<path>`: nothing is at `path` until Finish, only `<path>.new-<pid>` beside it
/// (what killed processes left of that kind in the directory goes at Create). 0600. Not
/// thread-safe.
class PlanWriter {
 public:
  static Result<std::unique_ptr<PlanWriter>> Create(const std::string& path);
  virtual ~PlanWriter() = default;  // without Finish: leaves nothing behind
  /// Non-deletes first, then deletes (else PS-PLAN-ORDER); seq is given here. After an error every
  /// later call returns the same one.
  virtual Status Add(Change* change) = 0;
  virtual Status AddMark(const MarkedKey& marked) = 0;
  virtual Status AddInvalid(const InvalidRow& row) = 0;
  /// Sets header->hash, fsyncs, renames. The directory is durable on return. PS-PLAN-WRITE (disk
  /// full says so).
  virtual Status Finish(PlanHeader* header) = 0;
};

class PlanReader {
 public:
  /// Verifies every checksum and the hash before anything is handed out. PS-PLAN-CORRUPT,
  /// PS-PLAN-MISSING.
  static Result<std::unique_ptr<PlanReader>> Open(const std::string& path);
  virtual ~PlanReader() = default;
  virtual const PlanHeader& header() const = 0;
  /// Changes in order of seq, from `first_seq`. Stops at the first error of `visit`, which must not
  /// call the reader. What it is handed lives until it returns.
  virtual Status Changes(uint64_t first_seq, const std::function<Status(const Change&)>& visit) = 0;
  /// Fills in the payloads of changes of this plan, by their seqs; reads the blocks that they are
  /// in. [thread-safe], also beside a visit.
  virtual Status Payloads(std::vector<Change>* changes) const = 0;
  virtual Status Marks(const std::function<Status(const MarkedKey&)>& visit) = 0;
  virtual Status InvalidRows(const std::function<Status(const InvalidRow&)>& visit) = 0;
};

}  // namespace penstock
