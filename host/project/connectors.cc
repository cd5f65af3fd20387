#include "host/project/connectors.h"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <set>

#include "core/base/suggest.h"
#include "host/project/reading.h"
#include "sdk/documents/auth.h"
#include "sdk/documents/validate.h"
#include "sdk/runtime/loader.h"

namespace penstock::project {
namespace {

using rapidjson::Document;
using rapidjson::Value;

void Complain(LoadedProject* loaded, const Place& at, const char* code, std::string message,
              std::string hint) {
  loaded->errors.push_back(At(UsageError(code, std::move(message), std::move(hint)), at));
}

std::string Text(const Document& document) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  document.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

std::vector<std::string> MemberNames(const Value& object) {
  std::vector<std::string> names;
  for (const auto& member : object.GetObject()) names.emplace_back(member.name.GetString());
  return names;
}

// One destination against its connector's manifest.
class DestinationCheck {
 public:
  DestinationCheck(const sdk::Manifest& manifest, const DestinationSettings& destination,
                   LoadedProject* loaded)
      : manifest_(manifest), destination_(destination), loaded_(loaded) {}

  void Run(const secrets::Lookup& lookup) {
    schema_.Parse(manifest_.config_schema);
    config_.Parse(destination_.config);
    if (schema_.HasParseError() || !schema_.IsObject() || !config_.IsObject()) return;
    if (manifest_.base_url.empty() && destination_.base_url.empty() &&
        !sdk::BaseUrlFromToken(manifest_.auth)) {
      Complain(loaded_, destination_.place, "PS-CONF-REQUIRED",
               "Destination " + destination_.name + " needs the key \"base_url\".",
               "Connector " + manifest_.id + " has no address of its own.");
    }
    if (KnownAndComplete() && NoLiteralSecret()) ObeysSchema(lookup);
  }

 private:
  Place PlaceOf(const std::string& property) const {
    const auto found = destination_.config_places.find(property);
    return found == destination_.config_places.end() ? destination_.config_places.at("")
                                                     : found->second;
  }

  bool KnownAndComplete() {
    bool good = true;
    const auto properties = schema_.FindMember("properties");
    if (properties == schema_.MemberEnd()) return true;
    const std::vector<std::string> known = MemberNames(properties->value);
    for (const std::string& name : MemberNames(config_)) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      std::string hint = DidYouMean(name, known);
      if (hint.empty()) hint = "Known here: " + JoinNames(known) + ".";
      Complain(loaded_, PlaceOf(name), "PS-CONF-KEY",
               "Connector " + manifest_.id + " has no setting \"" + name + "\".", hint);
      good = false;
    }
    const auto required = schema_.FindMember("required");
    if (required == schema_.MemberEnd() || !required->value.IsArray()) return good;
    for (const Value& name : required->value.GetArray()) {
      if (config_.HasMember(name)) continue;
      const std::string text = name.GetString();
      const std::string hint = IsText(name)
                                   ? "For example: " + text + ": \"${env:" + Shouted(text) + "}\""
                                   : "`penstock connector show " + manifest_.id + "` describes it.";
      Complain(loaded_, PlaceOf(""), "PS-CONF-REQUIRED",
               "Connector " + manifest_.id + " needs the setting \"" + text + "\" in config.",
               hint);
      good = false;
    }
    return good;
  }

  // Whether a setting is a text, which the environment can hold.
  bool IsText(const Value& name) const {
    const auto properties = schema_.FindMember("properties");
    if (properties == schema_.MemberEnd()) return true;
    const auto property = properties->value.FindMember(name);
    if (property == properties->value.MemberEnd()) return true;
    const auto type = property->value.FindMember("type");
    return type == property->value.MemberEnd() || type->value == "string";
  }

