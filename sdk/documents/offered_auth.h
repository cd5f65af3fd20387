// The `auth` of a manifest: read, and checked for what its schema cannot say. For the files of this
// folder only.
#pragma once

#include "penstock/documents.hpp"
#include "sdk/documents/reader.h"

namespace penstock::sdk::documents {

/// `auth` passed the manifest's schema; `config_schema` is beside it.
Auth ReadAuth(const Json& auth, const Json& config_schema);

/// INVALID_ARGUMENT with PS-DOC-INVALID: a property that config_schema does not have, or not as a
/// secret; something that its type needs is missing.
Status CheckOfferedAuth(const Manifest& manifest);

}  // namespace penstock::sdk::documents
