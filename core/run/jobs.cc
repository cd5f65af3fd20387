// Jobs at the destination that an earlier run noted and left open: handed back to a writer of the
// same object and operation, before anything new is decided.
#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "core/diff/payload.h"
#include "core/file/file.h"
#include "core/push/failure.h"
#include "core/push/ledger.h"
#include "core/run/context.h"

namespace penstock {

Result<std::vector<OpenJob>> OpenJobs(StateView* view) {
  std::map<std::tuple<uint32_t, Op, std::string>, OpenJob> jobs;
  if (view->counts().in_doubt == 0) return std::vector<OpenJob>();
  PENSTOCK_RETURN_IF_ERROR(run::ForEachInJob(view, [&](const Entry& entry) -> Status {
    const Pending& pending = *entry.pending;
    OpenJob& job = jobs[{pending.run, pending.op, pending.job}];
    job.token = pending.job;
    job.op = pending.op;
    job.run = pending.run;
    job.since_us = job.records == 0 ? pending.at_us : std::min(job.since_us, pending.at_us);
    ++job.records;
    if (entry.acknowledged) ++job.acknowledged;
    return {};
  }));
  std::vector<OpenJob> list;
  list.reserve(jobs.size());
  for (auto& [key, job] : jobs) list.push_back(std::move(job));
  return list;
}

namespace run {

Status ForEachInJob(StateView* view, const std::function<Status(const Entry&)>& visit) {
  PartitionEntries entries;
  for (uint32_t partition = 0; partition < view->partitions(); ++partition) {
    PENSTOCK_RETURN_IF_ERROR(view->LoadPartition(partition, &entries));
    for (size_t i = 0; i < entries.main.size(); ++i) {
      if ((entries.main[i].flags & MainEntry::kPending) == 0) continue;
      PENSTOCK_ASSIGN_OR_RETURN(const Entry entry, view->LoadEntry(&entries, i));
      if (!InJob(entry)) continue;
      PENSTOCK_RETURN_IF_ERROR(visit(entry));
    }
  }
  return {};
}

namespace {

/// Values of a job's records are handed back while they are few: nothing is to be sent from them,
/// and a job may hold more than memory should.
constexpr size_t kMaxValueBytes = 8u << 20;

/// The jobs of one earlier run, as a small run of its own.
class JobsOfRun {
 public:
  JobsOfRun(const RunEnvironment& env, OpenRun* run, uint32_t ordinal)
      : env_(env), run_(run), ordinal_(ordinal) {}

  Status Settle();
  const StateIdentity* identity() const { return identity_ ? &*identity_ : nullptr; }

 private:
  Status Identify();
  Status ReadEarlierRun();
  void CountPlanned(const std::vector<OpenJob>& jobs);
  void Fields(const std::vector<std::string>& names);
  Result<std::vector<Change>> Records(const OpenJob& job);
  Change ChangeOf(const Entry& entry);
  Status FillFromPlan(std::vector<Change>* changes);
  Status SettleOne(const OpenJob& job);
  Status HandBack(const OpenJob& job, const std::shared_ptr<Batch>& batch);
  sdk::Assignment Assign(const OpenJob& job) const;

