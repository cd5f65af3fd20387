// A run record as the JSON text that the store keeps, whole and lossless.
#pragma once

#include <string>

#include "core/run/run.h"

namespace penstock::store {

/// [thread-safe]
std::string EncodeRun(const RunRecord& record);
/// PS-STORE-CORRUPT when the text is not an encoded run. Unknown members are ignored. [thread-safe]
Result<RunRecord> DecodeRun(const std::string& json);

}  // namespace penstock::store
