#include "host/engine/rehearsal.h"

#include <unistd.h>

#include <mutex>

#include "core/file/file.h"
#include "core/push/push.h"
#include "core/state/journal.h"

namespace penstock::engine {
namespace {

// Keeps what it is asked to send, and says that it was not sent.
class KeepingTransport final : public http::HttpTransport {
 public:
  struct Kept {
    std::mutex mutex;
    std::vector<std::pair<http::Attempt, std::string>> attempts;  // with the body
  };
  explicit KeepingTransport(std::shared_ptr<Kept> kept) : kept_(std::move(kept)) {}

  uint64_t Start(http::Attempt attempt, Done done) override {
    {
      const std::lock_guard<std::mutex> lock(kept_->mutex);
      std::string body(attempt.body);
      kept_->attempts.emplace_back(std::move(attempt), std::move(body));
    }
    http::AttemptResult result;
    result.transport = http::Transport::kNotSent;
    result.hopeless = true;
    result.error = MakeError("PS-HTTP-REHEARSAL", "This is a rehearsal: nothing is sent.");
    done(std::move(result));
    return 0;
  }
  void AbortUnsent(uint64_t) override {}

 private:
  std::shared_ptr<Kept> kept_;
};

}  // namespace

Result<std::vector<ShownRequest>> Rehearse(Engine* engine, Session* session, const PlannedRun& plan,
                                           const Change& change) {
  const Integration& it = session->integration();
  CallLimits limits;
  auto catalog = session->destination()->Discover({it.object}, limits);
  const sdk::Object* object = catalog.ok() ? catalog->FindObject(it.object) : nullptr;
  if (object == nullptr) {
    return UsageError("PS-MAP-OBJECT",
                      "Destination " + it.destination + " has no object \"" + it.object + "\".");
  }
  auto kept = std::make_shared<KeepingTransport::Kept>();
  PENSTOCK_ASSIGN_OR_RETURN(
      auto destination,
      engine->OpenApart(it.destination, std::make_unique<KeepingTransport>(kept)));
  const RunEnvironment& env = session->environment();
  PENSTOCK_RETURN_IF_ERROR(file::MakeDirectories(env.scratch_dir));
  const std::string path = env.scratch_dir + "/rehearsal-" + std::to_string(::getpid()) + ".psj";
  PENSTOCK_RETURN_IF_ERROR(file::Remove(path));
  JournalOpen open;
  open.identity.integration = it.id;
  open.run = "rehearsal";
  for (const MappedField& field : plan.header.fields) open.fields.push_back(field.name);
  PENSTOCK_ASSIGN_OR_RETURN(auto journal, Journal::Create(path, open));
  PENSTOCK_ASSIGN_OR_RETURN(auto reader, PlanReader::Open(plan.path));
  PushOptions push;
  push.integration = &it;
  push.object = object;
  push.run = "rehearsal";
  push.only_key = change.key;
  push.cancelled = env.cancelled;
  const auto pushed = Push(reader.get(), destination.get(), journal.get(), env.clock, push);
  journal.reset();
  PENSTOCK_RETURN_IF_ERROR(file::Remove(path));
  if (!pushed.ok()) return pushed.error();
  std::vector<ShownRequest> requests;
  const std::lock_guard<std::mutex> lock(kept->mutex);
  for (const auto& [attempt, body] : kept->attempts) {
    requests.push_back(ShownRequestOf(attempt, body, destination->redactor()));
  }
  if (requests.empty() && !pushed->stopped.ok()) return pushed->stopped.error();
  return requests;
}

}  // namespace penstock::engine
