// What a state belongs to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/value/encoding.h"

namespace penstock {

/// What the state belongs to. Any difference is refused before a request is made, naming both
/// sides.
struct StateIdentity {
  std::string integration, environment, account, object;
  std::string connector;
  std::vector<std::string> key_columns;
  std::string key_field, key_template;
  std::vector<std::string> normalisers;
  uint32_t encoding = kEncodingVersion;
  bool operator==(const StateIdentity&) const = default;
};
/// PS-STATE-IDENTITY saying both sides of the first difference: "the state of contacts belongs to
/// account 123, the destination opens account 456".
Status CheckIdentity(const StateIdentity& stored, const StateIdentity& now);

}  // namespace penstock
