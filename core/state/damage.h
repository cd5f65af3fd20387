// What is said of files that are not as they were written.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/error.h"

namespace penstock {

/// PS-STATE-CORRUPT: which file, which byte, what is wrong there ("an outcome frame's checksum does
/// not match"), and what is left: the generation kept beside the file, if there is one.
Error CorruptionError(const std::string& path, uint64_t offset, const std::string& what);

/// PS-STATE-VERSION: the file has a format that this build does not read.
Error VersionError(const std::string& path, uint32_t version, uint32_t readable);

}  // namespace penstock
