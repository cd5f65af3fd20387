// Which credential a destination uses, where the manifest leaves that to its configuration.
#pragma once

#include <string_view>

#include "penstock/documents.hpp"

namespace penstock::sdk {

/// The manifest's own `auth`; for type from_config what `config_json` chooses, as one of the other
/// types. `config_json` is a JSON object that obeys config_schema; its secrets may be replaced.
/// Otherwise INVALID_ARGUMENT with PS-DOC-INVALID and one sentence: a type that does not exist, a
/// secret or a header's name that is missing, or that is there and would not be used. [thread-safe]
Result<Auth> ChosenAuth(const Manifest& manifest, std::string_view config_json);

}  // namespace penstock::sdk
