// Records that a connector puts into asynchronous jobs: those that it notes. What became of them is
// told by the job, not by the answers of the requests that name them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sdk/testing/kit/holdings.h"
#include "sdk/testing/kit/writes.h"

namespace penstock::kit {

/// Whether the trial's connector has noted this record, since the host forgot or a Witness was
/// made.
bool IsNoted(Trial& trial, uint64_t seq);

/// What the destination held before some rows were written, to tell whether what is said of them
/// afterwards is true. `trial` and `plan` outlive it.
class Witness {
 public:
  Witness(Trial& trial, const WritePlan& plan);

  /// What is wrong with what was said of a noted record; empty: nothing. True are: success of what
  /// the destination holds as it was sent (or, of deletes, no more); UNSENT of what is as it was;
  /// and nothing at all where the call failed, for then the job still has the record.
  std::string Doubt(const Row& row, const Written& written) const;

 private:
  Trial& trial_;
  const WritePlan& plan_;
  bool can_tell_;
  Holdings before_;
};

/// How SpoilEachAnswer spoils.
struct Spoiling {
  std::string what;  // for sentences
  std::function<void(PeerAnswer*)> spoil;
  bool applied = true;     // the destination gets the request all the same
  bool onwards = false;    // later answers are spoiled, too
  bool may_doubt = false;  // records may end IN_DOUBT: the job's results may be what is spoiled
};

/// For connectors that note their records. Writes fresh rows, from number `first`, again and again:
/// each time the next one of the answers is spoiled, from that of the first request that names
/// records on, until none is left. Fails the check where something untrue is said of a record.
/// `also` sees each try whose answer was spoiled.
void SpoilEachAnswer(Trial& trial, const WritePlan& plan, uint64_t first, const Spoiling& spoiling,
                     const std::function<void(const Written&)>& also = {});

}  // namespace penstock::kit
