#include "core/push/lane.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

namespace penstock {
namespace {

/// Failed calls in a row, over all writers of a lane, after which the destination counts as down.
constexpr uint32_t kMaxFailuresInARow = 3;
/// Records of one run that may each bring the connector down before the run stops.
constexpr uint32_t kMaxPoisonous = 3;

}  // namespace

void StopSwitch::Stop(Error reason) {
  const std::lock_guard lock(mutex_);
  if (reason_.ok()) reason_ = Status(std::move(reason));
}

bool StopSwitch::stopped() const {
  const std::lock_guard lock(mutex_);
  return !reason_.ok();
}

Status StopSwitch::reason() const {
  const std::lock_guard lock(mutex_);
  return reason_;
}

bool StopSwitch::OneMorePoisonous() {
  const std::lock_guard lock(mutex_);
  return ++poisonous_ >= kMaxPoisonous;
}

Lane::Lane(Options options, Destination* destination, Ledger* ledger, StopSwitch* stop)
    : options_(std::move(options)), destination_(destination), ledger_(ledger), stop_(stop) {
  const size_t writers = std::max<uint32_t>(1, options_.writers);
  running_ = writers;
  for (size_t i = 0; i < writers; ++i) {  // running_ sinks as soon as one of them ends
    threads_.emplace_back([this] {
      Run();
      const std::lock_guard lock(mutex_);
      --running_;
      changed_.notify_all();
    });
  }
}

Lane::~Lane() { Close(); }

bool Lane::Push(std::shared_ptr<Batch> batch) {
  std::unique_lock lock(mutex_);
  Await(&lock, [&] { return queue_.size() < threads_.size() || stop_->stopped(); });
  if (stop_->stopped()) return false;
  queue_.push_back(std::move(batch));
  changed_.notify_all();
  return true;
}

void Lane::Await(std::unique_lock<std::mutex>* lock, const std::function<bool()>& done) {
  constexpr std::chrono::milliseconds kPause{200};
  while (!changed_.wait_for(*lock, kPause, done)) {
    if (!options_.meanwhile) continue;
    lock->unlock();
    options_.meanwhile();
    lock->lock();
  }
}

void Lane::Close() {
  {
    std::unique_lock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
    Await(&lock, [&] { return running_ == 0; });
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

std::shared_ptr<Batch> Lane::Next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !queue_.empty() || closed_ || stop_->stopped(); });
  if (stop_->stopped() || queue_.empty()) {
    queue_.clear();  // never entered the ledger: they stay unsent
    changed_.notify_all();
    return nullptr;
  }
  std::shared_ptr<Batch> batch = std::move(queue_.front());
  queue_.pop_front();
  changed_.notify_all();
  return batch;
}

void Lane::Stop(Error reason) {
  stop_->Stop(std::move(reason));
  const std::lock_guard lock(mutex_);  // so that nobody is between looking and waiting
  changed_.notify_all();
}

void Lane::Run() {
  // What a writer refuses as a whole when it finishes is handed, in halves, to another one.
  std::deque<std::shared_ptr<Batch>> halves;
  do {
    Serve(&halves);
  } while (!halves.empty());
}

void Lane::Serve(std::deque<std::shared_ptr<Batch>>* halves) {
  std::unique_ptr<DestinationWriter> writer;
  const uint64_t before = destination_->requests();
  std::deque<std::shared_ptr<Batch>> next = std::move(*halves);
  halves->clear();
  while (true) {
    if (next.empty()) {
      std::shared_ptr<Batch> batch = Next();
      if (batch == nullptr) break;
      next.push_back(std::move(batch));
    }
    std::shared_ptr<Batch> one = std::move(next.front());
    next.pop_front();
    if (!stop_->stopped() && writer == nullptr) {
      auto begun = destination_->Begin(options_.assignment, {}, ledger_, options_.limits);
      if (begun.ok()) {
        writer = *std::move(begun);
      } else {
        Stop(Explain(begun.failure()).error);
      }
    }
    if (stop_->stopped()) {
      LeaveUnsent(one->changes());
      continue;
    }
    WriteOne(writer.get(), one, before, &next);
  }
  if (writer != nullptr) FinishWriter(writer.get(), before, halves);
}

void Lane::LeaveUnsent(std::span<const Change> changes) {
  for (const Change& change : changes) {
    ledger_->SettleUnsent(change, OutcomeKind::kUnsent, "stopped",
                          "the run stopped before it was sent");
  }
}

void Lane::FinishWriter(DestinationWriter* writer, uint64_t before,
                        std::deque<std::shared_ptr<Batch>>* halves) {
  std::map<uint32_t, std::vector<uint64_t>> split;
  const sdk::Status status = writer->Finish([&](const penstock_outcome& outcome) {
    if (outcome.outcome == PENSTOCK_SPLIT) {
      split[outcome.group].push_back(outcome.seq);
    } else {
      ledger_->Settle(outcome, destination_->requests() == before);
    }
  });
  if (!status.ok()) {
    TellOf(status.failure());
    Failed({}, status.failure());
  }
  for (auto& [group, seqs] : split) {
    HalveHeldBack(ledger_->TakeBack(seqs, options_.idempotent), halves);
  }
  if (Status reason = ledger_->stop_reason(); !reason.ok()) Stop(reason.error());
}

