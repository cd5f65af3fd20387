#include "host/engine/tryout.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>

#include "host/engine/destination.h"
#include "host/engine/exchange_text.h"
#include "host/engine/sample_record.h"

namespace penstock::engine {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBodyShown = 4000;
constexpr int64_t kCallTimeoutMs = 60000;

// What the transport and the journal of one tryout share.
struct Watch {
  TryoutView* view = nullptr;
  const exchanges::Redactor* redactor = nullptr;  // set once the destination is open
  bool send = false;
  std::atomic<bool> writing{false};  // a request that changes records is on its way
  std::mutex mutex;                  // of the view
};

// Shows what goes over the network; keeps back what would change records.
class ShowingTransport final : public http::HttpTransport {
 public:
  ShowingTransport(std::unique_ptr<http::HttpTransport> network, std::shared_ptr<Watch> watch)
      : network_(std::move(network)), watch_(std::move(watch)) {}

  uint64_t Start(http::Attempt attempt, Done done) override {
    Show(attempt);
    const bool reads = attempt.head.starts_with("GET ") || attempt.head.starts_with("HEAD ");
    if (watch_->writing && !watch_->send && !reads) {
      Hold(done);
      return 0;
    }
    const auto begin = std::chrono::steady_clock::now();
    return network_->Start(std::move(attempt), [this, begin, done](http::AttemptResult result) {
      Show(result, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
      done(std::move(result));
    });
  }
  void AbortUnsent(uint64_t number) override {
    if (number != 0) network_->AbortUnsent(number);
  }

 private:
  void Show(const http::Attempt& attempt) {
    const ShownRequest request =
        ShownRequestOf(attempt, std::string(attempt.body), *watch_->redactor);
    const std::lock_guard<std::mutex> lock(watch_->mutex);
    watch_->view->Request(request);
  }
  void Show(const http::AttemptResult& result, double seconds) {
    ShownAnswer answer;
    answer.status = result.status;
    answer.seconds = seconds;
    answer.body = ExcerptOf(watch_->redactor->Text(result.body), {}, {}, kBodyShown).text;
    answer.error = watch_->redactor->Text(result.error.message);
    const std::lock_guard<std::mutex> lock(watch_->mutex);
    watch_->view->Answer(answer);
  }
  void Hold(const Done& done) {
    {
      ShownAnswer answer;
      answer.held = true;
      const std::lock_guard<std::mutex> lock(watch_->mutex);
      watch_->view->Answer(answer);
    }
    http::AttemptResult result;
    result.transport = http::Transport::kNotSent;
    result.hopeless = true;
    result.error = MakeError("PS-HTTP-REHEARSAL", "This is a rehearsal: nothing is sent.");
    done(std::move(result));
  }

  std::unique_ptr<http::HttpTransport> network_;
  std::shared_ptr<Watch> watch_;
};

// Keeps nothing: a tryout is no run. Knows when a request names records.
class WatchingJournal final : public RequestJournal {
 public:
  explicit WatchingJournal(Watch* watch) : watch_(watch) {}
  Status BeforeSend(uint64_t, std::span<const uint64_t>) override {
    watch_->writing = true;
    return {};
  }
  void Answered(uint64_t, std::span<const uint64_t>) override {}
  void Unclear(uint64_t, std::span<const uint64_t>) override {}
  void NotApplied(uint64_t, std::span<const uint64_t>) override {}
  Status Note(std::span<const uint64_t>, const std::string&) override { return {}; }

 private:
  Watch* watch_;
};

std::string_view Text(penstock_str text) {
  return text.ptr == nullptr ? std::string_view() : std::string_view(text.ptr, text.len);
}

const char* OutcomeName(int32_t outcome) {
  static constexpr const char* kNames[] = {"",          "created",  "updated", "deleted",
                                           "unchanged", "missing",  "exists",  "rejected",
                                           "unsent",    "in doubt", "split"};
  const bool known = outcome > 0 && outcome <= PENSTOCK_SPLIT;
  return known ? kNames[outcome] : "an outcome that there is none of";
}

std::string LineOf(const penstock_outcome& outcome) {
  std::string line = std::string("the record is ") + OutcomeName(outcome.outcome);
  if (outcome.destination_id.len > 0) line += ", id " + std::string(Text(outcome.destination_id));
  for (const penstock_str text : {outcome.code, outcome.message, outcome.warning}) {
    if (text.len > 0) line += ", " + std::string(Text(text));
  }
  if (outcome.field.len > 0) line += " (field " + std::string(Text(outcome.field)) + ")";
  return line;
}

std::string LineOf(const sdk::Object& object) {
  std::string line = object.name + ":";
  for (const auto& [name, operation] : object.operations) {
    line += " " + name + (operation.idempotent ? "" : " (once)");
  }
  line += "; " + std::to_string(object.fields.size()) + " fields:";
  size_t shown = 0;
  for (const sdk::Field& field : object.fields) {
    if (++shown > 12) break;
    line += (shown > 1 ? ", " : " ") + field.name + " " + std::string(FieldTypeName(field.type));
  }
  return line + (object.fields.size() > 12 ? ", …" : "");
}

// Runs the steps; remembers the first thing that went wrong.
class Steps {
 public:
  Steps(EngineDestination* destination, const TryoutOptions& options, Watch* watch)
      : destination_(destination), options_(options), watch_(watch) {
    limits_.timeout_ms = kCallTimeoutMs;
  }

  Status All() {
    Check();
    Discover();
    if (const sdk::Object* object = SampleObject()) Write(*object);
    return first_;
  }

