// Which account the token opens, and what it may not do.
#pragma once

#include "penstock/documents.hpp"
#include "penstock/http.hpp"

namespace penstock::hubspot {

// Reads only. Scopes are proven by reading: HubSpot tells a token's scopes only in exchange for the
// token itself, which a connector never holds. The scope for writing shows with the first write.
sdk::Result<sdk::CheckReport> CheckAccount(const sdk::Http& http, sdk::Call call);

}  // namespace penstock::hubspot
