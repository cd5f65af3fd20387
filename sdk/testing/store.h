// The objects of a sandbox: tables of records with unique ids, unique fields, write counts, and a
// file that brings them back after a restart.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sdk/testing/http.h"

namespace penstock::sandbox {

// A field and its new value; nullopt takes the value away.
struct FieldValue {
  std::string name;
  std::optional<std::string> value;
};
using Values = std::vector<FieldValue>;

// One record. Only its table changes it.
class Record {
 public:
  bool archived() const { return archived_ms_ != 0; }
  std::int64_t created_ms() const { return created_ms_; }
  std::int64_t updated_ms() const { return updated_ms_; }
  std::int64_t archived_ms() const { return archived_ms_; }
  std::uint32_t writes() const { return writes_; }

 private:
  friend class Table;
  std::uint64_t row_ = 0;
  std::int64_t created_ms_ = 0;
  std::int64_t updated_ms_ = 0;
  std::int64_t archived_ms_ = 0;
  std::uint32_t writes_ = 0;
  std::vector<std::pair<std::uint32_t, std::string>> fields_;  // by number of the field's name
};

// What a table is, given once.
struct TableOptions {
  std::string name;
  std::uint64_t first_id = 1'000'000'000'001;  // the ids count up from it
  bool json_values = false;         // values are JSON texts (any scalar) instead of strings
  std::vector<std::string> unique;  // fields of which a value belongs to one live record
  std::map<std::string, std::string> aliases;  // unique field -> field whose ';'-separated values
                                               // lead to the same record
};

class Store;

// The records of one object. Every call but Lock() and the counters needs the lock held; references
// stay valid for the table's life, their content while the lock is held.
class Table {
 public:
  // Takes the table for one thread. A batch that must be whole is done under one lock.
  std::unique_lock<std::mutex> Lock() const { return std::unique_lock(mutex_); }

  const std::string& name() const { return options_.name; }
  std::string Id(const Record& record) const {
    return std::to_string(options_.first_id + record.row_);
  }
  // The record of that id, archived ones too; nullptr if there is none.
  const Record* FindById(std::string_view id) const;
  // The live record that holds this value of a unique field, itself or as an alias.
  const Record* FindByKey(std::string_view field, std::string_view value) const;
  bool IsUnique(std::string_view field) const;
  // Makes a field unique, taking in the records that are there (the first holder wins).
  void AddUnique(const std::string& field);

  // A value, nullopt if the record has none.
  std::optional<std::string_view> Get(const Record& record, std::string_view field) const;
  // Calls `visit` for each value of the record.
  void ForEach(const Record& record,
               const std::function<void(std::string_view, std::string_view)>& visit) const;

  // The changes. `counted` false leaves the write counts alone (seeding). The caller has checked
  // that unique values are free.
  const Record& Create(const Values& values, std::int64_t now_ms, bool counted = true);
  // Returns whether anything changed.
  bool Update(const Record& record, const Values& values, std::int64_t now_ms, bool counted = true);
  // Archives: the record's unique values become free. No effect if archived already.
  void Archive(const Record& record, std::int64_t now_ms, bool counted = true);

  // Number of records, archived ones too; records are numbered from 0 in the order of creation.
  std::uint64_t size() const { return records_.size(); }
  const Record& At(std::uint64_t row) const { return records_[row]; }
  std::uint64_t Row(const Record& record) const { return record.row_; }

  // Writes {"created", "updated", "archived", "rewritten"}. Takes the lock.
  void WriteCounts(JsonWriter& json) const;

 private:
  friend class Store;
  using Index = std::unordered_map<std::string, std::uint64_t>;

  Table(Store* store, TableOptions options);
  std::uint32_t FieldNumber(std::string_view name);
  std::optional<std::uint32_t> FindField(std::string_view name) const;
  bool Set(Record* record, const FieldValue& value);
  void AddKeys(const Record& record, const std::string& field, Index* index);
  void RemoveKeys(const Record& record);
  void EachKey(const Record& record, const std::string& field,
               const std::function<void(std::string)>& visit) const;
  void Save(const Record& record);
  void Load(const JsonValue& line);
  void Clear();
  void ClearCounts();
  void WriteProperties(const Record& record, JsonWriter& json) const;
  void WriteLine(const Record& record, JsonWriter& json) const;
  void Stream(std::ostream& out, bool writes) const;

  Store* store_;
  TableOptions options_;
  mutable std::mutex mutex_;
  std::deque<Record> records_;
  std::vector<std::string> field_names_;
  std::unordered_map<std::string, std::uint32_t> field_numbers_;
  std::map<std::string, Index, std::less<>> indexes_;
  std::uint64_t created_ = 0, updated_ = 0, archived_ = 0, rewritten_ = 0;
};

// All tables and the settings that outlive a restart.
class Store {
 public:
  Store() = default;
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Adds a table. Before Open() only.
  Table& AddTable(TableOptions options);
  // The table of that name, nullptr if there is none.
  Table* Find(std::string_view name) const;

  // Reads DIR/objects.jsonl back, writes it anew without what was overwritten, and keeps every
  // later change in it. `on_setting` gets each setting. False with a sentence in `error`.
  bool Open(const std::string& directory,
            const std::function<void(const std::string& key, const JsonValue& value)>& on_setting,
            std::string* error);
  // Keeps a setting (JSON text) under a key, the latest wins.
  void SaveSetting(const std::string& key, const std::string& json);
  // Hands what was written to the operating system. The server calls it after each request.
  void Flush();
  // Forgets all records, settings and counts, also on disk.
  void Clear();
  // Forgets the counts of /_sandbox/stats; the write counts of records stay.
  void ClearCounts();

  // The control paths' texts, a lock every thousand records.
  void StreamObjects(const Table& table, std::ostream& out) const { table.Stream(out, false); }
  void StreamWrites(const Table& table, std::ostream& out) const { table.Stream(out, true); }
  // Writes {"contacts": {…counts…}, …}.
  void WriteCounts(JsonWriter& json) const;

 private:
  friend class Table;
  bool persistent() const { return file_ != nullptr; }
  void Append(std::string_view line);
  bool Load(const std::string& path, std::string* error,
            const std::function<void(const std::string&, const JsonValue&)>& on_setting);
  bool Compact(const std::string& path, std::string* error);

  std::vector<std::unique_ptr<Table>> tables_;
  std::map<std::string, std::string> settings_;
  mutable std::mutex file_mutex_;
  std::FILE* file_ = nullptr;
  std::string path_;
  std::atomic<bool> dirty_{false};
};

}  // namespace penstock::sandbox
