#include "tests/property/world.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/plan/plan.h"
#include "core/state/journal.h"

namespace penstock::testing {
namespace {

constexpr int64_t kHour = int64_t{3600} * 1'000'000;

class TableReader final : public RowReader {
 public:
  TableReader(std::vector<TableRow> rows, int fail_after)
      : rows_(std::move(rows)), fail_after_(fail_after) {}
  const std::vector<Column>& columns() const override { return columns_; }
  Result<std::span<const Value>> Next() override {
    if (fail_after_ >= 0 && at_ >= static_cast<size_t>(fail_after_)) {
      return MakeError("PS-SRC-LOST", "the connection was lost in mid-read");
    }
    if (at_ >= rows_.size()) return std::span<const Value>();
    const TableRow& row = rows_[at_++];
    const auto text = [](const std::optional<std::string>& s) {
      return s ? StringValue(*s) : NullValue();
    };
    values_[0] = text(row.email);
    values_[1] = !row.score            ? NullValue()
                 : *row.score == "nan" ? DoubleValue(std::nan(""))
                                       : TextValue(ValueType::kDecimal, *row.score);
    values_[2] = text(row.name);
    values_[3] = text(row.note);
    return std::span<const Value>(values_);
  }

 private:
  const std::vector<TableRow> rows_;
  const int fail_after_;
  const std::vector<Column> columns_ = {
      {"k", "text"}, {"s", "numeric"}, {"n", "text"}, {"t", "text"}};
  size_t at_ = 0;
  std::array<Value, 4> values_{};
};

std::string Shown(const std::map<std::string, std::string>& fields) {
  std::string text = "{";
  for (const auto& [field, value] : fields) text += field + "=" + value + " ";
  return text + "}";
}

std::string Quoted(const std::optional<std::string>& s) {
  return s ? "'" + *s + "'" : std::string("NULL");
}

/// Without the note, which may not have been mapped at the time.
std::string ShortContent(const TableRow& row) { return Quoted(row.score) + "|" + Quoted(row.name); }

}  // namespace

std::string MakeScratch(const std::string& name) {
  const bool memory = ::access("/dev/shm", W_OK) == 0;
  std::string pattern =
      (memory ? std::string("/dev/shm") : std::filesystem::temp_directory_path().string()) +
      "/penstock-" + name + ".XXXXXX";
  return ::mkdtemp(pattern.data());
}

std::string NormalKey(const std::string& text) {
  std::string key;
  for (const char c : text) {
    if (c != ' ') key += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  }
  return key;
}

bool IsInvalid(const TableRow& row) {
  return !row.email || NormalKey(*row.email).empty() || row.score == "nan" ||
         (row.name && row.name->size() > 12);
}

Result<std::unique_ptr<RowReader>> TableSource::Read(const std::string&, const ReadOptions&) {
  return std::unique_ptr<RowReader>(new TableReader(rows, fail_after));
}

// ---- world

World::World(std::string directory, Mode mode)
    : account(directory + "/account.log"),
      directory_(std::move(directory)),
      store_(directory_ + "/store"),
      hasher_("0123456789abcdef0123456789abcdef") {
  integration.id = "people";
  integration.source = "table";
  integration.destination = "fake";
  integration.sql = "SELECT k, s, n, t FROM people";
  integration.object = "people";
  integration.mode = mode;
  integration.key.field = "email";
  integration.key.columns = {"k"};
  for (const auto& [field, column] : {std::pair{"score", "s"}, std::pair{"name", "n"}}) {
    FieldMapping mapping;
    mapping.field = field;
    mapping.column = column;
    integration.mapping.push_back(mapping);
  }
  integration.guard.deletes = {1.0, UINT64_MAX, UINT64_MAX};
  integration.memory_bytes = 8u << 20;
}

bool World::note_mapped() const { return integration.mapping.size() > 2; }

RunEnvironment World::Environment(FakeDestination* destination) {
  RunEnvironment env;
  env.integration = &integration;
  env.source = &source;
  env.destination = destination;
  env.store = &store_;
  env.clock = &clock;
  env.hasher = &hasher_;
  env.directory = directory_ + "/people";
  env.plans_directory = directory_ + "/plans";
  env.scratch_dir = directory_ + "/tmp";
  return env;
}

std::string World::Content(const TableRow& row) const {
  return ShortContent(row) + (note_mapped() ? "|" + Quoted(row.note) : "");
}

std::map<std::string, std::vector<const TableRow*>> World::RowsByKey() const {
  std::map<std::string, std::vector<const TableRow*>> rows;
  for (const TableRow& row : source.rows) {
    if (row.email && !NormalKey(*row.email).empty()) rows[NormalKey(*row.email)].push_back(&row);
  }
  return rows;
}

/// What each key's row says at this sync, for the modes that keep an older word.
void World::Remember() {
  for (const auto& [key, rows] : RowsByKey()) {
    std::string bytes;
    EncodeValue(StringValue(key), &bytes);
    key_of_[hasher_.Bytes(bytes)] = key;
    if (source.fail_after < 0 && rows.size() == 1 && !IsInvalid(*rows[0]))
      ever_[key].insert(ShortContent(*rows[0]));
  }
}

std::string World::CheckRecord(const RunRecord& record) const {
  const PlanCounts& p = record.plan;
  if (p.read != p.unchanged + p.invalid + p.quarantined + p.row_changes)
    return "rows do not add up";
  if (p.row_changes != p.insert + p.update) return "row changes do not add up";
  const OutcomeCounts& c = record.outcomes;
  const uint64_t outcomes = c.succeeded + c.rejected + c.skipped + c.in_doubt + c.unsent;
  const bool pushed = record.status != "held" && !(record.status == "failed" && outcomes == 0);
  if (pushed && outcomes != p.row_changes + p.remove) {
    return "outcomes do not add up: " + std::to_string(outcomes) + " of " +
           std::to_string(p.row_changes + p.remove);
  }
  if (c.succeeded != c.created + c.updated + c.deleted + c.unchanged)
    return "successes do not add up";
  const bool may_delete =
      integration.mode == Mode::kMirror || integration.mode == Mode::kDeleteOnly;
  if (!may_delete && c.deleted + p.remove > 0)
    return "deletes in mode " + std::string(ModeName(integration.mode));
  return "";
}

/// Never send again what was acknowledged and has not changed since.
std::string World::CheckSent(const std::vector<std::string>& sent) const {
  const auto rows = RowsByKey();
  for (const std::string& key : sent) {
    const auto known = known_.find(key);
    const auto now = rows.find(key);
    if (known == known_.end() || known->second.pending || known->second.open ||
        known->second.acknowledged.empty()) {
      continue;
    }
    if (now == rows.end() || now->second.size() != 1) continue;
    if (Content(*now->second[0]) == known->second.acknowledged) {
      return "sent again though acknowledged and unchanged: " + key + " " +
             known->second.acknowledged;
    }
  }
  return "";
}

std::string World::ReadJournals() {
  const std::string directory = directory_ + "/people";
  if (!std::filesystem::exists(directory)) return "";
  std::set<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    const std::string name = file.path().filename();
    const bool journal = name.starts_with("journal-") && name.ends_with(".psj");
    if (journal && !read_journals_.contains(name)) names.insert(name);
  }
  const auto rows = RowsByKey();
  for (const std::string& name : names) {
    JournalVisitor visitor;
    visitor.intent = [&](uint64_t, const IntentRecord& record) -> Status {
      KnownKey& known = known_[key_of_[record.key_hash]];
      known.open = true;
      if (!record.job.empty()) in_job_.insert(key_of_[record.key_hash]);
      const auto row = rows.find(key_of_[record.key_hash]);
      known.attempted = row == rows.end() ? "" : Content(*row->second[0]);
      known.note_sent = note_mapped() && row != rows.end() && row->second[0]->note;
      journalled_.insert(key_of_[record.key_hash]);
      return {};
    };
    visitor.outcome = [&](const Outcome& outcome) -> Status {
      KnownKey& known = known_[key_of_[outcome.key_hash]];
      if (!note_mapped()) released_.insert(key_of_[outcome.key_hash]);
      if (outcome.mark != Mark::kNone) {
        if (outcome.mark == Mark::kDropped) known = KnownKey();
        // An edited mapping: what was acknowledged is now known by other fields.
        const auto row = rows.find(key_of_[outcome.key_hash]);
        if (outcome.mark == Mark::kRefingerprint && row != rows.end())
          known.acknowledged = Content(*row->second[0]);
        if (outcome.mark == Mark::kFound) found_.insert(key_of_[outcome.key_hash]);
        if (outcome.mark == Mark::kListed) listed_.insert(key_of_[outcome.key_hash]);
        known.pending =
            known.pending || outcome.mark == Mark::kRetry || outcome.mark == Mark::kSettledApplied;
        return {};
      }
      const bool gone =
          outcome.kind == OutcomeKind::kDeleted || outcome.kind == OutcomeKind::kMissing;
      if (gone) listed_.erase(key_of_[outcome.key_hash]);
      known.open = false;
      if (outcome.kind != OutcomeKind::kUnsent) known.pending = !Succeeded(outcome.kind);
      if (!Succeeded(outcome.kind)) {
        if (outcome.kind == OutcomeKind::kMissing) known = KnownKey();
        return {};
      }
      if (known.note_sent && note_mapped()) released_.erase(key_of_[outcome.key_hash]);
      // A job may tell long after its row was sent.
      known.acknowledged = outcome.op == Op::kDelete ? "" : known.attempted;
      return {};
    };
    auto summary = ReadJournal(directory + "/" + name, visitor);
    if (!summary.ok()) return "journal " + name + ": " + summary.error().message;
    if (summary->close) read_journals_.insert(name);
  }
  return "";
}

