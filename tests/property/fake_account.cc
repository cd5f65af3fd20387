#include "tests/property/fake_account.h"

#include <algorithm>
#include <memory>

#include "tests/property/fake_job_writer.h"
#include "tests/property/fake_jobs.h"
#include "tests/property/log.h"

namespace penstock::testing {
namespace {

constexpr char kAnd = '\x1e';  // between what became of a job's write and the write

int32_t OperationOf(const sdk::Assignment& assignment) {
  const std::string& name = assignment.operation;
  return name == "upsert"   ? PENSTOCK_OP_UPSERT
         : name == "insert" ? PENSTOCK_OP_INSERT
         : name == "update" ? PENSTOCK_OP_UPDATE
                            : PENSTOCK_OP_DELETE;
}

}  // namespace

FakeAccount::FakeAccount(std::string log_path) : path_(std::move(log_path)) { Reload(); }

void FakeAccount::Reload() {
  const std::lock_guard lock(mutex_);
  records_.clear();
  aliases_.clear();
  results_.clear();
  next_id_ = 1;
  for (const std::string& line : ReadLog(path_)) Replay(line);
}

void FakeAccount::Append(const std::string& line) {
  AppendToLog(path_, line);
  Replay(line);
}

/// set KEY ID OURS [FIELD=VALUE…] (a value of nothing clears), del KEY, alias KEY OF; for a job
/// result JOB KEY OUTCOME CLASS ID CODE before it, or alone.
void FakeAccount::Replay(const std::string& line) {
  if (const size_t both = line.find(kAnd); both != std::string::npos) {
    Replay(line.substr(0, both));
    Replay(line.substr(both + 1));
    return;
  }
  const std::vector<std::string> parts = Split(line);
  if (parts[0] == "result") {
    Applied& result = results_[parts[1]][parts[2]];
    result.outcome = std::stoi(parts[3]);
    result.error_class = std::stoi(parts[4]);
    result.id = parts[5] == "-" ? "" : parts[5];
    result.code = parts[6] == "-" ? "" : parts[6];
    return;
  }
  if (parts[0] == "del") {
    records_.erase(parts[1]);
    return;
  }
  if (parts[0] == "alias") {
    records_.erase(parts[1]);
    aliases_[parts[1]] = parts[2];
    return;
  }
  HeldRecord& record = records_[parts[1]];
  record.id = parts[2];
  if (parts[3] == "1") {
    record.ours = true;
    ++record.writes;
  }
  for (size_t i = 4; i < parts.size(); ++i) {
    const size_t equals = parts[i].find('=');
    const std::string value = parts[i].substr(equals + 1);
    if (value.empty()) {
      record.fields.erase(parts[i].substr(0, equals));
    } else {
      record.fields[parts[i].substr(0, equals)] = value;
    }
  }
  next_id_ = std::max(next_id_, static_cast<uint64_t>(std::stoull(parts[2])) + 1);
}

std::map<std::string, HeldRecord> FakeAccount::Records() const {
  const std::lock_guard lock(mutex_);
  return records_;
}

void FakeAccount::Seed(const std::string& key, const std::map<std::string, std::string>& fields) {
  const std::lock_guard lock(mutex_);
  if (records_.contains(key)) return;
  std::string line = "set\t" + key + kTab + std::to_string(next_id_) + "\t0";
  for (const auto& [field, value] : fields) line += kTab + field + "=" + value;
  Append(line);
}

void FakeAccount::Alias(const std::string& key, const std::string& of) {
  const std::lock_guard lock(mutex_);
  Append("alias\t" + key + kTab + of);
}

std::string FakeAccount::OwnKey(const std::string& key) const {
  const auto at = aliases_.find(key);
  return at == aliases_.end() ? key : at->second;
}

std::string FakeAccount::KeyOfId(const std::string& id) const {
  for (const auto& [key, record] : records_) {
    if (record.id == id) return key;
  }
  return "";
}

std::optional<std::string> FakeAccount::FindId(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto at = records_.find(OwnKey(key));
  return at == records_.end() ? std::nullopt : std::optional(at->second.id);
}

FakeAccount::Applied FakeAccount::Write(int32_t op, const std::string& key, const std::string& id,
                                        const Values& values, bool judge_only,
                                        const std::string& job) {
  const std::lock_guard lock(mutex_);
  std::string line;
  const Applied applied = Judge(op, key, id, values, &line);
  if (judge_only) return applied;
  if (!job.empty()) {
    const auto word = [](const std::string& text) { return text.empty() ? "-" : text; };
    std::string result = "result\t" + job + kTab + key + kTab + std::to_string(applied.outcome) +
                         kTab + std::to_string(applied.error_class) + kTab + word(applied.id) +
                         kTab + word(applied.code);
    line = line.empty() ? result : result + kAnd + line;
  }
  if (!line.empty()) Append(line);
  return applied;
}

std::map<std::string, FakeAccount::Applied> FakeAccount::ResultsOf(const std::string& job) const {
  const std::lock_guard lock(mutex_);
  const auto at = results_.find(job);
  return at == results_.end() ? std::map<std::string, Applied>() : at->second;
}

/// `*line`: what to append for it; stays empty where nothing changes.
FakeAccount::Applied FakeAccount::Judge(int32_t op, const std::string& key, const std::string& id,
                                        const Values& values, std::string* line) const {
  std::string at_key = OwnKey(key);
  if ((op == PENSTOCK_OP_UPDATE || op == PENSTOCK_OP_DELETE) && !id.empty()) at_key = KeyOfId(id);
  const auto at = records_.find(at_key);
  const bool exists = !at_key.empty() && at != records_.end();
  Applied applied;
  if (op == PENSTOCK_OP_DELETE) {
    applied.outcome = exists ? PENSTOCK_DELETED : PENSTOCK_MISSING;
    if (exists) *line = "del\t" + at_key;
    return applied;
  }
  if (op == PENSTOCK_OP_UPDATE && !exists) {
    applied.outcome = PENSTOCK_MISSING;
    return applied;
  }
  if (op == PENSTOCK_OP_INSERT && exists) {
    applied.outcome = PENSTOCK_EXISTS;
    return applied;
  }
  std::string set =
      "set\t" + at_key + kTab + (exists ? at->second.id : std::to_string(next_id_)) + "\t1";
  for (const auto& [field, value] : values) {
    if (TypeOf(*value) == ValueType::kAbsent || field == "email") continue;
    const std::string text = ToText(*value);
    set += kTab + field + "=" + text;
    if (field != "name") continue;
    applied.outcome = PENSTOCK_REJECTED;
    if (text.starts_with("bad")) {
      applied.error_class = PENSTOCK_CLASS_DATA;
      applied.code = "INVALID_NAME";
      return applied;
    }
    const bool unique = text.starts_with("u");
    for (const auto& [other, record] : records_) {
      const auto name = record.fields.find("name");
      if (unique && other != at_key && name != record.fields.end() && name->second == text) {
        applied.error_class = PENSTOCK_CLASS_CONFLICT;
        applied.code = "NAME_TAKEN";
        return applied;
      }
    }
  }
  applied.outcome = exists ? PENSTOCK_UPDATED : PENSTOCK_CREATED;
  applied.id = exists ? at->second.id : std::to_string(next_id_);
  *line = set;
  return applied;
}

sdk::Catalog FakeCatalog() {
  sdk::Object object;
  object.name = "people";
  object.label = "People";
  object.operations["upsert"] = {{{"email"}}, true, false};
  object.operations["insert"] = {{{"email"}}, false, true};
  object.operations["update"] = {{{"id"}}, true, true};
  object.operations["delete"] = {{{"id"}}, true, true};
  object.limits = {8, 4, 2};
  sdk::Field email;
  email.name = "email";
  email.unique = true;
  email.normalisers = {sdk::Normaliser::kTrim, sdk::Normaliser::kLower};
  sdk::Field score;
  score.name = "score";
  score.type = sdk::FieldType::kDecimal;
  sdk::Field name;
  name.name = "name";
  name.max_length = 12;
  sdk::Field note;
  note.name = "note";
  object.fields = {email, score, name, note};
  sdk::Catalog catalog;
  catalog.objects = {object};
  return catalog;
}

/// Writes as a connector does: requests of at most four records, each with an answer or one of the
/// faults.
class FakeWriter final : public DestinationWriter {
 public:
  FakeWriter(FakeDestination* destination, sdk::Assignment assignment, RequestJournal* journal)
      : destination_(destination), assignment_(std::move(assignment)), journal_(journal) {}

