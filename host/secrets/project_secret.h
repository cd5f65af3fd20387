// The secret of a project's environment: what keys its fingerprints.
#pragma once

#include <string>

#include "core/base/result.h"

namespace penstock::secrets {

inline constexpr size_t kProjectSecretBytes = 32;

/// The secret in `path`, made on first use: 32 random bytes, readable by the owner alone. Two
/// processes that make it at the same moment end with the same one. PS-SECRET-FILE when it cannot
/// be read or has another size: without it every fingerprint would change, so it is never replaced.
Result<std::string> ProjectSecret(const std::string& path);

}  // namespace penstock::secrets