std::string World::BeforeCrash() {
  if (std::string wrong = ReadJournals(); !wrong.empty()) return wrong;
  Remember();
  journalled_.clear();
  before_crash_ = account.Records();
  return "";
}

std::string World::AfterCrash() {
  account.Reload();
  if (std::string wrong = ReadJournals(); !wrong.empty()) return wrong;
  const auto now = account.Records();
  std::set<std::string> touched;
  for (const auto& [key, record] : now) {
    const auto before = before_crash_.find(key);
    if (before == before_crash_.end() || before->second.writes != record.writes)
      touched.insert(key);
  }
  for (const auto& [key, record] : before_crash_) {
    if (!now.contains(key)) touched.insert(key);
  }
  for (const std::string& key : touched) {
    const auto known = known_.find(key);  // an earlier run may have put it into a job
    const bool before = known != known_.end() && (known->second.open || in_job_.contains(key));
    if (!before && !journalled_.contains(key)) return "sent before it was journalled: " + key;
  }
  return "";
}

Result<RunRecord> World::BareSync(const FaultSettings& faults, const SyncOptions& options) {
  FakeDestination destination(&account, faults);
  destination.set_account_id(account_id);
  const RunEnvironment env = Environment(&destination);
  return penstock::Sync(env, options);
}

std::string World::Sync(const FaultSettings& faults, const SyncOptions& options) {
  if (std::string wrong = ReadJournals(); !wrong.empty()) return wrong;
  Remember();
  FakeDestination destination(&account, faults);
  const RunEnvironment env = Environment(&destination);
  auto record = penstock::Sync(env, options);
  if (!record.ok()) return "sync failed: " + record.error().code + " " + record.error().message;
  if (std::string wrong = CheckRecord(*record); !wrong.empty()) return wrong;
  if (record->status == "held") {
    const std::string path = directory_ + "/plans/" + record->plan_hash + ".plan";
    if (!destination.sent().empty()) return "a held plan sent something";
    record = penstock::Apply(env, path, options);
    if (!record.ok()) return "apply failed: " + record.error().code + " " + record.error().message;
    if (std::string wrong = CheckRecord(*record); !wrong.empty()) return wrong;
  }
  last_run = *record;
  const bool excused = faults.per_request > 0 || source.fail_after >= 0;
  if (record->error && !excused)
    return "run failed: " + record->error->code + " " + record->error->message;
  if (std::string wrong = CheckSent(destination.sent()); !wrong.empty()) return wrong;
  return ReadJournals();
}

