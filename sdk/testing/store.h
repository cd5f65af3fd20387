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
#include <set>
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
  std::string fields_;  // one after the other: number of the field's name, length, value
};

// What a table is, given once.
struct TableOptions {
  std::string name;
  std::uint64_t first_id = 1'000'000'000'001;  // the ids count up from it
  bool json_values = false;         // values are JSON texts (any scalar) instead of strings
  std::vector<std::string> unique;  // fields of which a value belongs to one live record
  std::map<std::string, std::string> aliases;  // unique field -> field whose ';'-separated values
                                               // lead to the same record
  std::set<std::string> folded = {};  // unique fields that are compared in ASCII lower case
  // Texts of ids, if they are not decimal numbers: of the number `first_id` + row, and back.
  std::function<std::string(std::uint64_t number)> id_text = nullptr;
  std::function<std::optional<std::uint64_t>(std::string_view text)> id_number = nullptr;
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
    const std::uint64_t number = options_.first_id + record.row_;
    return options_.id_text ? options_.id_text(number) : std::to_string(number);
  }
  // The record of that id, archived ones too; nullptr if there is none.
  const Record* FindById(std::string_view id) const;
  // The live record that holds this value of a unique field, itself or as an alias; the oldest one.
  const Record* FindByKey(std::string_view field, std::string_view value) const;
  // All of them, oldest first: whether there may be several is the vendor's decision.
  std::vector<const Record*> FindAllByKey(std::string_view field, std::string_view value) const;
  bool IsUnique(std::string_view field) const;
  // Makes a field unique, taking in the records that are there.
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

  // A record as it is, for Restore().
  Record Snapshot(const Record& record) const { return record; }
  // Takes back what happened to a record since its snapshot, but for the counts.
  void Restore(const Record& snapshot);
  // Takes back the latest Create(), but for the counts.
  void RemoveLast();
  // The counts of /_sandbox/stats, to be put back with the rest.
  struct Counts {
    std::uint64_t created = 0, updated = 0, archived = 0, rewritten = 0;
  };
  const Counts& counts() const { return counts_; }
  void SetCounts(const Counts& counts) { counts_ = counts; }

  // Number of records, archived ones too; records are numbered from 0 in the order of creation.
  std::uint64_t size() const { return records_.size(); }
  const Record& At(std::uint64_t row) const { return records_[row]; }
  std::uint64_t Row(const Record& record) const { return record.row_; }

  // Writes {"created", "updated", "archived", "rewritten"}. Takes the lock.
  void WriteCounts(JsonWriter& json) const;

 private:
  friend class Store;
  // Rows by the hash of the key: the key itself is in the record.
  using Index = std::unordered_multimap<std::size_t, std::uint64_t>;

  Table(Store* store, TableOptions options);
  std::uint32_t FieldNumber(std::string_view name);
  std::optional<std::uint32_t> FindField(std::string_view name) const;
  bool Set(Record* record, const FieldValue& value);
  void AddKeys(const Record& record, const std::string& field, Index* index);
  void RemoveKeys(const Record& record);
  void EachKey(const Record& record, const std::string& field,
               const std::function<void(std::string)>& visit) const;
  bool HasKey(const Record& record, const std::string& field, const std::string& key) const;
  std::string Folded(const std::string& field, std::string_view value) const;
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
  Counts counts_;
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
