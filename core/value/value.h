// The value of the whole house: the ABI's 16-byte tagged value, borrowed text and all.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/connector.h"

namespace penstock {

/// One value of a row or a payload. Text, bytes and lists are borrowed: whoever makes a Value says
/// how long it lives.
using Value = penstock_value;

enum class ValueType : uint8_t {
  kAbsent = PENSTOCK_ABSENT,
  kNull = PENSTOCK_NULL,
  kBool = PENSTOCK_BOOL,
  kInt64 = PENSTOCK_INT64,
  kDouble = PENSTOCK_DOUBLE,
  kDecimal = PENSTOCK_DECIMAL,
  kString = PENSTOCK_STRING,
  kBytes = PENSTOCK_BYTES,
  kDate = PENSTOCK_DATE,
  kTimestamp = PENSTOCK_TIMESTAMP,
  kJson = PENSTOCK_JSON,
  kList = PENSTOCK_LIST,
};

inline ValueType TypeOf(const Value& v) { return static_cast<ValueType>(v.type); }
inline bool IsText(const Value& v) {
  return v.type == PENSTOCK_DECIMAL || v.type == PENSTOCK_STRING || v.type == PENSTOCK_BYTES ||
         v.type == PENSTOCK_JSON;
}
/// Only for text types; borrowed as the value is.
inline std::string_view TextOf(const Value& v) { return {v.v.text, v.len}; }
/// Only for lists.
inline std::span<const Value> ItemsOf(const Value& v) { return {v.v.list, v.len}; }

inline Value MakeScalar(ValueType type, int64_t i64 = 0) {
  Value v{};
  v.type = static_cast<uint8_t>(type);
  v.v.i64 = i64;
  return v;
}
inline Value AbsentValue() { return MakeScalar(ValueType::kAbsent); }
inline Value NullValue() { return MakeScalar(ValueType::kNull); }
inline Value BoolValue(bool b) { return MakeScalar(ValueType::kBool, b ? 1 : 0); }
inline Value IntValue(int64_t i) { return MakeScalar(ValueType::kInt64, i); }
inline Value DateValue(int64_t days) { return MakeScalar(ValueType::kDate, days); }
inline Value TimestampValue(int64_t micros) { return MakeScalar(ValueType::kTimestamp, micros); }
inline Value DoubleValue(double d) {
  Value v = MakeScalar(ValueType::kDouble);
  v.v.f64 = d;
  return v;
}
/// `type` is a text type; borrows `text` (at most 4 GiB - 1).
inline Value TextValue(ValueType type, std::string_view text) {
  Value v{};
  v.type = static_cast<uint8_t>(type);
  v.len = static_cast<uint32_t>(text.size());
  v.v.text = text.data();
  return v;
}
inline Value StringValue(std::string_view text) { return TextValue(ValueType::kString, text); }
/// Borrows `items`.
inline Value ListValue(std::span<const Value> items) {
  Value v{};
  v.type = PENSTOCK_LIST;
  v.len = static_cast<uint32_t>(items.size());
  v.v.list = items.data();
  return v;
}

/// Owns text and lists that values point to. Addresses stay until Clear. Not thread-safe.
class Arena {
 public:
  /// A copy of `text` that lives here.
  std::string_view Copy(std::string_view text);
  /// `n` values, all ABSENT.
  std::span<Value> Values(size_t n);
  /// Room for `n` bytes of text, not initialised.
  char* Bytes(size_t n) { return Allocate(n, 1); }
  /// Gives back the end of the latest Bytes: the `n` bytes that were not needed.
  void Unused(size_t n) { used_ -= n; }
  /// A deep copy of `v` whose text lives here.
  Value Own(const Value& v);
  /// Keeps the memory for reuse, but for blocks beyond a megabyte; everything handed out is gone.
  void Clear();

 private:
  char* Allocate(size_t n, size_t align);
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
  };
  std::vector<Block> blocks_;
  size_t block_ = 0;  // in use
  size_t used_ = 0;   // of it
};

/// "string", "int64", ... for messages.
std::string_view TypeName(ValueType type);

/// Canonical text: 5, 0.1 (shortest that reads back), true, 2026-11-22, 2026-11-22T10:00:00.123456Z
/// (no fraction when it is zero), JSON as is, a list as a JSON array, bytes as base64; NULL and
/// ABSENT as "". [thread-safe]
std::string ToText(const Value& v);
/// The same into `out`, appended.
void AppendText(const Value& v, std::string* out);

/// Deep equality of type and content. Doubles by bits. [thread-safe]
bool SameValue(const Value& a, const Value& b);

}  // namespace penstock
