// The texts of sdk/schema, compiled in.
#pragma once

namespace penstock::sdk {

extern const char kManifestSchema[];
extern const char kCatalogSchema[];
extern const char kCheckSchema[];
extern const char kAssignmentSchema[];

}  // namespace penstock::sdk
