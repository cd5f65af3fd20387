// Random lives of keys, and the plain map that says what a state must come to.
#pragma once

#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/state/entry.h"
#include "core/state/journal.h"
#include "core/state/state.h"

namespace penstock::test {

/// A directory of its own, removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  /// Empty again.
  void Clear() const;

 private:
  std::string path_;
};

/// Makes a file of these bytes, not durably.
void PutFile(const std::string& path, std::string_view content);

/// A hash whose partition is spread like a real one's.
Hash128 HashOf(uint64_t key);

JournalOpen OpenOf(uint32_t run, uint64_t first_outcome, const std::vector<std::string>& fields);
StateIdentity IdentityOf(const std::string& integration);
constexpr char kLineage[] = "lineage-1";

/// What the state must hold. Field names are kept beside each entry: numbers of fieldsets are the
/// state's own business.
class Model {
 public:
  struct Known {
    Entry entry;  // fieldset is 0
    std::vector<std::string> names;
    bool operator==(const Known&) const = default;
  };
  void Apply(const Outcome& outcome, const JournalOpen& open);
  StateCounts counts() const;
  const std::map<Hash128, Known>& entries() const { return entries_; }

 private:
  std::map<Hash128, Known> entries_;
};

/// Fails the test where a view and the model differ: ForEach, Find, partitions and counts.
void ExpectSame(StateView* view, const Model& model);

/// Any outcome or mark, of one of `keys` keys.
Outcome RandomOutcome(std::mt19937_64* random, uint64_t keys, size_t fields);
IntentRecord IntentOf(const Outcome& outcome);

/// Keeps a directory and a model in step.
class History {
 public:
  History(std::string directory, uint64_t seed, uint64_t keys)
      : directory_(std::move(directory)), random_(seed), keys_(keys) {}

  /// One run: a journal with `outcomes` outcomes, some with intents before them. Unless `close`, it
  /// is left as by a kill after a flush, and some intents have no outcome.
  void Run(size_t outcomes, bool close = true);
  /// Settles and closes the journal that Run left open.
  void Settle();
  void Compact();
  std::unique_ptr<StateView> Open(const StateAnchor* anchor = nullptr) const;

  const Model& model() const { return model_; }
  /// Before the unanswered intents of an open journal.
  const StateAnchor& anchor() const { return anchor_; }
  uint32_t last_run() const { return run_; }

 private:
  std::string directory_;
  std::mt19937_64 random_;
  uint64_t keys_;
  Model model_;
  std::vector<Outcome> unanswered_;
  JournalOpen open_;
  StateAnchor anchor_{kLineage, 0, 0};
  uint64_t last_outcome_ = 0;
  uint32_t run_ = 0;
};

}  // namespace penstock::test
