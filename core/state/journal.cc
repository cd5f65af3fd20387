// Writing of journals: frames are queued under one mutex, and one thread writes and syncs them for
// all callers (group commit).
#include "core/state/journal.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "core/file/file.h"
#include "core/state/codec.h"
#include "core/state/frames.h"

namespace penstock {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// Half of what is promised, so that the sync itself has the other half.
constexpr auto kWindow = std::chrono::milliseconds(25);
constexpr size_t kBatchBytes = 256u << 10;    // of outcomes in one frame
constexpr size_t kIntentBytes = 1u << 20;     // of intents in one frame
constexpr size_t kFlushBytes = 1u << 20;      // queued: written without waiting for the window
constexpr size_t kMaxQueuedBytes = 8u << 20;  // queued: reporters wait

Error WriteError(const std::string& path, const std::string& what, std::string hint = {}) {
  Error error = MakeError("PS-STATE-WRITE", path + " " + what, std::move(hint));
  error.file = path;
  return error;
}

class FileJournal : public Journal {
 public:
  /// All bytes of the file are durable and good.
  FileJournal(file::Writer writer, JournalOpen open, uint64_t last_outcome)
      : writer_(std::move(writer)),
        open_(std::move(open)),
        end_(writer_.size()),
        durable_(writer_.size()),
        last_outcome_(last_outcome) {
    flusher_ = std::thread([this] { FlushLoop(); });
  }

  ~FileJournal() override {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    work_.notify_all();
    flusher_.join();
  }

  Status Intend(uint64_t request, const std::vector<IntentRecord>& records) override {
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<std::string> payloads,
                              IntentPayloads(request, records));
    std::unique_lock lock(mutex_);
    PENSTOCK_RETURN_IF_ERROR(Usable());
    for (const std::string& payload : payloads) Queue(frames::Type::kIntend, payload);
    return WaitDurable(&lock);
  }

  Status Report(Outcome outcome) override {
    std::string bytes;
    codec::AppendOutcome(outcome, &bytes);
    PENSTOCK_RETURN_IF_ERROR(CheckSize(bytes.size()));
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return error_ || queue_.size() < kMaxQueuedBytes; });
    PENSTOCK_RETURN_IF_ERROR(Usable());
    if (batch_.size() + bytes.size() > kBatchBytes) SealBatch();
    batch_ += bytes;
    ++batch_count_;
    ++last_outcome_;
    if (!deadline_) {
      deadline_ = SteadyClock::now() + kWindow;
      work_.notify_one();
    } else if (queue_.size() >= kFlushBytes) {
      work_.notify_one();
    }
    return Status();
  }

  Status Note(const JournalNote& note, const std::vector<IntentRecord>& records) override {
    std::string payload;
    codec::AppendNote(note, &payload);
    PENSTOCK_RETURN_IF_ERROR(CheckSize(payload.size()));
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<std::string> payloads, IntentPayloads(0, records));
    std::unique_lock lock(mutex_);
    PENSTOCK_RETURN_IF_ERROR(Usable());
    Queue(frames::Type::kNote, payload);
    for (const std::string& intents : payloads) Queue(frames::Type::kIntend, intents);
    return WaitDurable(&lock);
  }

  Status Flush() override {
    std::unique_lock lock(mutex_);
    if (error_) return *error_;
    SealBatch();
    return WaitDurable(&lock);
  }

  Status Close(JournalClose close) override {
    std::unique_lock lock(mutex_);
    PENSTOCK_RETURN_IF_ERROR(Usable());
    closed_ = true;  // nobody may slip in while this waits
    SealBatch();
    // The close frame must be able to say that everything before it is durable.
    PENSTOCK_RETURN_IF_ERROR(WaitDurable(&lock));
    close.last_outcome = last_outcome_;
    Queue(frames::Type::kClose, codec::EncodeClose(close));
    return WaitDurable(&lock);
  }

  uint64_t last_outcome() const override {
    const std::lock_guard lock(mutex_);
    return last_outcome_;
  }
  const JournalOpen& open_frame() const override { return open_; }

 private:
  /// Frames of at most kIntentBytes.
  Result<std::vector<std::string>> IntentPayloads(uint64_t request,
                                                  const std::vector<IntentRecord>& records) const {
    std::vector<std::string> payloads;
    std::string record_bytes;
    for (const IntentRecord& record : records) {
      record_bytes.clear();
      codec::AppendIntent(record, &record_bytes);
      PENSTOCK_RETURN_IF_ERROR(CheckSize(record_bytes.size()));
      if (payloads.empty() || payloads.back().size() + record_bytes.size() > kIntentBytes) {
        AppendVarint(request, &payloads.emplace_back());
      }
      payloads.back() += record_bytes;
    }
    return payloads;
  }

  Status CheckSize(size_t bytes) const {
    if (bytes <= frames::kMaxPayload / 2) return Status();
    return WriteError(writer_.path(), "cannot take a record of " + std::to_string(bytes >> 20) +
                                          " MiB: 8 MiB is the most");
  }

  // All below: under mutex_.

  Status Usable() const {
    if (error_) return *error_;
    if (closed_) return WriteError(writer_.path(), "is closed: nothing can be added to it");
    return Status();
  }

  void Queue(frames::Type type, std::string_view payload) {
    SealBatch();
    AppendFrameToQueue(type, payload);
  }

  void AppendFrameToQueue(frames::Type type, std::string_view payload) {
    const size_t before = queue_.size();
    frames::AppendFrame(type, payload, end_, durable_, &queue_);
    end_ += queue_.size() - before;
  }

  /// Makes one frame of the outcomes reported since the last one.
  void SealBatch() {
    if (batch_count_ == 0) return;
    std::string payload;
    AppendVarint(last_outcome_ + 1 - batch_count_, &payload);
    AppendVarint(batch_count_, &payload);
    payload += batch_;
    AppendFrameToQueue(frames::Type::kOutcomes, payload);
    batch_.clear();
    batch_count_ = 0;
  }

  /// Until everything queued so far is durable, or never will be.
  Status WaitDurable(std::unique_lock<std::mutex>* lock) {
    const uint64_t target = end_;
    wanted_ = std::max(wanted_, target);
    if (durable_ < target) work_.notify_one();
    done_.wait(*lock, [&] { return error_ || durable_ >= target; });
    if (durable_ >= target) return Status();
    return *error_;
  }

  bool FlushDue() const {
    return stop_ || wanted_ > durable_ || queue_.size() >= kFlushBytes ||
           (deadline_ && SteadyClock::now() >= *deadline_);
  }

  void FlushLoop() {
    std::unique_lock lock(mutex_);
    while (!error_) {
      while (!FlushDue()) {
        if (deadline_) {
          work_.wait_until(lock, *deadline_);
        } else {
          work_.wait(lock);
        }
      }
      SealBatch();
      deadline_.reset();
      if (durable_ == end_) {
        if (stop_) return;
        continue;
      }
      writing_.swap(queue_);
      const uint64_t target = end_;
      lock.unlock();
      Status status = writer_.Write(writing_);
      if (status.ok()) status = writer_.Sync();
      writing_.clear();
      lock.lock();
      if (status.ok()) {
        durable_ = target;
      } else {
        error_ = std::move(status.error());
      }
      done_.notify_all();
    }
  }

  file::Writer writer_;  // the flusher's, but for the path
  const JournalOpen open_;
  std::string writing_;  // the flusher's

  mutable std::mutex mutex_;
  std::condition_variable work_;  // for the flusher
  std::condition_variable done_;  // for everybody else
  std::string queue_;             // whole frames
  std::string batch_;             // outcomes that are not in a frame yet
  uint64_t batch_count_ = 0;
  uint64_t end_;         // of the file once queue_ is written
  uint64_t durable_;     // bytes of the file
  uint64_t wanted_ = 0;  // somebody waits for these bytes
  std::optional<SteadyClock::time_point> deadline_;
  uint64_t last_outcome_;
  std::optional<Error> error_;
  bool closed_ = false;
  bool stop_ = false;
  std::thread flusher_;
};

