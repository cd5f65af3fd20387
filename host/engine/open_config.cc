#include "host/engine/open_config.h"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <functional>
#include <set>

#include "host/http/url.h"
#include "host/trust/trust.h"
#include "sdk/documents/auth.h"
#include "sdk/documents/validate.h"

namespace penstock::engine {
namespace {

std::string Text(const rapidjson::Document& document) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  document.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

// A text of a configuration; empty where there is none.
std::string TextOf(const rapidjson::Document& config, const std::string& name) {
  const auto found = name.empty() ? config.MemberEnd() : config.FindMember(name);
  if (found == config.MemberEnd() || !found->value.IsString()) return {};
  return {found->value.GetString(), found->value.GetStringLength()};
}

Place PlaceOf(const project::DestinationSettings& settings, const std::string& setting) {
  const auto found = settings.config_places.find(setting);
  return found == settings.config_places.end() ? settings.place : found->second;
}

// A base_url of the project file is for sandboxes: tokens are got there, too, for the audience that
// the real ones are for.
void TakeAccount(const project::DestinationSettings& settings, const rapidjson::Document& config,
                 OpenConfig* out) {
  const sdk::OAuth& oauth = out->auth.oauth;
  std::string login = TextOf(config, oauth.login_url);
  if (login.empty()) login = oauth.login_url.empty() ? out->base_url : oauth.login_default;
  while (login.ends_with('/')) login.pop_back();
  out->base_from_token = !oauth.base_url_from.empty() && settings.base_url.empty();
  if (out->base_from_token) out->base_url = login;
  out->account = {
      oauth.grants.front(),
      TextOf(config, oauth.client_id),
      TextOf(config, oauth.client_secret),
      TextOf(config, oauth.private_key),
      TextOf(config, oauth.user),
      TextOf(config, oauth.refresh_token),
      oauth.scope,
      login,
      settings.base_url.empty() ? login : out->base_url,
      oauth.token_path,
      settings.base_url.empty() && !oauth.login_url.empty() ? oauth.login_url : "base_url"};
}

// Paths as such are fine: sites of an organization have one.
Status CheckLoginAddress(const project::DestinationSettings& settings,
                         const sdk::Manifest& manifest, const OpenConfig& config) {
  if (!config.base_from_token) return {};
  const sdk::OAuth& oauth = config.auth.oauth;
  const std::string& setting = oauth.login_url;
  const auto refuse = [&](const std::string& why, const std::string& hint) {
    return At(UsageError("PS-CONF-CONFIG", "Destination " + settings.name + ": " + why + ".", hint),
              PlaceOf(settings, setting));
  };
  const auto url = http::ParseUrl(config.base_url);
  if (!url.ok()) {
    return refuse(setting + " is no address",
                  "Write it with https://, for example " + oauth.login_default + ".");
  }
  if (!http::IsLoopback(url->host) &&
      !http::CheckAllowed(*url, http::Url(), manifest.allowed_hosts).ok()) {
    return refuse(setting + " leads to " + url->HostAndPort() + ", and connector " + manifest.id +
                      " " + trust::HostsText(manifest.allowed_hosts) + ", by https",
                  "Correct it; a host of your own is named by the destination's base_url.");
  }
  const bool endpoint = url->target.ends_with(oauth.token_path);
  if (!endpoint && config.base_url.find_first_of("?#") == std::string::npos) return {};
  return refuse(setting + (endpoint ? " ends with " + oauth.token_path + ", which Penstock adds"
                                    : " has more than a host and a path"),
                "Write the address of the host alone, for example " + oauth.login_default + ".");
}

Result<std::string> ResolveBaseUrl(const project::DestinationSettings& settings,
                                   const sdk::Manifest& manifest, const secrets::Lookup& lookup) {
  if (settings.base_url.empty()) return manifest.base_url;
  auto resolved = secrets::Resolve(settings.base_url, lookup, settings.directory);
  if (!resolved.ok()) return At(resolved.error(), settings.place);
  return resolved;
}

// Resolves what refers to variables and files. `failed` is told what cannot be; an error of it ends
// the work.
Status ResolveTexts(const project::DestinationSettings& settings, const secrets::Lookup& lookup,
                    const std::function<Status(const std::string& name, Error why)>& failed,
                    rapidjson::Document* config) {
  config->Parse<rapidjson::kParseFullPrecisionFlag>(settings.config);
  for (auto& member : config->GetObject()) {
    if (!member.value.IsString()) continue;
    auto resolved = secrets::Resolve(member.value.GetString(), lookup, settings.directory);
    if (resolved.ok()) {
      member.value.SetString(*resolved, config->GetAllocator());
      continue;
    }
    const std::string name = member.name.GetString();
    PENSTOCK_RETURN_IF_ERROR(failed(name, At(resolved.error(), PlaceOf(settings, name))));
  }
  return {};
}

}  // namespace

std::string OpenConfig::Credential() const {
  const auto secret = secrets.find(auth.secret);
  return secret == secrets.end() ? "" : secret->second;
}

std::string OpenConfig::Client() const {
  if (auth.type != "oauth2") return Credential();
  return account.grant + "\n" + account.client_id + "\n" + account.user + "\n" +
         account.refresh_token;
}

Result<OpenConfig> ResolveConfig(const project::DestinationSettings& settings,
                                 const sdk::Manifest& manifest, const secrets::Lookup& lookup) {
  rapidjson::Document config;
  PENSTOCK_RETURN_IF_ERROR(ResolveTexts(
      settings, lookup, [](const std::string&, Error why) { return Status(std::move(why)); },
      &config));
  const auto refused = [&](const sdk::Failure& failure) {
    return At(
        UsageError("PS-CONF-CONFIG", "Destination " + settings.name + ": " + failure.message + "."),
        settings.config_places.at(""));
  };
  const auto valid = sdk::ValidateJson(manifest.config_schema, Text(config), "config");
  if (!valid.ok()) return refused(valid.failure());
  OpenConfig out;
  auto auth = sdk::ChosenAuth(manifest, Text(config));
  if (!auth.ok()) return refused(auth.failure());
  out.auth = *std::move(auth);
  PENSTOCK_ASSIGN_OR_RETURN(out.base_url, ResolveBaseUrl(settings, manifest, lookup));
  if (out.auth.type == "oauth2") {
    TakeAccount(settings, config, &out);
    PENSTOCK_RETURN_IF_ERROR(CheckLoginAddress(settings, manifest, out));
  }
  auto& allocator = config.GetAllocator();
  for (const std::string& name : manifest.secrets) {
    const auto found = config.FindMember(name);
    if (found == config.MemberEnd() || !found->value.IsString()) continue;
    out.secrets[name] = found->value.GetString();
    found->value.SetObject();
    found->value.AddMember("$secret", rapidjson::Value(name, allocator), allocator);
  }
  config.AddMember("$base_url", rapidjson::Value(out.base_url, allocator), allocator);
  out.json = Text(config);
  return out;
}

Status CheckLogin(const project::DestinationSettings& settings, const sdk::Manifest& manifest,
                  const secrets::Lookup& lookup) {
  rapidjson::Document config;
  std::set<std::string> unknown;
  const auto keep = [&](const std::string& name, const Error&) {
    unknown.insert(name);
    return Status();
  };
  PENSTOCK_RETURN_IF_ERROR(ResolveTexts(settings, lookup, keep, &config));
  auto auth = sdk::ChosenAuth(manifest, Text(config));
  if (!auth.ok() || auth->type != "oauth2" || unknown.contains(auth->oauth.login_url)) return {};
  OpenConfig out;
  out.auth = *std::move(auth);
  out.base_url = manifest.base_url;
  TakeAccount(settings, config, &out);
  return CheckLoginAddress(settings, manifest, out);
}

}  // namespace penstock::engine
