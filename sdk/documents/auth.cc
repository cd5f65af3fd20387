#include "sdk/documents/auth.h"

#include <algorithm>
#include <array>

#include "sdk/documents/reader.h"

namespace penstock::sdk {

using namespace documents;  // NOLINT(google-build-using-namespace): this folder's own helpers

namespace {

constexpr std::array<std::string_view, 5> kTypes = {"none", "bearer", "basic", "header",
                                                    "standard_webhooks"};

Failure Wrong(const std::string& sentence) {
  return Invalid("PS-DOC-INVALID", "config: " + sentence);
}

std::string Quoted(const std::string& name) { return "\"" + name + "\""; }

// A text of the configuration; empty where there is none.
std::string TextOf(const Json& config, const std::string& name) {
  const Json* value = name.empty() ? nullptr : Find(config, name.c_str());
  if (value == nullptr || !value->IsString()) return {};
  return std::string(value->GetString(), value->GetStringLength());
}

bool Has(const Json& config, const std::string& name) {
  return !name.empty() && config.HasMember(name);
}

std::string Listed(const std::vector<std::string>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " and " : ", ";
    text += words[i];
  }
  return text;
}

Result<Auth> FromConfig(const Auth& offered, const Json& config) {
  Auth chosen;
  chosen.secret = offered.secret;
  if (Has(config, offered.property)) chosen.type = TextOf(config, offered.property);
  if (std::find(kTypes.begin(), kTypes.end(), chosen.type) == kTypes.end()) {
    return Wrong("/" + offered.property +
                 " must be one of none, bearer, basic, header and standard_webhooks");
  }
  const std::string is = "/" + offered.property + " is " + chosen.type;
  if (chosen.type == "none" && Has(config, offered.secret)) {
    return Wrong(is + ", so " + Quoted(offered.secret) +
                 " is not used: choose what it is for, or take it out");
  }
  if (chosen.type != "none" && !Has(config, offered.secret)) {
    return Wrong(is + ", which needs " + Quoted(offered.secret));
  }
  chosen.header = TextOf(config, offered.header_property);
  if (chosen.type == "header" && chosen.header.empty()) {
    return Wrong(is + ", which needs " + Quoted(offered.header_property));
  }
  if (chosen.type != "header" && !chosen.header.empty()) {
    return Wrong(is + ", so " + Quoted(offered.header_property) + " is not used: take it out");
  }
  return chosen;
}

// The one grant that the configuration asks for, with all that it needs and nothing else.
Result<Auth> ChosenGrant(const Auth& offered, const Json& config) {
  const OAuth& oauth = offered.oauth;
  std::string grant = oauth.grants.front();
  std::string is = "grant " + grant;
  if (oauth.grants.size() > 1 || Has(config, oauth.grant)) {
    grant = TextOf(config, oauth.grant);
    is = "/" + oauth.grant + " is " + grant;
    if (std::find(oauth.grants.begin(), oauth.grants.end(), grant) == oauth.grants.end()) {
      return Wrong("/" + oauth.grant + " must be one of " + Listed(oauth.grants));
    }
  }
  std::vector<std::string> used = {oauth.grant, oauth.login_url};
  for (const auto& [member, name] : NeedsOf(oauth, grant)) {
    if (!Has(config, name)) return Wrong(is + ", which needs " + Quoted(name));
    used.push_back(name);
  }
  for (const std::string& name : PropertiesOf(offered)) {
    if (!Has(config, name) || std::find(used.begin(), used.end(), name) != used.end()) continue;
    return Wrong(is + ", so " + Quoted(name) + " is not used: take it out");
  }
  Auth chosen = offered;
  chosen.oauth.grants = {grant};
  return chosen;
}

// What the user has to give for one of the choices, for messages.
std::string Wanted(const Auth& choice) {
  if (choice.type != "oauth2") return Quoted(choice.secret);
  std::vector<std::string> names;
  for (const auto& [member, name] : NeedsOf(choice.oauth, choice.oauth.grants.front())) {
    names.push_back(Quoted(name));
  }
  return Listed(names);
}

Result<Auth> OneOf(const Auth& offered, const Json& config) {
  const Auth* chosen = nullptr;
  std::string found;
  for (const Auth& choice : offered.choices) {
    for (const std::string& name : PropertiesOf(choice)) {
      if (!Has(config, name) || chosen == &choice) continue;
      if (chosen != nullptr) {
        return Wrong(Quoted(found) + " and " + Quoted(name) +
                     " are two ways to log in: take one of them out");
      }
      chosen = &choice;
      found = name;
    }
  }
  if (chosen == nullptr) {
    std::string wanted;
    for (const Auth& choice : offered.choices) {
      wanted += (wanted.empty() ? "" : ", or ") + Wanted(choice);
    }
    return Wrong("it needs " + wanted);
  }
  if (chosen->type == "oauth2") return ChosenGrant(*chosen, config);
  if (!Has(config, chosen->secret)) return Wrong("it needs " + Quoted(chosen->secret));
  return *chosen;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> NeedsOf(const OAuth& oauth,
                                                         const std::string& grant) {
  if (grant == "jwt_bearer") {
    return {
        {"client_id", oauth.client_id}, {"private_key", oauth.private_key}, {"user", oauth.user}};
  }
  std::vector<std::pair<std::string, std::string>> needs = {{"client_id", oauth.client_id},
                                                            {"client_secret", oauth.client_secret}};
  if (grant == "refresh_token") needs.emplace_back("refresh_token", oauth.refresh_token);
  return needs;
}

std::vector<std::string> PropertiesOf(const Auth& auth) {
  std::vector<std::string> names;
  const OAuth& oauth = auth.oauth;
  for (const std::string& name :
       {auth.secret, auth.property, auth.header_property, oauth.grant, oauth.client_id,
        oauth.client_secret, oauth.private_key, oauth.user, oauth.refresh_token, oauth.login_url}) {
    if (!name.empty()) names.push_back(name);
  }
  return names;
}

bool BaseUrlFromToken(const Auth& auth) {
  return !auth.oauth.base_url_from.empty() ||
         std::any_of(auth.choices.begin(), auth.choices.end(), BaseUrlFromToken);
}

Result<Auth> ChosenAuth(const Manifest& manifest, std::string_view config_json) {
  const Auth& offered = manifest.auth;
  const bool asks =
      offered.type == "from_config" || offered.type == "one_of" || offered.type == "oauth2";
  if (!asks) return offered;
  rapidjson::Document config;
  Status parsed = Parse(config_json, "config", &config);
  if (!parsed.ok()) return parsed.failure();
  if (!config.IsObject()) return Wrong("it must be an object");
  if (offered.type == "oauth2") return ChosenGrant(offered, config);
  if (offered.type == "one_of") return OneOf(offered, config);
  return FromConfig(offered, config);
}

}  // namespace penstock::sdk
