// Left of the seam: from the source to the plan file.
#include <unistd.h>

#include <utility>

#include "core/file/file.h"
#include "core/push/cost.h"
#include "core/run/context.h"

namespace penstock {
namespace run {
namespace {

constexpr int64_t kPlanLifeMicros = int64_t{24} * 3600 * 1'000'000;

/// An error of the model, at its place: the source knows line and column of the SQL alone.
Error InModel(const Integration& integration, Error error) {
  error.message = "integration " + integration.id + ": " + error.message;
  if (!error.file.empty()) return error;
  if (!integration.sql_file.empty()) {
    error.file = integration.sql_file;
  } else if (const auto at = integration.places.find("model"); at != integration.places.end()) {
    return At(std::move(error), at->second);
  }
  return error;
}

void Tell(const RunEnvironment& env, Progress::Phase phase, uint64_t done) {
  if (!env.progress) return;
  Progress progress;
  progress.phase = phase;
  progress.done = done;
  env.progress(progress);
}

double EstimateSeconds(const sdk::Manifest& manifest, uint64_t requests) {
  for (const sdk::Limiter& limiter : manifest.limiters) {
    if (limiter.name != "default" || limiter.requests <= 0) continue;
    return static_cast<double>(requests) * static_cast<double>(limiter.window_ms) / 1000 /
           limiter.requests;
  }
  return 0;
}

/// The account that the plan is for: what the state says, else what the credential opens.
Result<std::string> AccountFor(const RunEnvironment& env, const StateView& view) {
  if (view.identity() && !view.identity()->account.empty()) return view.identity()->account;
  return AskAccount(env);
}

PlanHeader HeaderFor(const RunEnvironment& env, const StateView& view, const Mapper& mapper,
                     const std::string& account, const std::string& schema) {
  const Integration& integration = *env.integration;
  PlanHeader header;
  header.integration = integration.id;
  header.environment = integration.environment;
  header.account = account;
  header.object = integration.object;
  header.connector = env.destination->manifest().id;
  header.connector_version = env.destination->manifest().version;
  header.model_digest = SetupDigest(integration);
  header.mapping_digest = MappingDigest(mapper, integration);
  header.schema_digest = schema;
  header.options = integration.options;
  header.mode = integration.mode;
  header.lineage = view.lineage();
  header.last_outcome = view.last_outcome();
  header.fields = mapper.fields();
  header.key_field = mapper.key_field();
  header.created_us = env.clock->UnixMicros();
  header.expires_us = header.created_us + kPlanLifeMicros;
  return header;
}

}  // namespace

/// Plans that can not be applied any more, and drafts of killed processes, hold payloads for
/// nothing. Their age is the file's: a plan is never written again.
Status SweepPlans(const RunEnvironment& env) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<std::string> names, file::List(env.plans_directory));
  for (const std::string& name : names) {
    if (!name.ends_with(".plan") && !name.ends_with(".draft")) continue;
    const std::string path = env.plans_directory + "/" + name;
    const auto modified = file::ModifiedUnixMicros(path);
    if (!modified.ok()) continue;  // another process was first
    if (*modified + kPlanLifeMicros > env.clock->UnixMicros()) continue;
    PENSTOCK_RETURN_IF_ERROR(file::Remove(path));
  }
  return {};
}

Result<PlannedRun> MakePlan(const RunEnvironment& env, const SyncOptions& options,
                            const PlanInput& input) {
  const Integration& integration = *env.integration;
  const int64_t started = env.clock->MonotonicMicros();
  Tell(env, Progress::Phase::kConnecting, 0);
  PENSTOCK_ASSIGN_OR_RETURN(const sdk::Object object, FindObject(env));
  if (input.view->identity()) {
    PENSTOCK_RETURN_IF_ERROR(CompareIdentity(*input.view->identity(), IdentityOf(env, object, "")));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const std::string account, AccountFor(env, *input.view));

  ReadOptions read;
  read.cancelled = env.cancelled;
  auto reading = env.source->Read(integration.sql, read);
  if (!reading.ok()) return InModel(integration, reading.error());
  const std::unique_ptr<RowReader> rows = *std::move(reading);
  PENSTOCK_ASSIGN_OR_RETURN(auto mapper, Mapper::Compile(integration, rows->columns(), object,
                                                         *env.hasher, input.variables));
  const std::string schema = SchemaDigest(*mapper, object);
  PlanHeader header = HeaderFor(env, *input.view, *mapper, account, schema);

  PENSTOCK_RETURN_IF_ERROR(file::MakeDirectories(env.plans_directory));
  PENSTOCK_RETURN_IF_ERROR(SweepPlans(env));
  const std::string draft = env.plans_directory + "/" + input.file_name;
  PENSTOCK_ASSIGN_OR_RETURN(auto writer, PlanWriter::Create(draft));
  DiffOptions diff;
  diff.memory_bytes = integration.memory_bytes;
  diff.scratch_dir = env.scratch_dir;
  diff.cancelled = env.cancelled;
  diff.progress = [&](uint64_t done) { Tell(env, Progress::Phase::kReading, done); };
  PENSTOCK_RETURN_IF_ERROR(Diff(rows.get(), mapper.get(), *env.hasher, input.view,
                                DecisionsFor(env, object, *mapper), diff, writer.get(), &header));
  header.seconds = static_cast<double>(env.clock->MonotonicMicros() - started) / 1e6;
  PENSTOCK_RETURN_IF_ERROR(writer->Finish(&header));

  PlannedRun planned;
  planned.path = env.plans_directory + "/" + header.hash + ".plan";
  PENSTOCK_RETURN_IF_ERROR(file::RenameDurably(draft, planned.path));
  planned.header = header;
  planned.standing = input.view->counts();
  planned.cost = EstimateCost(header.counts, object, integration.options);
  planned.estimated_seconds = EstimateSeconds(env.destination->manifest(), planned.cost.requests);
  GuardInput guard;
  guard.plan = &planned.header;
  guard.settings = integration.guard;
  PENSTOCK_ASSIGN_OR_RETURN(guard.basis, env.store->Basis(integration.id));
  guard.now = BasisOf(integration, header);
  guard.allow_deletes = options.allow_deletes;
  planned.holds = Guard(guard);
  return planned;
}

}  // namespace run

Result<PlannedRun> Plan(const RunEnvironment& env, const SyncOptions& options) {
  PENSTOCK_ASSIGN_OR_RETURN(auto view, run::OpenView(env));
  run::PlanInput input;
  input.view = view.get();
  input.variables.started_us = env.clock->UnixMicros();
  input.file_name = env.integration->id + "-" + std::to_string(::getpid()) + ".draft";
  PENSTOCK_ASSIGN_OR_RETURN(PlannedRun planned, run::MakePlan(env, options, input));
  if (view->open_journals().empty()) return planned;
  planned.open_run = view->open_journals().front();
  PENSTOCK_ASSIGN_OR_RETURN(const auto record, env.store->FindRun(*planned.open_run));
  if (!record) return planned;
  PENSTOCK_ASSIGN_OR_RETURN(const RunRecord now, RecordNow(env.store, env.directory, *record));
  planned.open_run_at_work = now.status == "running";
  return planned;
}

}  // namespace penstock
