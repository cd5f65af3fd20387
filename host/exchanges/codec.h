// The file of exchanges: a magic, then frames, each with one exchange.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/file/file.h"
#include "host/exchanges/exchange.h"

namespace penstock::exchanges {

inline constexpr std::string_view kFileMagic = "PXEXCH01";
inline constexpr size_t kFrameHead = 36;

/// What a frame's head tells without reading the rest.
struct FrameHead {
  uint64_t id = 0;
  uint32_t raw_bytes = 0;     // of the payload once unpacked
  uint32_t stored_bytes = 0;  // of the payload behind the head
  uint64_t payload_hash = 0;
};

/// The frame of one exchange, head and compressed payload. [thread-safe]
std::string EncodeFrame(const Exchange& exchange);
/// False when `bytes` (kFrameHead of them) are not the head of a frame. [thread-safe]
bool DecodeHead(std::string_view bytes, FrameHead* head);
/// PS-EXCHANGES-CORRUPT when the payload is not what was written. [thread-safe]
Result<Exchange> DecodePayload(const FrameHead& head, std::string_view payload);

/// Walks over the frames of a file and returns where the good part ends: a frame that was cut off
/// while being written, and everything behind it, is left out. PS-EXCHANGES-CORRUPT when it is not
/// a file of exchanges.
Result<uint64_t> ScanFrames(const file::Reader& reader,
                            const std::function<void(const FrameHead&, uint64_t offset)>& visit);

}  // namespace penstock::exchanges
