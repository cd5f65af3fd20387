// The bytes of COPY ... (FORMAT binary): a header, rows of fields, a mark after the last row. The
// server sends each row as one message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "host/sources/big_endian.h"

namespace penstock::sources {

/// Drops the header from the front of the first message. False when it is not one that we know.
inline bool TakeCopyHeader(std::string_view* bytes) {
  constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
  constexpr size_t kFixed = kSignature.size() + 2 * sizeof(uint32_t);
  constexpr uint32_t kCritical = 0xFFFF0000;  // flags that must be understood
  if (bytes->size() < kFixed || !bytes->starts_with(kSignature)) return false;
  const auto flags = ReadBig<uint32_t>(bytes->data() + kSignature.size());
  const auto extension = ReadBig<uint32_t>(bytes->data() + kSignature.size() + sizeof(flags));
  if ((flags & kCritical) != 0 || extension > bytes->size() - kFixed) return false;
  bytes->remove_prefix(kFixed + extension);
  return true;
}

/// The fields of one message, in their order. Borrows it.
class CopiedRow {
 public:
  enum class Field : uint8_t { kBytes, kNull, kBroken };

  explicit CopiedRow(std::string_view bytes) : rest_(bytes) {
    if (rest_.size() < sizeof(fields_)) return;
    fields_ = ReadBig<uint16_t>(rest_.data());
    rest_.remove_prefix(sizeof(fields_));
  }

  /// It is the mark after the last row.
  bool last() const { return fields_ == kLast && rest_.empty(); }

  Field Next(std::string_view* bytes) {
    if (rest_.size() < sizeof(uint32_t)) return Field::kBroken;
    const auto size = ReadBig<uint32_t>(rest_.data());
    rest_.remove_prefix(sizeof(size));
    if (size == kNull) return Field::kNull;
    if (size > rest_.size()) return Field::kBroken;
    *bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return Field::kBytes;
  }

  /// There were so many fields, and Next was asked for all of them.
  bool Ended(size_t fields) const { return rest_.empty() && fields_ == fields; }

 private:
  static constexpr uint16_t kLast = UINT16_MAX;
  static constexpr uint32_t kNull = UINT32_MAX;

  std::string_view rest_;
  uint16_t fields_ = 0;
};

}  // namespace penstock::sources
