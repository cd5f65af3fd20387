#include "core/push/push.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <utility>

#include "core/push/cost.h"
#include "core/push/lane.h"
#include "core/push/ledger.h"

namespace penstock {
namespace {

/// Upper bound of a batch in memory, beside the catalog's number of records.
constexpr size_t kMaxBatchBytes = 8u << 20;

/// One push, from the thread that reads the plan.
class Pusher {
 public:
  Pusher(PlanReader* plan, Destination* destination, Journal* journal, Clock* clock,
         const PushOptions& options)
      : plan_(plan),
        destination_(destination),
        clock_(clock),
        options_(options),
        header_(plan->header()),
        ledger_(journal, clock, header_.counts.remove > 0, destination->manifest().id) {
    limits_.cancelled = options.cancelled;
    FillRunVariables();
  }

  Result<PushResult> Run();

 private:
  struct Waiting {
    std::vector<Change> changes;
    size_t bytes = 0;
  };

  Status Take(const Change& change);
  Status Route(Change change);
  Status Resolve();
  void NotFound(const Change& change);
  Status Hand(Op op, bool all);
  Status Phase(bool deletes);
  Status RetryConflicts();
  bool NeedsLookup(const Change& change) const;
  bool IsShared(const Change& change);
  uint64_t Expected(std::string_view operation) const;
  const sdk::Operation* Operation(Op op) const;
  bool ByKey(Op op) const;
  Lane* LaneOf(Op op);
  size_t RecordsAtOnce(Op op) const {
    return BatchRecords(options_.object->limits, Expected(OpName(op)));
  }
  sdk::Assignment Assign(const std::string& operation, bool key_only) const;
  Batch::Shape ShapeOf(bool key_only) const;
  void FillRunVariables();
  void Tick();

