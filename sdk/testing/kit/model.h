// A destination described in data: routes, what they do to records, what they answer. README.md
// tells the format.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "penstock/testing/fixture.hpp"

namespace penstock::kit {

/// `json`: the member "destination" of a fixture file. KIT-MODEL with the route that is wrong.
sdk::Result<std::unique_ptr<Destination>> MakeModel(
    const std::string& json, const std::map<std::string, std::string>& secrets);

}  // namespace penstock::kit
