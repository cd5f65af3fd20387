// The store of one environment: runs, anchors of the states, what the guard compares with, and the
// settings as they were last seen. It never holds per-record state.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/changelog/changelog.h"
#include "core/run/run.h"

namespace penstock::store {

struct StoreOptions {
  std::string path;            // store.db
  std::string changelog_path;  // changelog.jsonl beside it
  std::string actor;           // who, for the changelog: "anna@host"
  Clock* clock = nullptr;      // null: the machine's; outlives the store
};

/// Which version of the project's files settings came from.
struct SettingsOrigin {
  std::string git_commit;  // empty: no repository
};

/// [thread-safe], and safe between processes.
/// Fact: how the changelog's end was once cut off; empty: it was not. Stays for good.
inline constexpr char kChangelogBreak[] = "changelog_break";

class Store : public RunStore {
 public:
  /// Opens or creates the store and migrates it to this build's version. PS-STORE-OPEN,
  /// PS-STORE-CORRUPT, PS-STORE-NEWER (written by a newer build).
  static Result<std::unique_ptr<Store>> Open(const StoreOptions& options);

  /// Newest first; of one integration, or all when it is empty. limit 0: all.
  virtual Result<std::vector<RunRecord>> Runs(const std::string& integration, uint64_t limit) = 0;

  /// Compares the settings of an integration ("mode", "mapping.phone", …: text) with those last
  /// seen, remembers them, and writes one "settings.changed" entry with before and after of each
  /// into the changelog if any differ ("settings.recorded" the first time).
  virtual Status RecordSettings(const std::string& integration,
                                const std::map<std::string, std::string>& settings,
                                const SettingsOrigin& origin) = 0;

  /// The newest entry of the changelog that this store knows of.
  virtual Result<std::optional<ChangelogHead>> Head() = 0;
  virtual const std::string& changelog_path() const = 0;

  /// A fact that belongs to the environment as a whole ("secret_digest"); empty: not set.
  virtual Result<std::string> Fact(const std::string& name) = 0;
  virtual Status SetFact(const std::string& name, const std::string& value) = 0;
};

}  // namespace penstock::store
