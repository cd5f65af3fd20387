// The push: the changes of a plan through the connector's writers, every outcome into the journal.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/plan/plan.h"
#include "core/run/destination.h"
#include "core/run/run.h"
#include "core/state/journal.h"

namespace penstock {

struct PushOptions {
  const Integration* integration = nullptr;
  const sdk::Object* object = nullptr;  // of the catalog
  std::string run;
  uint64_t limit = 0;         // changes at most; 0: all
  bool skip_deletes = false;  // `--only upserts`
  std::string only_key;       // canonical bytes of one key; empty: all
  std::vector<bool> done;  // by seq: has an outcome from an earlier run of this plan; empty: none
  std::function<bool()> cancelled;
  std::function<void(const Progress&)> progress;
};

struct PushResult {
  OutcomeCounts counts;  // sums to the plan's changes (less `done`)
  std::vector<ErrorCount> errors;
  bool learned_ids = false;  // a record has another id than before, or its first one
  Status stopped;            // why it ended before all changes were handed over; ok: it did not
};

/// Upserts, inserts and updates first; deletes when their writers have finished; then what was
/// rejected for a conflict, once more. Keeps at least two writers busy where the catalog allows.
/// Blocks. Every change of the plan has exactly one counted outcome; those that were not handed
/// over are unsent. Fails only if the plan cannot be read.
Result<PushResult> Push(PlanReader* plan, Destination* destination, Journal* journal, Clock* clock,
                        const PushOptions& options);

}  // namespace penstock
