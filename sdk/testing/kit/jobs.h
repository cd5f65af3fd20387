// Records that a connector puts into asynchronous jobs: those that it notes. What became of them is
// told by the job, not by the answers of the requests that name them.
#pragma once

#include <deque>
#include <functional>
#include <optional>
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

  /// Looks at what the destination holds now, then, after `late` and after its jobs have ended,
  /// once more. Doubt does it where nobody has.
  void Look(const std::function<void()>& late = {});

  /// What is wrong with what was said of a noted record; empty: nothing. True are: success of what
  /// the destination holds as it was sent (or, of deletes, no more); UNSENT of what is as it was,
  /// also when its jobs have ended; and nothing at all where the call failed, for then the job
  /// still has the record.
  std::string Doubt(const Row& row, const Written& written);

 private:
  Trial& trial_;
  const WritePlan& plan_;
  bool can_tell_;
  Holdings before_;
  std::optional<Holdings> now_, later_;
};

/// Notes with those of some rows that are in them, as a later run hands them back: under new seqs.
class HandedBack {
 public:
  /// Of `rows`, those that `written` told nothing of. `whole`: with all of their values, as the
  /// host does while it still has them; else nothing of them but their keys.
  HandedBack(const WritePlan& plan, const std::vector<Noted>& notes, const std::vector<Row>& rows,
             const Written& written, bool whole);
  const std::vector<sdk::OpenNote>& notes() const { return notes_; }
  /// The same notes with this token, which is no job's. Borrows from this object.
  std::vector<sdk::OpenNote> notes_of(const std::string& token) const;
  /// With their new seqs and all values.
  const std::vector<Row>& rows() const { return rows_; }

 private:
  std::deque<std::string> tokens_;
  std::deque<PackedBatch> batches_;
  std::vector<sdk::OpenNote> notes_;
  std::vector<Row> rows_;
};

/// Begins with open notes and finishes, without a batch.
Written Resume(Trial& trial, const WritePlan& plan, const std::vector<sdk::OpenNote>& notes);

/// What is wrong with the requests of a run that was handed notes back: it makes a job again or
/// carries records. `first`: the earlier run's first request that was no read. Empty: nothing.
std::string MadeAgain(Trial& trial, const WritePlan& plan, const std::optional<PeerRequest>& first,
                      const std::vector<Row>& rows);

/// How SpoilEachAnswer spoils.
struct Spoiling {
  std::string what;  // for sentences
  std::function<void(PeerAnswer*)> spoil;
  bool applied = true;     // the destination gets the request all the same
  bool onwards = false;    // later answers are spoiled, too
  bool may_doubt = false;  // records may end IN_DOUBT: the job's results may be what is spoiled
  bool writes = true;      // false: nothing is written in any case, so no success can be true
};

/// The first request of some that is no read, or nothing.
std::optional<PeerRequest> FirstWrite(const std::vector<Exchange>& writes);

/// For connectors that note their records. Writes fresh rows, from number `first`, again and again:
/// each time the next one of the answers is spoiled, from that of the first request that names
/// records on, until none is left. Fails the check where something untrue is said of a record, or
/// a success where no answer at all could be read.
/// `also` sees each try whose answer was spoiled.
void SpoilEachAnswer(Trial& trial, const WritePlan& plan, uint64_t first, const Spoiling& spoiling,
                     const std::function<void(const Written&)>& also = {});

}  // namespace penstock::kit