  Crash crash() const override { return crash_; }
  sdk::Status Write(const penstock_batch& batch, const OutcomeCallback& report) override {
    crash_ = Crash::kNone;
    for (size_t i = 0; destination_->faults_.makes_up && i < batch.n_records; ++i) {
      Report(batch, i, PENSTOCK_CREATED, {}, report);
    }
    if (destination_->faults_.makes_up) return {};
    const size_t size = assignment_.limits.max_request_records;
    for (size_t first = 0; first < batch.n_records; first += size) {
      sdk::Status status = Request(batch, first, std::min(size, batch.n_records - first), report);
      if (!status.ok()) return status;
    }
    return {};
  }
  sdk::Status Finish(const OutcomeCallback& report) override {
    for (penstock_outcome& outcome : late_) report(outcome);
    late_.clear();
    if (destination_->faults_.ends_badly) {
      return sdk::Failure{PENSTOCK_E_INTERNAL, "PS-CONN-CRASHED",
                          "connector fake was ended by SIGSEGV during finish", 0};
    }
    return {};
  }

 private:
  using Fault = FakeDestination::Fault;

  sdk::Status Request(const penstock_batch& batch, size_t first, size_t n,
                      const OutcomeCallback& report);
  FakeAccount::Applied Do(const penstock_batch& batch, size_t i, bool judge_only);
  void Report(const penstock_batch& batch, size_t i, int32_t outcome,
              const FakeAccount::Applied& applied, const OutcomeCallback& report,
              uint32_t group = 0);
  int32_t op() const { return OperationOf(assignment_); }
  std::string KeyOf(const penstock_batch& batch, size_t i) const {
    for (size_t f = 0; f < assignment_.fields.size(); ++f) {
      if (assignment_.fields[f].key) return ToText(batch.values[i * batch.n_fields + f]);
    }
    return "";
  }

