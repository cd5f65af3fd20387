// An integration in a directory of its own: plans by the real diff, real mapping and real state;
// outcomes go into real journals.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/diff/diff.h"
#include "core/state/journal.h"
#include "core/state/state.h"

namespace penstock {

using Cell = std::optional<std::string>;
using TextRow = std::vector<Cell>;  // the key first, then the fields in the order of World::fields

/// A field of a case: name, null policy, type; or a run variable.
struct FieldSpec {
  std::string name;
  NullPolicy null = NullPolicy::kClearOurs;
  sdk::FieldType type = sdk::FieldType::kString;
  bool run_variable = false;
};

/// Rows as a reader.
class TextRows : public RowReader {
 public:
  TextRows(const std::vector<TextRow>& rows, const std::vector<Column>& columns)
      : rows_(rows), columns_(columns) {}
  const std::vector<Column>& columns() const override { return columns_; }
  Result<std::span<const Value>> Next() override;
  /// After this many rows the source fails.
  void FailAfter(size_t rows) { fail_after_ = rows; }

 private:
  const std::vector<TextRow>& rows_;
  std::vector<Column> columns_;
  std::vector<Value> values_;
  size_t next_ = 0;
  size_t fail_after_ = SIZE_MAX;
};

/// What an outcome of a case is; by default everything is created, updated or deleted.
struct OutcomeSpec {
  OutcomeKind kind = OutcomeKind::kUpdated;
  ErrorClass error_class = ErrorClass::kNone;
  std::string id = {};
  std::string job = {};
};

class World {
 public:
  explicit World(const std::string& name);
  ~World();

  /// Makes a plan of these rows; its header and its path are kept.
  Status Plan(const std::vector<TextRow>& rows);
  /// Reads the last plan into lines (tests/diff/cases/README.md).
  std::vector<std::string> Lines();
  /// Journals an outcome for each change of the last plan, and its marks.
  void Apply(const std::map<std::string, OutcomeSpec>& by_key);
  /// What the job of a key tells of it at last, journalled as a run of its own.
  void Tell(const std::string& key_text, OutcomeKind kind);
  /// Writes a generation.
  void Compact();
  std::unique_ptr<StateView> View();
  std::string ScratchDir() const { return directory_ / "scratch"; }
  std::string PlanPath() const { return directory_ / "p.plan"; }

  Mode mode = Mode::kUpsert;
  std::vector<FieldSpec> fields = {{.name = "name"}};
  DecisionContext context;  // mode, digests and clear_ours are filled in
  DiffOptions options;
  PlanHeader header;
  size_t fail_after = SIZE_MAX;
  Hasher hasher{"0123456789abcdef0123456789abcdef"};

 private:
  Result<std::unique_ptr<Mapper>> Compile(const std::vector<Column>& columns);
  Outcome OutcomeOf(const Change& change, const std::map<std::string, OutcomeSpec>& by_key);
  std::string Line(const Change& change) const;
  JournalOpen NextRun(std::vector<std::string> names, uint64_t last_outcome);
  void Close(std::unique_ptr<Journal> journal);

  std::filesystem::path directory_;
  StateAnchor anchor_;
  uint32_t runs_ = 0;
};

}  // namespace penstock
