#include "sdk/runtime/worker.h"

#include <unistd.h>

#include <filesystem>
#include <mutex>
#include <optional>
#include <utility>

#include "sdk/runtime/call.h"
#include "sdk/runtime/finder.h"
#include "sdk/runtime/host_end.h"
#include "sdk/runtime/ledger.h"
#include "sdk/runtime/worker_process.h"

namespace penstock::sdk {
namespace {

using runtime::HostEnd;
using runtime::HostEndSinks;
using runtime::WorkerProcess;
using wire::Kind;
using wire::Packer;
using wire::Unpacker;

/// How one call ended that did not return.
struct Lost {
  Crash crash = Crash::kNone;
  Failure failure;
};

/// Counts a call while it lasts.
class InFlight {
 public:
  explicit InFlight(WorkerProcess* process) : process_(process) { process_->Enter(); }
  ~InFlight() { process_->Leave(); }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

 private:
  WorkerProcess* process_;
};

Packer Question(const CallContext& context) {
  Packer question;
  question.I64(context.timeout_ms);
  return question;
}

class WorkerInstance;

class WorkerWriter final : public ConnectorWriter {
 public:
  WorkerWriter(WorkerInstance* instance, const Assignment& assignment, const CallContext& context)
      : instance_(instance),
        assignment_(ToJson(assignment)),
        operation_(runtime::OperationCode(assignment.operation)),
        ledger_(operation_),
        context_(context) {}
  ~WorkerWriter() override;

  /// Begins in the worker that runs now. The writer's own from then on.
  Status Begin(std::span<const OpenNote> notes);
  Status Write(const penstock_batch& batch, const OutcomeCallback& report) override;
  Status Finish(const OutcomeCallback& report) override;
  std::vector<uint64_t> Outstanding() const override { return ledger_.Outstanding(); }
  Crash crash() const override { return crash_; }

 private:
  Status Call(Kind kind, const Packer& question, const OutcomeCallback& report);
  Status Rejoin();

  WorkerInstance* const instance_;
  const std::string assignment_;
  const int32_t operation_;
  runtime::Ledger ledger_;
  const CallContext context_;
  std::shared_ptr<WorkerProcess> process_;
  std::unique_ptr<wire::Channel> channel_;
  Crash crash_ = Crash::kNone;
};

class WorkerInstance final : public ConnectorInstance {
 public:
  WorkerInstance(Sidecar sidecar, HostServices* services, std::string config, WorkerOptions options)
      : sidecar_(std::move(sidecar)),
        services_(services),
        config_(std::move(config)),
        options_(std::move(options)) {}
  ~WorkerInstance() override {
    if (process_ == nullptr || process_->broken()) return;
    HostEnd end(process_->control(), services_, CallContext(), kCloseMs);
    std::string returned;
    if (end.Call(Kind::kClose, Packer(), {}, &returned)) {
      process_->control()->Break(wire::Channel::End::kClosed);  // it ends by itself now
    }
  }

  const Manifest& manifest() const override { return sidecar_.manifest; }
  bool has_lookup() const override { return has_lookup_; }

  Result<CheckReport> Check(const CallContext& context) override {
    const Result<std::string> text = Ask(Kind::kCheck, Question(context), context, {});
    if (!text.ok()) return text.failure();
    Result<CheckReport> report = ParseCheckReport(*text, Unknown::kLeftOut);
    return report.ok() ? std::move(report) : Contract(report.failure().message);
  }

  Result<Catalog> Discover(const std::vector<std::string>& objects,
                           const CallContext& context) override {
    Packer question = Question(context);
    question.U64(objects.size());
    for (const std::string& object : objects) question.Text(object);
    const Result<std::string> text = Ask(Kind::kDiscover, question, context, {});
    if (!text.ok()) return text.failure();
    Result<Catalog> catalog = ParseCatalog(*text, Unknown::kLeftOut);
    return catalog.ok() ? std::move(catalog) : Contract(catalog.failure().message);
  }

  Result<std::unique_ptr<ConnectorWriter>> Begin(const Assignment& assignment,
                                                 std::span<const OpenNote> notes,
                                                 const CallContext& context) override {
    auto writer = std::make_unique<WorkerWriter>(this, assignment, context);
    Status begun = writer->Begin(notes);
    if (!begun.ok()) return begun.failure();
    return std::unique_ptr<ConnectorWriter>(std::move(writer));
  }

  Status Lookup(const Assignment& assignment, std::span<const penstock_value> keys,
                size_t key_fields, const std::function<void(const FoundRecord&)>& on_found,
                const CallContext& context) override;