  const RunEnvironment& env_;
  OpenRun* const run_;
  const uint32_t ordinal_;
  sdk::Object object_;
  std::optional<StateIdentity> identity_;
  PlanHeader earlier_;  // as far as it is known of the run that noted the jobs
  std::unique_ptr<PlanReader> plan_;
  std::vector<sdk::Assignment::AssignedField> fields_;
  size_t key_field_ = 0;
  bool all_fields_ = true;  // of the plan, as the destination still has them
  uint64_t next_seq_ = 1;
  std::unique_ptr<Ledger> ledger_;
};

/// The credential must open the account that the jobs are in.
Status JobsOfRun::Identify() {
  PENSTOCK_ASSIGN_OR_RETURN(object_, FindObject(env_));
  PENSTOCK_ASSIGN_OR_RETURN(const std::string account, AskAccount(env_));
  StateIdentity now = IdentityOf(env_, object_, account);
  if (run_->view()->identity()) {
    PENSTOCK_RETURN_IF_ERROR(CompareIdentity(*run_->view()->identity(), now));
  }
  identity_ = std::move(now);
  return {};
}

/// Journal and plan of that run, while they are kept.
Status JobsOfRun::ReadEarlierRun() {
  earlier_.mode = env_.integration->mode;
  const std::string journal = JournalPath(env_.directory, ordinal_);
  if (!file::Exists(journal)) return {};
  PENSTOCK_ASSIGN_OR_RETURN(const JournalSummary summary, PeekJournal(journal));
  earlier_.mode = summary.open.mode;
  earlier_.connector_version = summary.open.connector_version;
  earlier_.schema_digest = summary.open.schema;
  for (const std::string& name : summary.open.fields) earlier_.fields.push_back({name});
  const std::string path = env_.plans_directory + "/" + summary.open.plan_hash + ".plan";
  if (summary.open.plan_hash.empty() || !file::Exists(path)) return {};
  auto plan = PlanReader::Open(path);
  if (!plan.ok()) return {};  // nothing of it is needed but values, and those only if there are any
  plan_ = *std::move(plan);
  earlier_.hash = summary.open.plan_hash;  // its `apply` goes on over what this run writes
  const PlanCounts& counts = plan_->header().counts;
  next_seq_ = counts.row_changes + counts.remove + 1;
  return {};
}

/// What the writer is told of: the fields that the run wrote, as far as there still are such.
void JobsOfRun::Fields(const std::vector<std::string>& names) {
  const std::string& key = env_.integration->key.field;
  const auto add = [&](const std::string& name, sdk::FieldType type) {
    if (name == key) key_field_ = fields_.size();
    fields_.push_back({name, type, name == key});
  };
  for (const std::string& name : names) {
    const sdk::Field* field = object_.FindField(name);
    if (field == nullptr) {
      all_fields_ = false;
    } else {
      add(name, field->type);
    }
  }
  if (std::find(names.begin(), names.end(), key) != names.end()) return;
  const sdk::Field* field = object_.FindField(key);
  add(key, field == nullptr ? sdk::FieldType::kString : field->type);
  all_fields_ = false;
}

Change JobsOfRun::ChangeOf(const Entry& entry) {
  const Pending& pending = *entry.pending;
  Change change;
  change.op = pending.op;
  change.reason = Reason::kInDoubt;
  change.key_hash = entry.key_hash;
  change.key = entry.key;
  change.key_text = diff::KeyText(entry.key);
  change.destination_id =
      pending.destination_id.empty() ? entry.destination_id : pending.destination_id;
  if (pending.op == Op::kInsert) change.destination_id.clear();
  change.fingerprint = pending.attempted;
  change.fields = pending.fields;
  change.has_absent =
      std::find(pending.fields.begin(), pending.fields.end(), kFieldAbsent) != pending.fields.end();
  change.origin = entry.origin;
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (i == key_field_) {
      change.payload += entry.key;
    } else {
      EncodeValue(AbsentValue(), &change.payload);
    }
  }
  return change;
}

/// The seqs that the records had in their plan, so that its `apply` knows them, and their values. A
/// key has one change there, maybe an upsert that a lookup made an update of.
Status JobsOfRun::FillFromPlan(std::vector<Change>* changes) {
  if (plan_ == nullptr) return {};
  std::vector<std::string> payloads(changes->size());
  size_t bytes = 0;
  PENSTOCK_RETURN_IF_ERROR(plan_->Changes(1, [&](const Change& change) -> Status {
    const auto at =
        std::lower_bound(changes->begin(), changes->end(), change.key_hash,
                         [](const Change& c, const Hash128& h) { return c.key_hash < h; });
    if (at == changes->end() || at->key_hash != change.key_hash) return {};
    at->seq = change.seq;
    bytes += change.payload.size();
    if (bytes <= kMaxValueBytes)
      payloads[static_cast<size_t>(at - changes->begin())] = change.payload;
    return {};
  }));
  const bool values = all_fields_ && bytes <= kMaxValueBytes;
  for (size_t i = 0; values && i < payloads.size(); ++i) {
    if (!payloads[i].empty()) (*changes)[i].payload = std::move(payloads[i]);
  }
  return {};
}

/// In order of their key hashes, as the view has them.
Result<std::vector<Change>> JobsOfRun::Records(const OpenJob& job) {
  std::vector<Change> changes;
  const auto take = [&](const Entry& entry) -> Status {
    const Pending& pending = *entry.pending;
    if (pending.run != ordinal_ || pending.op != job.op || pending.job != job.token) return {};
    if (fields_.empty()) {
      std::vector<std::string> names;
      for (const MappedField& field : earlier_.fields) names.push_back(field.name);
      Fields(names.empty() ? run_->view()->FieldNames(entry.fieldset) : names);
    }
    changes.push_back(ChangeOf(entry));
    return {};
  };
  PENSTOCK_RETURN_IF_ERROR(ForEachInJob(run_->view(), take));
  PENSTOCK_RETURN_IF_ERROR(FillFromPlan(&changes));
  for (Change& change : changes) {
    if (change.seq == 0) change.seq = next_seq_++;
  }
  return changes;
}

sdk::Assignment JobsOfRun::Assign(const OpenJob& job) const {
  sdk::Assignment assignment;
  assignment.object = object_.name;
  assignment.operation = std::string(OpName(job.op));
  assignment.identifier = {env_.integration->key.field};
  assignment.fields = fields_;
  if (job.op == Op::kDelete) assignment.fields = {fields_[key_field_]};
  assignment.expected_records = job.records;
  assignment.limits = object_.limits;
  assignment.options = env_.integration->options;
  assignment.integration = env_.integration->id;
  assignment.environment = env_.integration->environment;
  assignment.run = run_->record().run;
  return assignment;
}

/// One writer for one job. What it leaves without a word stays in the job.
Status JobsOfRun::HandBack(const OpenJob& job, const std::shared_ptr<Batch>& batch) {
  ledger_->EnterNoted(batch, job.token);
  CallLimits limits;
  limits.cancelled = env_.cancelled;
  const OpenNote note{job.token, &batch->view()};
  sdk::Status status;
  auto begun = env_.destination->Begin(Assign(job), {&note, 1}, ledger_.get(), limits);
  if (begun.ok()) {
    status = (*begun)->Finish([&](const penstock_outcome& outcome) {
      if (outcome.outcome == PENSTOCK_SPLIT) {
        ledger_->TakeBack({outcome.seq}, /*idempotent=*/false);
      } else {
        ledger_->Settle(outcome);
      }
    });
  } else {
    status = begun.failure();
  }
  if (status.ok()) {
    ledger_->LeaveNoted({});
    return {};
  }
  const sdk::Failure& failure = status.failure();
  const std::vector<uint64_t> open = ledger_->AllOpen();
  if (failure.status == PENSTOCK_E_NOT_FOUND) {
    for (const uint64_t seq : open) {
      penstock_outcome gone{};
      gone.struct_size = sizeof(gone);
      gone.outcome = PENSTOCK_IN_DOUBT;
      gone.seq = seq;
      gone.code = {"JOB_GONE", 8};
      gone.message = {failure.message.data(), failure.message.size()};
      ledger_->Settle(gone);
    }
    return {};
  }
  ledger_->LeaveNoted(failure);
  CallFailure explained =
      Explain(failure, env_.integration->destination, env_.destination->manifest());
  if (open.empty() && !explained.stop) ledger_->Fault(failure);  // nothing else tells of it
  return explained.stop ? Status(std::move(explained.error)) : Status();
}

Status JobsOfRun::SettleOne(const OpenJob& job) {
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<Change> changes, Records(job));
  if (changes.empty()) return {};
  Batch::Shape shape;
  shape.n_fields = fields_.size();
  shape.key_field = key_field_;
  shape.key_only = job.op == Op::kDelete;
  PENSTOCK_ASSIGN_OR_RETURN(const auto batch, Batch::Build(std::move(changes), shape));
  Status handed = HandBack(job, batch);
  PENSTOCK_RETURN_IF_ERROR(ledger_->stop_reason());
  return handed;
}

/// So that this run's counts add up however it ends: each record is a change of it, and in doubt
/// until its job has told.
void JobsOfRun::CountPlanned(const std::vector<OpenJob>& jobs) {
  PlanCounts& plan = run_->record().plan;
  for (const OpenJob& job : jobs) {
    if (job.op == Op::kDelete) {
      plan.remove += job.records;
      continue;
    }
    plan.row_changes += job.records;
    const bool all_new = job.op == Op::kInsert;
    const uint64_t known = job.op == Op::kUpdate ? job.records : all_new ? 0 : job.acknowledged;
    plan.update += known;
    plan.insert += job.records - known;
  }
  plan.read = plan.row_changes;
  run_->record().outcomes.in_doubt = plan.row_changes + plan.remove;
}

Status JobsOfRun::Settle() {
  PENSTOCK_RETURN_IF_ERROR(SettleInterrupted(env_, run_));
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<OpenJob> jobs, OpenJobs(run_->view()));
  std::erase_if(jobs, [&](const OpenJob& job) { return job.run != ordinal_; });
  if (jobs.empty()) return {};  // another process was first
  if (env_.progress) env_.progress({.phase = Progress::Phase::kSettling});
  PENSTOCK_RETURN_IF_ERROR(Identify());
  PENSTOCK_RETURN_IF_ERROR(ReadEarlierRun());
  CountPlanned(jobs);
  PENSTOCK_ASSIGN_OR_RETURN(Journal * journal, run_->EnsureJournal(&earlier_, &*identity_));
  run_->IdsMayChange();
  ledger_ = std::make_unique<Ledger>(journal, env_.clock, /*keep_conflicts=*/false,
                                     env_.destination->manifest().id);
  if (env_.jobs_awaited) env_.jobs_awaited(jobs);
  Status status;
  for (const OpenJob& job : jobs) {
    if (status = SettleOne(job); !status.ok()) break;
  }
  RunRecord& record = run_->record();
  OutcomeCounts counts = ledger_->counts();
  counts.in_doubt += record.outcomes.in_doubt - counts.changes();  // not reached
  record.outcomes = counts;
  record.errors = ledger_->errors();
  return status;
}

Status SettleJobsOf(const RunEnvironment& env, const SyncOptions& options, uint32_t ordinal) {
  SyncOptions settle;
  settle.trigger = "settle";
  settle.wait_ms = options.wait_ms;
  PENSTOCK_ASSIGN_OR_RETURN(auto run, OpenRun::Begin(env, settle, ""));
  JobsOfRun jobs(env, run.get(), ordinal);
  Status status = jobs.Settle();
  const RunRecord record = run->Finish(std::move(status), jobs.identity());
  if (env.run_settled) env.run_settled(record);
  return record.error ? Status(*record.error) : Status();
}

}  // namespace

Status SettleJobs(const RunEnvironment& env, const SyncOptions& options) {
  PENSTOCK_ASSIGN_OR_RETURN(auto view, OpenView(env));
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<OpenJob> jobs, OpenJobs(view.get()));
  view.reset();
  uint32_t last = 0;
  for (const OpenJob& job : jobs) {  // in order of their runs
    if (job.run == last) continue;
    last = job.run;
    PENSTOCK_RETURN_IF_ERROR(SettleJobsOf(env, options, job.run));
  }
  return {};
}

}  // namespace run
}  // namespace penstock
