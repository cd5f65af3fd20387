// Records for checks: values of every type, batches of them, and which object and fields to write.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "penstock/connector.h"
#include "penstock/documents.hpp"
#include "sdk/testing/kit/raw_host.h"

namespace penstock::kit {

class Trial;

/// A penstock_value that owns its content.
struct Value {
  uint8_t type = PENSTOCK_ABSENT;
  int64_t number = 0;  // BOOL, INT64, DATE, TIMESTAMP
  double real = 0;
  std::string text;
  std::vector<Value> list;

  static Value Text(std::string text, uint8_t type = PENSTOCK_STRING);
  static Value Number(uint8_t type, int64_t number);
  static Value Real(double real);
  static Value Null() { return Number(PENSTOCK_NULL, 0); }
  static Value Absent() { return {}; }
  /// For sentences.
  std::string Show() const;
};

struct Row {
  uint64_t seq = 0;
  std::vector<Value> values;
  std::string id = {};
};

/// Rows as a batch: one piece of memory behind which nothing may be read.
class PackedBatch {
 public:
  PackedBatch(const std::vector<Row>& rows, size_t n_fields);
  const penstock_batch& c() const { return batch_; }
  /// From now on a write to it is a crash.
  void MakeReadOnly() { memory_->MakeReadOnly(); }

 private:
  std::unique_ptr<Guarded> memory_;
  penstock_batch batch_{};
};

/// What a writer is told, chosen from the catalog and the fixture.
struct WritePlan {
  const sdk::Object* object = nullptr;
  sdk::Assignment assignment;
  size_t key = 0;  // index of the key among the fields

  size_t request_limit() const { return assignment.limits.max_request_records; }
  size_t n_fields() const { return assignment.fields.size(); }
};

/// A plan for `operation` with the key and the fixture's fields (of a delete: the key only).
/// Nothing when there is none, and the check has been skipped or has failed.
std::optional<WritePlan> PlanFor(Trial& trial, const std::string& operation);
/// The same with these fields beside the key, in this order.
std::optional<WritePlan> PlanFor(Trial& trial, const std::string& operation,
                                 const std::vector<std::string>& fields);
/// "upsert", "insert" or "update", the first that the object has; empty, and the check is skipped,
/// where there is none.
std::string MainOperation(Trial& trial);
/// Whether the object has the operation. Fails the check without a catalog.
bool HasOperation(Trial& trial, const std::string& operation);
/// The object that the checks write. Null as PlanFor.
const sdk::Object* TheObject(Trial& trial);
/// Fields that checks may write besides the key: the fixture's, or all that are neither unique nor
/// read-only.
std::vector<const sdk::Field*> WritableFields(Trial& trial, const sdk::Object& object,
                                              const std::string& key);

/// A good value number `n` of a field.
Value Sample(const Trial& trial, const sdk::Field& field, uint64_t n);
/// Row with key and values number `n`, and seq `n`.
Row SampleRow(const Trial& trial, const WritePlan& plan, uint64_t n);
/// Rows number `first` to `first + n - 1`.
std::vector<Row> SampleRows(const Trial& trial, const WritePlan& plan, uint64_t first, size_t n);

}  // namespace penstock::kit