  /// The process that works now: started and opened when there is none. [thread-safe]
  Result<std::shared_ptr<WorkerProcess>> Process(const CallContext& context) {
    const std::lock_guard lock(control_);
    return Running(context);
  }
  /// Begins a writer in the process that works now. [thread-safe]
  Status BeginWriter(const std::string& assignment, std::span<const OpenNote> notes,
                     const CallContext& context, std::shared_ptr<WorkerProcess>* process,
                     std::unique_ptr<wire::Channel>* channel);
  /// What to make of a channel that broke in a call; gives the process up. [thread-safe]
  Lost Explain(WorkerProcess* process, const wire::Channel& channel, int signal,
               const std::string& what);
  /// Held around calls once nobody knows which of several brought a worker down.
  std::unique_lock<std::mutex> Alone() {
    return alone_ ? std::unique_lock(one_at_a_time_) : std::unique_lock<std::mutex>();
  }

  HostServices* services() { return services_; }
  int64_t silence_ms() const { return options_.silence_ms; }
  const std::string& id() const { return sidecar_.manifest.id; }
  /// What an exception says is for programmers; the usual one is about memory.
  Failure Escaped(Failure failure, const std::string& what) const {
    const bool memory = failure.message == "std::bad_alloc" && options_.memory_bytes > 0;
    failure.message =
        "connector " + id() + " let an exception escape during " + what + ": " + failure.message +
        (memory
             ? ", its memory of " + std::to_string(options_.memory_bytes >> 20) + " MiB is used up"
             : "");
    return failure;
  }
  Failure Contract(const std::string& sentence) const {
    return Failure{PENSTOCK_E_INTERNAL, "PS-CONN-CONTRACT", "connector " + id() + ": " + sentence,
                   0};
  }

 private:
  static Failure Cancelled() {
    return Failure{PENSTOCK_E_CANCELLED, "PS-RUN-CANCELLED", "the run was cancelled", 0};
  }
  static wire::Patience StartPatience(const CallContext& context) {
    return {kStartMs, context.cancelled, kStoppedMs};
  }

  static constexpr int64_t kStartMs = 30'000;
  static constexpr int64_t kCloseMs = 5'000;
  static constexpr int64_t kStoppedMs = 1'000;  // for what has no request under way
  static constexpr int kAttempts = 8;

  Result<std::shared_ptr<WorkerProcess>> Running(const CallContext& context);
  Result<std::string> Ask(Kind kind, const Packer& question, const CallContext& context,
                          const HostEndSinks& sinks);
  Result<std::string> AskRunning(WorkerProcess* process, Kind kind, const Packer& question,
                                 const CallContext& context, const HostEndSinks& sinks,
                                 int pass_fd = -1, Crash* crash = nullptr);

