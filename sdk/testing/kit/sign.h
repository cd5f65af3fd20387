// Credentials on a request, as the host attaches them.
#pragma once

#include <string>

#include "penstock/testing/fixture.hpp"
#include "sdk/testing/kit/subject.h"

namespace penstock::kit {

/// Adds what the manifest's `auth` says or the configuration chooses, with the fixture's secrets.
/// Of oauth2 that is a token, the secret "access_token": the kit does not log in.
void Authorise(const Subject& subject, const Facts& facts, PeerRequest* request);

/// The name of the secret that Authorise needs and the fixture lacks; empty: it lacks none.
std::string MissingSecret(const Subject& subject, const Facts& facts);

}  // namespace penstock::kit