std::string World::PlanAndApply(const FaultSettings& faults) {
  if (std::string wrong = ReadJournals(); !wrong.empty()) return wrong;
  Remember();
  FakeDestination destination(&account, faults);
  const RunEnvironment env = Environment(&destination);
  auto planned = penstock::Plan(env, {});
  if (!planned.ok()) return "plan failed: " + planned.error().code + " " + planned.error().message;
  if (!destination.sent().empty()) return "plan sent something";
  auto record = penstock::Apply(env, planned->path, {});
  if (!record.ok()) return "apply failed: " + record.error().code + " " + record.error().message;
  const bool settled_first = record->error && record->error->code == "PS-PLAN-STALE";
  if (record->error && !settled_first && faults.per_request == 0)
    return "apply: " + record->error->message;
  if (std::string wrong = CheckRecord(*record); !wrong.empty()) return wrong;
  if (std::string wrong = CheckSent(destination.sent()); !wrong.empty()) return wrong;
  return ReadJournals();
}

std::string World::RetryAll() {
  FakeDestination destination(&account, {});
  auto count = penstock::Retry(Environment(&destination), {}, true);
  if (!count.ok()) return "retry failed: " + count.error().message;
  return ReadJournals();
}

/// What may still be in doubt: a key that an invalid row shields, and one that departed in a mode
/// that sends nothing for it. Both are shown and held.
std::string World::CheckDoubts(const RunEnvironment& env) const {
  const auto rows = RowsByKey();
  auto view = OpenState(env);
  if (!view.ok()) return view.error().message;
  std::string wrong;
  const Status status = (*view)->ForEach([&](const Entry& entry) -> Status {
    if (!entry.pending && !entry.acknowledged) wrong = "known, and nothing of it";
    if (!entry.pending || entry.pending->outcome != OutcomeKind::kInDoubt) return {};
    const std::string key = key_of_.at(entry.key_hash);
    const auto now = rows.find(key);
    const bool shielded =
        now != rows.end() && (now->second.size() > 1 || IsInvalid(*now->second[0]));
    const bool never_deleted =
        !DeletesDeparted(integration.mode) || entry.origin == Origin::kAdopted;
    const bool silent = now == rows.end() && never_deleted;
    if (!shielded && !silent) wrong = "still in doubt: " + key;
    return {};
  });
  return status.ok() ? wrong : status.error().message;
}

