// The tables of the store, version by version. Internal to host/store.
#pragma once

#include "host/store/database.h"

namespace penstock::store {

/// Brings the database to this build's version. PS-STORE-NEWER when it is beyond it.
Status Migrate(Database* database);

}  // namespace penstock::store
