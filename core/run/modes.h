// Which modes an object's operations allow.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/model/integration.h"
#include "penstock/documents.hpp"

namespace penstock {

/// Modes that work with the operations the connector declares for the object. [thread-safe]
std::vector<Mode> SupportedModes(const sdk::Object& object);

/// PS-MAP-MODE naming the modes that work, with the place of `mode:` in the project file.
Status CheckMode(const Integration& integration, const sdk::Object& object);

/// PS-MAP-KEY when no operation of the mode takes the key field as its identifier, naming the
/// fields that can be a key.
Status CheckKey(const Integration& integration, const sdk::Object& object);

}  // namespace penstock
