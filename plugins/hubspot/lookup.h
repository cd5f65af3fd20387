// Finding contacts by their key: batch/read, never the search, whose index lags behind.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "penstock/http.hpp"

namespace penstock::hubspot {

struct FoundContact {
  std::string id;
  std::vector<std::optional<std::string>> values;  // of `properties`, in their order
};

// The record of each key, in the order of the keys; nothing where there is none. `key_property`
// empty: keys are record ids.
sdk::Result<std::vector<std::optional<FoundContact>>> FindByKey(
    const sdk::Http& http, sdk::Call call, const std::string& object,
    const std::string& key_property, const std::vector<std::string>& keys,
    const std::vector<std::string>& properties);

}  // namespace penstock::hubspot
