#include "core/value/decimal.h"

#include <charconv>
#include <cmath>
#include <cstring>

namespace penstock {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// A decimal as written, taken apart: 0.integer fraction x 10^exponent.
struct Parts {
  bool minus = false;
  std::string_view integer;
  std::string_view fraction;
  int64_t exponent = 0;
};

std::string_view TakeDigits(std::string_view* text) {
  size_t n = 0;
  while (n < text->size() && IsDigit((*text)[n])) ++n;
  const std::string_view digits = text->substr(0, n);
  text->remove_prefix(n);
  return digits;
}

bool TakeExponent(std::string_view* text, int64_t* exponent) {
  text->remove_prefix(1);
  bool minus = false;
  if (!text->empty() && (text->front() == '-' || text->front() == '+')) {
    minus = text->front() == '-';
    text->remove_prefix(1);
  }
  const std::string_view digits = TakeDigits(text);
  if (digits.empty()) return false;
  int64_t value = 0;
  for (const char c : digits) {
    value = value * 10 + (c - '0');
    if (value > 1'000'000'000) value = 1'000'000'000;  // far beyond what is taken
  }
  *exponent = minus ? -value : value;
  return true;
}

bool Split(std::string_view text, Parts* parts) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    parts->minus = text.front() == '-';
    text.remove_prefix(1);
  }
  parts->integer = TakeDigits(&text);
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    parts->fraction = TakeDigits(&text);
  }
  if (parts->integer.empty() && parts->fraction.empty()) return false;
  if (!text.empty() && (text.front() == 'e' || text.front() == 'E')) {
    if (!TakeExponent(&text, &parts->exponent)) return false;
  }
  return text.empty();
}

bool IsCanonical(std::string_view text) {
  if (!IsPlainNumber(text) || text == "-0") return false;
  const size_t point = text.find('.');
  return point == std::string_view::npos || text.back() != '0';
}

char* Fill(char* out, int64_t n) {
  std::memset(out, '0', static_cast<size_t>(n));
  return out + n;
}

char* Append(char* out, std::string_view text) {
  if (!text.empty()) std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

}  // namespace

bool IsPlainNumber(std::string_view text) {
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  const std::string_view integer = TakeDigits(&text);
  if (integer.empty() || (integer.size() > 1 && integer.front() == '0')) return false;
  if (text.empty()) return true;
  if (text.front() != '.') return false;
  text.remove_prefix(1);
  return !TakeDigits(&text).empty() && text.empty();
}

DecimalText CanonicalDecimal(std::string_view text, Arena* arena, std::string_view* out) {
  if (text.size() <= kMaxDecimalText && IsCanonical(text)) {
    *out = text;
    return DecimalText::kOk;
  }
  Parts parts;
  if (!Split(text, &parts)) return DecimalText::kNotANumber;
  // All digits in a row, the first and last of them not zero; `point` of them are before the point.
  int64_t point = static_cast<int64_t>(parts.integer.size()) + parts.exponent;
  while (!parts.integer.empty() && parts.integer.front() == '0') {
    parts.integer.remove_prefix(1);
    --point;
  }
  while (parts.integer.empty() && !parts.fraction.empty() && parts.fraction.front() == '0') {
    parts.fraction.remove_prefix(1);
    --point;
  }
  while (!parts.fraction.empty() && parts.fraction.back() == '0') parts.fraction.remove_suffix(1);
  while (parts.fraction.empty() && !parts.integer.empty() && parts.integer.back() == '0') {
    parts.integer.remove_suffix(1);
  }
  const auto digits = static_cast<int64_t>(parts.integer.size() + parts.fraction.size());
  if (digits == 0) {
    *out = "0";
    return DecimalText::kOk;
  }
  const int64_t before = std::max<int64_t>(point, 1);
  const int64_t after = std::max<int64_t>(digits - point, 0);
  if (before + after + 2 > static_cast<int64_t>(kMaxDecimalText)) return DecimalText::kTooLong;

  char* const start = arena->Bytes(static_cast<size_t>(before + after + 2));
  char* p = start;
  if (parts.minus) *p++ = '-';
  if (point <= 0) {
    *p++ = '0';
    *p++ = '.';
    p = Fill(p, -point);
    p = Append(Append(p, parts.integer), parts.fraction);
  } else {
    char* const first = p;
    p = Append(Append(p, parts.integer), parts.fraction);
    if (digits <= point) {
      p = Fill(p, point - digits);
    } else {
      std::memmove(first + point + 1, first + point, static_cast<size_t>(digits - point));
      first[point] = '.';
      ++p;
    }
  }
  *out = {start, static_cast<size_t>(p - start)};
  return DecimalText::kOk;
}

IntegerOf DecimalToInt64(std::string_view canonical, int64_t* out) {
  const auto [end, error] =
      std::from_chars(canonical.data(), canonical.data() + canonical.size(), *out);
  const bool fraction = canonical.find('.') != std::string_view::npos;
  if (fraction) return IntegerOf::kFraction;
  if (error != std::errc() || end != canonical.data() + canonical.size()) {
    return IntegerOf::kOverflow;
  }
  return IntegerOf::kOk;
}

char* WriteDouble(double d, char* out) {
  const auto put = [&](std::string_view text) { return Append(out, text); };
  if (std::isnan(d)) return put("NaN");
  if (std::isinf(d)) return put(d > 0 ? "Infinity" : "-Infinity");
  if (d == 0) return put("0");
  const double size = std::fabs(d);
  if (size < 1e-7 || size >= 1e21) {
    return std::to_chars(out, out + kMaxDoubleText, d, std::chars_format::scientific).ptr;
  }
  // Digits and exponent of the shortest form; then the point is put where it belongs.
  char text[kMaxDoubleText];
  const char* end = std::to_chars(text, text + sizeof text, d, std::chars_format::scientific).ptr;
  const char* p = text;
  if (*p == '-') *out++ = *p++;
  char digits[24];
  int n = 0;
  for (; p != end && *p != 'e'; ++p) {
    if (*p != '.') digits[n++] = *p;
  }
  int exponent = 0;
  ++p;
  if (*p == '+') ++p;
  std::from_chars(p, end, exponent);
  const int point = exponent + 1;
  if (point <= 0) {
    *out++ = '0';
    *out++ = '.';
    out = Fill(out, -point);
    return Append(out, {digits, static_cast<size_t>(n)});
  }
  for (int i = 0; i < std::max(n, point); ++i) {
    if (i == point) *out++ = '.';
    *out++ = i < n ? digits[i] : '0';
  }
  return out;
}

std::string_view DecimalOfDouble(double d, Arena* arena) {
  char text[kMaxDoubleText];
  const char* end = WriteDouble(d, text);
  std::string_view out;
  CanonicalDecimal({text, static_cast<size_t>(end - text)}, arena, &out);
  // A number that was canonical already is borrowed from the stack: it is moved.
  return out.data() == text ? arena->Copy(out) : out;
}

}  // namespace penstock
