// The exchanges of the records that a failure names: what a person would look for first.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sdk/testing/kit/fake_host.h"

namespace penstock::kit {

/// As text, bodies cut to the place where the record is; empty when `seen` names no record that is
/// in `exchanges`. `keys`: texts of the keys that were written, by seq.
std::string NamedExchanges(const std::vector<std::string>& seen,
                           const std::map<uint64_t, std::string>& keys,
                           const std::vector<Exchange>& exchanges);

}  // namespace penstock::kit
