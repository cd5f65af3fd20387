#include "host/engine/destination.h"

#include <algorithm>

#include "host/engine/open_config.h"
#include "host/http/url.h"
#include "host/limits/shared_dir.h"
#include "host/oauth/login.h"
#include "host/secrets/project_secret.h"

namespace penstock::engine {
namespace {

constexpr int64_t kCatalogLifeSeconds = 24 * 3600;

Error ErrorOf(const sdk::Failure& failure) {
  const std::string code =
      failure.code.starts_with("PS-") ? failure.code : std::string("PS-CONN-OPEN");
  return UsageError(code, failure.message + ".");
}

// What opening it says. What the connector's own defect is, no setting can mend.
Error OpenError(const sdk::Failure& failure, const std::string& connector) {
  if (failure.status == PENSTOCK_E_CANCELLED) {
    Error error = MakeError("PS-RUN-CANCELLED", "The run was cancelled while connector " +
                                                    connector + " started: nothing was sent.");
    error.exit = ExitCode::kCancelled;
    return error;
  }
  const char kReport[] = "Nothing was sent; report it to the connector's publisher.";
  if (failure.code == "connector.EXCEPTION") {
    const bool whole = failure.message.starts_with("connector ");
    return MakeError("PS-CONN-EXCEPTION",
                     (whole ? "" : "connector " + connector + " let an exception escape: ") +
                         failure.message + ".",
                     kReport);
  }
  if (failure.code == "PS-CONN-CRASHED") {
    return MakeError(failure.code, failure.message + ".", kReport);
  }
  return ErrorOf(failure);
}

Result<std::shared_ptr<http::Login>> OpenLogin(const OpenOptions& open, const OpenConfig& config,
                                               const http::GatewayOptions& gateway,
                                               const exchanges::Redactor& redactor) {
  oauth::LoginOptions login;
  login.account = config.account;
  if (config.base_from_token) login.base_url_from = config.auth.oauth.base_url_from;
  login.allowed_hosts = gateway.allowed_hosts;
  login.token_life_s = config.auth.oauth.token_life_s;
  login.ca_file = gateway.ca_file;
  login.user_agent = gateway.user_agent;
  login.redactor = redactor;
  if (open.log) {
    login.warn = [log = open.log](std::string_view sentence) {
      log(PENSTOCK_LOG_WARN, std::string(sentence));
    };
  }
  if (!open.token_directory.empty()) {
    login.token_directory = open.token_directory;
    PENSTOCK_ASSIGN_OR_RETURN(login.project_secret, secrets::ProjectSecret(open.secret_path));
  }
  return oauth::OpenLogin(std::move(login));
}

Result<std::unique_ptr<http::Gateway>> OpenGateway(const project::DestinationSettings& settings,
                                                   const sdk::Manifest& manifest,
                                                   const OpenConfig& config,
                                                   const exchanges::Redactor& redactor,
                                                   OpenOptions* open) {
  const OpenOptions& options = *open;
  http::GatewayOptions gateway;
  gateway.base_url = config.base_url;
  const auto url = http::ParseUrl(gateway.base_url);
  if (!url.ok()) return At(url.error(), settings.place);
  gateway.allowed_hosts = manifest.allowed_hosts;
  auto ca_file = secrets::Resolve(settings.ca_file, options.lookup, settings.directory);
  if (!ca_file.ok()) return At(ca_file.error(), settings.place);
  gateway.ca_file = *std::move(ca_file);
  gateway.user_agent = "Penstock/" + options.version;
  if (settings.timeout_ms > 0) gateway.timeout_ms = settings.timeout_ms;
  if (config.auth.type == "oauth2") {
    auto login = OpenLogin(options, config, gateway, redactor);
    if (!login.ok()) return At(login.error(), settings.place);
    gateway.login = *std::move(login);
  } else {
    auto provider = http::CredentialOf(config.auth, config.Credential());
    if (!provider.ok()) return At(provider.error(), settings.place);
    gateway.credential = *std::move(provider);
  }
  gateway.retry = manifest.retry;
  gateway.limiters = manifest.limiters;
  gateway.daily_share = settings.daily_share;
  gateway.transport = std::move(open->transport);
  PENSTOCK_ASSIGN_OR_RETURN(const auto shared, limits::SharedLimitsDir());
  gateway.limits_directory =
      shared / limits::BudgetDigest(manifest.id, url->host + ":" + url->port, config.Client());
  auto opened = http::Gateway::Create(std::move(gateway));
  if (!opened.ok()) return At(opened.error(), settings.place);
  return opened;
}

sdk::CallContext ContextOf(const CallLimits& limits, CallUser* user = nullptr) {
  sdk::CallContext context;
  context.cancelled = limits.cancelled;
  context.timeout_ms = limits.timeout_ms;
  context.user = user;
  return context;
}

// What a call came to, told by the host where it is the host that could not go on.
template <typename T>
T InHostsWords(const GatewayServices* services, T came_to) {
  return came_to.ok() ? std::move(came_to) : T(services->InHostsWords(came_to.failure()));
}

class EngineWriter final : public DestinationWriter {
 public:
  EngineWriter(RequestJournal* journal, GatewayServices* services)
      : user_{journal}, services_(services) {}
  CallUser* user() { return &user_; }
  void Hold(std::unique_ptr<sdk::ConnectorWriter> writer) { writer_ = std::move(writer); }

