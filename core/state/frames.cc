#include "core/state/frames.h"

#include <xxhash.h>

#include <algorithm>

#include "core/state/bytes.h"
#include "core/state/damage.h"

namespace penstock::frames {
namespace {

constexpr char kFileMagic[] = "PENSTKJ\n";     // 8 bytes
constexpr uint32_t kFrameMagic = 0x5153F29Au;  // begins with a byte that text never holds
constexpr uint64_t kReadAhead = 1u << 20;

struct Header {
  uint32_t length = 0;
  uint64_t durable = 0;
  uint8_t type = 0;
  uint64_t checksum = 0;
  bool plausible = false;
};

/// 0 magic, 4 length, 8 durable, 16 type, 17 three zeros, 20 checksum.
Header ParseHeader(std::string_view raw) {
  bytes::Source in(raw);
  Header header;
  const bool magic = in.Number<uint32_t>() == kFrameMagic;
  header.length = in.Number<uint32_t>();
  header.durable = in.Number<uint64_t>();
  header.type = in.Number<uint8_t>();
  in.Take(3);
  header.checksum = in.Number<uint64_t>();
  header.plausible = in.ok() && magic && header.length <= kMaxPayload;
  return header;
}

/// Of everything but magic and itself, seeded with the offset: a frame is good only where it was
/// written.
uint64_t Checksum(const char* frame, uint32_t length, uint64_t offset) {
  const uint64_t head = XXH3_64bits_withSeed(frame + 4, 16, offset);
  return XXH3_64bits_withSeed(frame + kHeaderBytes, length, head);
}

}  // namespace

std::string FileHeader() {
  std::string header(kFileMagic, 8);
  bytes::Append(kVersion, &header);
  bytes::Append(static_cast<uint32_t>(XXH3_64bits(header.data(), header.size())), &header);
  return header;
}

void AppendFrame(Type type, std::string_view payload, uint64_t offset, uint64_t durable,
                 std::string* out) {
  const size_t from = out->size();
  bytes::Append(kFrameMagic, out);
  bytes::Append(static_cast<uint32_t>(payload.size()), out);
  bytes::Append(durable, out);
  bytes::Append(static_cast<uint8_t>(type), out);
  out->append(3, '\0');
  bytes::Append(uint64_t{0}, out);
  out->append(payload);
  const uint64_t checksum =
      Checksum(out->data() + from, static_cast<uint32_t>(payload.size()), offset);
  std::memcpy(out->data() + from + 20, &checksum, sizeof(checksum));
}

Result<FrameReader> FrameReader::Open(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(file::Reader file, file::Reader::Open(path));
  char raw[kFileHeaderBytes];
  if (file.size() < kFileHeaderBytes) {
    return CorruptionError(path, file.size(), "the file ends within its header");
  }
  PENSTOCK_RETURN_IF_ERROR(file.ReadAt(raw, kFileHeaderBytes, 0));
  if (std::string_view(raw, 8) != kFileMagic) {
    return CorruptionError(path, 0, "it does not begin like a journal");
  }
  bytes::Source in(std::string_view(raw, kFileHeaderBytes).substr(8));
  const uint32_t version = in.Number<uint32_t>();
  if (in.Number<uint32_t>() != static_cast<uint32_t>(XXH3_64bits(raw, 12))) {
    return CorruptionError(path, 8, "the checksum of the file's header does not match");
  }
  if (version != kVersion) return VersionError(path, version, kVersion);
  return FrameReader(std::move(file));
}

Status FrameReader::Fetch(uint64_t offset, uint64_t n, std::string_view* out) {
  n = std::min(n, file_.size() - std::min(offset, file_.size()));
  if (offset < buffer_at_ || offset + n > buffer_at_ + buffer_.size()) {
    const uint64_t ahead = std::min(std::max(n, kReadAhead), file_.size() - offset);
    buffer_.resize(ahead);
    buffer_at_ = offset;
    Status status = file_.ReadAt(buffer_.data(), ahead, offset);
    if (!status.ok()) {
      buffer_.clear();
      return status;
    }
  }
  *out = std::string_view(buffer_).substr(offset - buffer_at_, n);
  return Status();
}

/// A whole, good frame at `offset`, or false.
Result<bool> FrameReader::Read(uint64_t offset, Frame* frame, uint64_t* durable) {
  std::string_view raw;
  PENSTOCK_RETURN_IF_ERROR(Fetch(offset, kHeaderBytes, &raw));
  const Header header = ParseHeader(raw);
  if (!header.plausible || header.length > file_.size() - offset - kHeaderBytes) return false;
  PENSTOCK_RETURN_IF_ERROR(Fetch(offset, kHeaderBytes + header.length, &raw));
  if (Checksum(raw.data(), header.length, offset) != header.checksum) return false;
  frame->type = static_cast<Type>(header.type);
  frame->offset = offset;
  frame->end = offset + raw.size();
  frame->payload = raw.substr(kHeaderBytes);
  *durable = header.durable;
  return true;
}

/// Whether a good frame after `damaged` was made when the bytes there were durable already.
Result<bool> FrameReader::DurableBeyond(uint64_t damaged) {
  const char first = static_cast<char>(kFrameMagic & 0xFF);
  uint64_t at = damaged + 1;
  while (at + kHeaderBytes <= file_.size()) {
    std::string_view raw;
    PENSTOCK_RETURN_IF_ERROR(Fetch(at, kHeaderBytes, &raw));
    // Everything buffered from here on, so that the search is one memchr a block.
    raw = std::string_view(buffer_).substr(at - buffer_at_);
    const size_t skip = raw.find(first);
    if (skip != 0) {
      at += std::min(skip, raw.size());
      continue;
    }
    Frame frame;
    uint64_t durable = 0;
    PENSTOCK_ASSIGN_OR_RETURN(const bool good, Read(at, &frame, &durable));
    if (good && durable > damaged) return true;
    at = good ? frame.end : at + 1;
  }
  return false;
}

Result<bool> FrameReader::Next(Frame* frame) {
  if (torn_ || offset_ >= file_.size()) return false;
  uint64_t durable = 0;
  PENSTOCK_ASSIGN_OR_RETURN(const bool good, Read(offset_, frame, &durable));
  if (good) {
    offset_ = frame->end;
    return true;
  }
  PENSTOCK_ASSIGN_OR_RETURN(const bool damaged, DurableBeyond(offset_));
  if (damaged) {
    return CorruptionError(file_.path(), offset_,
                           "a frame there is damaged although it had been durable");
  }
  torn_ = true;
  return false;
}

Result<bool> ReadFrameAt(const file::Reader& file, uint64_t offset, Type type,
                         std::string* payload) {
  if (offset > file.size() || file.size() - offset < kHeaderBytes) return false;
  std::string raw(file.size() - offset, '\0');
  PENSTOCK_RETURN_IF_ERROR(file.ReadAt(raw.data(), raw.size(), offset));
  const Header header = ParseHeader(raw);
  if (!header.plausible || raw.size() != kHeaderBytes + header.length ||
      header.type != static_cast<uint8_t>(type) ||
      Checksum(raw.data(), header.length, offset) != header.checksum) {
    return false;
  }
  payload->assign(raw, kHeaderBytes);
  return true;
}

}  // namespace penstock::frames
