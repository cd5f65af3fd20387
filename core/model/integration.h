// What the project file says of one integration, resolved and ready: no YAML, no host.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/value/value.h"

namespace penstock {

enum class Mode { kMirror, kUpsert, kUpdateOnly, kDeleteOnly, kInsertOnly };
/// "mirror", "upsert", "update_only", "delete_only", "insert_only".
std::string_view ModeName(Mode mode);
std::optional<Mode> ParseMode(std::string_view name);
/// Modes in which a row that leaves the model is a delete.
inline bool DeletesDeparted(Mode mode) {
  return mode == Mode::kMirror || mode == Mode::kDeleteOnly;
}

/// What a NULL in a mapped column does.
enum class NullPolicy {
  kClearOurs,  // cleared where we last wrote a value, else left alone
  kClear,      // always cleared
  kLeave,      // always left alone
};

/// One destination field and where its value comes from: exactly one of column, constant, run
/// variable.
struct FieldMapping {
  std::string field;
  std::string column;
  std::optional<std::string> constant;  // text; coerced to the field's type
  bool constant_null = false;
  std::string run_variable;  // "run_id", "run_started_at"; not hashed
  NullPolicy null = NullPolicy::kClearOurs;
  bool sensitive = false;  // masked in plans, samples and pages
};

/// The key: one column onto one field, or several columns joined by a template onto one field.
struct KeyMapping {
  std::string field;
  std::vector<std::string> columns;
  std::string text_template;  // "{a}:{b}"; empty with one column
};

/// A share of the entries, an absolute count and a floor below which nothing is held.
struct Threshold {
  double share = 0.05;
  uint64_t count = 10000;
  uint64_t floor = 25;
};

struct GuardSettings {
  Threshold deletes;
  std::optional<Threshold> updates;
  std::map<std::string, Threshold> fields;  // changes of single fields
  bool first_run = false;                   // hold the very first plan
};

enum class RetryRejected { kDaily, kOnChange, kEveryRun };

struct Tolerance {
  uint64_t rejected = 0;
  uint64_t invalid = 0;
  uint64_t skipped = UINT64_MAX;
  uint64_t in_doubt = 0;
};

/// Where something stands in the project file, for messages.
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
};

/// The error, standing there; one that has a place keeps it.
inline Error At(Error error, const Place& place) {
  if (!error.file.empty()) return error;
  error.file = place.file;
  error.line = place.line;
  error.column = place.column;
  return error;
}

struct Integration {
  std::string id;
  std::string renamed_from;
  std::string environment = "default";
  std::string source;
  std::string destination;
  std::string sql;       // the model's text, whatever form it had
  std::string sql_file;  // for messages; empty when inline
  std::string object;
  Mode mode = Mode::kUpsert;
  KeyMapping key;
  std::vector<FieldMapping> mapping;  // without the key
  std::string options = "{}";         // JSON object
  GuardSettings guard;
  Tolerance tolerate;
  RetryRejected retry_rejected = RetryRejected::kDaily;
  bool delete_created_only = false;  // delete: created
  bool keep_values = false;
  uint64_t memory_bytes = 64u << 20;
  std::string time_zone = "UTC";        // of naive timestamps of its source
  std::map<std::string, Place> places;  // "mapping.phone" -> where it stands
};

}  // namespace penstock
