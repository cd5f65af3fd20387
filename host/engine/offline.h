// Integrations against the cached catalogs, and addresses: what `validate` can know without a
// request.
#pragma once

#include "host/project/connector_folders.h"
#include "host/project/project.h"
#include "host/secrets/references.h"

namespace penstock::engine {

/// Object, fields (writeable, with suggestions), mode and key of every integration whose
/// destination has a cached catalog; one whose object is not cached is warned of. Adds to `loaded`.
void CheckAgainstCatalogs(project::LoadedProject* loaded);

/// The address that every destination logs in at, as opening it would judge it (CheckLogin);
/// destinations without a usable connector are passed over. Adds to `loaded`.
void CheckLogins(const project::ConnectorFolders& folders, const secrets::Lookup& lookup,
                 project::LoadedProject* loaded);

}  // namespace penstock::engine
