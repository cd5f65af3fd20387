// From rows to records: columns onto fields, coerced to the field's type, or an invalid row with
// its reason.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/model/integration.h"
#include "core/model/source.h"
#include "core/value/encoding.h"
#include "core/value/value.h"
#include "penstock/documents.hpp"

namespace penstock {

/// Values of the run that a mapping may use; not hashed.
struct RunVariables {
  std::string run_id;
  int64_t started_us = 0;
};

/// A field as this integration writes it.
struct MappedField {
  std::string name;
  sdk::FieldType type = sdk::FieldType::kString;
  bool key = false;
  bool hashed = true;  // run variables are not
  bool sensitive = false;
  NullPolicy null = NullPolicy::kClearOurs;
  std::vector<sdk::Normaliser> normalisers = {};  // applied to its text, in order
};

/// One mapped row. Borrowed from the Mapper until its next Map.
struct Record {
  std::span<const Value>
      values;  // by Mapper::fields(); NULL where the row has NULL, ABSENT only for `leave`
  std::string_view key;  // canonical bytes of the key field after its normalisers (EncodeValue)
  std::string_view key_text;  // the same for people
  std::string_view payload;   // EncodeValue of `values`, one after another, in fields() order
  Hash128 key_hash;
  Hash128 fingerprint;  // over (field name, value) of hashed fields sorted by name; fields() is in
                        // that order
  bool has_absent = false;
  // When not valid: the reason; key, key_text and key_hash are set if the key itself was readable,
  // else key is empty.
  bool valid = true;
  std::string_view invalid_field;    // empty: the key
  std::string_view invalid_code;     // "KEY_MISSING", "WRONG_TYPE", "OUT_OF_RANGE", "TOO_LONG",
                                     // "NOT_ALLOWED", "NOT_FINITE", "NOT_TEXT" (not UTF-8)
  std::string_view invalid_message;  // for people; holds no sensitive value
};

/// Compiled once an integration's columns and catalog object are known. Not thread-safe; one a
/// thread.
class Mapper {
 public:
  /// Checks everything before a row is read: missing columns (with a suggestion), unknown or
  /// read-only fields (with a suggestion), constants against types, identifiers, required fields
  /// for the mode's operations, the mode itself. PS-MAP-COLUMN, PS-MAP-FIELD, PS-MAP-CONST,
  /// PS-MAP-KEY, PS-MAP-REQUIRED, PS-MAP-MODE, PS-MAP-ZONE: exit 2, with the place in the project
  /// file.
  static Result<std::unique_ptr<Mapper>> Compile(const Integration& integration,
                                                 const std::vector<Column>& columns,
                                                 const sdk::Object& object, const Hasher& hasher,
                                                 const RunVariables& variables);
  virtual ~Mapper() = default;

  /// Fields sorted by name, the key among them. Stable for the life of the mapper.
  virtual const std::vector<MappedField>& fields() const = 0;
  /// Index of the key in fields().
  virtual size_t key_field() const = 0;
  /// Never fails: an unusable row comes back as an invalid record.
  virtual const Record& Map(std::span<const Value> row) = 0;
};

/// Digest of everything in the mapping that shapes payloads (fields, types, normalisers, constants,
/// null policies): lower-case hex. Renaming a column does not change it. [thread-safe]
std::string MappingDigest(const Mapper& mapper, const Integration& integration);

/// Digest of the mapped fields' part of the catalog (types, lengths, allowed values). [thread-safe]
std::string SchemaDigest(const Mapper& mapper, const sdk::Object& object);

}  // namespace penstock
