// Blocks of a plan file: records gathered, compressed, checksummed. See FORMAT.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/file/file.h"

namespace penstock::plan {

inline constexpr std::string_view kMagic = "penstock plan 2\n";
inline constexpr size_t kTrailerSize = 16;
inline constexpr size_t kBlockHeaderSize = 24;
inline constexpr size_t kBlockTarget = 256u << 10;
inline constexpr uint64_t kRecordLimit = 256u << 20;

enum class Kind : uint8_t { kChanges = 1, kMarks = 2, kInvalid = 3, kHeader = 4, kIndex = 5 };

/// A block in the file.
struct BlockPlace {
  Kind kind = Kind::kChanges;
  uint32_t records = 0;
  uint64_t offset = 0;
};

/// Compresses and frames one block. Reuses its memory. Not thread-safe.
class BlockEncoder {
 public:
  BlockEncoder();
  ~BlockEncoder();
  BlockEncoder(const BlockEncoder&) = delete;
  BlockEncoder& operator=(const BlockEncoder&) = delete;
  /// The framed block; borrowed until the next call.
  std::string_view Encode(Kind kind, std::string_view raw, uint32_t records);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  std::string framed_;
};

/// Gathers records of one kind and appends full blocks to a file. Not thread-safe.
class BlockWriter {
 public:
  /// Both are borrowed.
  BlockWriter(Kind kind, file::Writer* out, BlockEncoder* encoder)
      : kind_(kind), out_(out), encoder_(encoder) {}
  /// Appends `record` with its length before it.
  Status Add(std::string_view record);
  /// Writes what is gathered.
  Status Flush();
  /// Blocks written so far, offsets in `out`.
  const std::vector<BlockPlace>& blocks() const { return blocks_; }

 private:
  Kind kind_;
  file::Writer* out_;
  BlockEncoder* encoder_;
  std::string raw_;
  uint32_t records_ = 0;
  std::vector<BlockPlace> blocks_;
};

/// Reads blocks back. Reuses its memory. Not thread-safe.
class BlockDecoder {
 public:
  BlockDecoder();
  ~BlockDecoder();
  BlockDecoder(const BlockDecoder&) = delete;
  BlockDecoder& operator=(const BlockDecoder&) = delete;
  struct Block {
    Kind kind;
    uint32_t records;
    std::string_view raw;  // borrowed until the next Read
    uint64_t end;          // offset behind the block
  };
  /// The block at `offset`, which ends at `limit` at the latest. PS-PLAN-CORRUPT.
  Result<Block> Read(const file::Reader& in, uint64_t offset, uint64_t limit);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  std::string stored_, raw_;
};

/// XXH3-64 of the magic and the index offset: the trailer's checksum.
uint64_t TrailerChecksum(uint64_t index_offset);

/// PS-PLAN-CORRUPT naming the file and what is wrong with it.
Error Corrupt(const std::string& path, const std::string& what);

}  // namespace penstock::plan
