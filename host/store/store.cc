#include "host/store/store.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <chrono>

#include "host/store/database.h"
#include "host/store/migrations.h"
#include "host/store/run_codec.h"

namespace penstock::store {
namespace {

int64_t Number(const std::string& text) { return std::atoll(text.c_str()); }
int64_t Signed(uint64_t n) { return static_cast<int64_t>(n); }

int64_t MachineMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

struct SettingChange {
  std::string name;
  std::optional<std::string> before, after;
};

std::string ChangesJson(const std::vector<SettingChange>& changes, const SettingsOrigin& origin) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> out(buffer);
  const auto text = [&](const char* name, const std::optional<std::string>& value) {
    out.Key(name);
    if (value) {
      out.String(*value);
    } else {
      out.Null();
    }
  };
  out.StartObject();
  if (!origin.git_commit.empty()) {
    out.Key("git_commit");
    out.String(origin.git_commit);
  }
  out.Key("changes");
  out.StartArray();
  for (const SettingChange& change : changes) {
    out.StartObject();
    out.Key("setting");
    out.String(change.name);
    text("before", change.before);
    text("after", change.after);
    out.EndObject();
  }
  out.EndArray();
  out.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

std::vector<SettingChange> Compare(const std::map<std::string, std::string>& before,
                                   const std::map<std::string, std::string>& now) {
  std::vector<SettingChange> changes;
  for (const auto& [name, value] : now) {
    const auto old = before.find(name);
    if (old == before.end()) {
      changes.push_back({name, std::nullopt, value});
    } else if (old->second != value) {
      changes.push_back({name, old->second, value});
    }
  }
  for (const auto& [name, value] : before) {
    if (!now.contains(name)) changes.push_back({name, value, std::nullopt});
  }
  return changes;
}

class SqliteStore final : public Store {
 public:
  SqliteStore(StoreOptions options, std::unique_ptr<Database> database)
      : options_(std::move(options)), database_(std::move(database)) {}

  Result<StateAnchor> Anchor(const std::string& integration) override {
    PENSTOCK_ASSIGN_OR_RETURN(const auto rows,
                              database_->Query("SELECT lineage, generation, last_outcome, "
                                               "shared_ids FROM anchors WHERE integration = ?",
                                               {integration}));
    StateAnchor anchor;
    if (rows.empty()) return anchor;
    anchor.lineage = rows[0][0];
    anchor.generation = static_cast<uint64_t>(Number(rows[0][1]));
    anchor.last_outcome = static_cast<uint64_t>(Number(rows[0][2]));
    anchor.shared_ids = static_cast<uint64_t>(Number(rows[0][3]));
    return anchor;
  }

  Status SaveAnchor(const std::string& integration, const StateAnchor& anchor) override {
    return database_->Execute("INSERT OR REPLACE INTO anchors VALUES (?, ?, ?, ?, ?)",
                              {integration, anchor.lineage, Signed(anchor.generation),
                               Signed(anchor.last_outcome), Signed(anchor.shared_ids)});
  }

  Result<std::optional<PlanBasis>> Basis(const std::string& integration) override {
    PENSTOCK_ASSIGN_OR_RETURN(
        const auto rows,
        database_->Query("SELECT mode, key_digest, model_digest, mapping_digest, keyless "
                         "FROM basis WHERE integration = ?",
                         {integration}));
    if (rows.empty()) return std::optional<PlanBasis>();
    PlanBasis basis;
    if (const auto mode = ParseMode(rows[0][0])) basis.mode = *mode;
    basis.key_digest = rows[0][1];
    basis.model_digest = rows[0][2];
    basis.mapping_digest = rows[0][3];
    basis.keyless = static_cast<uint64_t>(Number(rows[0][4]));
    return std::optional<PlanBasis>(basis);
  }

  Status SaveBasis(const std::string& integration, const PlanBasis& basis) override {
    return database_->Execute("INSERT OR REPLACE INTO basis VALUES (?, ?, ?, ?, ?, ?)",
                              {integration, std::string(ModeName(basis.mode)), basis.key_digest,
                               basis.model_digest, basis.mapping_digest, Signed(basis.keyless)});
  }

  Status BeginRun(RunRecord* record) override {
    return database_->Transaction([&]() -> Status {
      PENSTOCK_ASSIGN_OR_RETURN(
          const auto rows,
          database_->Query("SELECT COALESCE(MAX(ordinal), 0) FROM runs WHERE integration = ?",
                           {record->integration}));
      const auto next = static_cast<uint32_t>(Number(rows[0][0])) + 1;
      record->ordinal = std::max(record->ordinal, next);
      record->run = record->integration + "-" + std::to_string(record->ordinal);
      record->status = "running";
      if (record->started_us == 0) record->started_us = NowMicros();
      return Save(*record);
    });
  }

  Status FinishRun(const RunRecord& record) override { return Save(record); }

  Result<std::optional<RunRecord>> FindRun(const std::string& run) override {
    PENSTOCK_ASSIGN_OR_RETURN(const auto rows,
                              database_->Query("SELECT record FROM runs WHERE run = ?", {run}));
    if (rows.empty()) return std::optional<RunRecord>();
    PENSTOCK_ASSIGN_OR_RETURN(RunRecord record, DecodeRun(rows[0][0]));
    return std::optional<RunRecord>(std::move(record));
  }

  Result<std::vector<RunRecord>> Running(const std::string& integration) override {
    PENSTOCK_ASSIGN_OR_RETURN(
        const auto rows,
        database_->Query("SELECT record FROM runs WHERE integration = ? AND status = 'running'",
                         {integration}));
    return Decoded(rows);
  }

