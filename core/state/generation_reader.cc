#include <algorithm>
#include <bit>
#include <utility>

#include "core/state/bytes.h"
#include "core/state/damage.h"
#include "core/state/generation.h"
#include "core/state/generation_format.h"

namespace penstock {

namespace format = generation_format;

Result<std::unique_ptr<GenerationReader>> GenerationReader::Open(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(file::Reader file, file::Reader::Open(path));
  std::unique_ptr<GenerationReader> reader(new GenerationReader(std::move(file)));
  PENSTOCK_RETURN_IF_ERROR(reader->ReadHeader());
  PENSTOCK_RETURN_IF_ERROR(reader->ReadFooter());
  return reader;
}

Status GenerationReader::ReadHeader() {
  char fixed[format::kFixedHeaderBytes];
  if (file_.size() < sizeof(fixed) + format::kTrailerBytes) {
    return CorruptionError(path(), file_.size(), "the file ends within its header");
  }
  PENSTOCK_RETURN_IF_ERROR(file_.ReadAt(fixed, sizeof(fixed), 0));
  bytes::Source in(std::string_view(fixed, sizeof(fixed)));
  if (in.Take(format::kMagic.size()) != format::kMagic) {
    return CorruptionError(path(), 0, "it does not begin like a state");
  }
  const auto version = in.Number<uint32_t>();
  const auto length = in.Number<uint32_t>();
  const auto checksum = in.Number<uint64_t>();
  std::string json;
  const bool fits = length <= file_.size() - sizeof(fixed) - format::kTrailerBytes;
  if (fits) {
    json.resize(length);
    PENSTOCK_RETURN_IF_ERROR(file_.ReadAt(json.data(), length, sizeof(fixed)));
  }
  const uint64_t seed = format::Checksum(std::string_view(fixed, 16), 0);
  if (!fits || format::Checksum(json, seed) != checksum) {
    return CorruptionError(path(), 8, "the checksum of the file's header does not match");
  }
  if (version != format::kVersion) return VersionError(path(), version, format::kVersion);
  if (!codec::DecodeHeader(json, &header_)) {
    return CorruptionError(path(), sizeof(fixed), "the file's header is not readable");
  }
  return Status();
}

Status GenerationReader::ReadFooter() {
  char raw[format::kTrailerBytes];
  const uint64_t trailer_at = file_.size() - sizeof(raw);
  PENSTOCK_RETURN_IF_ERROR(file_.ReadAt(raw, sizeof(raw), trailer_at));
  bytes::Source in(std::string_view(raw, sizeof(raw)));
  const auto at = in.Number<uint64_t>();
  const auto length = in.Number<uint64_t>();
  const auto checksum = in.Number<uint64_t>();
  if (in.Number<uint64_t>() != format::kTrailerMagic || at > trailer_at ||
      length != trailer_at - at) {
    return CorruptionError(path(), trailer_at, "the file does not end like a state");
  }
  std::string body(length, '\0');
  PENSTOCK_RETURN_IF_ERROR(file_.ReadAt(body.data(), length, at));
  const uint64_t seed = format::Checksum(std::string_view(raw, 16), at);
  if (format::Checksum(body, seed) != checksum) {
    return CorruptionError(path(), at, "the checksum of the file's footer does not match");
  }
  if (!ParseFooter(body, at)) return CorruptionError(path(), at, "the footer is not readable");
  body_end_ = at;
  return Status();
}

bool GenerationReader::ParseFooter(std::string_view body, uint64_t at) {
  bytes::Source in(body);
  footer_.last_outcome = in.Number<uint64_t>();
  footer_.last_run = in.Number<uint32_t>();
  const auto partitions = in.Number<uint32_t>();
  StateCounts& counts = footer_.counts;
  for (uint64_t* count : {&counts.entries, &counts.acknowledged, &counts.departed, &counts.rejected,
                          &counts.in_doubt, &counts.skipped}) {
    *count = in.Number<uint64_t>();
  }
  if (!in.ok() || partitions < kMinPartitions || !std::has_single_bit(partitions) ||
      in.rest().size() != uint64_t{partitions} * 20) {
    return false;
  }
  footer_.partitions.resize(partitions);
  for (GenerationFooter::Partition& partition : footer_.partitions) {
    partition.at = in.Number<uint64_t>();
    partition.checksum = in.Number<uint64_t>();
    partition.entries = in.Number<uint32_t>();
    const uint64_t size = uint64_t{partition.entries} * sizeof(MainEntry);
    if (partition.at > at || size > at - partition.at) return false;
  }
  return in.Ended();
}

Status GenerationReader::ReadMain(uint32_t partition, std::vector<MainEntry>* out) const {
  const GenerationFooter::Partition& where = footer_.partitions[partition];
  out->resize(where.entries);
  if (where.entries == 0) return Status();
  char* const raw = reinterpret_cast<char*>(out->data());
  const size_t size = out->size() * sizeof(MainEntry);
  PENSTOCK_RETURN_IF_ERROR(file_.ReadAt(raw, size, where.at));
  if (format::Checksum(std::string_view(raw, size), where.at) != where.checksum) {
    return CorruptionError(
        path(), where.at,
        "the checksum of partition " + std::to_string(partition) + "'s entries does not match");
  }
  return Status();
}

Status GenerationReader::ReadBlock(uint64_t at, std::string* out) const {
  constexpr size_t kHeader = format::kBlockHeaderBytes;
  if (at > body_end_ || body_end_ - at < kHeader) {
    return CorruptionError(path(), at, "an entry points there, where no block is");
  }
  // One read for all blocks but those that hold a single long record.
  out->resize(std::min<uint64_t>(kHeader + format::kBlockBytes, body_end_ - at));
  PENSTOCK_RETURN_IF_ERROR(file_.ReadAt(out->data(), out->size(), at));
  bytes::Source in(*out);
  const auto checksum = in.Number<uint64_t>();
  const auto length = in.Number<uint32_t>();
  const bool fits =
      in.Number<uint32_t>() == format::kBlockMagic && uint64_t{length} <= body_end_ - at - kHeader;
  if (fits && kHeader + length > out->size()) {
    out->resize(kHeader + length);
    PENSTOCK_RETURN_IF_ERROR(file_.ReadAt(out->data(), out->size(), at));
  }
  if (fits) {
    out->resize(kHeader + length);
    const std::string_view all(*out);
    const uint64_t seed = format::Checksum(all.substr(8, 8), at);
    if (format::Checksum(all.substr(kHeader), seed) == checksum) return Status();
  }
  return CorruptionError(path(), at, "the checksum of a block of entries does not match");
}

Result<std::string_view> GenerationReader::ReadSide(uint64_t side, PartitionEntries* cache) const {
  const uint64_t at = side >> format::kPositionBits;
  const uint64_t position = side & ((1u << format::kPositionBits) - 1);
  if (cache->block_at != at) {
    cache->block_at = UINT64_MAX;
    PENSTOCK_RETURN_IF_ERROR(ReadBlock(at, &cache->block));
    cache->block_at = at;
  }
  const std::string_view block = std::string_view(cache->block).substr(format::kBlockHeaderBytes);
  const std::string_view found =
      position < block.size() ? codec::SideBytes(block.substr(position)) : std::string_view();
  if (found.empty()) return CorruptionError(path(), at, "an entry points beyond its block");
  return found;
}

}  // namespace penstock
