// The exact requests of one change, made by the connector and sent nowhere.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/plan/plan.h"
#include "host/engine/engine.h"

namespace penstock::engine {

struct RehearsedRequest {
  std::string method, url;
  std::vector<std::pair<std::string, std::string>> headers;  // secrets removed
  std::string body;                                          // JSON is indented
};

/// Runs the connector's writer for `change` against a transport that answers nothing. Touches
/// neither the state nor the destination. Where the connector would look something up first, that
/// request is the one that is shown.
Result<std::vector<RehearsedRequest>> Rehearse(Engine* engine, Session* session,
                                               const PlannedRun& plan, const Change& change);

}  // namespace penstock::engine
