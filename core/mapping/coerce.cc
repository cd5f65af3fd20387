#include "core/mapping/coerce.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/mapping/describe.h"
#include "core/mapping/normalise.h"
#include "core/value/decimal.h"
#include "core/value/json.h"
#include "core/value/text.h"

namespace penstock {
namespace {

constexpr std::string_view kWrongType = "WRONG_TYPE";
constexpr std::string_view kOutOfRange = "OUT_OF_RANGE";
constexpr std::string_view kTooLong = "TOO_LONG";
constexpr std::string_view kNotAllowed = "NOT_ALLOWED";
constexpr std::string_view kNotFinite = "NOT_FINITE";
constexpr std::string_view kNotText = "NOT_TEXT";
constexpr double kTwoTo63 = 9223372036854775808.0;

// Text of a scalar that is not text, in the arena.
std::string_view ArenaText(const Value& in, CoerceScratch* s) {
  if (in.type == PENSTOCK_BOOL) return in.v.i64 != 0 ? "true" : "false";
  if (in.type == PENSTOCK_BYTES || in.type == PENSTOCK_LIST) {
    s->text.clear();
    AppendText(in, &s->text);
    return s->arena.Copy(s->text);
  }
  char* const start = s->arena.Bytes(kMaxTimestampText);
  char* end = start;
  switch (TypeOf(in)) {
    case ValueType::kInt64:
      end = std::to_chars(start, start + kMaxTimestampText, in.v.i64).ptr;
      break;
    case ValueType::kDouble:
      end = WriteDouble(in.v.f64, start);
      break;
    case ValueType::kDate:
      end = WriteDate(in.v.i64, start);
      break;
    case ValueType::kTimestamp:
      end = WriteTimestamp(in.v.i64, start);
      break;
    default:
      break;
  }
  const auto used = static_cast<size_t>(end - start);
  s->arena.Unused(kMaxTimestampText - used);
  return {start, used};
}

bool HoldsExactly(double d, std::string_view integer) {
  char text[400];
  const char* end = std::to_chars(text, text + sizeof text, d, std::chars_format::fixed, 0).ptr;
  return std::string_view(text, static_cast<size_t>(end - text)) == integer;
}

}  // namespace

bool Canonical(const Value& in, CoerceScratch* s, Value* out) {
  *out = in;
  switch (TypeOf(in)) {
    case ValueType::kString:
      return ValidUtf8(TextOf(in));
    case ValueType::kDecimal: {
      std::string_view text;
      if (CanonicalDecimal(TextOf(in), &s->arena, &text) != DecimalText::kOk) return false;
      *out = TextValue(ValueType::kDecimal, text);
      return true;
    }
    case ValueType::kJson: {
      s->text.clear();
      if (!CanonicalJson(TextOf(in), &s->text)) return false;
      *out = TextValue(ValueType::kJson, s->arena.Copy(s->text));
      return true;
    }
    case ValueType::kList: {
      const std::span<Value> items = s->arena.Values(in.len);
      for (size_t i = 0; i < items.size(); ++i) {
        if (!Canonical(in.v.list[i], s, &items[i])) return false;
      }
      *out = ListValue(items);
      return true;
    }
    default:
      return true;
  }
}

Coercer::Coercer(const sdk::Field& field, bool normalise, bool sensitive, const TimeZone& zone)
    : field_(field), normalise_(normalise), sensitive_(sensitive), zone_(zone) {
  constexpr size_t kShown = 5;
  for (size_t i = 0; i < field_.allowed.size() && i < kShown; ++i) {
    allowed_text_ += (i > 0 ? ", " : "") + field_.allowed[i];
  }
  if (field_.allowed.size() > kShown) {
    allowed_text_ += " and " + std::to_string(field_.allowed.size() - kShown) + " more";
  }
  std::sort(field_.allowed.begin(), field_.allowed.end());
}

bool Coercer::Fail(std::string_view code, std::string_view why, const Value& in,
                   CoerceScratch* s) const {
  s->code = code;
  s->message.clear();
  s->message.append("\"").append(field_.name).append("\" ").append(why).append(", and got ");
  AppendDescription(in, sensitive_, &s->message);
  s->message.push_back('.');
  return false;
}

bool Coercer::WrongType(const Value& in, CoerceScratch* s) const {
  return Fail(kWrongType, WhatItTakes(field_), in, s);
}

bool Coercer::Apply(const Value& in, CoerceScratch* s, Value* out) const {
  switch (field_.type) {
    case sdk::FieldType::kString:
      return ToString(in, s, out);
    case sdk::FieldType::kBoolean:
      return ToBoolean(in, s, out) && Allowed(*out, in, s);
    case sdk::FieldType::kInteger:
    case sdk::FieldType::kDecimal:
    case sdk::FieldType::kDouble:
      return ToNumber(in, s, out) && Allowed(*out, in, s);
    case sdk::FieldType::kDate:
      return ToDate(in, s, out) && Allowed(*out, in, s);
    case sdk::FieldType::kTimestamp:
      return ToTimestamp(in, s, out) && Allowed(*out, in, s);
    case sdk::FieldType::kJson:
      return ToJson(in, s, out);
    case sdk::FieldType::kBytes:
      return ToBytes(in, s, out);
    case sdk::FieldType::kList:
      return ToList(in, s, out);
  }
  return WrongType(in, s);
}

// Length and closed list of a text that is about to be a value of the field, or an item of it.
bool Coercer::Checked(std::string_view text, const Value& in, CoerceScratch* s) const {
  if (field_.max_length > 0 && text.size() > field_.max_length &&
      CodePoints(text) > field_.max_length) {
    const std::string why = "takes at most " + std::to_string(field_.max_length) + " characters";
    return Fail(kTooLong, why, in, s);
  }
  if (!field_.allowed.empty() &&
      !std::binary_search(field_.allowed.begin(), field_.allowed.end(), text)) {
    return Fail(kNotAllowed, "takes one of " + allowed_text_, in, s);
  }
  return true;
}

bool Coercer::Allowed(const Value& out, const Value& in, CoerceScratch* s) const {
  if (field_.allowed.empty()) return true;
  const std::string text = ToText(out);
  if (std::binary_search(field_.allowed.begin(), field_.allowed.end(), text)) return true;
  return Fail(kNotAllowed, "takes one of " + allowed_text_, in, s);
}

bool Coercer::ToString(const Value& in, CoerceScratch* s, Value* out) const {
  std::string_view text;
  if (in.type == PENSTOCK_STRING) {
    text = TextOf(in);
    if (!ValidUtf8(text)) return Fail(kNotText, "takes text in UTF-8", in, s);
  } else {
    Value canonical;
    if (!Canonical(in, s, &canonical)) return Fail(kNotText, "takes text in UTF-8", in, s);
    const bool textual = IsText(canonical) && canonical.type != PENSTOCK_BYTES;
    text = textual ? TextOf(canonical) : ArenaText(canonical, s);
  }
  if (normalise_) text = Normalise(text, field_.normalisers, &s->arena);
  if (!Checked(text, in, s)) return false;
  *out = StringValue(text);
  return true;
}

bool Coercer::ToBoolean(const Value& in, CoerceScratch* s, Value* out) const {
  if (in.type == PENSTOCK_BOOL) {
    *out = in;
    return true;
  }
  if (in.type == PENSTOCK_INT64 && (in.v.i64 == 0 || in.v.i64 == 1)) {
    *out = BoolValue(in.v.i64 == 1);
    return true;
  }
  if (in.type == PENSTOCK_STRING) {
    const std::string_view text = TextOf(in);
    const bool yes = text == "true" || text == "t" || text == "1";
    if (yes || text == "false" || text == "f" || text == "0") {
      *out = BoolValue(yes);
      return true;
    }
  }
  return WrongType(in, s);
}

bool Coercer::ToNumber(const Value& in, CoerceScratch* s, Value* out) const {
  const sdk::FieldType type = field_.type;
  std::string_view decimal;
  switch (TypeOf(in)) {
    case ValueType::kInt64:
      if (type == sdk::FieldType::kInteger) {
        *out = in;
        return true;
      }
      decimal = ArenaText(in, s);
      break;
    case ValueType::kDouble:
      if (!std::isfinite(in.v.f64)) return Fail(kNotFinite, WhatItTakes(field_), in, s);
      if (type == sdk::FieldType::kDouble) {
        *out = DoubleValue(in.v.f64 == 0 ? 0.0 : in.v.f64);  // no -0
        return true;
      }
      if (type == sdk::FieldType::kInteger && in.v.f64 == std::trunc(in.v.f64)) {
        if (in.v.f64 < -kTwoTo63 || in.v.f64 >= kTwoTo63) {
          return Fail(kOutOfRange, "takes an integer of 64 bits", in, s);
        }
        *out = IntValue(static_cast<int64_t>(in.v.f64));
        return true;
      }
      decimal = DecimalOfDouble(in.v.f64, &s->arena);
      break;
    case ValueType::kString:
      if (!IsPlainNumber(TextOf(in))) return WrongType(in, s);
      [[fallthrough]];
    case ValueType::kDecimal: {
      const DecimalText read = CanonicalDecimal(TextOf(in), &s->arena, &decimal);
      if (read == DecimalText::kTooLong) return Fail(kOutOfRange, WhatItTakes(field_), in, s);
      if (read != DecimalText::kOk) return WrongType(in, s);
      break;
    }
    default:
      return WrongType(in, s);
  }
  if (type == sdk::FieldType::kInteger) return ToInteger(decimal, in, s, out);
  if (type == sdk::FieldType::kDouble) return ToDouble(decimal, in, s, out);
  *out = TextValue(ValueType::kDecimal, decimal);
  return true;
}

bool Coercer::ToInteger(std::string_view decimal, const Value& in, CoerceScratch* s,
                        Value* out) const {
  int64_t integer = 0;
  switch (DecimalToInt64(decimal, &integer)) {
    case IntegerOf::kOk:
      *out = IntValue(integer);
      return true;
    case IntegerOf::kOverflow:
      return Fail(kOutOfRange, "takes an integer of 64 bits", in, s);
    case IntegerOf::kFraction:
      break;
  }
  return WrongType(in, s);
}

bool Coercer::ToDouble(std::string_view decimal, const Value& in, CoerceScratch* s,
                       Value* out) const {
  double d = 0;
  const auto [end, error] = std::from_chars(decimal.data(), decimal.data() + decimal.size(), d);
  if (error != std::errc()) return Fail(kOutOfRange, WhatItTakes(field_), in, s);
  const bool fraction = decimal.find('.') != std::string_view::npos;
  if (!fraction && !HoldsExactly(d, decimal)) {
    return Fail(kOutOfRange, "is a double, which cannot hold this integer exactly", in, s);
  }
  *out = DoubleValue(d == 0 ? 0.0 : d);
  return true;
}

bool Coercer::ToDate(const Value& in, CoerceScratch* s, Value* out) const {
  if (in.type == PENSTOCK_DATE) {
    *out = in;
    return true;
  }
  if (in.type == PENSTOCK_TIMESTAMP) {
    if (in.v.i64 % kMicrosPerDay != 0) {
      return Fail(kWrongType, "takes a date, or a timestamp at exactly midnight UTC", in, s);
    }
    *out = DateValue(in.v.i64 / kMicrosPerDay);
    return true;
  }
  if (in.type == PENSTOCK_STRING) {
    if (const auto days = ParseDate(TextOf(in))) {
      *out = DateValue(*days);
      return true;
    }
  }
  return WrongType(in, s);
}

bool Coercer::ToTimestamp(const Value& in, CoerceScratch* s, Value* out) const {
  std::optional<int64_t> days;
  if (in.type == PENSTOCK_TIMESTAMP) {
    *out = in;
    return true;
  }
  if (in.type == PENSTOCK_DATE) days = in.v.i64;
  if (in.type == PENSTOCK_STRING) {
    if (const auto parsed = ParseTimestamp(TextOf(in))) {
      const auto utc = parsed->naive ? zone_.ToUtc(parsed->micros) : parsed->micros;
      if (!utc) return Fail(kOutOfRange, WhatItTakes(field_), in, s);
      *out = TimestampValue(*utc);
      return true;
    }
    days = ParseDate(TextOf(in));
  }
  if (!days) return WrongType(in, s);
  int64_t micros = 0;
  if (__builtin_mul_overflow(*days, kMicrosPerDay, &micros)) {
    return Fail(kOutOfRange, WhatItTakes(field_), in, s);
  }
  *out = TimestampValue(micros);
  return true;
}

bool Coercer::ToJson(const Value& in, CoerceScratch* s, Value* out) const {
  if (in.type == PENSTOCK_BYTES) return WrongType(in, s);
  if (in.type == PENSTOCK_DOUBLE && !std::isfinite(in.v.f64)) {
    return Fail(kNotFinite, WhatItTakes(field_), in, s);
  }
  s->text.clear();
  if (in.type == PENSTOCK_STRING || in.type == PENSTOCK_JSON) {
    if (!CanonicalJson(TextOf(in), &s->text)) return WrongType(in, s);
  } else {
    // A list of one, without its brackets: dates become strings, numbers stay numbers.
    Value canonical;
    if (!Canonical(in, s, &canonical)) return Fail(kNotText, "takes JSON in UTF-8", in, s);
    s->text.clear();
    AppendText(ListValue({&canonical, 1}), &s->text);
    s->text.pop_back();
    s->text.erase(0, 1);
  }
  *out = TextValue(ValueType::kJson, s->arena.Copy(s->text));
  return true;
}

bool Coercer::ToBytes(const Value& in, CoerceScratch* s, Value* out) const {
  if (in.type == PENSTOCK_BYTES) {
    *out = in;
    return true;
  }
  if (in.type != PENSTOCK_STRING || !DecodeBase64(TextOf(in), &s->text)) return WrongType(in, s);
  *out = TextValue(ValueType::kBytes, s->arena.Copy(s->text));
  return true;
}

bool Coercer::ToList(const Value& in, CoerceScratch* s, Value* out) const {
  if (in.type == PENSTOCK_STRING && field_.multiple) return SplitText(TextOf(in), s, out);
  if (in.type != PENSTOCK_LIST) return WrongType(in, s);
  const std::span<Value> items = s->arena.Values(in.len);
  for (size_t i = 0; i < items.size(); ++i) {
    const Value& item = in.v.list[i];
    if (item.type == PENSTOCK_NULL || item.type == PENSTOCK_ABSENT) {
      return Fail(kWrongType, "takes a list without NULL in it", in, s);
    }
    Value canonical;
    if (!Canonical(item, s, &canonical)) return Fail(kNotText, "takes text in UTF-8", in, s);
    const bool textual = IsText(canonical) && canonical.type != PENSTOCK_BYTES;
    const std::string_view text = textual ? TextOf(canonical) : ArenaText(canonical, s);
    if (!Checked(text, item, s)) return false;
    items[i] = StringValue(text);
  }
  *out = field_.multiple ? SortedSet(items) : ListValue(items);
  return true;
}

bool Coercer::SplitText(std::string_view text, CoerceScratch* s, Value* out) const {
  if (!ValidUtf8(text)) return Fail(kNotText, "takes text in UTF-8", StringValue(text), s);
  const auto parts = static_cast<size_t>(std::count(text.begin(), text.end(), ';')) + 1;
  const std::span<Value> items = s->arena.Values(parts);
  size_t n = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find(';'), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty()) continue;
    if (!Checked(part, StringValue(part), s)) return false;
    items[n++] = StringValue(part);
  }
  *out = SortedSet(items.first(n));
  return true;
}

}  // namespace penstock
