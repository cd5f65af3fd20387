// PostgreSQL's binary forms to values.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/value/time.h"
#include "core/value/value.h"

namespace penstock::sources {

struct DecodeContext {
  Arena* arena = nullptr;          // owns what is not borrowed from the bytes
  const TimeZone* zone = nullptr;  // of timestamps without one
};

/// One value from its binary form; text is borrowed from `bytes`. False on bytes that the type
/// cannot have.
using DecodePostgres = bool (*)(std::string_view bytes, const DecodeContext& context, Value* out);

struct PostgresType {
  uint32_t oid;
  uint32_t array_oid;
  const char* name;
  const char* array_name;
  DecodePostgres decode;
};

/// A type of known binary form, or null: its columns are read as text. What they become:
///   int2 int4 int8 oid -> int64; float4 -> the double that its shortest text denotes (0.1 stays
///   0.1); float8 -> double; bool; text varchar bpchar name uuid -> string; numeric -> decimal, NaN
///   and infinities -> double; date, timestamp, timestamptz -> date and timestamp, "infinity" and
///   "-infinity" -> string, so that only text fields take them; bytea -> bytes; json jsonb -> json.
const PostgresType* FindPostgresType(uint32_t oid);
/// The element type of a known array.
const PostgresType* FindPostgresArray(uint32_t oid);

/// An array, as nested lists. False on malformed bytes or another element type.
bool DecodePostgresArray(std::string_view bytes, const PostgresType& element,
                         const DecodeContext& context, Value* out);

}  // namespace penstock::sources