  Status Log(const std::string& kind, const std::string& integration,
             const std::string& json) override {
    ChangelogEntry entry;
    entry.at_us = NowMicros();
    entry.kind = kind;
    entry.actor = options_.actor;
    entry.integration = integration;
    entry.data = json;
    PENSTOCK_ASSIGN_OR_RETURN(const auto known, Head());
    PENSTOCK_ASSIGN_OR_RETURN(const ChangelogHead head,
                              AppendChangelog(options_.changelog_path, entry));
    if (known && head.seq <= known->seq) {  // it was shorter than what has stood there
      PENSTOCK_ASSIGN_OR_RETURN(const std::string told, Fact(kChangelogBreak));
      if (told.empty()) {
        PENSTOCK_RETURN_IF_ERROR(SetFact(
            kChangelogBreak, "entries " + std::to_string(head.seq) + " to " +
                                 std::to_string(known->seq) + " were removed before " +
                                 std::to_string(entry.at_us / 1'000'000) + " (seconds of 1970)"));
      }
    }
    return SaveHead(head);
  }

  Result<std::vector<RunRecord>> Runs(const std::string& integration, uint64_t limit) override {
    std::string sql = "SELECT record FROM runs";
    std::vector<Parameter> parameters;
    if (!integration.empty()) {
      sql += " WHERE integration = ?";
      parameters.emplace_back(integration);
    }
    sql += " ORDER BY started_us DESC, ordinal DESC LIMIT ?";
    parameters.emplace_back(limit == 0 ? int64_t{-1} : Signed(limit));
    PENSTOCK_ASSIGN_OR_RETURN(const auto rows, database_->Query(sql, parameters));
    return Decoded(rows);
  }

  Status RecordSettings(const std::string& integration,
                        const std::map<std::string, std::string>& settings,
                        const SettingsOrigin& origin) override {
    return database_->Transaction(
        [&]() -> Status { return CompareAndRemember(integration, settings, origin); });
  }

  Result<std::optional<ChangelogHead>> Head() override {
    PENSTOCK_ASSIGN_OR_RETURN(const std::string text, Fact("changelog_head"));
    const size_t colon = text.find(':');
    if (colon == std::string::npos) return std::optional<ChangelogHead>();
    ChangelogHead head;
    head.seq = static_cast<uint64_t>(Number(text));
    head.hash = text.substr(colon + 1);
    return std::optional<ChangelogHead>(head);
  }

  const std::string& changelog_path() const override { return options_.changelog_path; }

  Result<std::string> Fact(const std::string& name) override {
    PENSTOCK_ASSIGN_OR_RETURN(const auto rows,
                              database_->Query("SELECT value FROM facts WHERE name = ?", {name}));
    return rows.empty() ? std::string() : rows[0][0];
  }

  Status SetFact(const std::string& name, const std::string& value) override {
    return database_->Execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", {name, value});
  }

 private:
  static Result<std::vector<RunRecord>> Decoded(const std::vector<Row>& rows) {
    std::vector<RunRecord> runs;
    for (const Row& row : rows) {
      PENSTOCK_ASSIGN_OR_RETURN(RunRecord record, DecodeRun(row[0]));
      runs.push_back(std::move(record));
    }
    return runs;
  }

  int64_t NowMicros() const {
    return options_.clock != nullptr ? options_.clock->UnixMicros() : MachineMicros();
  }

  // Inside a transaction.
  Status CompareAndRemember(const std::string& integration,
                            const std::map<std::string, std::string>& settings,
                            const SettingsOrigin& origin) {
    PENSTOCK_ASSIGN_OR_RETURN(
        const auto rows,
        database_->Query("SELECT name, value FROM settings WHERE integration = ?", {integration}));
    std::map<std::string, std::string> before;
    for (const Row& row : rows) before[row[0]] = row[1];
    const std::vector<SettingChange> changes = Compare(before, settings);
    if (changes.empty()) return {};
    // Told before it is remembered: after a crash in between it is told twice, never not at all.
    PENSTOCK_RETURN_IF_ERROR(Log(before.empty() ? "settings.recorded" : "settings.changed",
                                 integration, ChangesJson(changes, origin)));
    PENSTOCK_RETURN_IF_ERROR(
        database_->Execute("DELETE FROM settings WHERE integration = ?", {integration}));
    for (const auto& [name, value] : settings) {
      PENSTOCK_RETURN_IF_ERROR(
          database_->Execute("INSERT INTO settings VALUES (?, ?, ?)", {integration, name, value}));
    }
    return {};
  }

  Status Save(const RunRecord& record) {
    return database_->Execute("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?)",
                              {record.run, record.integration, static_cast<int64_t>(record.ordinal),
                               record.status, record.started_us, EncodeRun(record)});
  }

  // Writers may come here in another order than they appended: the newest stays.
  Status SaveHead(const ChangelogHead& head) {
    return database_->Execute(
        "INSERT INTO facts VALUES ('changelog_head', ?1) ON CONFLICT (name) DO UPDATE SET value = "
        "excluded.value WHERE CAST(excluded.value AS INTEGER) > CAST(facts.value AS INTEGER)",
        {std::to_string(head.seq) + ":" + head.hash});
  }

  StoreOptions options_;
  std::unique_ptr<Database> database_;
};

}  // namespace

Result<std::unique_ptr<Store>> Store::Open(const StoreOptions& options) {
  PENSTOCK_ASSIGN_OR_RETURN(auto database, Database::Open(options.path));
  Status migrated = Migrate(database.get());
  if (!migrated.ok()) {
    if (migrated.error().file.empty()) migrated.error().file = options.path;
    return migrated;
  }
  return std::unique_ptr<Store>(new SqliteStore(options, std::move(database)));
}

}  // namespace penstock::store