  sdk::Status Write(const penstock_batch& batch, const OutcomeCallback& report) override {
    return InHostsWords(services_, writer_->Write(batch, report));
  }
  sdk::Status Finish(const OutcomeCallback& report) override {
    return InHostsWords(services_, writer_->Finish(report));
  }
  Crash crash() const override { return static_cast<Crash>(writer_->crash()); }

 private:
  CallUser user_;
  GatewayServices* services_;
  std::unique_ptr<sdk::ConnectorWriter> writer_;
};

static_assert(static_cast<int>(Crash::kCulprit) == static_cast<int>(sdk::Crash::kCulprit));
static_assert(static_cast<int>(Crash::kBystander) == static_cast<int>(sdk::Crash::kBystander));

/// In a worker unless the project says otherwise.
sdk::Result<std::unique_ptr<sdk::ConnectorInstance>> OpenConnector(
    const project::DestinationSettings& settings, const OpenOptions& options,
    const sdk::Sidecar& sidecar, const std::string& sha256, sdk::HostServices* services,
    const std::string& config) {
  sdk::CallContext context;
  context.cancelled = options.cancelled;
  if (settings.in_process) {
    sdk::LoadOptions load;
    load.expected_sha256 = sha256;
    const auto library = sdk::LoadConnector(options.connector_directory, settings.connector, load);
    if (!library.ok()) return library.failure();
    return sdk::ConnectorInstance::Open(**library, services, config, context);
  }
  sdk::WorkerOptions worker;
  worker.program =
      options.worker_program.empty() ? sdk::FindWorkerProgram() : options.worker_program;
  worker.memory_bytes = settings.worker_memory_bytes;
  worker.silence_ms = settings.worker_silence_ms;
  worker.expected_sha256 = sha256;
  worker.started = [id = settings.connector, log = options.log](const sdk::WorkerReport& report) {
    for (const std::string& refused : report.refused) {
      if (log) {
        log(PENSTOCK_LOG_WARN,
            "the worker of " + id + " is less confined than it should be: " + refused);
      }
    }
  };
  return sdk::OpenInWorker(sidecar, services, config, worker, context);
}

}  // namespace

Result<std::unique_ptr<EngineDestination>> EngineDestination::Open(
    const project::DestinationSettings& settings, OpenOptions options) {
  const auto sidecar = sdk::ReadSidecar(options.connector_directory, settings.connector);
  if (!sidecar.ok()) return At(ErrorOf(sidecar.failure()), settings.connector_place);
  PENSTOCK_ASSIGN_OR_RETURN(const OpenConfig config,
                            ResolveConfig(settings, sidecar->manifest, options.lookup));
  std::unique_ptr<EngineDestination> out(new EngineDestination(options.catalog_path));
  PENSTOCK_ASSIGN_OR_RETURN(
      auto gateway, OpenGateway(settings, sidecar->manifest, config, out->redactor_, &options));
  if (options.admit) {
    const auto url = http::ParseUrl(settings.base_url.empty() ? std::string() : config.base_url);
    auto admission = options.admit(*sidecar, url.ok() ? url->host : std::string());
    if (!admission.ok()) return At(admission.error(), settings.connector_place);
    out->admission_ = *std::move(admission);
  }
  for (const auto& [name, secret] : config.secrets) out->redactor_.Add(secret);
  for (const std::string& text : http::SecretTexts(config.auth, config.Credential())) {
    out->redactor_.Add(text);
  }
  out->redactor_.AddHeader(http::SecretHeader(config.auth));
  GatewayServices::Options services;
  services.version = options.version;
  services.not_applied = sidecar->manifest.retry.not_applied;
  services.log = options.log;
  services.redactor = out->redactor_;
  out->services_ = std::make_unique<GatewayServices>(std::move(gateway), std::move(services));
  auto instance = OpenConnector(settings, options, *sidecar, out->admission_.sha256,
                                out->services_.get(), config.json);
  if (!instance.ok()) {
    const bool load = instance.failure().code.starts_with("PS-CONN-");
    return At(OpenError(instance.failure(), settings.connector),
              load ? settings.connector_place : settings.place);
  }
  out->instance_ = *std::move(instance);
  return out;
}

void EngineDestination::Expect(const std::string& object, const std::set<std::string>& fields) {
  expected_[object].insert(fields.begin(), fields.end());
}

bool EngineDestination::Usable(const sdk::Object& object) const {
  if (fresh_.contains(object.name)) return true;
  if (manifest().catalog_from_config) return false;  // the project file may have changed
  if (cache_.AgeSeconds().value_or(kCatalogLifeSeconds) >= kCatalogLifeSeconds) return false;
  const auto expected = expected_.find(object.name);
  if (expected == expected_.end()) return true;
  return std::all_of(expected->second.begin(), expected->second.end(),
                     [&](const std::string& name) { return object.FindField(name) != nullptr; });
}

sdk::Result<sdk::CheckReport> EngineDestination::Check(const CallLimits& limits) {
  if (report_) return *report_;
  auto report = InHostsWords(services_.get(), instance_->Check(ContextOf(limits)));
  if (report.ok()) report_ = *report;
  return report;
}

sdk::Result<sdk::Catalog> EngineDestination::Refresh(const CallLimits& limits) {
  auto catalog = InHostsWords(services_.get(), instance_->Discover({}, ContextOf(limits)));
  if (!catalog.ok()) return catalog;
  for (const sdk::Object& object : catalog->objects) fresh_.insert(object.name);
  const Status stored = cache_.Store(*catalog);
  if (!stored.ok()) {
    return sdk::Failure{PENSTOCK_E_INTERNAL, stored.error().code, stored.error().message, 0};
  }
  return catalog;
}

sdk::Result<sdk::Catalog> EngineDestination::Discover(const std::vector<std::string>& objects,
                                                      const CallLimits& limits) {
  sdk::Catalog found;
  for (const std::string& name : objects) {
    const auto cached = cache_.Find(name);
    if (cached.ok() && *cached && Usable(**cached)) found.objects.push_back(**cached);
  }
  if (!objects.empty() && found.objects.size() == objects.size()) return found;
  auto asked = InHostsWords(services_.get(), instance_->Discover(objects, ContextOf(limits)));
  if (!asked.ok()) return asked;
  for (const sdk::Object& object : asked->objects) fresh_.insert(object.name);
  const Status stored = cache_.Store(*asked);
  if (!stored.ok()) {
    return sdk::Failure{PENSTOCK_E_INTERNAL, stored.error().code, stored.error().message, 0};
  }
  return asked;
}

sdk::Result<std::unique_ptr<DestinationWriter>> EngineDestination::Begin(
    const sdk::Assignment& assignment, std::span<const OpenNote> notes, RequestJournal* journal,
    const CallLimits& limits) {
  auto writer = std::make_unique<EngineWriter>(journal, services_.get());
  std::vector<sdk::OpenNote> open;
  for (const OpenNote& note : notes) open.push_back({note.token, note.records});
  auto begun = InHostsWords(services_.get(),
                            instance_->Begin(assignment, open, ContextOf(limits, writer->user())));
  if (!begun.ok()) return begun.failure();
  writer->Hold(*std::move(begun));
  return std::unique_ptr<DestinationWriter>(std::move(writer));
}

sdk::Status EngineDestination::Lookup(const sdk::Assignment& assignment,
                                      std::span<const Value> keys, std::vector<LookupHit>* hits,
                                      const CallLimits& limits) {
  hits->assign(keys.size(), LookupHit());
  return InHostsWords(
      services_.get(),
      instance_->Lookup(
          assignment, keys, 1,
          [&](const sdk::FoundRecord& record) {
            if (record.index >= hits->size()) return;
            (*hits)[record.index] = {record.matches, std::string(record.destination_id)};
          },
          ContextOf(limits)));
}

}  // namespace penstock::engine
