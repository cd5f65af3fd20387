// Integrations against the cached catalogs: what `validate` can know without a request.
#pragma once

#include "host/project/project.h"

namespace penstock::engine {

/// Object, fields (writeable, with suggestions), mode and key of every integration whose
/// destination has a cached catalog; one whose object is not cached is warned of. Adds to `loaded`.
void CheckAgainstCatalogs(project::LoadedProject* loaded);

}  // namespace penstock::engine
