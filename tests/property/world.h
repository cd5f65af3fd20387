// A small world around core/run for property and crash tests: a table, an account, a clock, a
// store, and the model that says what the account must hold.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/run/run.h"
#include "tests/property/fake_account.h"
#include "tests/property/file_store.h"

namespace penstock::testing {

/// A row of the table; nullopt: NULL. score "nan" is not a number.
struct TableRow {
  std::optional<std::string> email, score, name, note;
  bool operator==(const TableRow&) const = default;
};

class TableSource final : public Source {
 public:
  std::vector<TableRow> rows;
  int fail_after = -1;  // rows; then the source is lost

  Status Check() override { return {}; }
  Result<std::unique_ptr<RowReader>> Read(const std::string& sql,
                                          const ReadOptions& options) override;
};

class TestClock final : public Clock {
 public:
  int64_t now_us = int64_t{1'700'000'000} * 1'000'000;
  int64_t UnixMicros() override { return now_us; }
  int64_t MonotonicMicros() override { return now_us; }
};

/// What the world knows of a key from the journals it has read.
struct KnownKey {
  std::string acknowledged;  // content of the row that was acknowledged; empty: none
  std::string attempted;     // content of the row that was sent last
  bool pending = false;      // rejected or in doubt since
  bool open = false;         // sent, and the journal holds no outcome yet
  bool note_sent = false;    // a value for the note was in it
};

class World {
 public:
  World(std::string directory, Mode mode);

  TableSource source;
  TestClock clock;
  Integration integration;
  FakeAccount account;
  std::string account_id = "42";
  std::map<std::string, std::map<std::string, std::string>> seeded;  // somebody else's records

  /// One sync; a held plan is applied by its hash. Checks what must hold of every run; the sentence
  /// of what does not, or "".
  std::string Sync(const FaultSettings& faults, const SyncOptions& options = {});
  std::string PlanAndApply(const FaultSettings& faults);
  std::string RetryAll();
  /// The run alone, for a child process that dies in it.
  Result<RunRecord> BareSync(const FaultSettings& faults, const SyncOptions& options = {});
  /// Before a child process runs BareSync and dies in it.
  std::string BeforeCrash();
  /// After it: what the account was made to do must stand in the journals, as intended at least.
  std::string AfterCrash();
  /// Reads journals that appeared since, as the oracle of "never send again".
  std::string ReadJournals();
  /// Fault-free syncs until nothing is due; then the account must agree with the model.
  std::string Converge();
  /// What the account must hold now that nothing is due. "" if it does.
  std::string CheckAccount() const;

  RunEnvironment Environment(FakeDestination* destination);
  const std::string& directory() const { return directory_; }
  std::optional<RunRecord> last_run;

 private:
  std::string CheckRecord(const RunRecord& record) const;
  std::string CheckSent(const std::vector<std::string>& sent) const;
  std::string Content(const TableRow& row) const;
  std::map<std::string, std::vector<const TableRow*>> RowsByKey() const;
  std::string CheckPresent(const std::string& key, const TableRow& row,
                           const HeldRecord* held) const;
  bool TakenByAnother(const std::string& key, const std::string& name) const;
  std::string CheckDoubts(const RunEnvironment& env) const;
  void Remember();

  const std::string directory_;
  FileStore store_;
  Hasher hasher_;
  std::map<std::string, KnownKey> known_;              // by key text
  std::map<Hash128, std::string> key_of_;              // hash -> key text
  std::map<std::string, std::set<std::string>> ever_;  // key -> contents the row ever had at a sync
  std::set<std::string> read_journals_;
  std::set<std::string> listed_;      // keys in the baseline of delete_only, by the journals
  std::set<std::string> found_;       // by a lookup after an insert in doubt: nobody knows whose
  std::set<std::string> journalled_;  // keys with an intent in a journal since BeforeCrash
  std::set<std::string> in_job_;      // keys that ever were in one
  std::set<std::string> released_;    // keys told of while their note was not mapped
  std::map<std::string, HeldRecord> before_crash_;
  bool note_mapped() const;
};

/// A new folder in memory where the system has that (these tests lose what is not synced by a
/// double, not by a disk), else among the temporary files.
std::string MakeScratch(const std::string& name);

/// The key as the account compares it.
std::string NormalKey(const std::string& text);
/// A row that the mapping refuses.
bool IsInvalid(const TableRow& row);

}  // namespace penstock::testing
