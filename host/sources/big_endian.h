// Numbers as PostgreSQL sends them.
#pragma once

#include <cstdint>
#include <cstring>

namespace penstock::sources {

template <typename T>
T ReadBig(const char* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  if constexpr (sizeof(T) == 2)
    return static_cast<T>(__builtin_bswap16(static_cast<uint16_t>(value)));
  if constexpr (sizeof(T) == 4)
    return static_cast<T>(__builtin_bswap32(static_cast<uint32_t>(value)));
  if constexpr (sizeof(T) == 8)
    return static_cast<T>(__builtin_bswap64(static_cast<uint64_t>(value)));
}

}  // namespace penstock::sources
