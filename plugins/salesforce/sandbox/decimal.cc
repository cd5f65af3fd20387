#include "plugins/salesforce/sandbox/decimal.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace penstock::sandbox::salesforce {
namespace {

constexpr int kMaxDigits = 100;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// A number in parts: digits before and behind the point.
struct Parts {
  bool negative = false;
  std::string whole, fraction;
};

std::string Join(Parts parts) {
  parts.whole.erase(0, std::min(parts.whole.find_first_not_of('0'), parts.whole.size()));
  parts.fraction.erase(parts.fraction.find_last_not_of('0') + 1);
  if (parts.whole.empty()) parts.whole = "0";
  const bool zero = parts.whole == "0" && parts.fraction.empty();
  return (parts.negative && !zero ? "-" : "") + parts.whole +
         (parts.fraction.empty() ? "" : "." + parts.fraction);
}

Parts Split(std::string_view normal) {
  Parts parts;
  parts.negative = normal.starts_with('-');
  if (parts.negative) normal.remove_prefix(1);
  const std::size_t point = normal.find('.');
  parts.whole = normal.substr(0, point);
  if (point != normal.npos) parts.fraction = normal.substr(point + 1);
  return parts;
}

std::string TakeDigits(std::string_view* text) {
  std::size_t size = 0;
  while (size < text->size() && IsDigit((*text)[size])) ++size;
  std::string digits(text->substr(0, size));
  text->remove_prefix(size);
  return digits;
}

// Moves the point by an exponent. False if it moves too far.
bool Shift(int exponent, Parts* parts) {
  if (exponent > kMaxDigits || exponent < -kMaxDigits) return false;
  for (; exponent > 0; --exponent) {
    if (parts->fraction.empty()) parts->fraction = "0";
    parts->whole += parts->fraction.front();
    parts->fraction.erase(0, 1);
  }
  for (; exponent < 0; ++exponent) {
    if (parts->whole.empty()) parts->whole = "0";
    parts->fraction.insert(0, 1, parts->whole.back());
    parts->whole.pop_back();
  }
  return true;
}

}  // namespace

bool ReadDecimal(std::string_view text, std::string* normal) {
  Parts parts;
  if (text.starts_with('-') || text.starts_with('+')) {
    parts.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  parts.whole = TakeDigits(&text);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    parts.fraction = TakeDigits(&text);
  }
  if (parts.whole.size() + parts.fraction.size() > kMaxDigits) return false;
  if (parts.whole.empty() && parts.fraction.empty()) return false;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
    int exponent = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
    if (error != std::errc() || !Shift(exponent, &parts)) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  if (!text.empty()) return false;
  *normal = Join(std::move(parts));
  return true;
}

bool RoundDecimal(std::string* normal, int precision, int scale) {
  Parts parts = Split(*normal);
  const auto kept = static_cast<std::size_t>(scale);
  if (parts.fraction.size() > kept) {
    const bool up = parts.fraction[kept] >= '5';
    parts.fraction.resize(kept);
    std::string digits = "0" + parts.whole + parts.fraction;
    if (up) {
      std::size_t at = digits.size() - 1;
      for (; digits[at] == '9'; --at) digits[at] = '0';
      ++digits[at];
    }
    parts.whole = digits.substr(0, digits.size() - kept);
    parts.fraction = digits.substr(digits.size() - kept);
  }
  *normal = Join(std::move(parts));
  const Parts rounded = Split(*normal);
  return rounded.whole == "0" || static_cast<int>(rounded.whole.size()) <= precision - scale;
}

bool FitsInt(std::string_view normal) {
  std::int32_t value = 0;
  const auto [end, error] = std::from_chars(normal.data(), normal.data() + normal.size(), value);
  return error == std::errc() && end == normal.data() + normal.size();
}

int CompareDecimals(std::string_view a, std::string_view b) {
  const Parts x = Split(a), y = Split(b);
  if (x.negative != y.negative) return x.negative ? -1 : 1;
  int order = x.whole.size() != y.whole.size() ? (x.whole.size() < y.whole.size() ? -1 : 1)
                                               : x.whole.compare(y.whole);
  if (order == 0) order = x.fraction.compare(y.fraction);
  return x.negative ? -order : order;
}

}  // namespace penstock::sandbox::salesforce
