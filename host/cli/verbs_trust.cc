// connector install, uninstall and trust: what may run in this project. No connector code runs.
#include <algorithm>
#include <memory>

#include "host/cli/context.h"
#include "host/cli/find_connector.h"
#include "host/cli/json.h"
#include "host/cli/verbs.h"
#include "host/project/reading.h"
#include "host/trust/install.h"
#include "host/trust/report.h"

namespace penstock::cli {
namespace {

std::string LevelText(int level) {
  return level == 0 ? "none recorded; penstock-check tells" : std::to_string(level);
}

// "abc… (was def… of version 1.2.0)" for one machine.
std::string DigestText(const trust::Accepted& accepted, const std::string& machine) {
  const std::string& now = accepted.now.libraries.at(machine).sha256;
  if (!accepted.before) return now + " (new)";
  const auto before = accepted.before->libraries.find(machine);
  if (before == accepted.before->libraries.end()) return now + " (new for " + machine + ")";
  if (before->second.sha256 == now) return now + " (as before)";
  return now + "\n            was " + before->second.sha256 + " of version " +
         accepted.before->version;
}

std::string HostsChange(const trust::Accepted& accepted) {
  std::string text = trust::HostsText(accepted.now.hosts);
  if (!accepted.before || accepted.before->hosts == accepted.now.hosts) return text;
  return text + "\n            was: " + trust::HostsText(accepted.before->hosts);
}

void PutHosts(Json* json, const std::vector<std::string>& hosts) {
  json->BeginList("hosts");
  for (const std::string& host : hosts) json->Text(host);
  json->EndList();
}

// What is recorded now and what was, for both verbs.
void PutAccepted(Json* json, const trust::Found& found, const trust::Accepted& accepted) {
  const trust::LockedLibrary& library = accepted.now.libraries.at(found.machine);
  json->Text("connector", found.id)
      .Text("version", found.version)
      .Text("library", found.library)
      .Text("machine", found.machine)
      .Text("sha256", library.sha256)
      .Signed("level", library.level);
  PutHosts(json, accepted.now.hosts);
  if (!accepted.before) return;
  json->Begin("before").Text("version", accepted.before->version);
  const auto before = accepted.before->libraries.find(found.machine);
  if (before != accepted.before->libraries.end()) {
    json->Text("sha256", before->second.sha256).Signed("level", before->second.level);
  }
  PutHosts(json, accepted.before->hosts);
  json->End();
}

std::string SettingsLine(const sdk::Manifest& manifest, const std::string& id) {
  std::string secrets;
  for (const std::string& name : manifest.secrets) secrets += (secrets.empty() ? "" : ", ") + name;
  return (secrets.empty() ? "" : "secret " + secrets + "; ") +
         std::string("all of them: penstock connector show ") + id;
}

std::string InstalledText(const trust::Installed& done, const std::string& directory,
                          const std::string& lock_path, const Paint& paint) {
  const sdk::Manifest& m = done.manifest;
  std::string text =
      paint.Green("installed") + " " + m.id + " " + m.version + " (" + Printable(m.name) +
      (m.publisher.empty() ? "" : ", by " + Printable(m.publisher)) + ") into " + directory + "\n";
  text += "  SHA-256   " + DigestText(done.accepted, done.found.machine) + "\n";
  text += "  hosts     " + HostsChange(done.accepted) + "\n";
  text += "  address   " + AddressText(m) + "\n";
  text += "  settings  " + SettingsLine(m, m.id) + "\n";
  text += "  objects   with their operations, as the account has them: penstock check\n";
  text += "  level     " + LevelText(done.level) + "\n";
  return text + "  recorded  " + lock_path + "; commit it\n";
}

std::vector<Error> WarningsOf(Context* context, const trust::Installed& done) {
  std::vector<Error> warnings;
  if (!done.beyond_baseline.empty()) {
    warnings.push_back(UsageError("PS-CONN-BASELINE",
                                  "It needs " + project::JoinNames(done.beyond_baseline) +
                                      ": it runs here, and not on Debian 12.",
                                  "Build it on Debian 12 if it is to run elsewhere, too."));
  }
  if (context->ConnectorFolders().own().empty()) {
    warnings.push_back(UsageError("PS-CONN-DIR",
                                  "PENSTOCK_CONNECTORS or --connectors names another folder, which "
                                  "alone is looked into.",
                                  "Take that away to use what was installed here."));
  } else if (sdk::ReadSidecar(context->ConnectorDirectory(), done.found.id).ok()) {
    warnings.push_back(
        UsageError("PS-CONN-IN-PLACE",
                   "This project uses it from now on in place of the connector " + done.found.id +
                       " that came with penstock.",
                   "`penstock connector uninstall " + done.found.id + "` brings that one back."));
  }
  return warnings;
}

void InstallVerb(Context* context, trust::InstallRequest request) {
  std::transform(request.sha256.begin(), request.sha256.end(), request.sha256.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (!request.sha256.empty() && !trust::IsSha256(request.sha256)) {
    return context->Fail(UsageError("PS-CLI-USAGE", "--sha256 takes 64 hexadecimal digits.",
                                    "`sha256sum FILE` prints them."));
  }
  const auto loaded = context->ReadProject();
  if (!loaded.ok()) return context->Fail(loaded.error());
  request.directory = loaded->project.ConnectorDirectory();
  const trust::TrustSettings settings = trust::SettingsOf(loaded->project);
  const auto done = trust::Install(settings, request);
  if (!done.ok()) return context->Fail(done.error());
  const std::vector<Error> warnings = WarningsOf(context, *done);
  if (context->json()) {
    Json json;
    json.Begin();
    PutAccepted(&json, done->found, done->accepted);
    json.Raw("manifest", done->manifest_json).Text("lock", settings.lock_path);
    json.BeginList("warnings");
    for (const Error& warning : warnings) PutError(&json, warning);
    json.EndList().End();
    return context->Print(json.Take() + "\n");
  }
  context->Print(InstalledText(*done, request.directory, settings.lock_path, context->paint()));
  for (const Error& warning : warnings) context->Warn(warning);
}

Error InUse(const project::DestinationSettings& destination, const std::string& environment) {
  return At(UsageError("PS-CONN-IN-USE",
                       "Destination " + destination.name + " (environment " + environment +
                           ") uses connector " + destination.connector + ": it stays.",
                       "Take the destination out of the project file first."),
            destination.connector_place);
}

// The first destination that uses the connector, in any environment; nothing when none does.
Result<std::optional<Error>> FindUse(Context* context, const std::string& id) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto loaded, context->ReadProject());
  for (const std::string& environment : loaded.project.environments) {
    project::LoadOptions options = context->LoadOptions();
    options.environment = environment;
    PENSTOCK_ASSIGN_OR_RETURN(const auto there, project::LoadProject(options));
    for (const auto& [name, destination] : there.project.destinations) {
      if (destination.connector == id) return std::optional(InUse(destination, environment));
    }
  }
  return std::optional<Error>();
}

void UninstallVerb(Context* context, const std::string& id) {
  const auto loaded = context->ReadProject();
  if (!loaded.ok()) return context->Fail(loaded.error());
  const auto use = FindUse(context, id);
  if (!use.ok()) return context->Fail(use.error());
  if (*use) return context->Fail(**use);
  const std::string directory = loaded->project.ConnectorDirectory();
  const Status done = trust::Uninstall(trust::SettingsOf(loaded->project), directory, id);
  if (!done.ok()) return context->Fail(done.error());
  if (context->json()) {
    Json json;
    json.Begin().Text("connector", id).Text("directory", directory).End();
    return context->Print(json.Take() + "\n");
  }
  context->Print("Took " + id + " out of " + directory + " and of penstock.lock.\n");
}

void TrustVerb(Context* context, const std::string& id, const std::string& report) {
  const auto loaded = context->ReadProject();
  if (!loaded.ok()) return context->Fail(loaded.error());
  const auto sidecar = FindConnector(*context, id);
  if (!sidecar.ok()) return context->Fail(sidecar.error());
  const auto found = trust::Inspect(*sidecar);
  if (!found.ok()) return context->Fail(found.error());
  std::optional<int> level;
  if (!report.empty()) {
    const auto passed = trust::LevelOfReport(report, *found);
    if (!passed.ok()) return context->Fail(passed.error());
    level = *passed;
  }
  const trust::TrustSettings settings = trust::SettingsOf(loaded->project);
  const auto done = trust::Accept(settings, *found, level);
  if (!done.ok()) return context->Fail(done.error());
  if (context->json()) {
    Json json;
    json.Begin();
    PutAccepted(&json, *found, *done);
    json.Text("lock", settings.lock_path).End();
    return context->Print(json.Take() + "\n");
  }
  context->Print(context->paint().Green("trusted") + " " + id + " " + found->version + " in " +
                 found->library + "\n  SHA-256   " + DigestText(*done, found->machine) +
                 "\n  hosts     " + HostsChange(*done) + "\n  level     " +
                 LevelText(done->now.libraries.at(found->machine).level) + "\n  recorded  " +
                 settings.lock_path + "; commit it\n");
}

}  // namespace

