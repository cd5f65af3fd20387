// The canonical bytes of values, and the fingerprints made from them.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/value/value.h"

namespace penstock {

/// Version of everything below. In the header of every state: another version is migrated or
/// refused, never mixed.
inline constexpr uint32_t kEncodingVersion = 1;

/// Appends the canonical bytes of `v`: type byte, then 8 bytes little-endian, or varint length and
/// text; lists as varint count and items. Decimals must come without trailing zeros and JSON with
/// sorted keys (mapping sees to it).
void EncodeValue(const Value& v, std::string* out);

/// Reads one value from the front of `*bytes` and drops it. Text is borrowed from `bytes`, lists
/// from `arena`. PS-DATA-CORRUPT on bytes that EncodeValue cannot have made.
Result<Value> DecodeValue(std::string_view* bytes, Arena* arena);

void AppendVarint(uint64_t n, std::string* out);
/// False at the end of the bytes or on an overlong number.
bool ReadVarint(std::string_view* bytes, uint64_t* n);

struct Hash128 {
  uint64_t hi = 0;
  uint64_t lo = 0;
  auto operator<=>(const Hash128&) const = default;  // NOLINT(modernize-use-nullptr): none here
};
/// 32 lower-case hex digits.
std::string ToHex(const Hash128& h);

/// Fingerprints keyed by the project's secret (XXH3 with a derived secret): outside the project
/// they say nothing about the values. Immutable, [thread-safe].
class Hasher {
 public:
  /// `project_secret`: at least 32 random bytes.
  explicit Hasher(std::string_view project_secret);
  Hash128 Bytes(std::string_view bytes) const;
  /// 4 bytes of one field's value; none of the reserved ones below, but for absent and NULL.
  uint32_t Field(const Value& v) const;

 private:
  std::array<unsigned char, 192> secret_;
};

inline constexpr uint32_t kFieldAbsent = 0;  // never written
inline constexpr uint32_t kFieldNull = 1;
/// Of a field that is not hashed: always the same, so that it never shows as changed.
inline constexpr uint32_t kFieldRunVariable = 2;
/// A value of ours may stand there, which one is not known: no value equals it.
inline constexpr uint32_t kFieldUnknown = 3;

}  // namespace penstock