std::string World::Converge() {
  source.fail_after = -1;
  for (int i = 0; i < 4; ++i) {
    clock.now_us += 25 * kHour;  // whatever was rejected or missing is due again
    if (std::string wrong = Sync({}); !wrong.empty()) return "converging: " + wrong;
  }
  FakeDestination destination(&account, {});
  auto record = penstock::Sync(Environment(&destination), {});
  if (!record.ok()) return "last sync failed: " + record.error().message;
  if (!destination.sent().empty())
    return "nothing changed, yet " + destination.sent()[0] + " was sent";
  if (destination.requests() != 0) return "nothing changed, yet a request was made";
  if (std::string wrong = CheckDoubts(Environment(&destination)); !wrong.empty()) return wrong;
  for (const RunRecord& run : store_.Runs()) {
    const OutcomeCounts& c = run.outcomes;
    const uint64_t told = c.succeeded + c.rejected + c.skipped + c.in_doubt + c.unsent;
    if (run.status == "running") return run.run + " is said to be running";
    if (run.status != "held" && told != run.plan.row_changes + run.plan.remove)
      return "outcomes of " + run.run + " (" + run.status + ") do not add up";
  }
  for (const auto& [key, same] : RowsByKey()) {
    const bool valid = same.size() == 1 && !IsInvalid(*same[0]);
    if (integration.mode == Mode::kDeleteOnly && valid && !listed_.contains(key)) {
      return "not in the baseline: " + key;
    }
  }
  return CheckAccount();
}

