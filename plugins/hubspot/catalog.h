// HubSpot's property definitions as a catalog.
#pragma once

#include <string>
#include <vector>

#include "penstock/documents.hpp"
#include "penstock/http.hpp"

namespace penstock::hubspot {

// `objects` empty: all that this connector knows. Unknown ones are left out.
sdk::Result<sdk::Catalog> DiscoverObjects(const sdk::Http& http, sdk::Call call,
                                          const std::vector<std::string>& objects);

}  // namespace penstock::hubspot
