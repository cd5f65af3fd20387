// What the receiver does with one record.
#pragma once

#include <optional>
#include <string>

#include "sdk/testing/store.h"

namespace penstock::sandbox::receiver {

// What became of a record.
struct Fate {
  std::string status;  // created, updated, unchanged, deleted, missing, exists, rejected
  std::string id;      // not of missing and rejected
  std::string code, message, field;

  bool failed() const { return status == "missing" || status == "exists" || status == "rejected"; }
};

// The rules that every record obeys: the key is a text that is not empty or a whole number; a field
// "email" looks like an address; a field "amount" is a number; no value is a list or an object but
// that of "extra".
class Records {
 public:
  explicit Records(std::string key) : key_(std::move(key)) {}

  const std::string& key() const { return key_; }
  // Why the record cannot be kept; nothing when it can. `whole`: it must have the key.
  std::optional<Fate> Refuse(const JsonValue& record, bool whole) const;
  // upsert, insert, update or delete. The table's lock is held.
  Fate Apply(Table& table, const std::string& operation, const JsonValue& record,
             std::int64_t now_ms) const;

 private:
  std::string key_;
};

}  // namespace penstock::sandbox::receiver
