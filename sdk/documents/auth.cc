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

}  // namespace

Result<Auth> ChosenAuth(const Manifest& manifest, std::string_view config_json) {
  const Auth& offered = manifest.auth;
  if (offered.type != "from_config") return offered;
  rapidjson::Document config;
  Status parsed = Parse(config_json, "config", &config);
  if (!parsed.ok()) return parsed.failure();
  if (!config.IsObject()) return Wrong("it must be an object");

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

}  // namespace penstock::sdk
