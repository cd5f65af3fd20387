// What an integration may say of how its records are written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/result.hpp"

namespace penstock::salesforce {

struct Options {
  std::string assignment_rule = "none";  // "none", "default" or the id of a rule
  bool allow_duplicates = false;         // save what a duplicate rule warns of
  bool serial = false;                   // one write request of the account at a time

  // INVALID_CONFIG for what no schema can say.
  static sdk::Result<Options> Read(std::string_view json);

  // The headers of every write request. Side effects are said outright: without a word Salesforce
  // would run the active assignment rules.
  std::vector<std::pair<std::string, std::string>> Headers() const;
  // The manifest's limiter for a write request.
  const char* Limiter() const { return serial ? "serial" : "default"; }
};

// JSON Schema of the options of this object.
std::string OptionsSchema(std::string_view object);

}  // namespace penstock::salesforce
