// An opened destination and its writers: the C ABI as C++ values. Translates, copies and keeps
// account; decides nothing.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/documents.hpp"
#include "penstock/matches.hpp"
#include "penstock/result.hpp"
#include "sdk/runtime/ledger.h"
#include "sdk/runtime/loader.h"
#include "sdk/runtime/services.h"

namespace penstock::sdk {

/// A token that a connector noted in an earlier run, with its records under new seqs. Borrowed.
struct OpenNote {
  std::string_view token;
  const penstock_batch* records = nullptr;
};

/// An answer to one key of a lookup; borrowed during the callback. Id and values: of one match.
struct FoundRecord {
  size_t index = 0;  // of the key
  Matches matches = Matches::kNone;
  std::string_view destination_id;
  std::span<const penstock_value> values;  // as many as fields were asked for, or none
};

enum class Crash : uint8_t {
  kNone,
  kCulprit,    // it was this call that brought the connector down
  kBystander,  // another call did; this one's records are as good as they were
};

/// One object and one operation of one run. One thread at a time. Ends the connector's writer when
/// it is destroyed.
class ConnectorWriter {
 public:
  virtual ~ConnectorWriter() = default;

  /// Hands a batch over. `report` gets each outcome once, during the call, on this thread; what the
  /// connector may not claim arrives as the worst of its kind (IN_DOUBT). Not ok: what the
  /// connector said, or PS-CONN-OUTCOMES naming records that it reported twice or was never given.
  /// Outcomes already passed on stand either way; Outstanding() tells the rest.
  virtual Status Write(const penstock_batch& batch, const OutcomeCallback& report) = 0;

  /// Waits for what is still open. PS-CONN-OUTCOMES also names the records that have no outcome
  /// although the connector says that it is done.
  virtual Status Finish(const OutcomeCallback& report) = 0;

  /// Records that were handed over and have no outcome yet, sorted.
  virtual std::vector<uint64_t> Outstanding() const = 0;

  /// What the last call that failed had to do with the end of the connector's process (or with an
  /// exception that it let escape, after which nothing of it is trusted).
  virtual Crash crash() const = 0;
};

/// A connector with one account's configuration. Begin is [thread-safe], the rest one thread at a
/// time. Outlives its writers.
class ConnectorInstance {
 public:
  /// Makes no request. `config_json` has passed the manifest's config schema, with {"$secret":
  /// name} in place of secrets. `services` outlives the instance.
  static Result<std::unique_ptr<ConnectorInstance>> Open(const ConnectorLibrary& library,
                                                         HostServices* services,
                                                         std::string_view config_json,
                                                         const CallContext& context = {});
  virtual ~ConnectorInstance() = default;

  virtual const Manifest& manifest() const = 0;
  virtual bool has_lookup() const = 0;
  virtual Result<CheckReport> Check(const CallContext& context) = 0;
  /// `objects` empty: all.
  virtual Result<Catalog> Discover(const std::vector<std::string>& objects,
                                   const CallContext& context) = 0;
  /// `context` is kept for the calls of the writer; its timeout counts anew for each.
  virtual Result<std::unique_ptr<ConnectorWriter>> Begin(const Assignment& assignment,
                                                         std::span<const OpenNote> notes,
                                                         const CallContext& context) = 0;
  /// UNSUPPORTED when has_lookup() is false. `keys`: rows of `key_fields` values each.
  /// `on_found` is called at most once a key; a key that the connector left out makes it fail.
  virtual Status Lookup(const Assignment& assignment, std::span<const penstock_value> keys,
                        size_t key_fields, const std::function<void(const FoundRecord&)>& on_found,
                        const CallContext& context) = 0;
};

}  // namespace penstock::sdk
