#include "core/plan/block.h"

#include <xxhash.h>
#include <zstd.h>

#include <bit>
#include <cstring>

#include "core/value/encoding.h"

namespace penstock::plan {

static_assert(std::endian::native == std::endian::little, "plan files are little-endian");

namespace {

constexpr int kLevel = 1;
constexpr uint8_t kAsIs = 0, kZstd = 1;

struct FrameHeader {
  uint32_t stored_size = 0;
  uint32_t raw_size = 0;
  uint8_t kind = 0;
  uint8_t codec = 0;
  uint16_t zero = 0;
  uint32_t records = 0;
  uint64_t checksum = 0;
};
static_assert(sizeof(FrameHeader) == kBlockHeaderSize);

uint64_t Checksum(const FrameHeader& header, std::string_view stored) {
  const uint64_t front = XXH3_64bits(&header, offsetof(FrameHeader, checksum));
  return XXH3_64bits_withSeed(stored.data(), stored.size(), front);
}

}  // namespace

struct BlockEncoder::Context {
  ZSTD_CCtx* zstd = ZSTD_createCCtx();
  ~Context() { ZSTD_freeCCtx(zstd); }
};

BlockEncoder::BlockEncoder() : context_(std::make_unique<Context>()) {}
BlockEncoder::~BlockEncoder() = default;

std::string_view BlockEncoder::Encode(Kind kind, std::string_view raw, uint32_t records) {
  const size_t bound = std::max(ZSTD_compressBound(raw.size()), raw.size());
  if (framed_.size() < kBlockHeaderSize + bound) framed_.resize(kBlockHeaderSize + bound);
  char* stored = framed_.data() + kBlockHeaderSize;
  size_t size = context_->zstd == nullptr ? raw.size()
                                          : ZSTD_compressCCtx(context_->zstd, stored, bound,
                                                              raw.data(), raw.size(), kLevel);
  FrameHeader header;
  header.codec = kZstd;
  if (context_->zstd == nullptr || ZSTD_isError(size) || size >= raw.size()) {
    header.codec = kAsIs;
    size = raw.size();
    if (size != 0) std::memcpy(stored, raw.data(), size);
  }
  header.stored_size = static_cast<uint32_t>(size);
  header.raw_size = static_cast<uint32_t>(raw.size());
  header.kind = static_cast<uint8_t>(kind);
  header.records = records;
  header.checksum = Checksum(header, {stored, size});
  std::memcpy(framed_.data(), &header, sizeof(header));
  return {framed_.data(), kBlockHeaderSize + size};
}

Status BlockWriter::Add(std::string_view record) {
  if (record.size() > kRecordLimit - kBlockTarget) {
    return MakeError("PS-PLAN-WRITE", "A record of the plan is larger than 255 MiB.",
                     "Leave its largest column out of the model.");
  }
  AppendVarint(record.size(), &raw_);
  raw_.append(record);
  ++records_;
  if (raw_.size() >= kBlockTarget) return Flush();
  return {};
}

Status BlockWriter::Flush() {
  if (records_ == 0) return {};
  blocks_.push_back({kind_, records_, out_->size()});
  PENSTOCK_RETURN_IF_ERROR(out_->Write(encoder_->Encode(kind_, raw_, records_)));
  raw_.clear();
  records_ = 0;
  return {};
}

struct BlockDecoder::Context {
  ZSTD_DCtx* zstd = ZSTD_createDCtx();
  ~Context() { ZSTD_freeDCtx(zstd); }
};

BlockDecoder::BlockDecoder() : context_(std::make_unique<Context>()) {}
BlockDecoder::~BlockDecoder() = default;

Result<BlockDecoder::Block> BlockDecoder::Read(const file::Reader& in, uint64_t offset,
                                               uint64_t limit) {
  FrameHeader header;
  if (offset > limit || limit - offset < sizeof(header)) {
    return Corrupt(in.path(), "a block is cut short");
  }
  PENSTOCK_RETURN_IF_ERROR(in.ReadAt(reinterpret_cast<char*>(&header), sizeof(header), offset));
  if (header.stored_size > limit - offset - sizeof(header)) {
    return Corrupt(in.path(), "a block is longer than the file");
  }
  stored_.resize(header.stored_size);
  PENSTOCK_RETURN_IF_ERROR(in.ReadAt(stored_.data(), stored_.size(), offset + sizeof(header)));
  if (Checksum(header, stored_) != header.checksum) {
    return Corrupt(in.path(), "the checksum of the block at byte " + std::to_string(offset) +
                                  " does not match");
  }
  Block block{static_cast<Kind>(header.kind), header.records, stored_,
              offset + sizeof(header) + header.stored_size};
  if (header.zero != 0 || header.raw_size > kRecordLimit) {
    return Corrupt(in.path(), "a block's head is not valid");
  }
  if (header.codec == kZstd && context_->zstd != nullptr) {
    raw_.resize(header.raw_size);
    const size_t size = ZSTD_decompressDCtx(context_->zstd, raw_.data(), raw_.size(),
                                            stored_.data(), stored_.size());
    if (ZSTD_isError(size) || size != raw_.size()) {
      return Corrupt(in.path(), "a block cannot be decompressed");
    }
    block.raw = raw_;
  } else if (header.codec != kAsIs || header.raw_size != header.stored_size) {
    return Corrupt(in.path(), "a block's head is not valid");
  }
  return block;
}

uint64_t TrailerChecksum(uint64_t index_offset) {
  std::string bytes(kMagic);
  bytes.append(reinterpret_cast<const char*>(&index_offset), sizeof(index_offset));
  return XXH3_64bits(bytes.data(), bytes.size());
}

Error Corrupt(const std::string& path, const std::string& what) {
  Error error = MakeError("PS-PLAN-CORRUPT", "The plan file " + path + " is damaged: " + what + ".",
                          "Make a new plan; nothing of this one was sent.");
  error.file = path;
  return error;
}

}  // namespace penstock::plan
