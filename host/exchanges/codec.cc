#include "host/exchanges/codec.h"

#include <xxhash.h>
#include <zstd.h>

#include <cstring>
#include <limits>
#include <utility>

namespace penstock::exchanges {
namespace {

constexpr uint32_t kFrameMagic = 0x31585850;  // "PXX1"
constexpr uint8_t kPayloadVersion = 1;
constexpr uint32_t kMostRawBytes = 1u << 30;
constexpr int kCompression = 1;
constexpr size_t kRoomForTheRest = 4096;  // of an exchange besides its bodies

// Numbers as base-128 varints, texts with their size before them.
class Packer {
 public:
  void Reserve(size_t bytes) { out_.reserve(bytes); }
  void Number(uint64_t n) {
    for (; n >= 0x80; n >>= 7) out_.push_back(static_cast<char>(n | 0x80));
    out_.push_back(static_cast<char>(n));
  }
  void Signed(int64_t n) {
    Number((static_cast<uint64_t>(n) << 1) ^ static_cast<uint64_t>(n >> 63));
  }
  void Text(std::string_view text) {
    Number(text.size());
    out_.append(text);
  }
  void Pairs(const Headers& headers) {
    Number(headers.size());
    for (const auto& [name, value] : headers) {
      Text(name);
      Text(value);
    }
  }
  void Whole(const Body& body) {
    Text(body.text);
    Number(body.size);
    Number(body.truncated ? 1 : 0);
  }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

// Reads what Packer wrote; once something does not fit, everything after is empty and ok() false.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : left_(bytes) {}
  bool ok() const { return ok_; }
  bool at_end() const { return left_.empty(); }

  uint64_t Number() {
    uint64_t n = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (left_.empty()) break;
      auto byte = static_cast<uint8_t>(left_.front());
      left_.remove_prefix(1);
      n |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return n;
    }
    ok_ = false;
    left_ = {};
    return 0;
  }
  int64_t Signed() {
    uint64_t n = Number();
    return static_cast<int64_t>(n >> 1) ^ -static_cast<int64_t>(n & 1);
  }
  std::string Text() {
    uint64_t size = Number();
    if (size > left_.size()) {
      ok_ = false;
      left_ = {};
      return {};
    }
    std::string text(left_.substr(0, size));
    left_.remove_prefix(size);
    return text;
  }
  Headers Pairs() {
    Headers headers;
    for (uint64_t n = Number(); n > 0 && ok_; --n) {
      std::string name = Text();
      headers.emplace_back(std::move(name), Text());
    }
    return headers;
  }
  Body Whole() {
    Body body;
    body.text = Text();
    body.size = Number();
    body.truncated = Number() != 0;
    return body;
  }

 private:
  std::string_view left_;
  bool ok_ = true;
};

std::string PackExchange(const Exchange& exchange) {
  Packer out;
  out.Reserve(exchange.request.text.size() + exchange.response.text.size() + kRoomForTheRest);
  out.Number(kPayloadVersion);
  out.Number(exchange.id);
  out.Number(exchange.seqs.size());
  for (uint64_t seq : exchange.seqs) out.Number(seq);
  out.Text(exchange.method);
  out.Text(exchange.url);
  out.Pairs(exchange.request_headers);
  out.Whole(exchange.request);
  out.Signed(exchange.transport);
  out.Signed(exchange.status);
  out.Pairs(exchange.response_headers);
  out.Whole(exchange.response);
  out.Text(exchange.error);
  out.Number(exchange.earlier.size());
  for (int32_t status : exchange.earlier) out.Signed(status);
  out.Signed(exchange.started_unix_us);
  out.Signed(exchange.duration_us);
  out.Signed(exchange.total_us);
  return out.Take();
}

bool UnpackExchange(std::string_view bytes, Exchange& exchange) {
  Unpacker in(bytes);
  if (in.Number() != kPayloadVersion) return false;
  exchange.id = in.Number();
  for (uint64_t n = in.Number(); n > 0 && in.ok(); --n) exchange.seqs.push_back(in.Number());
  exchange.method = in.Text();
  exchange.url = in.Text();
  exchange.request_headers = in.Pairs();
  exchange.request = in.Whole();
  exchange.transport = static_cast<int32_t>(in.Signed());
  exchange.status = static_cast<int32_t>(in.Signed());
  exchange.response_headers = in.Pairs();
  exchange.response = in.Whole();
  exchange.error = in.Text();
  for (uint64_t n = in.Number(); n > 0 && in.ok(); --n) {
    exchange.earlier.push_back(static_cast<int32_t>(in.Signed()));
  }
  exchange.started_unix_us = in.Signed();
  exchange.duration_us = in.Signed();
  exchange.total_us = in.Signed();
  return in.ok() && in.at_end();
}

template <typename T>
void PutFixed(std::string& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

template <typename T>
T GetFixed(std::string_view bytes, size_t at) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value |= static_cast<T>(static_cast<T>(static_cast<uint8_t>(bytes[at + i])) << (8 * i));
  }
  return value;
}

