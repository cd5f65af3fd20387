#include "host/engine/engine.h"

#include <pwd.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "core/changelog/changelog.h"
#include "core/file/file.h"
#include "host/engine/run_log.h"
#include "host/engine/settings.h"
#include "host/limits/clock.h"
#include "host/secrets/project_secret.h"
#include "host/sources/sources.h"

namespace penstock::engine {
namespace {

constexpr auto kLockPoll = std::chrono::milliseconds(50);

class MachineClock final : public Clock {
 public:
  int64_t UnixMicros() override { return limits::SystemClock().UnixUs(); }
  int64_t MonotonicMicros() override { return limits::SystemClock().MonotonicUs(); }
};

std::string UserAtMachine() {
  std::string user = std::to_string(::getuid());
  if (const passwd* entry = ::getpwuid(::getuid()); entry != nullptr && entry->pw_name != nullptr) {
    user = entry->pw_name;
  }
  std::string machine(256, '\0');
  if (::gethostname(machine.data(), machine.size() - 1) != 0) machine = "?";
  machine.resize(machine.find('\0'));
  return user + "@" + machine;
}

std::vector<std::string> Names(const auto& map) {
  std::vector<std::string> names;
  names.reserve(map.size());
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
}

}  // namespace

Session::~Session() {
  if (destination_ == nullptr) return;
  destination_->services()->SetExchanges(nullptr);
  destination_->services()->SetBlobs(nullptr);
}

Status Session::CheckLevel() const {
  if (destination_ == nullptr) return {};
  return trust::CheckLevel(engine_->project_.policy, integration(), destination_->admission());
}

// Runs of several integrations on one object take turns; the lock dies with its process.
Status Session::RunStarted(const RunRecord& record) {
  if (destination_ == nullptr) return {};
  PENSTOCK_RETURN_IF_ERROR(CheckLevel());
  const Integration& it = integration();
  const std::string locks = engine_->project_.StateDirectory() + "/locks";
  PENSTOCK_RETURN_IF_ERROR(file::MakeDirectories(locks));
  std::string name = it.destination + "." + it.object;
  for (char& c : name) c = c == '/' ? '_' : c;
  PENSTOCK_ASSIGN_OR_RETURN(file::Lock lock, file::Lock::Open(locks + "/" + name));
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool locked, lock.TryLock());
    if (locked) break;
    if (environment_.cancelled && environment_.cancelled()) {
      Error e = MakeError("PS-RUN-CANCELLED",
                          "The run was cancelled while another one wrote the same object.");
      e.exit = ExitCode::kCancelled;
      return e;
    }
    std::this_thread::sleep_for(kLockPoll);
  }
  object_lock_ = std::make_unique<file::Lock>(std::move(lock));
  PENSTOCK_ASSIGN_OR_RETURN(
      exchanges_, exchanges::Writer::Open(ExchangesPath(environment_.directory, record.ordinal),
                                          destination_->redactor()));
  destination_->services()->SetExchanges(exchanges_.get());
  blobs_ = std::make_unique<blobs::Store>(engine_->BlobsDirectory());
  destination_->services()->SetBlobs(blobs_.get());
  return {};
}

Status Session::RunFinished(const RunRecord& record) {
  if (destination_ != nullptr) {
    destination_->services()->SetExchanges(nullptr);
    destination_->services()->SetBlobs(nullptr);
  }
  blobs_.reset();
  if (exchanges_ != nullptr) {
    const Status kept = exchanges_->Close();
    if (!kept.ok() && engine_->options_.log) {
      engine_->options_.log(PENSTOCK_LOG_WARN,
                            "Some requests of this run were not kept: " + kept.error().message);
    }
    exchanges_.reset();
  }
  object_lock_.reset();
  return engine_->store_->Log(record.status == "held" ? "plan.held" : "run.finished",
                              record.integration, RunLogJson(record));
}

