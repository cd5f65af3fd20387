// Which organization the session opens, and what it may not do.
#pragma once

#include "penstock/documents.hpp"
#include "penstock/http.hpp"
#include "plugins/salesforce/schema.h"

namespace penstock::salesforce {

// Reads only. Blocks.
sdk::Result<sdk::CheckReport> CheckAccount(const sdk::Http& http, const Api& api, Schemas* schemas,
                                           sdk::Call call);

}  // namespace penstock::salesforce