std::string MakeHead(const FrameHead& head) {
  std::string out;
  PutFixed<uint32_t>(out, kFrameMagic);
  PutFixed<uint32_t>(out, head.raw_bytes);
  PutFixed<uint32_t>(out, head.stored_bytes);
  PutFixed<uint64_t>(out, head.id);
  PutFixed<uint64_t>(out, head.payload_hash);
  PutFixed<uint64_t>(out, XXH3_64bits(out.data(), out.size()));
  return out;
}

Error Corrupt(const std::string& what) {
  return MakeError("PS-EXCHANGES-CORRUPT", what,
                   "Requests and answers of this run can no longer be shown; its outcomes are not "
                   "touched by this.");
}

bool PayloadIsGood(const file::Reader& reader, const FrameHead& head, uint64_t offset) {
  std::string payload(head.stored_bytes, '\0');
  if (!reader.ReadAt(payload.data(), payload.size(), offset + kFrameHead).ok()) return false;
  return XXH3_64bits(payload.data(), payload.size()) == head.payload_hash;
}

}  // namespace

std::string EncodeFrame(const Exchange& exchange) {
  std::string raw = PackExchange(exchange);
  size_t bound = ZSTD_compressBound(raw.size());
  std::string frame(kFrameHead + bound, '\0');
  char* payload = frame.data() + kFrameHead;
  size_t stored = ZSTD_compress(payload, bound, raw.data(), raw.size(), kCompression);
  if (ZSTD_isError(stored) != 0) {
    stored = raw.copy(payload, raw.size());  // as it is: raw_bytes equals stored_bytes then
  }
  frame.resize(kFrameHead + stored);
  FrameHead head;
  head.id = exchange.id;
  head.raw_bytes = static_cast<uint32_t>(raw.size());
  head.stored_bytes = static_cast<uint32_t>(stored);
  head.payload_hash = XXH3_64bits(payload, stored);
  return frame.replace(0, kFrameHead, MakeHead(head));
}

bool DecodeHead(std::string_view bytes, FrameHead* head) {
  if (bytes.size() < kFrameHead || GetFixed<uint32_t>(bytes, 0) != kFrameMagic) return false;
  if (GetFixed<uint64_t>(bytes, kFrameHead - 8) != XXH3_64bits(bytes.data(), kFrameHead - 8)) {
    return false;
  }
  head->raw_bytes = GetFixed<uint32_t>(bytes, 4);
  head->stored_bytes = GetFixed<uint32_t>(bytes, 8);
  head->id = GetFixed<uint64_t>(bytes, 12);
  head->payload_hash = GetFixed<uint64_t>(bytes, 20);
  return head->raw_bytes <= kMostRawBytes;
}

Result<Exchange> DecodePayload(const FrameHead& head, std::string_view payload) {
  std::string what = "Exchange " + std::to_string(head.id) + " is damaged in its file.";
  if (XXH3_64bits(payload.data(), payload.size()) != head.payload_hash) return Corrupt(what);
  std::string raw;
  if (ZSTD_getFrameContentSize(payload.data(), payload.size()) == head.raw_bytes) {
    raw.resize(head.raw_bytes);
    size_t got = ZSTD_decompress(raw.data(), raw.size(), payload.data(), payload.size());
    if (got != raw.size()) return Corrupt(what);
  } else {
    raw = payload;
  }
  Exchange exchange;
  if (!UnpackExchange(raw, exchange)) return Corrupt(what);
  return exchange;
}

Result<uint64_t> ScanFrames(const file::Reader& reader,
                            const std::function<void(const FrameHead&, uint64_t offset)>& visit) {
  std::string magic(kFileMagic.size(), '\0');
  if (reader.size() < magic.size()) return uint64_t{0};
  PENSTOCK_RETURN_IF_ERROR(reader.ReadAt(magic.data(), magic.size(), 0));
  if (magic != kFileMagic) return Corrupt(reader.path() + " is not a file of exchanges.");
  uint64_t offset = magic.size();
  FrameHead last;
  uint64_t last_offset = 0;
  std::string bytes(kFrameHead, '\0');
  while (offset + kFrameHead <= reader.size()) {
    FrameHead head;
    PENSTOCK_RETURN_IF_ERROR(reader.ReadAt(bytes.data(), bytes.size(), offset));
    if (!DecodeHead(bytes, &head)) break;
    if (offset + kFrameHead + head.stored_bytes > reader.size()) break;
    if (last_offset != 0) visit(last, last_offset);
    last = head;
    last_offset = offset;
    offset += kFrameHead + head.stored_bytes;
  }
  if (last_offset == 0) return offset;
  if (!PayloadIsGood(reader, last, last_offset)) return last_offset;
  visit(last, last_offset);
  return offset;
}

}  // namespace penstock::exchanges
