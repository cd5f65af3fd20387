// Records of a plan file as bytes. See FORMAT.md.
#pragma once

#include <string>
#include <string_view>

#include "core/plan/plan.h"

namespace penstock::plan {

// Each appends one record without its length. [thread-safe]
void EncodeChange(const Change& change, std::string* out);
// The same of a change whose payload is not needed: it is empty when read.
void EncodeWithoutPayload(const Change& change, std::string* out);
void EncodeMark(const MarkedKey& marked, std::string* out);
void EncodeInvalid(const InvalidRow& row, std::string* out);

// Each reads one whole record into `out`, whose memory is reused; false if the bytes are not one.
// A change's seq is left as it is. [thread-safe]
bool DecodeChange(std::string_view bytes, Change* out);
bool DecodeMark(std::string_view bytes, MarkedKey* out);
bool DecodeInvalid(std::string_view bytes, InvalidRow* out);

/// Drops a text (varint length and bytes) from the front of `*bytes`; false if it is cut short.
bool ReadText(std::string_view* bytes, std::string_view* text);
void AppendText(std::string_view text, std::string* out);

}  // namespace penstock::plan
