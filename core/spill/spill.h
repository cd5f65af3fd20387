// Bytes by partition in bounded memory: small inputs never touch the disk, large ones are written
// sequentially into one unnamed scratch file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/file/file.h"

namespace penstock {

/// Appends to many partitions, reads one at a time. Buffers are chunks of one pool that grows as
/// they are needed; when the pool is used up, every partition's chunks become one segment each in
/// the scratch file. Segments are linked backwards on disk, so that nothing in memory grows with
/// the bytes spilled. Not thread-safe.
class PartitionSpill {
 public:
  /// Nothing is created in `scratch_dir` until the memory is used up. `memory_bytes` bounds the
  /// pool and the book-keeping (48 bytes a partition), not the buffers that callers pass to Read.
  static Result<std::unique_ptr<PartitionSpill>> Create(const std::string& scratch_dir,
                                                        uint32_t partitions, uint64_t memory_bytes);

  /// Adds to the end of a partition. PS-FILE-FULL, PS-FILE-WRITE.
  Status Append(uint32_t partition, std::string_view bytes);

  /// The whole partition in the order of its appends. The view lies in `*buffer`, and stays valid
  /// until that is changed. PS-FILE-CORRUPT when a segment's checksum is wrong.
  Result<std::string_view> Read(uint32_t partition, std::string* buffer);

  /// `n` bytes from `offset` of a partition, all of them appended before (Bytes() before an Append
  /// is the offset of what it appends). Reads and verifies at most the segments that hold them;
  /// cheapest in one partition after another with rising offsets. PS-FILE-CORRUPT.
  Status ReadAt(uint32_t partition, uint64_t offset, size_t n, std::string* out);

  /// Bytes appended to a partition so far.
  uint64_t Bytes(uint32_t partition) const { return parts_[partition].total; }
  uint32_t partitions() const { return static_cast<uint32_t>(parts_.size()); }
  /// Bytes on disk, 0 while everything fits.
  uint64_t spilled_bytes() const { return file_ ? file_->size() : 0; }

 private:
  static constexpr uint32_t kNoChunk = UINT32_MAX;

  struct Part {
    uint64_t total = 0;         // bytes, in file and memory
    uint64_t in_memory = 0;     // the last of them
    uint64_t last_segment = 0;  // file offset of the newest segment
    uint32_t last_size = 0;     // its size with its header; 0: none
    uint32_t first_chunk = kNoChunk;
    uint32_t last_chunk = kNoChunk;
    uint32_t room = 0;  // bytes left in last_chunk
  };
  struct Segment {
    uint64_t at = 0;     // file offset
    uint64_t start = 0;  // position of its first byte in the partition
    uint32_t size = 0;   // with header
  };

  PartitionSpill(std::string scratch_dir, uint32_t partitions, uint64_t memory_bytes);
  char* Chunk(uint32_t chunk);
  bool TakeChunk(Part* part);
  Status FlushAll();
  Status FlushPart(Part* part, std::string* staging);
  Status ReadSegment(uint64_t at, uint32_t size, char* out) const;
  Status IndexPart(uint32_t partition);
  void CopyFromMemory(const Part& part, uint64_t from, size_t n, char* out);
  Error Damaged(uint64_t at) const;

  std::string scratch_dir_;
  std::vector<Part> parts_;
  uint32_t chunk_bytes_ = 0;
  uint32_t max_chunks_ = 0;
  uint32_t used_chunks_ = 0;
  std::vector<std::unique_ptr<char[]>> slabs_;
  std::vector<uint32_t> next_;  // by chunk: the one after it in its partition
  std::optional<file::Writer> file_;

  // The partition that ReadAt was last asked about.
  uint32_t indexed_ = UINT32_MAX;
  std::vector<Segment> index_;
  uint64_t cached_at_ = UINT64_MAX;
  std::string cached_;
};

}  // namespace penstock
