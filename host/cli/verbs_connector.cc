// connector list and show, sandbox: what is installed. No connector code runs.
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "core/base/suggest.h"
#include "host/cli/context.h"
#include "host/cli/find_connector.h"
#include "host/cli/json.h"
#include "host/cli/verbs.h"
#include "host/project/reading.h"
#include "host/trust/trust.h"
#include "sdk/documents/auth.h"
#include "sdk/documents/validate.h"
#include "sdk/runtime/loader.h"

namespace penstock::cli {
namespace {

Error ErrorOf(const sdk::Failure& failure) {
  return UsageError(failure.code, failure.message,
                    "Name the folder of connectors with --connectors or PENSTOCK_CONNECTORS.");
}

// Whether its sandbox can be started.
std::string SandboxOf(const sdk::Sidecar& sidecar) {
  if (sidecar.manifest.sandbox.empty()) return "none";
  std::error_code ignored;
  const auto program = std::filesystem::path(sidecar.path).parent_path() / sidecar.manifest.sandbox;
  return std::filesystem::exists(program, ignored) ? "yes" : "not installed";
}

// The lock file of the project.
struct LockView {
  Result<trust::LockFile> lock;
};

// Nothing outside of a project, or of one that cannot be read.
std::optional<LockView> ReadLockView(Context* context) {
  if (context->ProjectDirectory().empty()) return std::nullopt;
  const auto loaded = context->ReadProject();
  if (!loaded.ok()) return std::nullopt;
  return LockView{trust::ReadLock(trust::SettingsOf(loaded->project))};
}

// In one word: trusted, new, changed; refused: nobody may run it as it lies there. Empty outside of
// a project.
std::string LockWord(const std::optional<LockView>& view, const sdk::Sidecar& sidecar) {
  if (!view) return {};
  const auto found = trust::Inspect(sidecar);
  if (!found.ok()) return "refused";
  if (!view->lock.ok()) return "unknown";
  switch (trust::Compare(*view->lock, *found).standing) {
    case trust::Standing::kSame:
      return "trusted";
    case trust::Standing::kNew:
      return "new";
    case trust::Standing::kChanged:
      return "changed";
  }
  return {};
}

void ListVerb(Context* context) {
  auto listed = sdk::ListConnectors(context->ConnectorDirectory());
  if (!listed.ok()) return context->Fail(ErrorOf(listed.failure()));
  // The project's own stand in place of those of the same name.
  if (auto own = sdk::ListConnectors(context->ConnectorFolders().own()); own.ok()) {
    std::map<std::string, sdk::ListedConnector> by_id;
    for (const auto* list : {&*own, &*listed}) {
      for (const sdk::ListedConnector& connector : *list) by_id.emplace(connector.id, connector);
    }
    listed->clear();
    for (auto& [id, connector] : by_id) listed->push_back(std::move(connector));
  }
  const std::optional<LockView> view = ReadLockView(context);
  Table table({"connector", "version", "lock", "publisher", "sandbox", "name"});
  Json json;
  json.Begin().BeginList("connectors");
  for (const sdk::ListedConnector& connector : *listed) {
    json.Begin().Text("id", connector.id);
    if (connector.sidecar) {
      const sdk::Manifest& m = connector.sidecar->manifest;
      json.Text("name", m.name)
          .Text("version", m.version)
          .Text("publisher", m.publisher)
          .Text("sandbox", m.sandbox);
      const std::string lock = LockWord(view, *connector.sidecar);
      if (!lock.empty()) json.Text("lock", lock);
      table.Add(
          {connector.id, m.version, lock, m.publisher, SandboxOf(*connector.sidecar), m.name});
    } else {
      json.Text("problem", connector.problem.message);
      table.Add({connector.id, "", "", "", "", connector.problem.message});
    }
    json.End();
  }
  json.EndList().End();
  if (context->json()) return context->Print(json.Take() + "\n");
  context->Print(table.empty()
                     ? "No connector is installed in " + context->ConnectorDirectory() + ".\n"
                     : table.Text(context->paint()));
}

std::string JsonText(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

// The properties of a schema, each with its rules; none where it has none, or cannot be read.
rapidjson::Document PropertiesOf(const std::string& schema) {
  rapidjson::Document document;
  document.Parse(schema);
  const bool any = !document.HasParseError() && document.IsObject() &&
                   document.HasMember("properties") && document["properties"].IsObject();
  if (!any)
    document.SetObject().AddMember("properties", rapidjson::Value(rapidjson::kObjectType),
                                   document.GetAllocator());
  return document;
}

std::string RuleText(const rapidjson::Value& property, const char* rule) {
  const auto found = property.FindMember(rule);
  const bool text = found != property.MemberEnd() && found->value.IsString();
  return text ? found->value.GetString() : "";
}

// The options as programs want them; with everything else the manifest has them, too.
void PutOptions(Json* json, const sdk::Manifest& manifest) {
  json->BeginList("options");
  const rapidjson::Document schema = PropertiesOf(manifest.options_schema);
  for (const auto& member : schema["properties"].GetObject()) {
    json->Begin().Text("name", member.name.GetString());
    for (const auto& rule : member.value.GetObject()) {
      const std::string name = rule.name.GetString();
      json->Raw(name == "enum" ? "allowed" : name, JsonText(rule.value));
    }
    json->End();
  }
  json->EndList();
}

// Options of integrations: all that objects may take; the catalog says which of them one takes.
std::string OptionsText(const sdk::Manifest& manifest, const Paint& paint) {
  const rapidjson::Document schema = PropertiesOf(manifest.options_schema);
  if (schema["properties"].ObjectEmpty()) return {};
  Table table({"option", "default", "what"});
  for (const auto& member : schema["properties"].GetObject()) {
    const auto text = [&](const char* rule) { return RuleText(member.value, rule); };
    const auto usual = member.value.FindMember("default");
    const bool any = usual == member.value.MemberEnd();
    std::string what =
        text("description").empty() ? AsSentence(text("title")) : text("description");
    // What a pattern takes, the description says.
    if (!member.value.HasMember("pattern")) {
      what += " Takes " + sdk::TakenText(JsonText(member.value)) + ".";
    }
    table.Add({member.name.GetString(),
               any                       ? ""
               : usual->value.IsString() ? usual->value.GetString()
                                         : JsonText(usual->value),
               what});
  }
  return "\n  `options:` of an integration; of one object, its catalog has them\n\n" +
         table.Text(paint, 2);
}

std::string SettingsText(const sdk::Manifest& manifest, const Paint& paint) {
  const rapidjson::Document schema = PropertiesOf(manifest.config_schema);
  if (schema["properties"].ObjectEmpty()) return {};
  Table table({"setting", "type", "", "what"});
  for (const auto& member : schema["properties"].GetObject()) {
    const auto text = [&](const char* rule) { return RuleText(member.value, rule); };
    bool required = false;
    if (schema.HasMember("required")) {
      for (const auto& name : schema["required"].GetArray())
        required = required || name == member.name;
    }
    bool secret = false;
    for (const std::string& name : manifest.secrets) {
      secret = secret || name == member.name.GetString();
    }
    const std::string kind = required && secret ? "required secret"
                             : required         ? "required"
                             : secret           ? "secret"
                                                : "";
    std::string what = text("description").empty() ? text("title") : text("description");
    if (!text("default").empty()) what += " Default: " + text("default");
    table.Add({member.name.GetString(), text("type"), kind, what});
  }
  return table.Text(paint, 2);
}

// How requests prove who sends them.
std::string AuthText(const sdk::Auth& auth) {
  if (auth.type == "none") return "none";
  if (auth.type == "from_config") return "as the setting " + auth.property + " says";
  if (auth.type == "oauth2") {
    std::string text;
    for (const std::string& grant : auth.oauth.grants) {
      std::vector<std::string> settings;
      for (const auto& [member, name] : sdk::NeedsOf(auth.oauth, grant)) settings.push_back(name);
      text += (text.empty() ? "" : ", or ") + grant + " from the settings " +
              project::JoinNames(settings);
    }
    return "OAuth 2.0: " + text + "; Penstock gets and renews the tokens";
  }
  if (auth.type == "one_of") {
    std::string all;
    for (const sdk::Auth& choice : auth.choices) {
      all += (all.empty() ? "" : "; or ") + AuthText(choice);
    }
    return all;
  }
  const std::string how = auth.type == "header" ? "header " + auth.header : auth.type;
  return how + ", from the setting " + auth.secret;
}

}  // namespace

std::string AddressText(const sdk::Manifest& manifest) {
  if (!manifest.base_url.empty()) return manifest.base_url;
  return sdk::BaseUrlFromToken(manifest.auth) ? "told by the login" : "given by base_url";
}

namespace {

// How the project's lock file stands to it; nothing outside of a project.
std::string LockLine(Context* context, const sdk::Sidecar& sidecar) {
  const std::optional<LockView> view = ReadLockView(context);
  if (!view) return {};
  const auto found = trust::Inspect(sidecar);
  if (!found.ok()) return "  lock      " + found.error().message + "\n";
  if (!view->lock.ok()) return "  lock      " + view->lock.error().message + "\n";
  const trust::Judgement judgement = trust::Compare(*view->lock, *found);
  switch (judgement.standing) {
    case trust::Standing::kSame:
      return "  lock      as penstock.lock has it, " +
             (judgement.level == 0 ? "no level recorded"
                                   : "level " + std::to_string(judgement.level)) +
             "\n";
    case trust::Standing::kNew:
      return "  lock      not in penstock.lock yet\n";
    case trust::Standing::kChanged:
      return "  lock      not as penstock.lock has it: " + judgement.differences + "\n";
  }
  return {};
}

void ShowVerb(Context* context, const std::string& id) {
  const auto sidecar = FindConnector(*context, id);
  if (!sidecar.ok()) return context->Fail(sidecar.error());
  const sdk::Manifest& m = sidecar->manifest;
  const auto digest = sdk::Sha256OfFile(sidecar->library_path);
  if (context->json()) {
    Json json;
    json.Begin()
        .Raw("manifest", sidecar->manifest_json)
        .Text("library", sidecar->library_path)
        .Text("sha256", digest.ok() ? *digest : "");
    PutOptions(&json, m);
    json.End();
    return context->Print(json.Take() + "\n");
  }
  std::string text = context->paint().Bold(m.name) + " (" + m.id + ") " + m.version +
                     (m.publisher.empty() ? "" : ", by " + m.publisher) + "\n";
  text += "  library   " + sidecar->library_path + "\n";
  if (digest.ok()) text += "  SHA-256   " + *digest + "\n";
  text += "  address   " + AddressText(m) + "\n";
  const size_t width = context->paint().width();
  text += Labelled("hosts", trust::HostsText(trust::HostsOf(m)), width);
  text += LockLine(context, *sidecar);
  text += Labelled("auth", AuthText(m.auth), width);
  text += "  sandbox   " +
          (SandboxOf(*sidecar) == "yes" ? "penstock sandbox " + m.id : SandboxOf(*sidecar)) + "\n";
  for (const sdk::Limiter& limiter : m.limiters) {
    text += "  limit     " + limiter.name + ": ";
    if (limiter.requests > 0) {
      text += Grouped(static_cast<uint64_t>(limiter.requests)) + " requests in " +
              DurationText(static_cast<double>(limiter.window_ms) / 1000) + ", ";
    }
    text += std::to_string(limiter.max_concurrent) + " at a time\n";
  }
  context->Print(text + "\n" + SettingsText(m, context->paint()) +
                 OptionsText(m, context->paint()));
}

void SandboxVerb(Context* context, const std::string& id, const std::vector<std::string>& args) {
  const auto sidecar = FindConnector(*context, id);
  if (!sidecar.ok()) return context->Fail(sidecar.error());
  const std::string& name = sidecar->manifest.sandbox;
  if (name.empty()) {
    return context->Fail(UsageError("PS-CLI-NO-SANDBOX", "Connector " + id + " has no sandbox."));
  }
  const std::filesystem::path program = std::filesystem::path(sidecar->path).parent_path() / name;
  const std::string why = Become(program.string(), args);
  context->Fail(MakeError("PS-CLI-NO-SANDBOX", "The sandbox of " + id + " cannot be started: " +
                                                   program.string() + ": " + why + "."));
}

}  // namespace

Result<sdk::Sidecar> FindConnector(const Context& context, const std::string& id) {
  const project::ConnectorFolders folders = context.ConnectorFolders();
  auto sidecar = sdk::ReadSidecar(folders.Of(id), id);
  if (sidecar.ok()) return *std::move(sidecar);
  const sdk::Failure& failure = sidecar.failure();
  if (failure.code != "PS-CONN-NOT-FOUND" && failure.code != "PS-CONN-DIR") {
    return UsageError(failure.code, failure.message);
  }
  const std::vector<std::string> known = folders.Connectors();
  const std::string where =
      folders.own().empty() ? folders.installed() : folders.own() + " or " + folders.installed();
  std::string hint = DidYouMean(id, known);
  if (hint.empty()) hint = known.empty() ? "" : "There are: " + project::JoinNames(known) + ".";
  return UsageError("PS-CONN-NOT-FOUND", "There is no connector \"" + id + "\" in " + where + ".",
                    hint + (hint.empty() ? "" : " ") +
                        "`penstock connector install FILE` adds one to the project, --connectors "
                        "names another folder.");
}

void AddConnectorVerbs(Verb program, Context* context) {
  Verb connector = program.AddVerb("connector", "The connectors that are installed",
                                   "penstock connector list\npenstock connector show hubspot\n"
                                   "penstock connector new acme");
  connector.RequireVerb();
  Verb list = connector.AddVerb("list", "List them", "penstock connector list --json");
  list.Do([context] { ListVerb(context); });
  Verb show = connector.AddVerb("show", "Show one with its settings, options and limits",
                                "penstock connector show hubspot");
  auto id = std::make_shared<std::string>();
  show.Positional("CONNECTOR", id.get(), "Which one").Required();
  show.Do([context, id] { ShowVerb(context, *id); });
  AddAuthorVerbs(connector, context);
  AddDevVerb(connector, context);
  AddTrustVerbs(connector, context);

  Verb sandbox = program.AddVerb(
      "sandbox", "Start a local stand-in of a destination's API",
      "penstock sandbox hubspot --port 0\npenstock sandbox hubspot --port 4010 --no-limits\n"
      "penstock sandbox hubspot --help");
  auto name = std::make_shared<std::string>();
  sandbox.Positional("CONNECTOR", name.get(), "Which one; what follows goes to its sandbox")
      .Required();
  sandbox.RefuseOuterOptions();  // its options are the sandbox's, not ours
  sandbox.Do([context, name] { SandboxVerb(context, *name, context->rest); });
}

}  // namespace penstock::cli