void AddTrustVerbs(Verb connector, Context* context) {
  Verb install = connector.AddVerb(
      "install", "Put a connector into this project and record it in penstock.lock",
      "penstock connector install ./acme.so\n"
      "penstock connector install ./acme.so --sha256 9f86d081884c7d65… --report report.json");
  auto request = std::make_shared<trust::InstallRequest>();
  install.Positional("FILE", &request->file, "The library; acme.connector.json lies beside acme.so")
      .Required();
  install.Option("--sha256", &request->sha256, "What its publisher says the library hashes to");
  install.Option("--report", &request->report,
                 "Report of penstock-check --json about this library: the level that it passed");
  install.Do([context, request] { InstallVerb(context, *request); });

  Verb uninstall = connector.AddVerb("uninstall", "Take a connector out of this project again",
                                     "penstock connector uninstall acme");
  auto gone = std::make_shared<std::string>();
  uninstall.Positional("CONNECTOR", gone.get(), "Which one").Required();
  uninstall.Do([context, gone] { UninstallVerb(context, *gone); });

  Verb trust = connector.AddVerb(
      "trust", "Accept a connector as it is now: record its hash and hosts in penstock.lock",
      "penstock connector trust acme\npenstock connector trust hubspot --report report.json");
  auto id = std::make_shared<std::string>();
  auto report = std::make_shared<std::string>();
  trust.Positional("CONNECTOR", id.get(), "Which one").Required();
  trust.Option("--report", report.get(),
               "Report of penstock-check --json about it: the level that it passed");
  trust.Do([context, id, report] { TrustVerb(context, *id, *report); });
}

}  // namespace penstock::cli
