#include "host/engine/rehearsal.h"

#include <unistd.h>

#include <mutex>

#include "core/file/file.h"
#include "core/push/push.h"
#include "core/state/journal.h"
#include "host/engine/exchange_text.h"

namespace penstock::engine {
namespace {

constexpr size_t kBodyShown = 1u << 20;

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

RehearsedRequest RequestOf(const http::Attempt& attempt, const std::string& body,
                           const exchanges::Redactor& redactor) {
  RehearsedRequest out;
  size_t at = attempt.head.find("\r\n");
  const std::string first = attempt.head.substr(0, at);
  const size_t space = first.find(' ');
  out.method = first.substr(0, space);
  const size_t target_end = first.rfind(' ');
  out.url = std::string(attempt.https ? "https://" : "http://") + attempt.host + ":" +
            attempt.port + first.substr(space + 1, target_end - space - 1);
  while (at != std::string::npos) {
    const size_t begin = at + 2;
    at = attempt.head.find("\r\n", begin);
    const std::string line = attempt.head.substr(begin, at - begin);
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::string name = line.substr(0, colon);
    const size_t value = line.find_first_not_of(' ', colon + 1);
    out.headers.emplace_back(
        name, value == std::string::npos ? "" : redactor.Header(name, line.substr(value)));
  }
  out.body = ExcerptOf(redactor.Text(body), {}, {}, kBodyShown).text;
  return out;
}

}  // namespace

Result<std::vector<RehearsedRequest>> Rehearse(Engine* engine, Session* session,
                                               const PlannedRun& plan, const Change& change) {
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
  std::vector<RehearsedRequest> requests;
  const std::lock_guard<std::mutex> lock(kept->mutex);
  for (const auto& [attempt, body] : kept->attempts) {
    requests.push_back(RequestOf(attempt, body, destination->redactor()));
  }
  if (requests.empty() && !pushed->stopped.ok()) return pushed->stopped.error();
  return requests;
}

}  // namespace penstock::engine
