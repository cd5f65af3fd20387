// Records of a destination as text, in the form that sandboxes show them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "penstock/testing/fixture.hpp"

namespace penstock::kit {

/// JSON lines {"id": "...", "properties": {...}, "archived": false}.
sdk::Result<std::vector<StoredRecord>> ReadRecordLines(std::string_view lines);

}  // namespace penstock::kit
