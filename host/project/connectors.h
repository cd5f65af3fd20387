// Destinations of the project against the manifests of their connectors, and what integrations do
// to each other. No connector code runs.
#pragma once

#include <string>

#include "host/project/connector_folders.h"
#include "host/project/project.h"
#include "host/secrets/references.h"

namespace penstock::project {

/// Checks every destination: the connector is there (PS-CONF-CONNECTOR with a suggestion), its
/// settings are known and complete (PS-CONF-KEY, PS-CONF-REQUIRED, PS-CONF-CONFIG), no secret
/// stands there literally (PS-CONF-SECRET, which does not print it). Settings that refer to
/// variables which are not set are not judged: they are warned of. Adds to `loaded`.
void CheckConnectors(const ConnectorFolders& folders, const secrets::Lookup& lookup,
                     LoadedProject* loaded);

/// Two integrations on one account and object: refused when one of them deletes (PS-CONF-SHARED),
/// a warning when both map one field.
void CheckNeighbours(LoadedProject* loaded);

}  // namespace penstock::project