  const Sidecar sidecar_;
  HostServices* const services_;
  const std::string config_;
  const WorkerOptions options_;
  std::mutex control_;  // of the control channel, and of process_
  std::shared_ptr<WorkerProcess> process_;
  std::atomic<bool> has_lookup_ = false;
  std::atomic<bool> alone_ = false;
  std::mutex one_at_a_time_;
};

Result<std::shared_ptr<WorkerProcess>> WorkerInstance::Running(const CallContext& context) {
  if (process_ != nullptr && !process_->broken()) return process_;
  auto started = WorkerProcess::Start(sidecar_, options_, services_->Name(), services_->Version(),
                                      services_->HasBlobs(), StartPatience(context));
  if (!started.ok()) {
    return context.cancelled && context.cancelled() ? Cancelled() : started.failure();
  }
  process_ = *std::move(started);
  const wire::Ready& ready = process_->ready();
  has_lookup_ = ready.has_lookup;
  if (options_.started) options_.started({ready.sha256, ready.confined, ready.refused});
  Packer question = Question(context);
  question.Text(config_);
  const Result<std::string> opened = AskRunning(process_.get(), Kind::kOpen, question, context, {});
  if (!opened.ok()) {
    process_->Bury("could not be opened", false);
    return opened.failure();
  }
  return process_;
}

Lost WorkerInstance::Explain(WorkerProcess* process, const wire::Channel& channel, int signal,
                             const std::string& what) {
  const bool only_one = process->OnlyOne();
  const bool silent = channel.end() == wire::Channel::End::kSilent;
  const bool malformed = channel.end() == wire::Channel::End::kMalformed;
  const bool first = !process->broken();
  std::string why = "stopped answering";
  if (silent) {
    why = "did nothing for its host for " + std::to_string(options_.silence_ms / 1000) + " s";
  } else if (malformed) {
    why = "sent what is no message";
  }
  const std::string end = process->Bury(why, channel.end() == wire::Channel::End::kClosed);
  // Whoever killed it is known by its own word, by its silence, or by having been alone.
  const bool culprit = signal != 0 || (first && (silent || malformed || only_one));
  if (!culprit && !silent && first) alone_ = true;
  Lost lost;
  lost.crash = culprit ? Crash::kCulprit : Crash::kBystander;
  lost.failure = Failure{PENSTOCK_E_INTERNAL, "PS-CONN-CRASHED",
                         "connector " + id() + " " + end + " during " + what, 0};
  return lost;
}

Result<std::string> WorkerInstance::AskRunning(WorkerProcess* process, Kind kind,
                                               const Packer& question, const CallContext& context,
                                               const HostEndSinks& sinks, int pass_fd,
                                               Crash* crash) {
  const InFlight call(process);
  // No request may be made in open, so there is nothing to finish once the run is stopped.
  HostEnd end(process->control(), services_, context, options_.silence_ms,
              kind == Kind::kOpen ? kStoppedMs : HostEnd::kCancelledMs);
  std::string returned;
  static constexpr const char* kNames[] = {"", "open", "check", "discover", "lookup", "begin"};
  const char* const name = kNames[static_cast<size_t>(kind)];
  if (!end.Call(kind, question, sinks, &returned, pass_fd)) {
    const bool silent = process->control()->end() == wire::Channel::End::kSilent;
    Lost lost = Explain(process, *process->control(), end.crash_signal(), name);
    if (crash != nullptr) *crash = lost.crash;
    if (silent && context.cancelled && context.cancelled()) return Cancelled();
    return std::move(lost.failure);
  }
  Unpacker in(returned);
  const Status status = wire::TakeStatus(&in);
  if (!status.ok() && status.failure().code == runtime::kException) {
    return Escaped(status.failure(), name);
  }
  if (!status.ok()) return status.failure();
  const std::string_view text = in.Text();
  if (!in.Ended() || text.size() > runtime::kMaxDocument) return Contract("an answer that is none");
  return std::string(text);
}

Result<std::string> WorkerInstance::Ask(Kind kind, const Packer& question,
                                        const CallContext& context, const HostEndSinks& sinks) {
  for (int attempt = 1;; ++attempt) {
    const auto alone = Alone();
    const std::lock_guard lock(control_);
    const auto process = Running(context);
    if (!process.ok()) return process.failure();
    if (sinks.restart) sinks.restart();
    Crash crash = Crash::kNone;
    auto answer = AskRunning(process->get(), kind, question, context, sinks, -1, &crash);
    // What only reads is asked again when another call brought the connector down meanwhile.
    if (answer.ok() || crash != Crash::kBystander || attempt == kAttempts) return answer;
  }
}

Status WorkerInstance::Lookup(const Assignment& assignment, std::span<const penstock_value> keys,
                              size_t key_fields,
                              const std::function<void(const FoundRecord&)>& on_found,
                              const CallContext& context) {
  const size_t n = key_fields == 0 ? 0 : keys.size() / key_fields;
  Packer question = Question(context);
  question.Text(ToJson(assignment));
  question.U32(static_cast<uint32_t>(key_fields));
  question.U64(keys.size());
  for (const penstock_value& key : keys) wire::PutValue(key, &question);
  std::optional<runtime::Finder> finder;
  HostEndSinks sinks;
  sinks.restart = [&] { finder.emplace(on_found, n); };
  sinks.found = [&](const FoundRecord& record) { finder->Take(record); };
  const Result<std::string> done = Ask(Kind::kLookup, question, context, sinks);
  if (!done.ok()) return done.failure();
  const std::string complaint = finder->Complaint();
  return complaint.empty() ? Status() : Status(Contract(complaint));
}

Status WorkerInstance::BeginWriter(const std::string& assignment, std::span<const OpenNote> notes,
                                   const CallContext& context,
                                   std::shared_ptr<WorkerProcess>* process,
                                   std::unique_ptr<wire::Channel>* channel) {
  Packer question = Question(context);
  question.Text(assignment);
  question.U64(notes.size());
  for (const OpenNote& note : notes) {
    question.Text(note.token);
    wire::PutBatch(*note.records, &question);
  }
  bool blamed = false;
  for (int attempt = 1;; ++attempt) {
    const std::lock_guard lock(control_);
    const auto running = Running(context);
    if (!running.ok()) return running.failure();
    int sockets[2] = {-1, -1};
    if (!wire::MakeSocketPair(sockets))
      return Contract("there are no sockets left for its writers");
    auto own = std::make_unique<wire::Channel>(sockets[0]);
    const wire::Channel theirs(sockets[1]);  // closes our copy of it
    Crash crash = Crash::kNone;
    const Result<std::string> begun =
        AskRunning(running->get(), Kind::kBegin, question, context, {}, sockets[1], &crash);
    if (begun.ok()) {
      *process = *running;
      *channel = std::move(own);
      return {};
    }
    // Another call brought the connector down meanwhile; or it used up the memory, and this one is
    // only where it ran out. A begin that fails alone fails again.
    const bool again = crash == Crash::kBystander || (crash == Crash::kCulprit && !blamed);
    if (!again || attempt == kAttempts) return begun.failure();
    blamed = blamed || crash == Crash::kCulprit;
  }
}

WorkerWriter::~WorkerWriter() {
  if (channel_ == nullptr || process_->broken()) return;
  HostEnd end(channel_.get(), instance_->services(), context_, instance_->silence_ms());
  std::string returned;
  const InFlight call(process_.get());
  if (!end.Call(Kind::kEnd, Packer(), {}, &returned)) {
    instance_->Explain(process_.get(), *channel_, end.crash_signal(), "end");
  }
}

Status WorkerWriter::Begin(std::span<const OpenNote> notes) {
  for (const OpenNote& note : notes) ledger_.Expect(note.records->seqs, note.records->n_records);
  return instance_->BeginWriter(assignment_, notes, context_, &process_, &channel_);
}

Status WorkerWriter::Rejoin() {
  if (channel_ != nullptr && !process_->broken()) return {};
  channel_.reset();
  ledger_ = runtime::Ledger(operation_);  // of what that worker still owed, nothing will come
  return instance_->BeginWriter(assignment_, {}, context_, &process_, &channel_);
}

Status WorkerWriter::Write(const penstock_batch& batch, const OutcomeCallback& report) {
  Packer question;
  wire::PutBatch(batch, &question);
  crash_ = Crash::kNone;
  Status joined = Rejoin();
  if (!joined.ok()) return joined;
  ledger_.Expect(batch.seqs, batch.n_records);
  return Call(Kind::kWrite, question, report);
}

Status WorkerWriter::Finish(const OutcomeCallback& report) {
  crash_ = Crash::kNone;
  if (process_->broken()) return {};  // it owes nothing any more
  Status status = Call(Kind::kFinish, Packer(), report);
  if (!status.ok()) return status;
  const std::vector<uint64_t> left = ledger_.Outstanding();
  if (left.empty()) return {};
  return Failure{PENSTOCK_E_INTERNAL, "PS-CONN-OUTCOMES",
                 "connector " + instance_->id() + " finished without an outcome for records " +
                     runtime::SeqList(left, left.size()),
                 0};
}

Status WorkerWriter::Call(Kind kind, const Packer& question, const OutcomeCallback& report) {
  const auto alone = instance_->Alone();
  const InFlight call(process_.get());
  HostEnd end(channel_.get(), instance_->services(), context_, instance_->silence_ms());
  HostEndSinks sinks;
  sinks.outcome = [&](const penstock_outcome& item) {
    (void)ledger_.Report(&item, 1, sizeof(item), report);
  };
  std::string returned;
  const bool came_back = end.Call(kind, question, sinks, &returned);
  Status settled = ledger_.Settle(instance_->id(), report);
  if (!came_back) {
    Lost lost = instance_->Explain(process_.get(), *channel_, end.crash_signal(),
                                   kind == Kind::kWrite ? "write_batch" : "finish");
    crash_ = lost.crash;
    return std::move(lost.failure);
  }
  Unpacker in(returned);
  Status status = wire::TakeStatus(&in);
  if (!status.ok() && status.failure().code == runtime::kException) {
    // What it left behind may be anything, also all of its memory.
    process_->Bury("let an exception escape", false);
    crash_ = Crash::kCulprit;
    return instance_->Escaped(status.failure(), kind == Kind::kWrite ? "write_batch" : "finish");
  }
  return status.ok() ? settled : status;
}

}  // namespace

Result<std::unique_ptr<ConnectorInstance>> OpenInWorker(const Sidecar& sidecar,
                                                        HostServices* services,
                                                        std::string_view config_json,
                                                        const WorkerOptions& options,
                                                        const CallContext& context) {
  auto instance =
      std::make_unique<WorkerInstance>(sidecar, services, std::string(config_json), options);
  const auto process = instance->Process(context);
  if (!process.ok()) return process.failure();
  return std::unique_ptr<ConnectorInstance>(std::move(instance));
}

std::string FindWorkerProgram() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!self.is_absolute()) return {};  // never something below the folder that we happen to be in
  const std::filesystem::path folder = self.parent_path();
  for (const std::filesystem::path& path :
       {folder / "penstock-worker", folder.parent_path() / "lib/penstock/penstock-worker"}) {
    if (::access(path.c_str(), X_OK) == 0) return path.string();
  }
  return (folder.parent_path() / "lib/penstock/penstock-worker").string();
}

}  // namespace penstock::sdk
