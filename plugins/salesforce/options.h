// What an integration may say of how its records are written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/documents.hpp"
#include "penstock/result.hpp"

namespace penstock::salesforce {

struct Options {
  std::string assignment_rule = "none";  // "none", "default" or the id of a rule
  bool allow_duplicates = false;         // save what a duplicate rule warns of
  bool serial = false;                   // one write request of the account at a time
  std::string path = "auto";             // "auto", "collections" or "bulk"
  uint64_t bulk_threshold = 2000;        // changes; path auto sends more of them by jobs

  // INVALID_CONFIG for what no schema can say.
  static sdk::Result<Options> Read(std::string_view json);

  // Whether a writer of so many records goes by jobs of Bulk API 2.0. What jobs cannot honour stays
  // with Collections, so that nothing changes at the threshold but the way.
  bool UsesBulk(uint64_t expected_records) const {
    return path == "bulk" || (path == "auto" && BulkHonours() && expected_records > bulk_threshold);
  }

  // The headers of every write request. Side effects are said outright: without a word Salesforce
  // would run the active assignment rules.
  std::vector<std::pair<std::string, std::string>> Headers() const;
  // The manifest's limiter for a write request.
  const char* Limiter() const { return serial ? "serial" : "default"; }

 private:
  bool BulkHonours() const { return !allow_duplicates && !serial && assignment_rule != "default"; }
};

// Options::UsesBulk, and what jobs take, as the catalog says it to the host.
std::vector<sdk::JobsWay> JobsWays();

// JSON Schema of the options of this object: those of the manifest that it has.
std::string OptionsSchema(std::string_view object);

}  // namespace penstock::salesforce
