// What a report of penstock-check --json proves of a connector.
#pragma once

#include <string>

#include "core/base/result.h"
#include "host/trust/found.h"

namespace penstock::trust {

/// The level that exactly this library has passed, 0 to 4. PS-TRUST-REPORT when the file is no such
/// report, contradicts itself, or is one of another connector or of other bytes.
Result<int> LevelOfReport(const std::string& path, const Found& found);

}  // namespace penstock::trust
