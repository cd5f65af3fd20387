// The org that the sandbox is: its objects with their tables, and what the endpoints share.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/salesforce/sandbox/errors.h"
#include "plugins/salesforce/sandbox/schema.h"
#include "sdk/testing/store.h"
#include "sdk/testing/vendor.h"

namespace penstock::sandbox::salesforce {

// One object of the org.
struct Object {
  ObjectSchema schema;
  Table* table = nullptr;
  std::atomic<std::uint64_t> assigned{0};  // owners that an assignment rule changed

  const std::string& name() const { return schema.name; }
};

// Switches that tests and PUT /_sandbox/config change.
struct Switches {
  std::atomic<bool> duplicate_rule{false};
  std::atomic<bool> row_locks{false};
  std::atomic<bool> hard_delete{true};  // the user has the permission
  std::atomic<bool> shuffle{true};
  std::atomic<bool> strict_line_breaks{false};  // of jobs, also inside quotes
};

// Takes back what was written while it was open. Under the org's lock.
class Transaction {
 public:
  void NoteCreate(Object& object);
  void NoteChange(Object& object, const Record& record);
  // Back to the state at the start.
  void RollBack();

 private:
  void NoteCounts(Object& object);

  std::vector<std::pair<Object*, std::optional<Record>>> steps_;
  std::map<Object*, std::pair<Table::Counts, std::uint64_t>> counts_;
};

// A refusal of single records that a test asks for.
struct RecordFault {
  std::string object;        // "": any
  std::string field, value;  // only records with this value; "": any
  RecordError error;
  std::int64_t after = 0, times = 1, every = 1;
  std::int64_t seen = 0, fired = 0;
};

// Names are matched in any case. Thread-safe after Open(); rows and faults under Lock().
class Org {
 public:
  // Makes the tables. `id`: of 15 or 18 characters, "" for one of the sandbox's own.
  bool Open(Sandbox* sandbox, OrgSchema schema, const std::string& id, std::string* error);
  // Puts in the rows that an org has of itself: users, record types, itself.
  void Seed();

  // Takes all tables; a thread that has them may take them again.
  class Guard {
   public:
    explicit Guard(const Org& org);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    std::vector<std::unique_lock<std::mutex>> locks_;
  };

  // While it lives, writes are noted in `transaction` (may be nullptr). Under Guard.
  class Undo {
   public:
    Undo(const Org& org, Transaction* transaction) : org_(org) { org.open_ = transaction; }
    ~Undo() { org_.open_ = nullptr; }
    Undo(const Undo&) = delete;
    Undo& operator=(const Undo&) = delete;

   private:
    const Org& org_;
  };
  // The transaction that is open, nullptr if there is none.
  Transaction* open_transaction() const { return open_; }

  Object* Find(std::string_view name) const;
  // The object that an id belongs to, by its first three characters.
  Object* FindByPrefix(std::string_view id) const;
  const std::vector<std::unique_ptr<Object>>& objects() const { return objects_; }

  // A live row by id; nullptr if there is none.
  const Record* FindRow(std::string_view id) const;
  // All live rows with this value of an external id or lookup field.
  std::vector<const Record*> FindAll(Object& object, const Field& field,
                                     std::string_view value) const;
  // A kept or computed value; nullopt is NULL.
  std::optional<std::string> Value(const Object& object, const Record& record,
                                   const Field& field) const;

  Sandbox& sandbox() const { return *sandbox_; }
  const OrgSchema& schema() const { return schema_; }
  const std::string& id() const { return id_; }
  // The user whom tokens stand for, and the one to whom assignment rules give records.
  std::string UserId() const;
  std::string QueueId() const;
  // The id of an assignment rule that every object with `assignment_rule` has.
  std::string RuleId() const;

  mutable Switches switches;
  mutable std::vector<RecordFault> record_faults;  // under Lock()
  // Parents that a job at work holds, by job (row_locks). Under Lock().
  mutable std::map<std::string, std::vector<std::string>> locked_parents;

 private:
  Object& Add(ObjectSchema schema);

  mutable Transaction* open_ = nullptr;
  Sandbox* sandbox_ = nullptr;
  OrgSchema schema_;
  std::string id_;
  std::vector<std::unique_ptr<Object>> objects_;
  std::map<std::string, Object*> by_name_;
};

// The version of the API that a path names, e.g. "v62.0"; false: there is no such.
bool IsVersion(std::string_view text);
constexpr int kFirstVersion = 31, kLastVersion = 63;
// Versions before this do not know Collections; those before that not their upserts.
int VersionNumber(const Request& request);

}  // namespace penstock::sandbox::salesforce