  /// Brought down by a record with this name.
  bool IsIn(const penstock_batch& batch, size_t first, size_t n, std::string_view name) const {
    for (size_t f = 0; f < assignment_.fields.size(); ++f) {
      if (assignment_.fields[f].name != "name") continue;
      for (size_t i = first; i < first + n; ++i) {
        if (ToText(batch.values[i * batch.n_fields + f]) == name) return true;
      }
    }
    return false;
  }
  sdk::Status GoesDown(Crash crash) {
    crash_ = crash;
    destination_->WentDown();
    return sdk::Failure{PENSTOCK_E_INTERNAL, "PS-CONN-CRASHED",
                        "connector fake was ended by SIGSEGV during write_batch", 0};
  }

  FakeDestination* const destination_;
  const sdk::Assignment assignment_;
  RequestJournal* const journal_;
  std::vector<penstock_outcome> late_;
  Crash crash_ = Crash::kNone;
};

FakeAccount::Applied FakeWriter::Do(const penstock_batch& batch, size_t i, bool judge_only) {
  std::vector<std::pair<std::string, const Value*>> values;
  for (size_t f = 0; f < batch.n_fields; ++f) {
    values.emplace_back(assignment_.fields[f].name, &batch.values[i * batch.n_fields + f]);
  }
  const std::string id(batch.ids[i].ptr, batch.ids[i].len);
  return destination_->account_->Write(op(), KeyOf(batch, i), id, values, judge_only);
}

void FakeWriter::Report(const penstock_batch& batch, size_t i, int32_t outcome,
                        const FakeAccount::Applied& applied, const OutcomeCallback& report,
                        uint32_t group) {
  penstock_outcome item{};
  item.struct_size = sizeof(item);
  item.outcome = outcome;
  item.seq = batch.seqs[i];
  item.error_class = applied.error_class;
  item.group = group;
  item.destination_id = {applied.id.data(), applied.id.size()};
  item.code = {applied.code.data(), applied.code.size()};
  report(item);
}

sdk::Status FakeWriter::Request(const penstock_batch& batch, size_t first, size_t n,
                                const OutcomeCallback& report) {
  const std::vector<uint64_t> seqs(batch.seqs + first, batch.seqs + first + n);
  const Fault fault = destination_->Draw();
  const uint64_t request = ++destination_->requests_;
  const bool named = !destination_->faults_.forget_seqs;
  const auto all = [&](int32_t outcome) {
    for (size_t i = first; i < first + n; ++i)
      Report(batch, i, outcome, {}, report, static_cast<uint32_t>(request));
  };
  const auto failure = [](penstock_status status, const char* code) {
    sdk::Failure f;
    f.status = status;
    f.code = code;
    f.message = code;
    return f;
  };
  if (IsIn(batch, first, n, "poison")) return GoesDown(Crash::kCulprit);
  if (fault == Fault::kDown) return failure(PENSTOCK_E_UNAVAILABLE, "down");
  if (named && !journal_->BeforeSend(request, seqs).ok())
    return failure(PENSTOCK_E_INTERNAL, "journal");
  {
    const std::lock_guard lock(destination_->mutex_);
    for (size_t i = first; i < first + n; ++i) destination_->sent_.push_back(KeyOf(batch, i));
  }
  switch (fault) {
    case Fault::kNotSent:
      journal_->NotApplied(request, seqs);
      all(destination_->faults_.boasts ? PENSTOCK_CREATED : PENSTOCK_UNSENT);
      return {};
    case Fault::kRefused:
      journal_->Answered(request, seqs);
      return failure(PENSTOCK_E_UNAUTHENTICATED, "unauthenticated");
    case Fault::kLostNotApplied:
      all(PENSTOCK_IN_DOUBT);
      return {};
    default:
      break;
  }
  if (destination_->faults_.all_or_nothing && n > 1) {
    bool bad = false;
    for (size_t i = first; i < first + n; ++i)
      bad = bad || Do(batch, i, true).outcome == PENSTOCK_REJECTED;
    if (bad) {
      if (!destination_->faults_.presumes) journal_->Answered(request, seqs);
      if (!destination_->faults_.late) {
        all(PENSTOCK_SPLIT);
        return {};
      }
      for (const uint64_t seq : seqs) {
        late_.push_back({});
        late_.back().struct_size = sizeof(penstock_outcome);
        late_.back().outcome = PENSTOCK_SPLIT;
        late_.back().seq = seq;
        late_.back().group = static_cast<uint32_t>(request);
      }
      return {};
    }
  }
  std::vector<FakeAccount::Applied> applied;
  for (size_t i = first; i < first + n; ++i) applied.push_back(Do(batch, i, false));
  if (IsIn(batch, first, n, "venom")) return GoesDown(Crash::kCulprit);
  if (fault == Fault::kDies && request % 2 == 0 && !destination_->faults_.dies) {
    return GoesDown(Crash::kBystander);
  }
  if (fault == Fault::kDies) return failure(PENSTOCK_E_INTERNAL, "died");
  if (fault == Fault::kLostApplied) {
    all(PENSTOCK_IN_DOUBT);
    return {};
  }
  if (!destination_->faults_.presumes) journal_->Answered(request, seqs);
  if (fault == Fault::kGarbage) return failure(PENSTOCK_E_INTERNAL, "garbage");
  if (destination_->faults_.twice) {
    const uint64_t second = ++destination_->requests_;
    if (!journal_->BeforeSend(second, seqs).ok()) return failure(PENSTOCK_E_INTERNAL, "journal");
    journal_->NotApplied(second, seqs);
    return failure(PENSTOCK_E_RATE_LIMITED, "slow down");
  }
  const size_t silent = fault == Fault::kSilent ? n / 2 : 0;
  for (size_t i = n; i > silent; --i) {  // not in order
    Report(batch, first + i - 1, applied[i - 1].outcome, applied[i - 1], report);
  }
  return {};
}

FakeDestination::FakeDestination(FakeAccount* account, FaultSettings faults)
    : account_(account),
      faults_(std::move(faults)),
      random_(faults_.seed),
      jobs_(std::make_unique<FakeJobs>(account->path() + ".jobs", account)) {
  manifest_.id = "fake";
  manifest_.version = "1.0.0";
}

FakeDestination::~FakeDestination() = default;

void FakeDestination::Sent(const std::string& key) {
  const std::lock_guard lock(mutex_);
  sent_.push_back(key);
}

FakeDestination::Fault FakeDestination::Draw() {
  if (faults_.lose_answers) return Fault::kLostApplied;
  if (faults_.dies) return Fault::kDies;
  if (faults_.boasts) return Fault::kNotSent;
  if (faults_.bars_crashed && went_down_) return Fault::kRefused;
  const std::lock_guard lock(mutex_);
  if (std::uniform_real_distribution<double>(0, 1)(random_) >= faults_.per_request)
    return Fault::kNone;
  return static_cast<Fault>(1 + random_() % 8);
}

std::vector<std::string> FakeDestination::sent() const {
  const std::lock_guard lock(mutex_);
  return sent_;
}

sdk::Result<sdk::CheckReport> FakeDestination::Check(const CallLimits&) {
  sdk::CheckReport report;
  report.account_id = account_id_;
  report.account_name = "Fake";
  return report;
}

sdk::Result<sdk::Catalog> FakeDestination::Discover(const std::vector<std::string>&,
                                                    const CallLimits&) {
  return FakeCatalog();
}

sdk::Result<std::unique_ptr<DestinationWriter>> FakeDestination::Begin(
    const sdk::Assignment& assignment, std::span<const OpenNote> notes, RequestJournal* journal,
    const CallLimits& limits) {
  if (faults_.jobs || !notes.empty()) {
    return std::unique_ptr<DestinationWriter>(
        new FakeJobWriter(this, assignment, OperationOf(assignment), notes, journal, limits));
  }
  return std::unique_ptr<DestinationWriter>(new FakeWriter(this, assignment, journal));
}

sdk::Status FakeDestination::Lookup(const sdk::Assignment&, std::span<const Value> keys,
                                    std::vector<LookupHit>* hits, const CallLimits&) {
  ++requests_;
  for (const Value& key : keys) {
    const std::string text = ToText(key);
    const auto id = account_->FindId(text);
    if (faults_.shared.contains(text)) {
      hits->push_back({sdk::Matches::kSeveral, ""});
    } else {
      hits->push_back({id ? sdk::Matches::kOne : sdk::Matches::kNone, id.value_or("")});
    }
  }
  return {};
}

}  // namespace penstock::testing