 private:
  void Step(const std::string& what) {
    const std::lock_guard<std::mutex> lock(watch_->mutex);
    watch_->view->Step(what);
  }
  void Result(const std::string& line) {
    const std::lock_guard<std::mutex> lock(watch_->mutex);
    watch_->view->Result(line);
  }
  void Failed(const sdk::Failure& failure) {
    Result("failed: " + failure.code + ": " + failure.message);
    const bool ours = failure.code.starts_with("PS-");
    const std::string end = failure.message.ends_with('.') ? "" : ".";
    Note(MakeError(ours ? failure.code : "PS-CONN-FAILED", failure.message + end,
                   "What it asked for and was answered is shown before this."));
  }
  void Note(Error error) {
    if (first_.ok()) first_ = std::move(error);
  }

  void Check() {
    Step("check");
    const auto report = destination_->Check(limits_);
    if (!report.ok()) return Failed(report.failure());
    Result("account " + report->account_id +
           (report->account_name.empty() ? "" : " (" + report->account_name + ")"));
    for (const auto& missing : report->missing) {
      Result("missing permission " + missing.permission + ", needed for " + missing.needed_for);
    }
    for (const std::string& warning : report->warnings) Result("warning: " + warning);
  }

  void Discover() {
    Step("discover");
    auto catalog = destination_->Refresh(limits_);
    if (!catalog.ok()) return Failed(catalog.failure());
    catalog_ = *std::move(catalog);
    for (const sdk::Object& object : catalog_.objects) Result(LineOf(object));
    if (catalog_.objects.empty()) {
      Result("failed: the catalog has no object");
      Note(MakeError("PS-CONN-FAILED", "The catalog has no object."));
    }
  }

  const sdk::Object* SampleObject() {
    for (const sdk::Object& object : catalog_.objects) {
      if (!options_.object.empty() && object.name != options_.object) continue;
      operation_ = Operation(object);
      if (!operation_.empty()) return &object;
    }
    if (catalog_.objects.empty()) return nullptr;
    Step("write");
    const std::string what = options_.object.empty() ? "no object" : "no object " + options_.object;
    Result("failed: the catalog has " + what + " that takes an upsert, insert or update");
    Note(UsageError("PS-MAP-OBJECT",
                    "The catalog has " + what + " that takes an upsert, insert or update."));
    return nullptr;
  }
  static std::string Operation(const sdk::Object& object) {
    for (const char* name : {"upsert", "insert", "update"}) {
      if (object.operations.count(name) > 0) return name;
    }
    return {};
  }

  void Write(const sdk::Object& object) {
    const SampleRecord sample(object, operation_);
    Step(operation_ + " of one sample record into " + object.name +
         (options_.send ? "" : " (shown, not sent)"));
    WatchingJournal journal(watch_);
    auto writer = destination_->Begin(sample.assignment(), {}, &journal, limits_);
    if (!writer.ok()) return Failed(writer.failure());
    size_t outcomes = 0;
    const OutcomeCallback report = [&](const penstock_outcome& outcome) {
      ++outcomes;
      const bool held = !options_.send && outcome.outcome == PENSTOCK_UNSENT;
      if (!held) Result(LineOf(outcome));
      // A rejection is an answer, if perhaps of sample values that the destination dislikes.
      if (!held && outcome.outcome > PENSTOCK_REJECTED)
        Note(MakeError("PS-CONN-FAILED", "The sample record was not written."));
    };
    const penstock_batch batch = sample.batch();
    sdk::Status written = (*writer)->Write(batch, report);
    const sdk::Status finished = (*writer)->Finish(report);
    if (written.ok()) written = finished;
    // Of a request that was kept back the connector says, rightly, that it was not sent.
    const bool held = !options_.send && watch_->writing &&
                      (written.ok() || written.failure().status == PENSTOCK_E_UNAVAILABLE);
    if (!written.ok() && !held) return Failed(written.failure());
    if (outcomes == 0) {
      Result("failed: the connector reported no outcome for the record");
      Note(MakeError("PS-CONN-FAILED", "The connector reported no outcome for the record."));
    }
  }

  EngineDestination* destination_;
  const TryoutOptions& options_;
  Watch* watch_;
  CallLimits limits_;
  sdk::Catalog catalog_;
  std::string operation_;
  Status first_;
};

}  // namespace

Status Tryout(const TryoutOptions& options, TryoutView* view) {
  const fs::path library(options.library);
  project::DestinationSettings settings;
  settings.name = "tryout";
  settings.connector = library.stem().string();
  settings.config = options.config;
  settings.config_places[""].file = options.config_file;
  settings.base_url = options.base_url;
  auto watch = std::make_shared<Watch>();
  const exchanges::Redactor nothing_known;
  watch->view = view;
  watch->redactor = &nothing_known;
  watch->send = options.send;
  PENSTOCK_ASSIGN_OR_RETURN(auto network, http::MakeBeastTransport(""));
  OpenOptions open;
  open.connector_directory = library.has_parent_path() ? library.parent_path().string() : ".";
  open.lookup = options.lookup;
  open.version = options.version;
  open.log = [watch](int32_t, const std::string& message) {
    const std::lock_guard<std::mutex> lock(watch->mutex);
    watch->view->Log(message);
  };
  open.transport = std::make_unique<ShowingTransport>(std::move(network), watch);
  PENSTOCK_ASSIGN_OR_RETURN(auto destination, EngineDestination::Open(settings, std::move(open)));
  watch->redactor = &destination->redactor();
  return Steps(destination.get(), options, watch.get()).All();
}

}  // namespace penstock::engine
