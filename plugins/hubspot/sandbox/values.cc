#include "plugins/hubspot/sandbox/values.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>

#include "sdk/testing/http.h"

namespace penstock::sandbox::hubspot {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlnum(char c) { return IsDigit(c) || (c >= 'a' && c <= 'z'); }

std::optional<std::int64_t> ParseInteger(std::string_view text) {
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Takes exactly `digits` digits off the front.
bool TakeDigits(std::string_view* text, int digits, int* number) {
  *number = 0;
  if (text->size() < static_cast<std::size_t>(digits)) return false;
  for (int i = 0; i < digits; ++i) {
    char c = (*text)[static_cast<std::size_t>(i)];
    if (!IsDigit(c)) return false;
    *number = *number * 10 + (c - '0');
  }
  text->remove_prefix(static_cast<std::size_t>(digits));
  return true;
}

bool Take(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

// Days since 1970 of YYYY-MM-DD at the front.
std::optional<std::int64_t> TakeDate(std::string_view* text) {
  int year = 0, month = 0, day = 0;
  if (!TakeDigits(text, 4, &year) || !Take(text, '-') || !TakeDigits(text, 2, &month) ||
      !Take(text, '-') || !TakeDigits(text, 2, &day)) {
    return std::nullopt;
  }
  std::chrono::year_month_day date{std::chrono::year(year),
                                   std::chrono::month(static_cast<unsigned>(month)),
                                   std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

// Milliseconds since midnight of hh:mm[:ss[.fraction]] at the front.
std::optional<std::int64_t> TakeTime(std::string_view* text) {
  int hour = 0, minute = 0, second = 0;
  if (!TakeDigits(text, 2, &hour) || !Take(text, ':') || !TakeDigits(text, 2, &minute)) {
    return std::nullopt;
  }
  if (Take(text, ':') && !TakeDigits(text, 2, &second)) return std::nullopt;
  std::int64_t ms = 0;
  if (Take(text, '.')) {
    if (text->empty() || !IsDigit(text->front())) return std::nullopt;
    for (std::int64_t unit = 100; !text->empty() && IsDigit(text->front()); unit /= 10) {
      ms += (text->front() - '0') * unit;
      text->remove_prefix(1);
    }
  }
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return ((hour * 60LL + minute) * 60 + second) * 1000 + ms;
}

// Milliseconds that a zone at the front is ahead of UTC.
std::optional<std::int64_t> TakeZone(std::string_view* text) {
  if (Take(text, 'Z')) return 0;
  std::int64_t sign = Take(text, '+') ? 1 : Take(text, '-') ? -1 : 0;
  int hour = 0, minute = 0;
  if (sign == 0 || !TakeDigits(text, 2, &hour)) return std::nullopt;
  Take(text, ':');
  if (!TakeDigits(text, 2, &minute)) return std::nullopt;
  return sign * (hour * 60LL + minute) * 60'000;
}

}  // namespace

bool IsEmail(std::string_view text) {
  std::size_t at = text.find('@');
  if (at == text.npos || at == 0 || at > 64 || text.size() > 254) return false;
  std::string_view local = text.substr(0, at);
  std::string_view domain = text.substr(at + 1);
  auto is_local = [](char c) {
    return IsAlnum(c) || std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos;
  };
  if (!std::all_of(local.begin(), local.end(), is_local)) return false;
  if (local.front() == '.' || local.back() == '.' || local.find("..") != local.npos) return false;
  if (domain.find('.') == domain.npos) return false;
  while (true) {
    std::size_t dot = domain.find('.');
    std::string_view label = domain.substr(0, dot);
    if (label.empty() || label.front() == '-' || label.back() == '-') return false;
    if (!std::all_of(label.begin(), label.end(), [](char c) { return IsAlnum(c) || c == '-'; })) {
      return false;
    }
    if (dot == domain.npos) return label.size() >= 2 && !IsDigit(label.front());
    domain.remove_prefix(dot + 1);
  }
}

bool IsNumber(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  std::size_t digits = 0, points = 0;
  for (char c : text) {
    if (IsDigit(c)) {
      ++digits;
    } else if (c == '.') {
      ++points;
    } else {
      return false;
    }
  }
  return digits > 0 && points <= 1;
}

std::optional<std::string> ParseDate(std::string_view text) {
  if (auto ms = ParseInteger(text)) {
    if (*ms % kDayMs != 0) return std::nullopt;
    return IsoTime(*ms).substr(0, 10);
  }
  auto days = TakeDate(&text);
  if (!days || !text.empty()) return std::nullopt;
  return IsoTime(*days * kDayMs).substr(0, 10);
}

std::optional<std::string> ParseDateTime(std::string_view text) {
  if (auto ms = ParseInteger(text)) return IsoTime(*ms);
  auto days = TakeDate(&text);
  if (!days || !Take(&text, 'T')) return std::nullopt;
  auto time = TakeTime(&text);
  auto zone = time ? TakeZone(&text) : std::nullopt;
  if (!zone || !text.empty()) return std::nullopt;
  return IsoTime(*days * kDayMs + *time - *zone);
}

std::size_t CharacterCount(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace penstock::sandbox::hubspot
