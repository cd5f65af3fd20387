// Which credential a destination uses, where the manifest leaves that to its configuration.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/documents.hpp"

namespace penstock::sdk {

/// The manifest's own `auth`, or the one that `config_json` chooses: for type from_config one of
/// the plain types, for type one_of one of its choices. Of type oauth2, `oauth.grants` then holds
/// the one grant that is used. `config_json` is a JSON object that obeys config_schema; its secrets
/// may be replaced. Otherwise INVALID_ARGUMENT with PS-DOC-INVALID and one sentence: a type or a
/// grant that does not exist, a property that is missing, or that is there and would not be used.
/// [thread-safe]
Result<Auth> ChosenAuth(const Manifest& manifest, std::string_view config_json);

/// What a grant needs: members of the manifest's `auth`, and the config properties that they name.
std::vector<std::pair<std::string, std::string>> NeedsOf(const OAuth& oauth,
                                                         const std::string& grant);

/// All config properties that a way of authentication names, secret or not.
std::vector<std::string> PropertiesOf(const Auth& auth);

/// True where the host learns the API's base URL with the token.
bool BaseUrlFromToken(const Auth& auth);

}  // namespace penstock::sdk
