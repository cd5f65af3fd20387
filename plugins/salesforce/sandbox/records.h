// How one record is written, checked against the schema: the same for rows, collections and jobs.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plugins/salesforce/sandbox/org.h"
#include "plugins/salesforce/sandbox/values.h"

namespace penstock::sandbox::salesforce {

enum class Operation { kInsert, kUpdate, kUpsert, kDelete, kHardDelete };

// What the headers of a request or the settings of a job say.
struct WriteOptions {
  bool allow_duplicates = false;
  bool assign = false;  // an active assignment rule changes the owner
};

// A reference by a value of the other record: Account.Ext__c.
struct Foreign {
  const Field* reference = nullptr;
  Object* target = nullptr;
  const Field* key = nullptr;
  std::string value;
};

// A record as it was sent.
struct Draft {
  std::string id;              // "": none given
  const Field* key = nullptr;  // upserts: the field that finds the record
  std::optional<std::string> key_value;
  std::vector<Offer> offers;
  std::vector<Foreign> foreign;
};

// What became of it.
struct Result {
  std::string id;
  bool created = false;
  std::vector<RecordError> errors;
  std::vector<std::string> matches;  // ids, when several records have the key

  bool ok() const { return errors.empty(); }
};

// A draft that was looked at and not yet written.
struct Prepared {
  const Record* record = nullptr;  // nullptr: a new one
  Values values;
  bool assigned = false;
  Result result;
};

// Writes records of one object for one request or chunk of a job. Under the org's lock.
class Writer {
 public:
  Writer(const Org& org, Object& object, Operation operation, WriteOptions options,
         std::int64_t now_ms)
      : org_(org), object_(object), operation_(operation), options_(options), now_ms_(now_ms) {}

  // Who writes: the job's id, or "".
  void SetHolder(std::string holder) { holder_ = std::move(holder); }
  // Keys or ids that the request has more than once: all their records are refused, but in deletes.
  void SetRepeated(std::set<std::string> keys) { repeated_ = std::move(keys); }
  // All records are prepared before the first is applied: unique values of those count as taken.
  void SetWhole() { whole_ = true; }
  Prepared Prepare(const Draft& draft);
  void Apply(Prepared* prepared);
  // Both.
  Result Write(const Draft& draft);
  // Parents of the records that were prepared.
  const std::set<std::string>& parents() const { return parents_; }

 private:
  bool FindTarget(const Draft& draft, Prepared* to);
  void FindByKey(const Draft& draft, Prepared* to);
  void FindById(const std::string& id, Prepared* to);
  void TakeValues(const Draft& draft, Prepared* to);
  void TakeForeign(const Draft& draft, Prepared* to);
  void CheckReference(const Field& field, const std::string& id, Prepared* to);
  void CheckRequired(Prepared* to);
  void CheckUnique(Prepared* to);
  void CheckDuplicateRule(Prepared* to);
  void CheckLocks(Prepared* to);
  void CheckFaults(Prepared* to);
  void AddDefaults(Prepared* to);
  void Assign(Prepared* to);
  std::optional<std::string> NewValue(const Prepared& prepared, const Field& field) const;

  const Org& org_;
  Object& object_;
  Operation operation_;
  WriteOptions options_;
  std::int64_t now_ms_;
  std::string holder_;
  std::set<std::string> repeated_;
  bool whole_ = false;
  // Unique fields and values, and whose they are going to be.
  std::map<std::pair<std::string, std::string>, const Record*> taken_;
  std::set<std::string> parents_;
};

// The keys, or ids, that several drafts have, folded as the vendor compares them.
std::set<std::string> RepeatedKeys(const std::vector<Draft>& drafts);

}  // namespace penstock::sandbox::salesforce
