// What the conformance kit must know about a destination: a valid configuration, how to answer the
// connector's requests, and what the destination holds afterwards. Most authors write a fixture
// file instead (sdk/testing/kit/README.md); this is the same thing in C++.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "penstock/connector.h"
#include "penstock/result.hpp"

namespace penstock::kit {

/// A request of the connector as it reaches the destination: credentials are attached already.
struct PeerRequest {
  std::string method;
  std::string url;  // "/v1/things?limit=1": path and query
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::vector<uint64_t> seqs;  // records that it may change
  std::string limiter;
  uint32_t cost = 1;
  bool idempotent = false;

  /// The first header of that name in any case, empty if there is none.
  std::string Header(const std::string& name) const;
};

/// What the destination answers. transport: PENSTOCK_TRANSPORT_...; status counts only with OK.
struct PeerAnswer {
  int status = 200;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  int32_t transport = PENSTOCK_TRANSPORT_OK;
  int64_t retry_after_ms = 0;
  std::string error;  // one sentence when transport is not OK
};

/// A record as the destination holds it.
struct StoredRecord {
  std::string id;
  std::map<std::string, std::string> fields;  // name -> JSON text of the value
  bool archived = false;
};

/// The other end. The kit calls Reset before every check, so that each starts with an empty
/// destination.
class Destination {
 public:
  virtual ~Destination() = default;
  /// Back to empty, faults and settings gone.
  virtual sdk::Status Reset() = 0;
  /// [thread-safe]
  virtual PeerAnswer Answer(const PeerRequest& request) = 0;
  /// Whether Records works: without it, checks that must see what arrived are skipped.
  virtual bool CanTell() const { return false; }
  /// All records of an object, archived ones too, in no order.
  virtual sdk::Result<std::vector<StoredRecord>> Records(const std::string& object);
  /// Of a recording: the first request since Reset that it holds no answer to. Empty: none.
  virtual std::string Unanswered() const { return {}; }
  /// Called once, in the process of a check, before its first request.
  virtual void Connect() {}
  /// Puts the jobs that are started from now on into a mood. "slow": done after some polls;
  /// "stuck": never; "failed": they end as failed, with nothing written, or with a part of it where
  /// Records works. False: it has none, or not that one.
  virtual bool SetJobs(const std::string& /*mood*/) { return false; }
  /// Jobs that are at work end now, and what they write is there when this returns. A destination
  /// that cannot do it does nothing; then nobody sees that a record is called unsent whose job
  /// writes it later.
  virtual void EndJobs() {}
};

/// A record that the destination refuses, made out of a good one.
struct RejectCase {
  std::map<std::string, std::string> fields;  // field -> JSON text of the value that it dislikes
  std::string field;                          // which one the outcome must name; empty: any or none
};

/// What the author declares. Everything but `config_json` has a default that suits most.
struct Facts {
  std::string config_json = "{}";  // passes the config schema; secrets are {"$secret": "name"}
  std::map<std::string, std::string> secrets;  // by name; attached by the kit, unseen by connectors
  std::string base_url;                        // only for --live
  uint64_t recorded = 0;  // number of the record that a recording was made with; 0: it is none

  std::string object;  // written by the checks; default: the first with most operations
  std::string options_json = "{}";  // of the integration, for every writer
  std::string key;                  // its identifier; default: the first that is one field, not id
  std::vector<std::string> fields;  // written beside the key; default: all that can be written
  std::map<std::string, std::string> samples;  // field -> text of a good value; {n} is a number
  std::vector<RejectCase> rejects;
  std::map<std::string, std::string> skips;  // check id -> why it does not apply here

  std::string results = "in_order";  // or "any_order": answers may list results in another order
  std::string results_pointer = "/results";
  std::string success = "answer";  // or "status": every 2xx is success whatever its body says
  bool trims = false;              // the destination cuts spaces off the ends of texts
  bool whole_seconds = false;      // it keeps times without a fraction of a second
  bool open_fields = false;        // takes fields that its catalog does not list
  bool paged_catalog = false;      // discover reads several pages
  std::vector<std::string> reads;  // "POST /v1/*/lookup": requests that read although not GET
  std::string golden;              // file of the request bodies that a fixed input makes
  double baseline = 0;             // records a CPU second, for perf.floor
};

/// A connector and its destination.
class Fixture {
 public:
  virtual ~Fixture() = default;
  /// Path of the connector's library; its sidecar lies beside it.
  virtual std::string Connector() const = 0;
  virtual Facts Declare() const = 0;
  /// Makes the destination. Called once, before the first check.
  virtual sdk::Result<std::unique_ptr<Destination>> Start() = 0;
};

}  // namespace penstock::kit