void Lane::WriteOne(DestinationWriter* writer, const std::shared_ptr<Batch>& batch, uint64_t before,
                    std::deque<std::shared_ptr<Batch>>* next) {
  ledger_->Enter(batch);
  std::map<uint32_t, std::vector<uint64_t>> split;
  size_t reported = 0;
  sdk::Failure down;  // the last word of a destination that took nothing
  bool all_down = true;
  const sdk::Status status = writer->Write(batch->view(), [&](const penstock_outcome& outcome) {
    ++reported;
    const bool nothing = outcome.outcome == PENSTOCK_UNSENT || outcome.outcome == PENSTOCK_IN_DOUBT;
    all_down = all_down && nothing;
    if (nothing && outcome.message.len > 0)
      down.message.assign(outcome.message.ptr, outcome.message.len);
    if (outcome.outcome == PENSTOCK_SPLIT) {
      split[outcome.group].push_back(outcome.seq);
    } else {
      ledger_->Settle(outcome, destination_->requests() == before);
    }
  });
  for (auto& [group, seqs] : split) {
    HalveHeldBack(ledger_->TakeBack(seqs, options_.idempotent), next);
  }
  if (!status.ok() && writer->crash() != Crash::kNone) {
    Crashed(*batch, writer->crash(), status.failure(), next);
  } else if (!status.ok()) {
    const std::vector<uint64_t> open = ledger_->Open(*batch);
    const bool by_records = !open.empty() || (reported > 0 && all_down);
    if (!by_records) TellOf(status.failure());
    Failed(open, status.failure());
  } else if (reported > 0 && all_down) {
    down.status = PENSTOCK_E_UNAVAILABLE;
    Failed({}, down);
  } else {
    const std::lock_guard lock(mutex_);
    failures_in_a_row_ = 0;
  }
  ledger_->HoldBack(*batch);
  if (Status reason = ledger_->stop_reason(); !reason.ok()) Stop(reason.error());
}

void Lane::HalveHeldBack(std::vector<Change> group, std::deque<std::shared_ptr<Batch>>* next) {
  const bool bare = std::any_of(group.begin(), group.end(),
                                [](const Change& change) { return change.payload.empty(); });
  if (bare) {
    if (Status filled = options_.payloads(&group); !filled.ok()) {
      Stop(filled.error());
      return LeaveUnsent(group);
    }
  }
  Halve(std::move(group), next);
}

void Lane::Halve(std::vector<Change> group, std::deque<std::shared_ptr<Batch>>* next) {
  if (group.empty()) return;  // of records that have their outcome already
  if (group.size() == 1) {    // a connector must not split a single record: its word is a rejection
    ledger_->SettleUnsent(group[0], OutcomeKind::kRejected, "SPLIT_OF_ONE",
                          "the connector could not say why the destination refused this record");
    return;
  }
  const size_t half = group.size() / 2;
  std::vector<Change> second(
      std::make_move_iterator(group.begin() + static_cast<std::ptrdiff_t>(half)),
      std::make_move_iterator(group.end()));
  group.resize(half);
  if (HandAgain(std::move(second), next)) HandAgain(std::move(group), next);
}

bool Lane::HandAgain(std::vector<Change> part, std::deque<std::shared_ptr<Batch>>* next) {
  auto batch = Batch::Build(std::move(part), options_.shape);
  if (!batch.ok()) {
    Stop(batch.error());
    return false;
  }
  next->push_front(*std::move(batch));
  return true;
}

void Lane::Crashed(const Batch& batch, Crash crash, const sdk::Failure& failure,
                   std::deque<std::shared_ptr<Batch>>* next) {
  Ledger::AfterCrash after = ledger_->TakeBackAfterCrash(batch, options_.idempotent, failure);
  if (after.again.empty()) {
    // Nothing to try again, so nothing narrows down what does it: as any other failed call.
    if (crash == Crash::kCulprit) Failed({}, failure);
  } else if (crash == Crash::kBystander) {
    HandAgain(std::move(after.again), next);
  } else if (after.again.size() > 1) {
    Halve(std::move(after.again), next);
  } else {
    Poisonous(after.again.front(), after.sent, failure);
  }
}

void Lane::Poisonous(const Change& change, bool sent, const sdk::Failure& failure) {
  ledger_->SettleUnsent(change, sent ? OutcomeKind::kInDoubt : OutcomeKind::kRejected,
                        "CONNECTOR_CRASHED", failure.message);
  if (!stop_->OneMorePoisonous()) return;
  Stop(MakeError("PS-CONN-CRASHED",
                 "destination " + options_.destination_name + ": " + std::to_string(kMaxPoisonous) +
                     " records each brought the connector down; the last time, " + failure.message,
                 "see `penstock records " + options_.assignment.integration +
                     " --code CONNECTOR_CRASHED`, and report it to the connector's publisher"));
}

CallFailure Lane::Explain(const sdk::Failure& failure) const {
  return penstock::Explain(failure, options_.destination_name, destination_->manifest());
}

void Lane::TellOf(const sdk::Failure& failure) {
  if (!Explain(failure).stop) ledger_->Fault(failure);
}

void Lane::Failed(const std::vector<uint64_t>& open, const sdk::Failure& failure) {
  ledger_->CloseUnreported(open, failure);
  CallFailure explained = Explain(failure);
  bool stop = explained.stop;
  {
    const std::lock_guard lock(mutex_);
    stop = stop || ++failures_in_a_row_ >= kMaxFailuresInARow;
  }
  if (stop) Stop(std::move(explained.error));
}

}  // namespace penstock
