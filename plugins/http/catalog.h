// The configuration as a catalog.
#pragma once

#include <string>
#include <vector>

#include "penstock/documents.hpp"
#include "plugins/http/config.h"

namespace penstock::http_plugin {

// `objects` empty: all of them. Unknown ones are left out.
sdk::Catalog CatalogOf(const Config& config, const std::vector<std::string>& objects);

}  // namespace penstock::http_plugin
