// ObjectLimits as JSON: part of the catalog and of the assignment. For this folder only.
#pragma once

#include "penstock/documents.hpp"
#include "sdk/documents/reader.h"

namespace penstock::sdk::documents {

/// Reads the member "limits" of `object`, which passed its schema.
inline ObjectLimits ReadLimits(const Json& object) {
  ObjectLimits limits;
  const Json* json = Find(object, "limits");
  if (json == nullptr) return limits;
  const auto read = [json](const char* name, uint32_t otherwise) {
    return static_cast<uint32_t>(Number(*json, name, otherwise));
  };
  limits.max_batch_records = read("max_batch_records", limits.max_batch_records);
  limits.max_request_records = read("max_request_records", limits.max_request_records);
  limits.max_parallel_writers = read("max_parallel_writers", limits.max_parallel_writers);
  return limits;
}

inline void WriteLimits(Writer* writer, const ObjectLimits& limits) {
  writer->Key("limits");
  writer->StartObject();
  Write(writer, "max_batch_records", uint64_t{limits.max_batch_records});
  Write(writer, "max_request_records", uint64_t{limits.max_request_records});
  Write(writer, "max_parallel_writers", uint64_t{limits.max_parallel_writers});
  writer->EndObject();
}

}  // namespace penstock::sdk::documents
