// What a destination is opened with: its configuration with references resolved, checked, and its
// secrets taken out; and the address that one logs in at.
#pragma once

#include <map>
#include <string>

#include "core/base/result.h"
#include "host/oauth/account.h"
#include "host/project/project.h"
#include "host/secrets/references.h"
#include "penstock/documents.hpp"

namespace penstock::engine {

struct OpenConfig {
  std::string json;  // {"$secret": name} in place of secrets
  std::map<std::string, std::string> secrets;
  std::string base_url;
  sdk::Auth auth;          // as the manifest says, or as the configuration chooses
  oauth::Account account;  // of type oauth2
  bool base_from_token = false;

  /// The secret that requests carry; empty where there is none, or a login gets it.
  std::string Credential() const;
  /// What tells one client of an account from another, for the budgets of requests.
  std::string Client() const;
};

/// Makes no request. PS-CONF-ENV, PS-CONF-FILE, PS-CONF-CONFIG (a setting that the manifest does
/// not allow, and what CheckLogin says), each at its place in the project file. [thread-safe]
Result<OpenConfig> ResolveConfig(const project::DestinationSettings& settings,
                                 const sdk::Manifest& manifest, const secrets::Lookup& lookup);

/// The part of ResolveConfig that is about where one logs in, for who may lack the secrets: a login
/// that the API's address comes from gets the client's secret, so it has to be one of the vendor's
/// hosts by https, or this machine for a rehearsal, and the address of a host rather than of its
/// token endpoint; else PS-CONF-CONFIG at the setting. What refers to a variable that is not set,
/// and a configuration that is wrong in other ways, is not judged. [thread-safe]
Status CheckLogin(const project::DestinationSettings& settings, const sdk::Manifest& manifest,
                  const secrets::Lookup& lookup);

}  // namespace penstock::engine