  std::string Shouted(const std::string& name) const {
    std::string out = manifest_.id + "_" + name;
    for (char& c : out) {
      c = c == '-' || c == '.' ? '_'
                               : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return out;
  }

  bool NoLiteralSecret() {
    bool good = true;
    for (const std::string& name : manifest_.secrets) {
      const auto found = config_.FindMember(name);
      if (found == config_.MemberEnd()) continue;
      if (found->value.IsString() && secrets::IsReferenceOnly(found->value.GetString())) continue;
      Complain(loaded_, PlaceOf(name), "PS-CONF-SECRET",
               "\"" + name + "\" of destination " + destination_.name +
                   " is a secret and stands here as plain text.",
               "Put it into an environment variable and write \"${env:" + Shouted(name) + "}\".");
      good = false;
    }
    return good;
  }

  // References are judged by what they stand for; those that cannot be resolved now are not judged.
  void ObeysSchema(const secrets::Lookup& lookup) {
    auto& allocator = config_.GetAllocator();
    bool all_known = true;
    for (auto& member : config_.GetObject()) {
      if (!member.value.IsString()) continue;
      const std::string name = member.name.GetString();
      const auto resolved =
          secrets::Resolve(member.value.GetString(), lookup, destination_.directory);
      if (resolved.ok()) {
        member.value.SetString(*resolved, allocator);
        continue;
      }
      if (resolved.error().code == "PS-CONF-ENV" || resolved.error().code == "PS-CONF-FILE") {
        Error warning = resolved.error();
        warning.message = "Destination " + destination_.name + ": " + warning.message;
        loaded_->warnings.push_back(At(std::move(warning), PlaceOf(name)));
      }
      schema_["properties"][member.name] = Value(rapidjson::kObjectType);
      all_known = all_known && IsSecret(name);
    }
    if (const auto broken = sdk::FindBrokenSetting(Text(schema_), Text(config_))) {
      return Refuse(*broken);
    }
    const sdk::Status valid = sdk::ValidateJson(Text(schema_), Text(config_), "config");
    if (!valid.ok()) return Refuse(valid.failure());
    const auto auth = sdk::ChosenAuth(manifest_, Text(config_));
    if (all_known && !auth.ok()) Refuse(auth.failure());
  }

  bool IsSecret(const std::string& name) const {
    const auto& secrets = manifest_.secrets;
    return std::find(secrets.begin(), secrets.end(), name) != secrets.end();
  }

  // Values are not told: a secret may stand in the wrong place.
  void Refuse(const sdk::BrokenSetting& broken) {
    const std::string& inner = broken.name.empty() ? broken.unknown : broken.name;
    const std::string what = broken.name.empty() ? "its config" : "setting \"" + broken.name + "\"";
    std::string hint = DidYouMean(broken.unknown, broken.known);
    if (hint.empty() && !broken.about.empty())
      hint = broken.about + (broken.about.ends_with('.') ? "" : ".");
    Complain(loaded_, PlaceOf(inner.substr(0, inner.find('.'))), "PS-CONF-CONFIG",
             "Destination " + destination_.name + ": " + (broken.together ? "" : what + " ") +
                 broken.rule + (broken.rule == "does not take" ? " this value" : "") + ".",
             hint + (hint.empty() ? "" : " ") + "`penstock connector show " + manifest_.id +
                 "` lists the settings.");
  }

  void Refuse(const sdk::Failure& failure) {
    std::string at;
    for (const auto& [name, place] : destination_.config_places) {
      if (!name.empty() && failure.message.find("/" + name) != std::string::npos) at = name;
    }
    Complain(loaded_, PlaceOf(at), "PS-CONF-CONFIG",
             "Destination " + destination_.name + ": " + failure.message + ".",
             "`penstock connector show " + manifest_.id + "` lists the settings.");
  }

  const sdk::Manifest& manifest_;
  const DestinationSettings& destination_;
  LoadedProject* loaded_;
  Document schema_, config_;
};

void ComplainOfConnector(const ConnectorFolders& folders, const sdk::Failure& failure,
                         const DestinationSettings& destination, LoadedProject* loaded) {
  const std::vector<std::string> known = folders.Connectors();
  std::string message = "There is no connector \"" + destination.connector + "\".";
  std::string hint = DidYouMean(destination.connector, known);
  if (failure.code != "PS-CONN-NOT-FOUND" && failure.code != "PS-CONN-DIR") {
    message = "Connector " + destination.connector + " cannot be used: " + failure.message + ".";
  } else if (known.empty()) {
    hint = "No connector is installed in " + folders.installed() +
           "; name another folder with --connectors.";
  } else if (hint.empty()) {
    hint = "Installed: " + JoinNames(known) + ".";
  }
  if (failure.code == "PS-CONN-NOT-FOUND" || failure.code == "PS-CONN-DIR") {
    hint += " `penstock connector install FILE` adds one to the project.";
  }
  Complain(loaded, destination.connector_place, "PS-CONF-CONNECTOR", message, hint);
}

// What two destinations that open the same account have in common.
std::string AccountOf(const Project& project, const std::string& destination) {
  const auto found = project.destinations.find(destination);
  if (found == project.destinations.end()) return destination;
  const DestinationSettings& d = found->second;
  return d.connector + "\n" + d.base_url + "\n" + d.config;
}

void CheckPair(const IntegrationSettings& a, const IntegrationSettings& b, LoadedProject* loaded) {
  const std::string both = a.integration.id + " and " + b.integration.id;
  const Place& place = b.place;
  if (DeletesDeparted(a.integration.mode) || DeletesDeparted(b.integration.mode)) {
    const std::string& deleter =
        DeletesDeparted(a.integration.mode) ? a.integration.id : b.integration.id;
    const bool asked = a.shared || b.shared;
    Complain(loaded, place, "PS-CONF-SHARED",
             "Integrations " + both + " write the same object of one account, and " + deleter +
                 " deletes: it could delete what the other one wrote" +
                 (asked ? "; shared: true, which protects such records, is not built yet." : "."),
             "Use a mode that deletes nothing, or one integration for both.");
    return;
  }
  for (const FieldMapping& field : a.integration.mapping) {
    for (const FieldMapping& other : b.integration.mapping) {
      if (field.field != other.field) continue;
      Error warning = UsageError("PS-CONF-SHARED", "Integrations " + both + " both write field " +
                                                       field.field + " of " + a.integration.object +
                                                       ": the one that runs last wins.");
      const auto at = b.integration.places.find("mapping." + field.field);
      const Place& where = at == b.integration.places.end() ? place : at->second;
      warning.file = where.file;
      warning.line = where.line;
      warning.column = where.column;
      loaded->warnings.push_back(std::move(warning));
    }
  }
}

}  // namespace

void CheckConnectors(const ConnectorFolders& folders, const secrets::Lookup& lookup,
                     LoadedProject* loaded) {
  for (const auto& [name, destination] : loaded->project.destinations) {
    const auto sidecar = sdk::ReadSidecar(folders.Of(destination.connector), destination.connector);
    if (!sidecar.ok()) {
      ComplainOfConnector(folders, sidecar.failure(), destination, loaded);
      continue;
    }
    DestinationCheck(sidecar->manifest, destination, loaded).Run(lookup);
  }
}

void CheckNeighbours(LoadedProject* loaded) {
  const auto& integrations = loaded->project.integrations;
  for (auto a = integrations.begin(); a != integrations.end(); ++a) {
    for (auto b = std::next(a); b != integrations.end(); ++b) {
      const bool same = a->second.integration.object == b->second.integration.object &&
                        AccountOf(loaded->project, a->second.integration.destination) ==
                            AccountOf(loaded->project, b->second.integration.destination);
      if (same) CheckPair(a->second, b->second, loaded);
    }
  }
}

}  // namespace penstock::project
