// What a failed call into a connector comes to: the same code and sentence wherever it happens, in
// `penstock check` as in a run.
#pragma once

#include <string>

#include "core/base/result.h"
#include "penstock/documents.hpp"
#include "penstock/result.hpp"

namespace penstock {

struct CallFailure {
  Error error;
  bool stop = false;  // a run has to stop for it
};

/// `destination`: its name in the project file. A reason of the host's own (PS-OAUTH-…,
/// PS-LIMITS-…, PS-FILE-…, PS-STATE-…, PS-BLOB-…, PS-CONN-…) keeps its code where it is why a
/// login, an allowance or the way to the destination failed, else the code is that of the status,
/// PS-DEST-… or PS-CONN-FAILED. What is to be done about a configuration, or about a call that
/// failed for no reason that the ABI knows, is said by the remedy in the connector's manifest,
/// where it has one. [thread-safe]
CallFailure Explain(const sdk::Failure& failure, const std::string& destination,
                    const sdk::Manifest& manifest);

}  // namespace penstock