  PlanReader* const plan_;
  Destination* const destination_;
  Clock* const clock_;
  const PushOptions& options_;
  const PlanHeader& header_;
  Ledger ledger_;
  StopSwitch stop_;
  CallLimits limits_;
  std::map<Op, std::unique_ptr<Lane>> lanes_;
  std::map<Op, Waiting> waiting_;
  std::vector<Change> unresolved_;
  std::string started_text_;
  std::vector<std::pair<size_t, Value>> run_variables_;  // by field
  uint64_t taken_ = 0;
  int64_t next_tick_us_ = 0;
};

const sdk::Operation* Pusher::Operation(Op op) const {
  const auto at = options_.object->operations.find(std::string(OpName(op)));
  return at == options_.object->operations.end() ? nullptr : &at->second;
}

/// Does the operation take this integration's key as its identifier?
bool Pusher::ByKey(Op op) const {
  const sdk::Operation* operation = Operation(op);
  if (operation == nullptr) return false;
  const std::vector<std::string> key = {header_.fields[header_.key_field].name};
  return std::find(operation->identifiers.begin(), operation->identifiers.end(), key) !=
         operation->identifiers.end();
}

bool Pusher::NeedsLookup(const Change& change) const {
  if (!destination_->can_lookup() || !change.destination_id.empty()) return false;
  if (change.op == Op::kUpdate || change.op == Op::kDelete) return !ByKey(change.op);
  const sdk::Operation* operation = Operation(change.op);
  return change.op == Op::kUpsert && change.sparse && operation != nullptr && !operation->sparse;
}

/// How many changes one operation is likely to have: known records are updated by their id where
/// the object can do that, the rest is upserted.
uint64_t Pusher::Expected(std::string_view operation) const {
  const PlanCounts& c = header_.counts;
  const bool updates_apart = Operation(Op::kUpdate) != nullptr;
  uint64_t expected = c.row_changes;
  if (operation == "delete") expected = c.remove;
  if (operation == "insert" || (operation == "upsert" && updates_apart)) expected = c.insert;
  if (operation == "update" && c.update > 0) expected = c.update;
  if (options_.limit > 0) expected = std::min(expected, options_.limit);
  return options_.only_key.empty() ? expected : std::min<uint64_t>(expected, 1);
}

sdk::Assignment Pusher::Assign(const std::string& operation, bool key_only) const {
  sdk::Assignment assignment;
  assignment.object = header_.object;
  assignment.operation = operation;
  assignment.identifier = {header_.fields[header_.key_field].name};
  for (size_t i = 0; i < header_.fields.size(); ++i) {
    const bool key = i == header_.key_field;
    if (key_only && !key) continue;
    assignment.fields.push_back({header_.fields[i].name, header_.fields[i].type, key});
  }
  assignment.expected_records = Expected(operation);
  assignment.limits = options_.object->limits;
  assignment.options = options_.integration->options;
  assignment.integration = header_.integration;
  assignment.environment = header_.environment;
  assignment.run = options_.run;
  return assignment;
}

/// A plan may have been made long before its run: what names the run is filled in now.
void Pusher::FillRunVariables() {
  const Value started = TimestampValue(clock_->UnixMicros());
  started_text_ = ToText(started);
  for (const FieldMapping& mapping : options_.integration->mapping) {
    if (mapping.run_variable.empty()) continue;
    for (size_t i = 0; i < header_.fields.size(); ++i) {
      if (header_.fields[i].name != mapping.field) continue;
      const bool as_time = header_.fields[i].type == sdk::FieldType::kTimestamp;
      const bool is_id = mapping.run_variable == "run_id";
      run_variables_.emplace_back(i, is_id     ? StringValue(options_.run)
                                     : as_time ? started
                                               : StringValue(started_text_));
    }
  }
}

Batch::Shape Pusher::ShapeOf(bool key_only) const {
  Batch::Shape shape;
  shape.n_fields = header_.fields.size();
  shape.key_field = header_.key_field;
  shape.key_only = key_only;
  shape.overrides = run_variables_;
  return shape;
}

Lane* Pusher::LaneOf(Op op) {
  std::unique_ptr<Lane>& lane = lanes_[op];
  if (lane == nullptr) {
    Lane::Options lane_options;
    lane_options.shape = ShapeOf(op == Op::kDelete);
    lane_options.assignment = Assign(std::string(OpName(op)), op == Op::kDelete);
    lane_options.writers = std::max<uint32_t>(1, options_.object->limits.max_parallel_writers);
    lane_options.idempotent = Operation(op) != nullptr && Operation(op)->idempotent;
    lane_options.destination_name = options_.integration->destination;
    lane_options.limits = limits_;
    lane_options.meanwhile = [this] { Tick(); };
    lane_options.payloads = [this](std::vector<Change>* changes) {
      return plan_->Payloads(changes);
    };
    lane = std::make_unique<Lane>(std::move(lane_options), destination_, &ledger_, &stop_);
  }
  return lane.get();
}

Status Pusher::Hand(Op op, bool all) {
  Waiting& waiting = waiting_[op];
  const size_t records = RecordsAtOnce(op);
  while (!waiting.changes.empty() && !stop_.stopped()) {
    const bool full = waiting.changes.size() >= records || waiting.bytes >= kMaxBatchBytes;
    if (!full && !all) break;
    std::vector<Change> part = std::move(waiting.changes);
    waiting = Waiting();
    if (part.size() > records) {
      waiting.changes.assign(
          std::make_move_iterator(part.begin() + static_cast<std::ptrdiff_t>(records)),
          std::make_move_iterator(part.end()));
      part.resize(records);
      for (const Change& change : waiting.changes) waiting.bytes += change.payload.size();
    }
    PENSTOCK_ASSIGN_OR_RETURN(auto batch,
                              Batch::Build(std::move(part), ShapeOf(op == Op::kDelete)));
    if (!LaneOf(op)->Push(std::move(batch))) break;
    Tick();
  }
  return {};
}

void Pusher::NotFound(const Change& change) {
  ledger_.SettleUnsent(change, OutcomeKind::kMissing, "MISSING",
                       "the destination has no record with this key");
}

/// Looks the keys of `unresolved_` up and routes them on.
Status Pusher::Resolve() {
  if (unresolved_.empty() || stop_.stopped()) return {};
  PENSTOCK_ASSIGN_OR_RETURN(auto batch, Batch::Build(std::move(unresolved_), ShapeOf(true)));
  unresolved_.clear();
  std::vector<Value> keys;
  for (size_t i = 0; i < batch->size(); ++i) keys.push_back(batch->key(i));
  std::vector<LookupHit> hits;
  sdk::Status status = destination_->Lookup(Assign("lookup", true), keys, &hits, limits_);
  if (!status.ok()) {
    stop_.Stop(
        Explain(status.failure(), options_.integration->destination, destination_->manifest())
            .error);
    return {};
  }
  for (size_t i = 0; i < batch->size(); ++i) {
    Change change = batch->changes()[i];
    const sdk::Matches matches = i < hits.size() ? hits[i].matches : sdk::Matches::kNone;
    if (matches == sdk::Matches::kSeveral) {
      ledger_.SettleUnsent(change, OutcomeKind::kRejected, "SEVERAL_RECORDS",
                           "several records at the destination have this key: leave one of them",
                           ErrorClass::kDestination);
      continue;
    }
    if (matches == sdk::Matches::kOne) {
      change.destination_id = hits[i].destination_id;
      if (IsShared(change)) continue;
      if (change.op == Op::kUpsert) change.op = Op::kUpdate;
    } else if (change.op != Op::kUpsert) {
      NotFound(change);
      continue;
    }
    const Op op = change.op;
    waiting_[op].bytes += change.payload.size();
    waiting_[op].changes.push_back(std::move(change));
    PENSTOCK_RETURN_IF_ERROR(Hand(op, false));
  }
  return {};
}

/// A delete of a record that is another live key's now: as the plan knows, or as this run has
/// learned since.
bool Pusher::IsShared(const Change& change) {
  if (change.op != Op::kDelete) return false;
  const auto learned = ledger_.LearnedInThisRun(change.destination_id);
  if (!change.shared_id && learned == LearnedIds::Found::kUnknown) {
    ledger_.SettleUnsent(change, OutcomeKind::kUnsent, "LEFT_TO_NEXT_RUN",
                         "this run made so many new records that deletes wait for the next one");
    return true;
  }
  if (!change.shared_id && learned == LearnedIds::Found::kNo) return false;
  ledger_.SettleUnsent(change, OutcomeKind::kSkipped, "SHARED_ID",
                       "record " + change.destination_id +
                           " also belongs to another live key, so it is not deleted");
  return true;
}

Status Pusher::Route(Change change) {
  if (IsShared(change)) return {};
  if (NeedsLookup(change)) {
    unresolved_.push_back(std::move(change));
    return unresolved_.size() >= RecordsAtOnce(Op::kUpsert) ? Resolve() : Status();
  }
  const Op op = change.op;
  waiting_[op].bytes += change.payload.size();
  waiting_[op].changes.push_back(std::move(change));
  return Hand(op, false);
}

Status Pusher::Take(const Change& change) {
  if (change.seq < options_.done.size() && options_.done[change.seq]) return {};
  if (!options_.only_key.empty() && change.key != options_.only_key) return {};
  if (options_.limit > 0 && taken_ >= options_.limit) return {};
  if (stop_.stopped()) return {};
  if (options_.cancelled && options_.cancelled()) {
    Error error = MakeError("PS-RUN-CANCELLED", "the run was cancelled",
                            "run again: what is left is found anew");
    error.exit = ExitCode::kCancelled;
    stop_.Stop(std::move(error));
    return {};
  }
  ++taken_;
  return Route(change);
}

/// Reads one section of the plan through the lanes, and waits for them.
Status Pusher::Phase(bool deletes) {
  const uint64_t first = deletes ? header_.counts.row_changes + 1 : 1;
  Status status = plan_->Changes(first, [&](const Change& change) -> Status {
    if ((change.op == Op::kDelete) != deletes) return {};
    return Take(change);
  });
  if (status.ok()) status = Resolve();
  for (auto& [op, waiting] : waiting_) {
    if (status.ok()) status = Hand(op, true);
  }
  for (auto& [op, lane] : lanes_) lane->Close();
  lanes_.clear();
  waiting_.clear();
  unresolved_.clear();
  Tick();
  return status;
}

Status Pusher::RetryConflicts() {
  if (stop_.stopped() || ledger_.counts().deleted == 0) return {};
  std::vector<Change> conflicts = ledger_.TakeConflicts();
  Status status = plan_->Payloads(&conflicts);
  for (Change& change : conflicts) {
    if (status.ok()) status = Route(std::move(change));
  }
  if (status.ok()) status = Resolve();
  for (auto& [op, waiting] : waiting_) {
    if (status.ok()) status = Hand(op, true);
  }
  for (auto& [op, lane] : lanes_) lane->Close();
  lanes_.clear();
  return status;
}

void Pusher::Tick() {
  if (!options_.progress) return;
  const int64_t now = clock_->MonotonicMicros();
  if (now < next_tick_us_) return;
  next_tick_us_ = now + 200'000;
  Progress progress;
  progress.phase = Progress::Phase::kPushing;
  progress.done = ledger_.settled();
  progress.under_way = ledger_.under_way();
  progress.total = header_.counts.row_changes + header_.counts.remove;
  progress.requests = destination_->requests();
  progress.rejected = ledger_.counts().rejected;
  options_.progress(progress);
}

Result<PushResult> Pusher::Run() {
  PENSTOCK_RETURN_IF_ERROR(Phase(/*deletes=*/false));
  if (header_.counts.remove > 0 && !options_.skip_deletes && !stop_.stopped()) {
    PENSTOCK_RETURN_IF_ERROR(Phase(/*deletes=*/true));
    PENSTOCK_RETURN_IF_ERROR(RetryConflicts());
  }
  ledger_.SettleConflicts();
  if (const std::vector<uint64_t> open = ledger_.AllOpen(); !open.empty()) {
    sdk::Failure silent;
    silent.code = "UNREPORTED";
    silent.message = "the connector ended without a word on this record";
    ledger_.CloseUnreported(open, silent);
  }
  PushResult result;
  result.counts = ledger_.counts();
  result.errors = ledger_.errors();
  result.learned_ids = ledger_.learned_ids();
  result.stopped = stop_.reason();
  const auto done = std::count(options_.done.begin(), options_.done.end(), true);
  const uint64_t all =
      header_.counts.row_changes + header_.counts.remove - static_cast<uint64_t>(done);
  const uint64_t accounted = result.counts.changes();
  if (accounted > all) {
    return MakeError(
        "PS-RUN-COUNTS",
        "more outcomes than changes: " + std::to_string(accounted) + " of " + std::to_string(all),
        "this is a bug of Penstock: please report it with the run's journal");
  }
  result.counts.unsent += all - accounted;
  return result;
}

}  // namespace

Result<PushResult> Push(PlanReader* plan, Destination* destination, Journal* journal, Clock* clock,
                        const PushOptions& options) {
  return Pusher(plan, destination, journal, clock, options).Run();
}

}  // namespace penstock
