// Values as text, exactly: no detour over floating point, no locale.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "penstock/connector.h"

namespace penstock::sdk {

/// Text of a STRING, DECIMAL, JSON or BYTES value; borrowed as the value is.
inline std::string_view TextOf(const penstock_value& value) {
  return value.len == 0 ? std::string_view() : std::string_view(value.v.text, value.len);
}

inline penstock_value NullValue() {
  penstock_value value{};
  value.type = PENSTOCK_NULL;
  return value;
}

/// Borrows `text`.
inline penstock_value StringValue(std::string_view text) {
  penstock_value value{};
  value.type = PENSTOCK_STRING;
  value.len = static_cast<uint32_t>(text.size());
  value.v.text = text.data();
  return value;
}

/// Appends a number in at least `width` characters: zeros before its digits, a sign before those.
inline void AppendDigits(int64_t value, size_t width, std::string* out) {
  char text[24];
  const std::to_chars_result end = std::to_chars(text, text + sizeof(text), value);
  const std::string_view all(text, static_cast<size_t>(end.ptr - text));
  const size_t sign = value < 0 ? 1 : 0;
  out->append(all.substr(0, sign));
  if (all.size() < width) out->append(width - all.size(), '0');
  out->append(all.substr(sign));
}

/// "2026-11-22" of days since 1970-01-01. Years before 0 or after 9999 carry their sign or digits.
inline std::string DateText(int64_t days) {
  // Days to civil date, in eras of 400 years that begin on 1 March.
  const int64_t z = days + 719468;
  const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const int64_t day_of_era = z - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  std::string text;
  AppendDigits(year, 4, &text);
  text += '-';
  AppendDigits(month, 2, &text);
  text += '-';
  AppendDigits(day, 2, &text);
  return text;
}

/// "2026-11-22T10:00:00.123456Z" of microseconds since 1970. `digits` (0 to 6) of the fraction are
/// kept, the rest is cut off towards the past.
inline std::string TimestampText(int64_t micros, int digits = 6) {
  constexpr int64_t kDay = 86400000000;
  const int64_t days = micros / kDay - (micros % kDay < 0 ? 1 : 0);
  const int64_t in_day = micros - days * kDay;
  const int64_t seconds = in_day / 1000000;
  std::string text = DateText(days);
  text += 'T';
  AppendDigits(seconds / 3600, 2, &text);
  text += ':';
  AppendDigits(seconds / 60 % 60, 2, &text);
  text += ':';
  AppendDigits(seconds % 60, 2, &text);
  if (digits > 0) {
    text += '.';
    AppendDigits(in_day % 1000000, 6, &text);
    text.resize(text.size() - (6 - static_cast<size_t>(digits)));
  }
  text += 'Z';
  return text;
}

/// The shortest text that reads back as the same double.
inline std::string DoubleText(double value) {
  char text[64];
  const std::to_chars_result end = std::to_chars(text, text + sizeof(text), value);
  return std::string(text, end.ptr);
}

/// Standard base64 with padding.
inline std::string Base64(std::string_view bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t n = bytes.size() - i < 3 ? bytes.size() - i : 3;
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) {
      group = group << 8 | (j < n ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    }
    for (size_t j = 0; j < 4; ++j) {
      text += j <= n ? kDigits[group >> (18 - 6 * j) & 63] : '=';
    }
  }
  return text;
}

/// A value as plain text, for keys, form fields and APIs that take all values as text: booleans as
/// true and false, numbers with all their digits, dates and timestamps in ISO 8601 (UTC,
/// microseconds), bytes as base64, text and JSON as they are. Empty for NULL, ABSENT and lists.
inline std::string PlainText(const penstock_value& value) {
  switch (value.type) {
    case PENSTOCK_BOOL:
      return value.v.i64 != 0 ? "true" : "false";
    case PENSTOCK_INT64:
      return std::to_string(value.v.i64);
    case PENSTOCK_DOUBLE:
      return DoubleText(value.v.f64);
    case PENSTOCK_DECIMAL:
    case PENSTOCK_STRING:
    case PENSTOCK_JSON:
      return std::string(TextOf(value));
    case PENSTOCK_BYTES:
      return Base64(TextOf(value));
    case PENSTOCK_DATE:
      return DateText(value.v.i64);
    case PENSTOCK_TIMESTAMP:
      return TimestampText(value.v.i64);
    default:
      return {};
  }
}

/// PlainText for APIs that take a list as one text, its items joined by `separator`, and keep
/// `digits` (0 to 6) of a timestamp's fraction. An item that holds the separator cannot be told
/// apart from two.
inline std::string JoinedText(const penstock_value& value, char separator, int digits = 6) {
  if (value.type == PENSTOCK_TIMESTAMP) return TimestampText(value.v.i64, digits);
  if (value.type != PENSTOCK_LIST) return PlainText(value);
  std::string joined;
  for (uint32_t i = 0; i < value.len; ++i) {
    if (i > 0) joined += separator;
    joined += JoinedText(value.v.list[i], separator, digits);
  }
  return joined;
}

/// Percent-encodes all but letters, digits, '-', '.', '_' and '~': for one segment of a path, or
/// one value of a query.
inline std::string UrlText(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size() + text.size() / 2);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

/// Without blanks, tabs and line breaks at its ends. Borrows.
inline std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

/// A to Z in lower case, all else as it is.
inline std::string AsciiLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace penstock::sdk
