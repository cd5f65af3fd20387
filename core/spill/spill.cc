#include "core/spill/spill.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace penstock {
namespace {

/// Before each segment's bytes in the file. Scratch files never outlive their process, so the
/// machine's own byte order will do.
struct SegmentHeader {
  uint64_t checksum = 0;  // XXH3-64 of the rest of the header and the bytes, seeded with the offset
  uint64_t previous_at = 0;
  uint64_t start = 0;
  uint32_t previous_size = 0;
  uint32_t size = 0;  // of the bytes
};
static_assert(sizeof(SegmentHeader) == 32);

constexpr uint32_t kHeaderBytes = sizeof(SegmentHeader);
constexpr uint64_t kMaxSegment = 64u << 10;
constexpr uint64_t kMaxStaging = 256u << 10;
constexpr uint64_t kSlabBytes = 256u << 10;

uint64_t Checksum(const char* segment, uint64_t size, uint64_t at) {
  return XXH3_64bits_withSeed(segment + sizeof(uint64_t), size - sizeof(uint64_t), at);
}

SegmentHeader HeaderOf(const char* segment) {
  SegmentHeader header;
  std::memcpy(&header, segment, sizeof(header));
  return header;
}

}  // namespace

Result<std::unique_ptr<PartitionSpill>> PartitionSpill::Create(const std::string& scratch_dir,
                                                               uint32_t partitions,
                                                               uint64_t memory_bytes) {
  return std::unique_ptr<PartitionSpill>(new PartitionSpill(scratch_dir, partitions, memory_bytes));
}

PartitionSpill::PartitionSpill(std::string scratch_dir, uint32_t partitions, uint64_t memory_bytes)
    : scratch_dir_(std::move(scratch_dir)), parts_(partitions) {
  const uint64_t fixed = partitions * sizeof(Part) + std::min(kMaxStaging, memory_bytes / 8);
  const uint64_t pool = memory_bytes > fixed ? memory_bytes - fixed : 0;
  const uint64_t wanted = std::bit_floor(std::max<uint64_t>(pool / (uint64_t{partitions} * 8), 1));
  chunk_bytes_ = static_cast<uint32_t>(std::clamp<uint64_t>(wanted, 256, kMaxSegment));
  const uint64_t chunks = pool / (chunk_bytes_ + sizeof(uint32_t));
  max_chunks_ = static_cast<uint32_t>(std::clamp<uint64_t>(chunks, 1, kNoChunk - 1));
}

char* PartitionSpill::Chunk(uint32_t chunk) {
  const uint32_t per_slab = static_cast<uint32_t>(kSlabBytes / chunk_bytes_);
  return slabs_[chunk / per_slab].get() + uint64_t{chunk % per_slab} * chunk_bytes_;
}

bool PartitionSpill::TakeChunk(Part* part) {
  if (used_chunks_ == max_chunks_) return false;
  const uint32_t chunk = used_chunks_++;
  if (chunk == next_.size()) {
    const uint32_t per_slab = static_cast<uint32_t>(kSlabBytes / chunk_bytes_);
    if (chunk % per_slab == 0) {
      const uint64_t chunks = std::min<uint64_t>(per_slab, max_chunks_ - chunk);
      slabs_.push_back(std::make_unique_for_overwrite<char[]>(chunks * chunk_bytes_));
    }
    next_.push_back(kNoChunk);
  }
  next_[chunk] = kNoChunk;
  if (part->last_chunk == kNoChunk) {
    part->first_chunk = chunk;
  } else {
    next_[part->last_chunk] = chunk;
  }
  part->last_chunk = chunk;
  part->room = chunk_bytes_;
  return true;
}

Status PartitionSpill::Append(uint32_t partition, std::string_view bytes) {
  Part& part = parts_[partition];
  while (!bytes.empty()) {
    if (part.room == 0 && !TakeChunk(&part)) {
      PENSTOCK_RETURN_IF_ERROR(FlushAll());
      TakeChunk(&part);
    }
    const size_t n = std::min<size_t>(part.room, bytes.size());
    std::memcpy(Chunk(part.last_chunk) + (chunk_bytes_ - part.room), bytes.data(), n);
    part.room -= static_cast<uint32_t>(n);
    part.in_memory += n;
    part.total += n;
    bytes.remove_prefix(n);
  }
  return Status();
}

Status PartitionSpill::FlushAll() {
  if (!file_) {
    PENSTOCK_ASSIGN_OR_RETURN(file_, file::Writer::Scratch(scratch_dir_));
  }
  indexed_ = UINT32_MAX;
  std::string staging;
  for (Part& part : parts_) {
    if (part.in_memory > 0) PENSTOCK_RETURN_IF_ERROR(FlushPart(&part, &staging));
  }
  PENSTOCK_RETURN_IF_ERROR(file_->Write(staging));
  used_chunks_ = 0;
  return Status();
}

