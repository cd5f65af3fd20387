// The exact requests of one change, made by the connector and sent nowhere.
#pragma once

#include <vector>

#include "core/plan/plan.h"
#include "host/engine/engine.h"
#include "host/engine/shown_request.h"

namespace penstock::engine {

/// Runs the connector's writer for `change` against a transport that answers nothing. Touches
/// neither the state nor the destination. Where the connector would look something up first, that
/// request is the one that is shown.
Result<std::vector<ShownRequest>> Rehearse(Engine* engine, Session* session, const PlannedRun& plan,
                                           const Change& change);

}  // namespace penstock::engine
