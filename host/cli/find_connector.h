// A connector by its name, with a sentence that helps when there is none.
#pragma once

#include <string>

#include "host/cli/context.h"
#include "sdk/runtime/loader.h"

namespace penstock::cli {

/// The connector's manifest, from the first of the folders that count which has it.
/// PS-CONN-NOT-FOUND names them and what they hold.
Result<sdk::Sidecar> FindConnector(const Context& context, const std::string& id);

}  // namespace penstock::cli
