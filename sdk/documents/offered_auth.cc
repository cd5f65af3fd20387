#include "sdk/documents/offered_auth.h"

#include <algorithm>
#include <map>
#include <set>

#include "sdk/documents/auth.h"

namespace penstock::sdk::documents {
namespace {

const Json* PropertyOf(const Json& config_schema, const std::string& name) {
  const Json* properties = Find(config_schema, "properties");
  if (properties == nullptr || !properties->IsObject() || name.empty()) return nullptr;
  return Find(*properties, name.c_str());
}

OAuth ReadOAuth(const Json& auth, const Json& config_schema) {
  OAuth oauth;
  oauth.grants = Texts(auth, "grants");
  oauth.grant = Text(auth, "grant");
  oauth.client_id = Text(auth, "client_id");
  oauth.client_secret = Text(auth, "client_secret");
  oauth.private_key = Text(auth, "private_key");
  oauth.user = Text(auth, "user");
  oauth.refresh_token = Text(auth, "refresh_token");
  oauth.login_url = Text(auth, "login_url");
  const Json* property = PropertyOf(config_schema, oauth.login_url);
  const Json* standard =
      property != nullptr && property->IsObject() ? Find(*property, "default") : nullptr;
  if (standard != nullptr && standard->IsString()) oauth.login_default = standard->GetString();
  oauth.token_path = Text(auth, "token_path");
  oauth.scope = Text(auth, "scope");
  oauth.base_url_from = Text(auth, "base_url_from");
  oauth.token_life_s =
      static_cast<int64_t>(Number(auth, "token_life_s", static_cast<uint64_t>(3600)));
  return oauth;
}

// Checks one way of authentication; `at` is where it stands in the manifest.
class Checker {
 public:
  Checker(const Manifest& manifest, const Json& config_schema)
      : manifest_(manifest), config_schema_(config_schema) {}

  Status Check(const Auth& auth, const std::string& at) const {
    if (auth.type == "none") return {};
    if (auth.type == "one_of") return Choices(auth, at);
    if (auth.type == "oauth2") return OAuthOf(auth.oauth, at);
    if (auth.type == "from_config") {
      if (!Has(auth.property)) return NoProperty(at + "/property");
      if (!auth.header_property.empty() && !Has(auth.header_property)) {
        return NoProperty(at + "/header_property");
      }
    }
    if (!IsSecret(auth.secret)) return NoSecret(at + "/secret");
    if (auth.type == "header" && auth.header.empty()) return Wrong(at + " lacks \"header\"");
    return {};
  }

 private:
  static Failure Wrong(const std::string& sentence) {
    return Invalid("PS-DOC-INVALID", "the manifest: " + sentence);
  }
  static Failure NoProperty(const std::string& at) {
    return Wrong(at + " must name a property of /config_schema");
  }
  static Failure NoSecret(const std::string& at) {
    return Wrong(at + " must name a property of /config_schema that has \"x-secret\": true");
  }

  bool Has(const std::string& name) const { return PropertyOf(config_schema_, name) != nullptr; }
  bool IsSecret(const std::string& name) const {
    const auto& secrets = manifest_.secrets;
    return std::find(secrets.begin(), secrets.end(), name) != secrets.end();
  }

  Status Choices(const Auth& auth, const std::string& at) const {
    if (auth.choices.size() < 2) return Wrong(at + " lacks \"choices\"");
    std::set<std::string> names;
    for (size_t i = 0; i < auth.choices.size(); ++i) {
      const Auth& choice = auth.choices[i];
      const std::string here = at + "/choices/" + std::to_string(i);
      if (choice.type == "none" || choice.type == "from_config" || choice.type == "one_of") {
        return Wrong(here + " must not be of type " + choice.type);
      }
      Status status = Check(choice, here);
      if (!status.ok()) return status;
      for (const std::string& name : PropertiesOf(choice)) {
        if (names.insert(name).second) continue;
        return Wrong(here + " names the property \"" + name + "\" of another choice");
      }
    }
    return {};
  }

  Status OAuthOf(const OAuth& oauth, const std::string& at) const {
    if (oauth.grants.empty()) return Wrong(at + " lacks \"grants\"");
    if (oauth.token_path.empty()) return Wrong(at + " lacks \"token_path\"");
    if (oauth.grants.size() > 1 && oauth.grant.empty()) {
      return Wrong(at + " offers several grants and lacks \"grant\"");
    }
    if (oauth.login_url.empty() && manifest_.base_url.empty()) {
      return Wrong(at + " lacks \"login_url\", and there is no /base_url");
    }
    if (oauth.base_url_from.empty() && manifest_.base_url.empty()) {
      return Wrong(at + " lacks \"base_url_from\", and there is no /base_url");
    }
    const std::map<std::string, std::string> plain = {{"grant", oauth.grant},
                                                      {"client_id", oauth.client_id},
                                                      {"user", oauth.user},
                                                      {"login_url", oauth.login_url}};
    for (const auto& [member, name] : plain) {
      if (!name.empty() && !Has(name)) return NoProperty(at + "/" + member);
    }
    const std::map<std::string, std::string> secret = {{"client_secret", oauth.client_secret},
                                                       {"private_key", oauth.private_key},
                                                       {"refresh_token", oauth.refresh_token}};
    for (const auto& [member, name] : secret) {
      if (!name.empty() && !IsSecret(name)) return NoSecret(at + "/" + member);
    }
    for (const std::string& grant : oauth.grants) {
      for (const auto& [member, name] : NeedsOf(oauth, grant)) {
        if (name.empty()) return Wrong(at + " lacks \"" + member + "\", for grant " + grant);
      }
    }
    return {};
  }

  const Manifest& manifest_;
  const Json& config_schema_;
};

}  // namespace

Auth ReadAuth(const Json& auth, const Json& config_schema) {
  Auth out;
  out.type = Text(auth, "type");
  out.secret = Text(auth, "secret");
  out.header = Text(auth, "header");
  out.property = Text(auth, "property");
  out.header_property = Text(auth, "header_property");
  if (out.type == "oauth2") out.oauth = ReadOAuth(auth, config_schema);
  if (const Json* choices = Find(auth, "choices")) {
    for (const Json& choice : choices->GetArray()) {
      out.choices.push_back(ReadAuth(choice, config_schema));
    }
  }
  return out;
}

Status CheckOfferedAuth(const Manifest& manifest) {
  rapidjson::Document schema;
  Status parsed = Parse(manifest.config_schema, "/config_schema", &schema);
  if (!parsed.ok()) return parsed;
  return Checker(manifest, schema).Check(manifest.auth, "/auth");
}

}  // namespace penstock::sdk::documents