/// The first bytes under a temporary name, then the name.
Status CreateFile(const std::string& path, const std::string& content) {
  const std::string temporary = path + ".tmp";
  PENSTOCK_RETURN_IF_ERROR(file::Remove(temporary));
  PENSTOCK_ASSIGN_OR_RETURN(file::Writer writer, file::Writer::Create(temporary));
  PENSTOCK_RETURN_IF_ERROR(writer.Write(content));
  PENSTOCK_RETURN_IF_ERROR(writer.Sync());
  return file::RenameDurably(temporary, path);
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::Create(const std::string& path, const JournalOpen& open) {
  if (file::Exists(path)) {
    return WriteError(path, "exists already: a run's journal is written once",
                      "The store has lost track of a run; restore it from the same backup as the "
                      "state.");
  }
  std::string content = frames::FileHeader();
  frames::AppendFrame(frames::Type::kOpen, codec::EncodeOpen(open), content.size(), 0, &content);
  PENSTOCK_RETURN_IF_ERROR(CreateFile(path, content));
  PENSTOCK_ASSIGN_OR_RETURN(file::Writer writer, file::Writer::Append(path));
  return std::unique_ptr<Journal>(
      std::make_unique<FileJournal>(std::move(writer), open, open.first_outcome - 1));
}

Result<std::unique_ptr<Journal>> Journal::Continue(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(JournalSummary summary, ReadJournal(path, {}));
  if (summary.close) {
    return WriteError(path,
                      "is closed (" + summary.close->status + "): nothing can be added to it");
  }
  PENSTOCK_ASSIGN_OR_RETURN(file::Writer writer, file::Writer::Append(path));
  if (summary.torn) PENSTOCK_RETURN_IF_ERROR(writer.Truncate(summary.valid_bytes));
  // What a killed process wrote and did not sync is good now; from here on it is durable as well.
  PENSTOCK_RETURN_IF_ERROR(writer.Sync());
  return std::unique_ptr<Journal>(std::make_unique<FileJournal>(
      std::move(writer), std::move(summary.open), summary.last_outcome));
}

}  // namespace penstock
