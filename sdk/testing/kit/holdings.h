// What the destination holds, compared with what was sent.
#pragma once

#include <string>
#include <vector>

#include "penstock/testing/fixture.hpp"
#include "sdk/testing/kit/records.h"

namespace penstock::kit {

/// The destination's records of one object at one moment.
class Holdings {
 public:
  /// Fails the check when the destination cannot tell.
  static Holdings Of(Trial& trial, const WritePlan& plan);

  /// The live record with this key; null when there is none.
  const StoredRecord* Find(const Value& key) const;
  size_t Count(const Value& key) const;
  size_t live() const;
  /// All live records as one text, ids and fields sorted.
  std::string Text() const;

 private:
  std::string key_field_;
  std::vector<StoredRecord> records_;
};

/// Empty when a stored field (JSON text; null: none) is what `sent` means, else a sentence.
/// Destinations keep values in their own form: numbers as text, times cut to milliseconds, lists
/// joined by semicolons; all of these are the same value.
std::string Difference(const Value& sent, const std::string* stored);

/// Every field of the row but ABSENT ones, against the stored record; "" or a sentence.
std::string Difference(const WritePlan& plan, const Row& row, const StoredRecord& stored);

/// Fails the check unless the destination holds each row as it was sent.
void ExpectHeld(Trial& trial, const WritePlan& plan, const std::vector<Row>& rows,
                const std::string& what);

}  // namespace penstock::kit
