// A lane: the writers of one operation, each on a thread of its own, fed with batches through a
// short queue.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "core/push/batch.h"
#include "core/push/failure.h"
#include "core/push/ledger.h"
#include "core/run/destination.h"

namespace penstock {

/// Shared by all lanes of a push: the first reason to stop wins. [thread-safe]
class StopSwitch {
 public:
  void Stop(Error reason);
  bool stopped() const;
  Status reason() const;
  /// One more record brought the connector down. True when that is enough.
  bool OneMorePoisonous();

 private:
  mutable std::mutex mutex_;
  Status reason_;
  uint32_t poisonous_ = 0;
};

class Lane {
 public:
  struct Options {
    sdk::Assignment assignment;
    uint32_t writers = 2;
    bool idempotent = false;  // doing it twice leaves the same state
    Batch::Shape shape;
    std::string destination_name;
    CallLimits limits;
    std::function<void()> meanwhile;  // a few times a second while Push or Close waits
    /// Fills in the payloads that the ledger has not kept. [thread-safe]
    std::function<Status(std::vector<Change>*)> payloads;
  };
  Lane(Options options, Destination* destination, Ledger* ledger, StopSwitch* stop);
  ~Lane();  // Close

  /// Hands a batch over; waits while the queue is full. False once stopped (the batch was not
  /// taken).
  bool Push(std::shared_ptr<Batch> batch);
  /// No more batches: waits until every writer has finished. Idempotent.
  void Close();

 private:
  void Run();
  /// One writer from its begin to its finish; leaves what that refused as a whole in `halves`.
  void Serve(std::deque<std::shared_ptr<Batch>>* halves);
  /// `before`: requests of the destination when the writer began.
  void FinishWriter(DestinationWriter* writer, uint64_t before,
                    std::deque<std::shared_ptr<Batch>>* halves);
  void WriteOne(DestinationWriter* writer, const std::shared_ptr<Batch>& batch, uint64_t before,
                std::deque<std::shared_ptr<Batch>>* next);
  void Stop(Error reason);
  void LeaveUnsent(std::span<const Change> changes);
  /// The connector went down while it had `batch`: what can be tried again goes to `next`, in
  /// halves when it was this batch that did it.
  void Crashed(const Batch& batch, Crash crash, const sdk::Failure& failure,
               std::deque<std::shared_ptr<Batch>>* next);
  void Poisonous(const Change& change, bool sent, const sdk::Failure& failure);
  /// False when the run has to stop.
  bool HandAgain(std::vector<Change> part, std::deque<std::shared_ptr<Batch>>* next);
  /// As Halve, of records whose payloads may not have been kept.
  void HalveHeldBack(std::vector<Change> group, std::deque<std::shared_ptr<Batch>>* next);
  void Halve(std::vector<Change> group, std::deque<std::shared_ptr<Batch>>* next);
  CallFailure Explain(const sdk::Failure& failure) const;
  /// A failed call that no record's outcome tells of: perhaps all have theirs, or are in a job.
  void TellOf(const sdk::Failure& failure);
  void Failed(const std::vector<uint64_t>& open, const sdk::Failure& failure);
  std::shared_ptr<Batch> Next();
  /// Waits for `done`, which is asked under the lock. For the thread that owns the lane.
  void Await(std::unique_lock<std::mutex>* lock, const std::function<bool()>& done);

  const Options options_;
  Destination* const destination_;
  Ledger* const ledger_;
  StopSwitch* const stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Batch>> queue_;
  bool closed_ = false;
  size_t running_ = 0;
  uint32_t failures_in_a_row_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace penstock
