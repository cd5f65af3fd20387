#include "host/store/migrations.h"

#include <span>

namespace penstock::store {
namespace {

// A version is never edited once released; a change is a new one at the end.
constexpr const char* kVersion1[] = {
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    "CREATE TABLE anchors (integration TEXT PRIMARY KEY, lineage TEXT NOT NULL, "
    "generation INTEGER NOT NULL, last_outcome INTEGER NOT NULL) STRICT",
    "CREATE TABLE basis (integration TEXT PRIMARY KEY, mode TEXT NOT NULL, "
    "key_digest TEXT NOT NULL, model_digest TEXT NOT NULL, mapping_digest TEXT NOT NULL, "
    "keyless INTEGER NOT NULL) STRICT",
    "CREATE TABLE runs (run TEXT PRIMARY KEY, integration TEXT NOT NULL, ordinal INTEGER NOT NULL, "
    "status TEXT NOT NULL, started_us INTEGER NOT NULL, record TEXT NOT NULL, "
    "UNIQUE (integration, ordinal)) STRICT",
    "CREATE INDEX runs_by_time ON runs (started_us)",
    "CREATE TABLE settings (integration TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, "
    "PRIMARY KEY (integration, name)) STRICT",
};

constexpr const char* kVersion2[] = {
    "ALTER TABLE anchors ADD COLUMN shared_ids INTEGER NOT NULL DEFAULT 0",
};

constexpr std::span<const char* const> kVersions[] = {kVersion1, kVersion2};

}  // namespace

Status Migrate(Database* database) {
  constexpr int64_t kNewest = std::size(kVersions);
  return database->Transaction([&]() -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(const auto rows, database->Query("PRAGMA user_version"));
    const int64_t version = rows.empty() || rows[0].empty() ? 0 : std::atoll(rows[0][0].c_str());
    if (version > kNewest) {
      return MakeError("PS-STORE-NEWER",
                       "The store was written by a newer penstock (version " +
                           std::to_string(version) + ", this build knows " +
                           std::to_string(kNewest) + ").",
                       "Use that build, or put back the .penstock folder from before.");
    }
    for (int64_t v = version; v < kNewest; ++v) {
      for (const char* statement : kVersions[v]) {
        PENSTOCK_RETURN_IF_ERROR(database->Execute(statement));
      }
    }
    if (version == kNewest) return {};
    return database->Execute("PRAGMA user_version = " + std::to_string(kNewest));
  });
}

}  // namespace penstock::store
