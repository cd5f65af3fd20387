// Where integrations stand, as people and programs read it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/run/run.h"
#include "host/cli/json.h"
#include "host/cli/text.h"

namespace penstock::cli {

/// What is known of one integration without asking its source or destination.
struct IntegrationStatus {
  std::string integration;
  std::optional<RunRecord> last;   // the newest sync or apply
  std::optional<RunRecord> ended;  // the newest that is over: `last`, unless that is at work
  StateCounts counts;
  bool interrupted = false;  // a journal is open
  std::vector<OpenJob> jobs;
  std::optional<Error> error;  // the state cannot be read
};

/// Changes that the newest run had to make and did not, whatever kept it. Pure.
uint64_t UnsentOf(const IntegrationStatus& status);

/// What is not as the model said when it was read last, in words: "2 rejected", "4 invalid", "the
/// last run was held". Empty: everything is. Skipped and departed records are as the mode wants
/// them. Pure.
std::vector<std::string> NotAsTheModelSays(const IntegrationStatus& status);

/// A page of text. Pure.
std::string StatusText(const std::vector<IntegrationStatus>& all, const Paint& paint);
void PutStatus(Json* json, const IntegrationStatus& status);

}  // namespace penstock::cli