namespace {

// A state without its store would be taken for a first run's, and an old one for the newest.
Status CheckStoreIsThere(const std::string& directory) {
  std::error_code ignored;
  const std::string store = directory + "/store.db";
  if (std::filesystem::file_size(store, ignored) > 0 && !ignored) return {};
  bool state = false;
  for (std::filesystem::recursive_directory_iterator at(directory + "/integrations", ignored), end;
       at != end; at.increment(ignored)) {
    const std::string name = at->path().filename();
    const bool inside = at->path().string().find(".forgotten-") == std::string::npos;
    state = state || (inside && (name.ends_with(".pst") || name.ends_with(".psj")));
  }
  if (!state) return {};
  Error error = MakeError("PS-STORE-MISSING",
                          "The store is missing, and there is a state that belongs to it.",
                          "Put it back from a backup of .penstock, or move this environment's "
                          "folder away to start anew.");
  error.file = store;
  return error;
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::Open(project::Project project, EngineOptions options) {
  std::unique_ptr<Engine> engine(new Engine(std::move(project), std::move(options)));
  engine->clock_ = std::make_unique<MachineClock>();
  if (engine->options_.actor.empty()) engine->options_.actor = UserAtMachine();
  const std::string directory = engine->project_.StateDirectory();
  PENSTOCK_RETURN_IF_ERROR(CheckStoreIsThere(directory));
  store::StoreOptions store;
  store.path = directory + "/store.db";
  store.changelog_path = directory + "/changelog.jsonl";
  store.actor = engine->options_.actor;
  store.clock = engine->clock_.get();
  PENSTOCK_ASSIGN_OR_RETURN(engine->store_, store::Store::Open(store));
  PENSTOCK_RETURN_IF_ERROR(engine->OpenSecret());
  // State, plans and exchanges are nobody's to commit.
  const std::string ignore = engine->project_.directory + "/.penstock/.gitignore";
  if (!file::Exists(ignore)) PENSTOCK_RETURN_IF_ERROR(file::WriteAll(ignore, "*\n"));
  return engine;
}

// A secret that is missing or another one than before would make every record look changed.
Status Engine::OpenSecret() {
  const std::string path = project_.StateDirectory() + "/secret";
  PENSTOCK_ASSIGN_OR_RETURN(const std::string known, store_->Fact("secret_digest"));
  Error lost = MakeError("PS-SECRET-CHANGED",
                         "The project's secret is not the one that its state was made with.",
                         "Restore the file from a backup of .penstock, or start anew in another "
                         "environment.");
  lost.file = path;
  if (!known.empty() && !file::Exists(path)) return lost;
  PENSTOCK_ASSIGN_OR_RETURN(const std::string secret, secrets::ProjectSecret(path));
  hasher_ = std::make_unique<Hasher>(secret);
  const std::string digest = ToHex(hasher_->Bytes("penstock secret digest"));
  if (known.empty()) return store_->SetFact("secret_digest", digest);
  return known == digest ? Status() : Status(lost);
}

Result<Source*> Engine::OpenSource(const std::string& name) {
  if (const auto open = sources_.find(name); open != sources_.end()) return open->second.get();
  const auto found = project_.sources.find(name);
  if (found == project_.sources.end()) {
    return project::UnknownName("source", name, Names(project_.sources));
  }
  const project::SourceSettings& settings = found->second;
  auto text = secrets::Resolve(settings.type == "sqlite" ? settings.path : settings.url,
                               options_.lookup, project_.directory);
  if (!text.ok()) return At(text.error(), settings.place);
  Result<std::unique_ptr<Source>> opened =
      settings.type == "sqlite"
          ? sources::OpenSqlite({.path = *text, .time_zone = settings.time_zone})
          : sources::OpenPostgres({.url = *text, .time_zone = settings.time_zone});
  if (!opened.ok()) return At(opened.error(), settings.place);
  return (sources_[name] = *std::move(opened)).get();
}

Result<EngineDestination*> Engine::OpenDestination(const std::string& name) {
  if (const auto open = destinations_.find(name); open != destinations_.end()) {
    return open->second.get();
  }
  PENSTOCK_ASSIGN_OR_RETURN(auto opened, OpenApart(name, nullptr));
  return (destinations_[name] = std::move(opened)).get();
}

Result<std::unique_ptr<EngineDestination>> Engine::OpenApart(
    const std::string& name, std::unique_ptr<http::HttpTransport> transport) {
  const auto found = project_.destinations.find(name);
  if (found == project_.destinations.end()) {
    return project::UnknownName("destination", name, Names(project_.destinations));
  }
  OpenOptions open;
  open.connector_directory = options_.connectors.Of(found->second.connector);
  trust::TrustSettings trust = trust::SettingsOf(project_);
  trust.notice = options_.notice;
  open.admit = [trust](const sdk::Sidecar& sidecar, const std::string& host) {
    return trust::Admit(trust, sidecar, host);
  };
  open.lookup = options_.lookup;
  open.version = options_.version;
  open.catalog_path = project_.CatalogPath(name);
  open.token_directory = project_.StateDirectory() + "/tokens";
  open.secret_path = project_.StateDirectory() + "/secret";
  open.log = options_.log;
  open.cancelled = options_.cancelled;
  open.transport = std::move(transport);
  return EngineDestination::Open(found->second, std::move(open));
}

Result<std::unique_ptr<Session>> Engine::Prepare(const std::string& integration,
                                                 const Needs& needs) {
  const auto found = project_.integrations.find(integration);
  if (found == project_.integrations.end()) {
    return project::UnknownName("integration", integration, Names(project_.integrations));
  }
  const Integration& it = found->second.integration;
  std::unique_ptr<Session> session(new Session(this));
  RunEnvironment& env = session->environment_;
  env.integration = &it;
  env.store = store_.get();
  env.clock = clock_.get();
  env.hasher = hasher_.get();
  env.directory = IntegrationDirectory(integration);
  env.plans_directory = PlansDirectory();
  env.scratch_dir = project_.StateDirectory() + "/scratch";
  env.cancelled = options_.cancelled;
  if (needs.source) {
    PENSTOCK_ASSIGN_OR_RETURN(env.source, OpenSource(it.source));
  }
  if (needs.destination) {
    PENSTOCK_ASSIGN_OR_RETURN(session->destination_, OpenDestination(it.destination));
    env.destination = session->destination_;
    std::set<std::string> fields = {it.key.field};
    for (const FieldMapping& field : it.mapping) fields.insert(field.field);
    session->destination_->Expect(it.object, fields);
  }
  Session* raw = session.get();
  env.run_started = [raw](const RunRecord& record) { return raw->RunStarted(record); };
  env.run_finished = [raw](const RunRecord& record) { return raw->RunFinished(record); };
  env.run_interrupted = [raw](const RunRecord& record) {
    return raw->engine_->store_->Log("run.interrupted", record.integration, RunLogJson(record));
  };
  if (needs.record_settings) {
    PENSTOCK_RETURN_IF_ERROR(session->CheckLevel());
    auto settings = SettingsOf(project_, found->second);
    if (session->destination_ != nullptr) {
      const trust::Admission& runs = session->destination_->admission();
      settings["destination.connector_library"] = runs.version + " " + runs.sha256;
    }
    PENSTOCK_RETURN_IF_ERROR(
        store_->RecordSettings(integration, settings, {GitCommit(project_.directory)}));
  }
  return session;
}

std::string Engine::PlansDirectory() const { return project_.StateDirectory() + "/plans"; }

std::string Engine::BlobsDirectory() const { return project_.StateDirectory() + "/blobs"; }

std::string Engine::IntegrationDirectory(const std::string& integration) const {
  return project_.StateDirectory() + "/integrations/" + integration;
}

std::string ExchangesPath(const std::string& directory, uint32_t run_ordinal) {
  char name[40];
  std::snprintf(name, sizeof name, "/exchanges-%010u.pse", run_ordinal);
  return directory + name;
}

Result<std::vector<std::string>> FindPlans(const Engine& engine, const std::string& prefix) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto names, file::List(engine.PlansDirectory()));
  std::vector<std::string> found;
  for (const std::string& name : names) {
    if (name.ends_with(".plan") && name.starts_with(prefix)) {
      found.push_back(engine.PlansDirectory() + "/" + name);
    }
  }
  return found;
}

}  // namespace penstock::engine
