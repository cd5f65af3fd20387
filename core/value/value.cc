#include "core/value/value.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <new>

#include "core/value/decimal.h"
#include "core/value/json.h"
#include "core/value/text.h"
#include "core/value/time.h"

namespace penstock {
namespace {

constexpr size_t kFirstBlock = 16u << 10;
constexpr size_t kLargestKept = 1u << 20;

void AppendJson(const Value& v, std::string* out) {
  switch (TypeOf(v)) {
    case ValueType::kAbsent:
    case ValueType::kNull:
      out->append("null");
      return;
    case ValueType::kBool:
    case ValueType::kInt64:
    case ValueType::kDecimal:
    case ValueType::kJson:
    case ValueType::kList:
      AppendText(v, out);
      return;
    case ValueType::kDouble:
      // JSON has no word for what is not finite.
      if (v.v.f64 - v.v.f64 == 0) return AppendText(v, out);
      break;
    default:
      break;
  }
  if (IsText(v) && v.type != PENSTOCK_BYTES) return AppendJsonString(TextOf(v), out);
  std::string text;
  AppendText(v, &text);
  AppendJsonString(text, out);
}

}  // namespace

char* Arena::Allocate(size_t n, size_t align) {
  while (block_ < blocks_.size()) {
    const size_t at = (used_ + align - 1) / align * align;
    if (at + n <= blocks_[block_].size) {
      used_ = at + n;
      return blocks_[block_].bytes.get() + at;
    }
    ++block_;
    used_ = 0;
  }
  Block block;
  block.size =
      std::max(n, blocks_.empty() ? kFirstBlock : std::min(blocks_.back().size * 2, kLargestKept));
  block.bytes.reset(new char[block.size]);  // not initialised
  blocks_.push_back(std::move(block));
  used_ = n;
  return blocks_.back().bytes.get();
}

void Arena::Clear() {
  std::erase_if(blocks_, [](const Block& block) { return block.size > kLargestKept; });
  block_ = 0;
  used_ = 0;
}

std::string_view Arena::Copy(std::string_view text) {
  char* bytes = Allocate(text.size(), 1);
  if (!text.empty()) std::memcpy(bytes, text.data(), text.size());
  return {bytes, text.size()};
}

std::span<Value> Arena::Values(size_t n) {
  Value* values = reinterpret_cast<Value*>(Allocate(n * sizeof(Value), alignof(Value)));
  for (size_t i = 0; i < n; ++i) new (values + i) Value{};
  return {values, n};
}

Value Arena::Own(const Value& v) {
  if (IsText(v)) return TextValue(TypeOf(v), Copy(TextOf(v)));
  if (v.type != PENSTOCK_LIST) return v;
  const std::span<Value> items = Values(v.len);
  for (size_t i = 0; i < items.size(); ++i) items[i] = Own(v.v.list[i]);
  return ListValue(items);
}

std::string_view TypeName(ValueType type) {
  switch (type) {
    case ValueType::kAbsent:
      return "absent";
    case ValueType::kNull:
      return "null";
    case ValueType::kBool:
      return "bool";
    case ValueType::kInt64:
      return "int64";
    case ValueType::kDouble:
      return "double";
    case ValueType::kDecimal:
      return "decimal";
    case ValueType::kString:
      return "string";
    case ValueType::kBytes:
      return "bytes";
    case ValueType::kDate:
      return "date";
    case ValueType::kTimestamp:
      return "timestamp";
    case ValueType::kJson:
      return "json";
    case ValueType::kList:
      return "list";
  }
  return "unknown";
}

std::string ToText(const Value& v) {
  std::string out;
  AppendText(v, &out);
  return out;
}

void AppendText(const Value& v, std::string* out) {
  char text[kMaxTimestampText];
  switch (TypeOf(v)) {
    case ValueType::kAbsent:
    case ValueType::kNull:
      return;
    case ValueType::kBool:
      out->append(v.v.i64 != 0 ? "true" : "false");
      return;
    case ValueType::kInt64:
      out->append(text, std::to_chars(text, text + sizeof text, v.v.i64).ptr);
      return;
    case ValueType::kDouble:
      out->append(text, WriteDouble(v.v.f64, text));
      return;
    case ValueType::kDate:
      out->append(text, WriteDate(v.v.i64, text));
      return;
    case ValueType::kTimestamp:
      out->append(text, WriteTimestamp(v.v.i64, text));
      return;
    case ValueType::kDecimal:
    case ValueType::kString:
    case ValueType::kJson:
      out->append(TextOf(v));
      return;
    case ValueType::kBytes:
      AppendBase64(TextOf(v), out);
      return;
    case ValueType::kList:
      out->push_back('[');
      for (size_t i = 0; i < v.len; ++i) {
        if (i > 0) out->push_back(',');
        AppendJson(v.v.list[i], out);
      }
      out->push_back(']');
      return;
  }
}

bool SameValue(const Value& a, const Value& b) {
  if (a.type != b.type) return false;
  if (IsText(a)) return TextOf(a) == TextOf(b);
  if (a.type == PENSTOCK_NULL || a.type == PENSTOCK_ABSENT) return true;
  if (a.type != PENSTOCK_LIST) return a.v.i64 == b.v.i64;
  if (a.len != b.len) return false;
  for (size_t i = 0; i < a.len; ++i) {
    if (!SameValue(a.v.list[i], b.v.list[i])) return false;
  }
  return true;
}

}  // namespace penstock
