// Which account the destination is.
#pragma once

#include "penstock/documents.hpp"
#include "penstock/http.hpp"
#include "plugins/http/config.h"

namespace penstock::http_plugin {

// Makes the request of `check:`, where there is one. The account is what its answer says, else what
// the configuration calls it, else host and path of the address.
sdk::Result<sdk::CheckReport> CheckAccount(const sdk::Http& http, sdk::Call call,
                                           const Config& config);

}  // namespace penstock::http_plugin
