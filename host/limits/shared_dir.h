// Where the budgets of this machine live: outside every project, so that projects share them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace penstock::limits {

/// $PENSTOCK_SHARED_DIR/limits, else $XDG_STATE_HOME/penstock/limits, else
/// ~/.local/state/penstock/limits. Creates nothing. PS-LIMITS-DIR when none of them is known.
Result<std::filesystem::path> SharedLimitsDir();

/// Names one budget: the same connector, host and credential share it, whatever the project.
/// The credential cannot be read back from the name. 32 hexadecimal digits.
std::string BudgetDigest(std::string_view connector, std::string_view base_host,
                         std::string_view credential);

}  // namespace penstock::limits
