// Numbers that the writer and the reader of generations share.
#pragma once

#include <xxhash.h>

#include <cstdint>
#include <string_view>

namespace penstock::generation_format {

inline constexpr std::string_view kMagic{"PENSTKS\n", 8};
inline constexpr uint32_t kVersion = 1;
inline constexpr size_t kFixedHeaderBytes = 24;  // magic, version, length of the JSON, checksum
inline constexpr size_t kTrailerBytes = 32;
inline constexpr uint64_t kTrailerMagic = 0x0A444E454B545350u;  // "PSTKEND\n"
inline constexpr size_t kBlockHeaderBytes = 16;                 // checksum, length, magic
inline constexpr uint32_t kBlockMagic = 0x4B4C42F4u;
inline constexpr size_t kBlockBytes = 64u << 10;
inline constexpr int kPositionBits = 16;  // of MainEntry::side: the record's place in its block

/// Seeded with where the bytes stand, so that good bytes in the wrong place are found as well.
inline uint64_t Checksum(std::string_view bytes, uint64_t at) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), at);
}

}  // namespace penstock::generation_format