Status PartitionSpill::FlushPart(Part* part, std::string* staging) {
  uint32_t chunk = part->first_chunk;
  uint32_t used = 0;  // bytes of `chunk` already staged
  uint64_t start = part->total - part->in_memory;
  while (part->in_memory > 0) {
    SegmentHeader header;
    header.previous_at = part->last_segment;
    header.previous_size = part->last_size;
    header.start = start;
    header.size = static_cast<uint32_t>(std::min(part->in_memory, kMaxSegment));
    const size_t from = staging->size();
    staging->append(reinterpret_cast<const char*>(&header), kHeaderBytes);
    for (uint32_t left = header.size; left > 0;) {
      const uint32_t n = std::min(left, chunk_bytes_ - used);
      staging->append(Chunk(chunk) + used, n);
      left -= n;
      used += n;
      if (used == chunk_bytes_) {
        chunk = next_[chunk];
        used = 0;
      }
    }
    part->last_segment = file_->size() + from;
    part->last_size = header.size + kHeaderBytes;
    const uint64_t checksum = Checksum(staging->data() + from, part->last_size, part->last_segment);
    std::memcpy(staging->data() + from, &checksum, sizeof(checksum));
    start += header.size;
    part->in_memory -= header.size;
    if (staging->size() >= kMaxStaging - kMaxSegment) {
      PENSTOCK_RETURN_IF_ERROR(file_->Write(*staging));
      staging->clear();
    }
  }
  part->first_chunk = part->last_chunk = kNoChunk;
  part->room = 0;
  return Status();
}

Error PartitionSpill::Damaged(uint64_t at) const {
  return MakeError("PS-FILE-CORRUPT",
                   "The scratch file in " + scratch_dir_ + " does not hold at byte " +
                       std::to_string(at) + " what was written there",
                   "Check the disk and its cables (the kernel's log tells), or set another scratch "
                   "directory, then run again: no state was changed.");
}

Status PartitionSpill::ReadSegment(uint64_t at, uint32_t size, char* out) const {
  PENSTOCK_ASSIGN_OR_RETURN(const size_t got, file_->ReadAt(out, size, at));
  if (got != size) return Damaged(at);
  const SegmentHeader header = HeaderOf(out);
  if (header.size + kHeaderBytes != size || header.checksum != Checksum(out, size, at)) {
    return Damaged(at);
  }
  return Status();
}

void PartitionSpill::CopyFromMemory(const Part& part, uint64_t from, size_t n, char* out) {
  uint32_t chunk = part.first_chunk;
  for (; from >= chunk_bytes_; from -= chunk_bytes_) chunk = next_[chunk];
  while (n > 0) {
    const size_t some = std::min<size_t>(n, chunk_bytes_ - from);
    std::memcpy(out, Chunk(chunk) + from, some);
    out += some;
    n -= some;
    from = 0;
    chunk = next_[chunk];
  }
}

Result<std::string_view> PartitionSpill::Read(uint32_t partition, std::string* buffer) {
  const Part& part = parts_[partition];
  // Segments come last to first. Each one's header lands on bytes that an earlier segment will
  // overwrite, or on the headroom before the first: one read each, no copy.
  buffer->resize(kHeaderBytes + part.total);
  char* const bytes = buffer->data() + kHeaderBytes;
  uint64_t end = part.total - part.in_memory;
  uint64_t at = part.last_segment;
  uint32_t size = part.last_size;
  while (end > 0) {
    if (size <= kHeaderBytes || size - kHeaderBytes > end) return Damaged(at);
    end -= size - kHeaderBytes;
    char* const out = bytes + end - kHeaderBytes;
    PENSTOCK_RETURN_IF_ERROR(ReadSegment(at, size, out));
    const SegmentHeader header = HeaderOf(out);
    if (header.start != end) return Damaged(at);
    at = header.previous_at;
    size = header.previous_size;
  }
  CopyFromMemory(part, 0, part.in_memory, bytes + part.total - part.in_memory);
  return std::string_view(bytes, part.total);
}

Status PartitionSpill::IndexPart(uint32_t partition) {
  const Part& part = parts_[partition];
  index_.clear();
  uint64_t end = part.total - part.in_memory;
  Segment segment{part.last_segment, 0, part.last_size};
  while (end > 0) {
    char bytes[kHeaderBytes];
    if (segment.size <= kHeaderBytes) return Damaged(segment.at);
    PENSTOCK_ASSIGN_OR_RETURN(const size_t got, file_->ReadAt(bytes, kHeaderBytes, segment.at));
    const SegmentHeader header = HeaderOf(bytes);
    if (got != kHeaderBytes || header.size + kHeaderBytes != segment.size ||
        header.start + header.size != end) {
      return Damaged(segment.at);
    }
    segment.start = end = header.start;
    index_.push_back(segment);
    segment = {header.previous_at, 0, header.previous_size};
  }
  std::reverse(index_.begin(), index_.end());
  indexed_ = partition;
  cached_at_ = UINT64_MAX;
  return Status();
}

Status PartitionSpill::ReadAt(uint32_t partition, uint64_t offset, size_t n, std::string* out) {
  const Part& part = parts_[partition];
  out->resize(n);
  char* to = out->data();
  const uint64_t in_file = part.total - part.in_memory;
  if (offset < in_file && n > 0 && indexed_ != partition) {
    PENSTOCK_RETURN_IF_ERROR(IndexPart(partition));
  }
  while (n > 0 && offset < in_file) {
    auto it = std::upper_bound(index_.begin(), index_.end(), offset,
                               [](uint64_t o, const Segment& s) { return o < s.start; });
    const Segment& segment = *--it;
    if (cached_at_ != segment.at) {
      cached_.resize(segment.size);
      cached_at_ = UINT64_MAX;
      PENSTOCK_RETURN_IF_ERROR(ReadSegment(segment.at, segment.size, cached_.data()));
      cached_at_ = segment.at;
    }
    const uint64_t skip = offset - segment.start + kHeaderBytes;
    const size_t some = std::min<size_t>(n, segment.size - skip);
    std::memcpy(to, cached_.data() + skip, some);
    to += some;
    offset += some;
    n -= some;
  }
  if (n > 0) CopyFromMemory(part, offset - in_file, n, to);
  return Status();
}

}  // namespace penstock
