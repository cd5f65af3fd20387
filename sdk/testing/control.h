// The control paths of a sandbox, /_sandbox/….
#pragma once

#include "sdk/testing/vendor.h"

namespace penstock::sandbox {

// Whether a path belongs to the control paths.
bool IsControlPath(std::string_view path);
// Answers a control request. They are neither counted, delayed nor hit by faults.
Response HandleControl(Sandbox& sandbox, Vendor& vendor, Request& request);

}  // namespace penstock::sandbox
