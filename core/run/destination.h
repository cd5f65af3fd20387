// What core needs of a destination and of the rest of the world: four interfaces that the host
// fills.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/plan/plan.h"
#include "core/state/state.h"
#include "penstock/connector.h"
#include "penstock/documents.hpp"
#include "penstock/matches.hpp"

namespace penstock {

/// Told by the host about every request that names records. [thread-safe]
class RequestJournal {
 public:
  virtual ~RequestJournal() = default;
  /// Before the first byte; durable on return. Not ok: the request must not be sent.
  virtual Status BeforeSend(uint64_t request, std::span<const uint64_t> seqs) = 0;
  /// The request has an answer, whatever it says.
  virtual void Answered(uint64_t request, std::span<const uint64_t> seqs) = 0;
  /// An attempt of it before the last one may have been applied; told before the answer is.
  virtual void Unclear(uint64_t request, std::span<const uint64_t> seqs) = 0;
  /// Certainly nothing of it was applied (refused connection, cancelled before sending, 429 after
  /// all attempts).
  virtual void NotApplied(uint64_t request, std::span<const uint64_t> seqs) = 0;
  /// A connector's note: from now on its records are in the job that the token names, and what is
  /// told of them is believed. Durable on return.
  virtual Status Note(std::span<const uint64_t> seqs, const std::string& token) = 0;
};

/// One record's outcome as the connector reported it; text borrowed during the callback.
using OutcomeCallback = std::function<void(const penstock_outcome&)>;

/// Did a call that failed bring the connector down (or another call, at the same time)?
enum class Crash : uint8_t { kNone, kCulprit, kBystander };

/// A connector's writer. One thread at a time.
class DestinationWriter {
 public:
  virtual ~DestinationWriter() = default;
  /// Of the last call. After a crash the writer can be used on: the connector is started anew.
  virtual Crash crash() const { return Crash::kNone; }
  virtual sdk::Status Write(const penstock_batch& batch, const OutcomeCallback& report) = 0;
  virtual sdk::Status Finish(const OutcomeCallback& report) = 0;
};

/// A connector's note from an earlier run with its records; borrowed during Begin.
struct OpenNote {
  std::string_view token;
  const penstock_batch* records = nullptr;
};

struct LookupHit {
  sdk::Matches matches = sdk::Matches::kNone;
  std::string destination_id;  // of one match
};

/// Cancellation and the deadline of calls into a connector.
struct CallLimits {
  std::function<bool()> cancelled;  // [thread-safe]
  int64_t timeout_ms = 0;           // 0: none
};

/// An opened destination: a connector with its configuration. Begin is [thread-safe]; the rest one
/// thread at a time.
class Destination {
 public:
  virtual ~Destination() = default;
  virtual const sdk::Manifest& manifest() const = 0;
  virtual sdk::Result<sdk::CheckReport> Check(const CallLimits& limits) = 0;
  virtual sdk::Result<sdk::Catalog> Discover(const std::vector<std::string>& objects,
                                             const CallLimits& limits) = 0;
  /// `journal` outlives the writer. `notes`: of earlier runs, to be settled by Finish.
  virtual sdk::Result<std::unique_ptr<DestinationWriter>> Begin(const sdk::Assignment& assignment,
                                                                std::span<const OpenNote> notes,
                                                                RequestJournal* journal,
                                                                const CallLimits& limits) = 0;
  virtual bool can_lookup() const = 0;
  /// keys: one Value each (the key field's). hits->at(i) belongs to keys[i].
  virtual sdk::Status Lookup(const sdk::Assignment& assignment, std::span<const Value> keys,
                             std::vector<LookupHit>* hits, const CallLimits& limits) = 0;
  /// Requests sent to the destination so far, retries included. [thread-safe]
  virtual uint64_t requests() const = 0;
};

/// Wall and monotonic time. [thread-safe]
class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t UnixMicros() = 0;
  virtual int64_t MonotonicMicros() = 0;
};

/// What the guard compares a plan with: the last run that sent something.
struct PlanBasis {
  Mode mode = Mode::kUpsert;
  std::string key_digest, model_digest, mapping_digest;
  uint64_t keyless = 0;  // rows without a key
};

struct RunRecord;

/// Runs and settings that outlive a process. [thread-safe]
class RunStore {
 public:
  virtual ~RunStore() = default;
  virtual Result<StateAnchor> Anchor(const std::string& integration) = 0;
  virtual Status SaveAnchor(const std::string& integration, const StateAnchor& anchor) = 0;
  virtual Result<std::optional<PlanBasis>> Basis(const std::string& integration) = 0;
  virtual Status SaveBasis(const std::string& integration, const PlanBasis& basis) = 0;
  /// A new run; sets record->ordinal and record->run ("contacts-12"), status "running".
  virtual Status BeginRun(RunRecord* record) = 0;
  /// Its end (or a later word on it, e.g. "interrupted" said by the next run).
  virtual Status FinishRun(const RunRecord& record) = 0;
  virtual Result<std::optional<RunRecord>> FindRun(const std::string& run) = 0;
  /// Runs of the integration with status "running": at work, or killed.
  virtual Result<std::vector<RunRecord>> Running(const std::string& integration) = 0;
  /// Appends to the changelog: kind "run.finished", "plan.held", "plan.discarded", …, and a JSON
  /// object.
  virtual Status Log(const std::string& kind, const std::string& integration,
                     const std::string& json) = 0;
};

}  // namespace penstock