/// A unique name ("u…") that another row or record has.
bool World::TakenByAnother(const std::string& key, const std::string& name) const {
  if (!name.starts_with("u")) return false;
  for (const TableRow& row : source.rows) {
    if (row.name == name && row.email && NormalKey(*row.email) != key) return true;
  }
  for (const auto& [other, record] : account.Records()) {
    const auto at = record.fields.find("name");
    if (other != key && at != record.fields.end() && at->second == name) return true;
  }
  return false;
}

std::string World::CheckPresent(const std::string& key, const TableRow& row,
                                const HeldRecord* held) const {
  const bool refused = row.name && (row.name->starts_with("bad") || TakenByAnother(key, *row.name));
  const auto foreign = seeded.find(key);
  if (held == nullptr) {
    if (refused || integration.mode == Mode::kUpdateOnly || integration.mode == Mode::kDeleteOnly)
      return "";
    return "missing: " + key;
  }
  if (integration.mode == Mode::kDeleteOnly || refused) return "";
  if (integration.mode == Mode::kInsertOnly) {
    if (!held->ours) return "";
    const auto ever = ever_.find(key);
    TableRow as_held;
    const auto field = [&](const char* name) {
      const auto at = held->fields.find(name);
      return at == held->fields.end() ? std::nullopt : std::optional(at->second);
    };
    as_held.score = field("score");
    as_held.name = field("name");
    as_held.note = field("note");
    const bool said = ever != ever_.end() && ever->second.contains(ShortContent(as_held));
    if (!said) return "never said: " + Content(as_held);
    return "";
  }
  const auto check = [&](const char* field, const std::optional<std::string>& want) -> std::string {
    const auto at = held->fields.find(field);
    const std::string have = at == held->fields.end() ? "" : at->second;
    if (want && !want->empty())
      return have == *want ? "" : std::string(field) + " is '" + have + "', not '" + *want + "'";
    const bool theirs = foreign != seeded.end() && foreign->second.contains(field) &&
                        foreign->second.at(field) == have;
    // A field that left the mapping is ours no more, until it is written again.
    const bool released = field == std::string("note") && released_.contains(key);
    return have.empty() || theirs || released
               ? ""
               : std::string(field) + " is '" + have + "', not empty";
  };
  for (const std::string& wrong : {check("score", row.score), check("name", row.name),
                                   note_mapped() ? check("note", row.note) : std::string()}) {
    if (!wrong.empty()) return key + ": " + wrong + " in " + Shown(held->fields);
  }
  return "";
}

std::string World::CheckAccount() const {
  const auto rows = RowsByKey();
  const auto held = account.Records();
  for (const auto& [key, same] : rows) {
    if (same.size() != 1 || IsInvalid(*same[0])) continue;  // shielded: whatever it was
    const auto at = held.find(key);
    if (std::string wrong = CheckPresent(key, *same[0], at == held.end() ? nullptr : &at->second);
        !wrong.empty()) {
      return wrong;
    }
  }
  for (const auto& [key, record] : held) {
    if (integration.mode == Mode::kUpdateOnly && !seeded.contains(key))
      return "created in update_only: " + key;
    if (rows.contains(key)) continue;
    if (integration.mode == Mode::kMirror && record.ours && !found_.contains(key))
      return "departed but not deleted: " + key;
    if (integration.mode == Mode::kDeleteOnly && listed_.contains(key))
      return "listed, departed, not deleted: " + key;
  }
  for (const auto& [key, fields] : seeded) {
    const auto at = held.find(key);
    if (at == held.end() && !ever_.contains(key)) return "never ours, yet gone: " + key;
    if (at != held.end() && !at->second.ours && at->second.fields != fields)
      return "never ours, yet changed: " + key;
  }
  return "";
}

}  // namespace penstock::testing
