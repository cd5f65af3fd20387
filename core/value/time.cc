#include "core/value/time.h"

#include <cctz/civil_time.h>
#include <cctz/time_zone.h>

#include <charconv>
#include <chrono>
#include <limits>

namespace penstock {
namespace {

constexpr int64_t kDaysPerEra = 146097;  // 400 years
constexpr int64_t kEpochShift = 719468;  // from 0000-03-01 to 1970-01-01
// Years whose every microsecond fits into 64 bits.
constexpr int64_t kFirstYear = -290307;
constexpr int64_t kLastYear = 294246;

struct Civil {
  int64_t year;
  int month;
  int day;
};

Civil CivilFromDays(int64_t days) {
  days += kEpochShift;
  const int64_t era = (days >= 0 ? days : days - (kDaysPerEra - 1)) / kDaysPerEra;
  const int64_t day_of_era = days - era * kDaysPerEra;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;  // March is 0
  const int day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  const int month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

bool LeapYear(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int DaysInMonth(int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && LeapYear(year) ? 29 : kDays[month - 1];
}

char* WriteDigits(int64_t n, int digits, char* out) {
  for (int i = digits - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + n % 10);
    n /= 10;
  }
  return out + digits;
}

// Reads text from the front.
class Reader {
 public:
  explicit Reader(std::string_view text) : p_(text.data()), end_(p_ + text.size()) {}
  bool done() const { return p_ == end_; }
  char peek() const { return done() ? '\0' : *p_; }
  bool Accept(char c) {
    if (done() || *p_ != c) return false;
    ++p_;
    return true;
  }
  // Exactly `n` digits.
  bool Digits(int n, int* value) {
    if (end_ - p_ < n) return false;
    *value = 0;
    for (int i = 0; i < n; ++i, ++p_) {
      if (*p_ < '0' || *p_ > '9') return false;
      *value = *value * 10 + (*p_ - '0');
    }
    return true;
  }
  int CountDigits() const {
    const char* p = p_;
    while (p != end_ && *p >= '0' && *p <= '9') ++p;
    return static_cast<int>(p - p_);
  }

 private:
  const char* p_;
  const char* end_;
};

bool ReadDate(Reader* in, int64_t* days) {
  const bool minus = in->Accept('-');
  const bool sign = minus || in->Accept('+');
  const int year_digits = in->CountDigits();
  if (year_digits < 4 || year_digits > (sign ? 7 : 4)) return false;
  int year = 0, month = 0, day = 0;
  if (!in->Digits(year_digits, &year) || !in->Accept('-') || !in->Digits(2, &month) ||
      !in->Accept('-') || !in->Digits(2, &day)) {
    return false;
  }
  const int64_t signed_year = minus ? -int64_t{year} : year;
  if (month < 1 || month > 12 || day < 1 || day > DaysInMonth(signed_year, month)) return false;
  *days = DaysFromCivil(signed_year, month, day);
  return true;
}

bool ReadTimeOfDay(Reader* in, int64_t* micros) {
  int hour = 0, minute = 0, second = 0;
  if (!in->Digits(2, &hour) || !in->Accept(':') || !in->Digits(2, &minute)) return false;
  int64_t fraction = 0;
  if (in->Accept(':')) {
    if (!in->Digits(2, &second)) return false;
    if (in->Accept('.')) {
      const int digits = in->CountDigits();
      if (digits == 0) return false;
      for (int i = 0, digit = 0; i < digits; ++i) {
        in->Digits(1, &digit);
        if (i >= 6 && digit != 0) return false;  // finer than a microsecond
        if (i < 6) fraction = fraction * 10 + digit;
      }
      for (int i = digits; i < 6; ++i) fraction *= 10;
    }
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  *micros = ((int64_t{hour} * 60 + minute) * 60 + second) * 1'000'000 + fraction;
  return true;
}

// The zone at the end of a timestamp, or of a zone's name: Z, +hh, +hhmm, +hh:mm.
bool ReadOffset(Reader* in, int64_t* seconds) {
  *seconds = 0;
  if (in->Accept('Z') || in->Accept('z')) return true;
  const bool minus = in->Accept('-');
  if (!minus && !in->Accept('+')) return false;
  int hours = 0, minutes = 0;
  if (!in->Digits(2, &hours)) return false;
  if (in->Accept(':') || in->CountDigits() > 0) {
    if (!in->Digits(2, &minutes)) return false;
  }
  if (hours > 23 || minutes > 59) return false;
  *seconds = (int64_t{hours} * 60 + minutes) * 60;
  if (minus) *seconds = -*seconds;
  return true;
}

}  // namespace

int64_t DaysFromCivil(int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysPerEra + day_of_era - kEpochShift;
}

char* WriteDate(int64_t days, char* out) {
  const Civil civil = CivilFromDays(days);
  if (civil.year >= 0 && civil.year <= 9999) {
    out = WriteDigits(civil.year, 4, out);
  } else {
    *out++ = civil.year < 0 ? '-' : '+';
    const int64_t year = civil.year < 0 ? -civil.year : civil.year;
    out = year <= 9999 ? WriteDigits(year, 4, out) : std::to_chars(out, out + 20, year).ptr;
  }
  *out++ = '-';
  out = WriteDigits(civil.month, 2, out);
  *out++ = '-';
  return WriteDigits(civil.day, 2, out);
}

char* WriteTimestamp(int64_t days, int64_t micros_of_day, char* out) {
  out = WriteDate(days, out);
  const int64_t seconds = micros_of_day / 1'000'000;
  const int64_t fraction = micros_of_day % 1'000'000;
  *out++ = 'T';
  out = WriteDigits(seconds / 3600, 2, out);
  *out++ = ':';
  out = WriteDigits(seconds / 60 % 60, 2, out);
  *out++ = ':';
  out = WriteDigits(seconds % 60, 2, out);
  if (fraction != 0) {
    *out++ = '.';
    out = WriteDigits(fraction, 6, out);
  }
  *out++ = 'Z';
  return out;
}

char* WriteTimestamp(int64_t micros, char* out) {
  int64_t days = micros / kMicrosPerDay;
  int64_t of_day = micros % kMicrosPerDay;
  if (of_day < 0) {
    of_day += kMicrosPerDay;
    --days;
  }
  return WriteTimestamp(days, of_day, out);
}

std::optional<int64_t> ParseDate(std::string_view text) {
  Reader in(text);
  int64_t days = 0;
  if (!ReadDate(&in, &days) || !in.done()) return std::nullopt;
  return days;
}

std::optional<ParsedTimestamp> ParseTimestamp(std::string_view text) {
  static const int64_t kFirstDay = DaysFromCivil(kFirstYear, 1, 1);
  static const int64_t kLastDay = DaysFromCivil(kLastYear, 12, 31);
  Reader in(text);
  int64_t days = 0, of_day = 0, offset = 0;
  if (!ReadDate(&in, &days) || days <= kFirstDay || days >= kLastDay) return std::nullopt;
  if (!in.Accept('T') && !in.Accept('t') && !in.Accept(' ')) return std::nullopt;
  if (!ReadTimeOfDay(&in, &of_day)) return std::nullopt;
  ParsedTimestamp out;
  out.naive = in.done();
  if (!out.naive && (!ReadOffset(&in, &offset) || !in.done())) return std::nullopt;
  out.micros = days * kMicrosPerDay + of_day - offset * 1'000'000;
  return out;
}

struct TimeZone::Rules {
  cctz::time_zone zone;
};

std::optional<TimeZone> TimeZone::Load(const std::string& name) {
  TimeZone out;
  if (name == "UTC" || name == "Z" || name == "Etc/UTC") return out;
  Reader in(name);
  if (in.peek() == '+' || in.peek() == '-') {
    if (!ReadOffset(&in, &out.fixed_seconds_) || !in.done()) return std::nullopt;
    return out;
  }
  // Only names: the library would open any path.
  if (name.empty() || name.front() == '/' || name.find("..") != std::string::npos ||
      name.find(':') != std::string::npos || name == "localtime") {
    return std::nullopt;
  }
  auto rules = std::make_shared<Rules>();
  if (!cctz::load_time_zone(name, &rules->zone)) return std::nullopt;
  out.rules_ = std::move(rules);
  return out;
}

std::optional<int64_t> TimeZone::ToUtc(int64_t wall_micros) const {
  if (!rules_) {
    int64_t out = 0;
    if (__builtin_sub_overflow(wall_micros, fixed_seconds_ * 1'000'000, &out)) return std::nullopt;
    return out;
  }
  int64_t seconds = wall_micros / 1'000'000;
  int64_t fraction = wall_micros % 1'000'000;
  if (fraction < 0) {
    fraction += 1'000'000;
    --seconds;
  }
  const auto civil = cctz::civil_second(1970, 1, 1) + seconds;
  // `pre` is the instant by the offset before the transition: the earlier of two, and forward in a
  // gap.
  const int64_t utc = rules_->zone.lookup(civil).pre.time_since_epoch().count();
  int64_t out = 0;
  if (__builtin_mul_overflow(utc, int64_t{1'000'000}, &out) ||
      __builtin_add_overflow(out, fraction, &out)) {
    return std::nullopt;
  }
  return out;
}

}  // namespace penstock
