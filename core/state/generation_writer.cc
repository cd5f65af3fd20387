#include <algorithm>
#include <bit>
#include <utility>

#include "core/state/bytes.h"
#include "core/state/generation.h"
#include "core/state/generation_format.h"

namespace penstock {
namespace {

namespace format = generation_format;

constexpr size_t kFlushBytes = 1u << 20;
constexpr uint64_t kEntriesInPartition = 16384;
constexpr uint64_t kMaxPartitions = 1u << 20;

std::string HeaderBytes(const codec::GenerationHeader& header) {
  const std::string json = codec::EncodeHeader(header);
  std::string out(format::kMagic);
  bytes::Append(format::kVersion, &out);
  bytes::Append(static_cast<uint32_t>(json.size()), &out);
  bytes::Append(format::Checksum(json, format::Checksum(out, 0)), &out);
  return out + json;
}

std::string FooterBytes(const GenerationFooter& footer) {
  std::string out;
  bytes::Append(footer.last_outcome, &out);
  bytes::Append(footer.last_run, &out);
  bytes::Append(static_cast<uint32_t>(footer.partitions.size()), &out);
  const StateCounts& counts = footer.counts;
  for (const uint64_t count : {counts.entries, counts.acknowledged, counts.departed,
                               counts.rejected, counts.in_doubt, counts.skipped}) {
    bytes::Append(count, &out);
  }
  for (const GenerationFooter::Partition& partition : footer.partitions) {
    bytes::Append(partition.at, &out);
    bytes::Append(partition.checksum, &out);
    bytes::Append(partition.entries, &out);
  }
  return out;
}

}  // namespace

uint32_t PartitionsFor(uint64_t entries) {
  const uint64_t wanted = std::bit_ceil(entries / kEntriesInPartition + 1);
  return static_cast<uint32_t>(std::clamp<uint64_t>(wanted, kMinPartitions, kMaxPartitions));
}

void Count(const Entry& entry, bool add, StateCounts* counts) {
  const uint64_t one = add ? 1 : ~uint64_t{0};
  counts->entries += one;
  if (entry.acknowledged) counts->acknowledged += one;
  if (entry.departed) counts->departed += one;
  if (!entry.pending) return;
  switch (entry.pending->outcome) {
    case OutcomeKind::kRejected:
      counts->rejected += one;
      break;
    case OutcomeKind::kInDoubt:
      counts->in_doubt += one;
      break;
    default:
      counts->skipped += one;
      break;
  }
}

GenerationWriter::GenerationWriter(file::Writer file, uint32_t partitions)
    : file_(std::move(file)) {
  partitions_.resize(partitions);
}

Result<std::unique_ptr<GenerationWriter>> GenerationWriter::Create(
    const std::string& path, const codec::GenerationHeader& header, uint32_t partitions) {
  PENSTOCK_ASSIGN_OR_RETURN(file::Writer file, file::Writer::Create(path));
  std::unique_ptr<GenerationWriter> writer(new GenerationWriter(std::move(file), partitions));
  writer->buffer_ = HeaderBytes(header);
  return writer;
}

Status GenerationWriter::FlushBuffer() {
  PENSTOCK_RETURN_IF_ERROR(file_.Write(buffer_));
  buffer_.clear();
  return Status();
}

void GenerationWriter::EndBlock() {
  if (block_.empty()) return;
  std::string rest;
  bytes::Append(static_cast<uint32_t>(block_.size()), &rest);
  bytes::Append(format::kBlockMagic, &rest);
  bytes::Append(format::Checksum(block_, format::Checksum(rest, block_at_)), &buffer_);
  buffer_ += rest;
  buffer_ += block_;
  block_.clear();
}

Status GenerationWriter::EndPartition() {
  if (main_.empty()) return Status();
  EndBlock();
  const std::string_view raw(reinterpret_cast<const char*>(main_.data()),
                             main_.size() * sizeof(MainEntry));
  GenerationFooter::Partition& partition =
      partitions_[PartitionIn(static_cast<uint32_t>(partitions_.size()), main_[0].key_hash)];
  partition.at = Position();
  partition.entries = static_cast<uint32_t>(main_.size());
  partition.checksum = format::Checksum(raw, partition.at);
  buffer_ += raw;
  main_.clear();
  return buffer_.size() >= kFlushBytes ? FlushBuffer() : Status();
}

Status GenerationWriter::Add(const MainEntry& main, std::string_view side) {
  const auto count = static_cast<uint32_t>(partitions_.size());
  if (!main_.empty() &&
      PartitionIn(count, main_[0].key_hash) != PartitionIn(count, main.key_hash)) {
    PENSTOCK_RETURN_IF_ERROR(EndPartition());
  }
  if (!block_.empty() && block_.size() + side.size() > format::kBlockBytes) {
    EndBlock();
    if (buffer_.size() >= kFlushBytes) PENSTOCK_RETURN_IF_ERROR(FlushBuffer());
  }
  if (block_.empty()) block_at_ = Position();
  MainEntry& added = main_.emplace_back(main);
  added.flags &= static_cast<uint8_t>(~MainEntry::kOverlaid);
  added.side = block_at_ << format::kPositionBits | block_.size();
  block_ += side;
  return Status();
}

Status GenerationWriter::Finish(GenerationFooter footer) {
  PENSTOCK_RETURN_IF_ERROR(EndPartition());
  footer.partitions = std::move(partitions_);
  const uint64_t at = Position();
  const std::string body = FooterBytes(footer);
  buffer_ += body;
  std::string trailer;
  bytes::Append(at, &trailer);
  bytes::Append(uint64_t{body.size()}, &trailer);
  bytes::Append(format::Checksum(body, format::Checksum(trailer, at)), &trailer);
  bytes::Append(format::kTrailerMagic, &trailer);
  buffer_ += trailer;
  PENSTOCK_RETURN_IF_ERROR(FlushBuffer());
  return file_.Sync();
}

}  // namespace penstock
