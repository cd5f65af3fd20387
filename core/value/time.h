// Dates and timestamps: civil time, text forms, time zones. Proleptic Gregorian calendar
// throughout.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

inline constexpr int64_t kMicrosPerDay = 86'400'000'000;

/// Days since 1970-01-01 of a civil date (month 1..12, day 1..31), for years -1,000,000..1,000,000.
/// [thread-safe]
int64_t DaysFromCivil(int64_t year, int month, int day);

/// Room that the two writers below need.
inline constexpr size_t kMaxDateText = 32;
inline constexpr size_t kMaxTimestampText = 64;
/// Writes "2026-11-22" and returns the end. Years outside 0..9999 have a sign and at least four
/// digits: "+12026-01-01", "-0044-03-15". [thread-safe]
char* WriteDate(int64_t days, char* out);
/// Writes "2026-11-22T10:00:00Z", with six digits of fraction unless it is zero. [thread-safe]
char* WriteTimestamp(int64_t micros, char* out);
/// The same of a day and the microseconds within it: reaches further than 64 bits of microseconds.
char* WriteTimestamp(int64_t days, int64_t micros_of_day, char* out);

/// Reads exactly what WriteDate writes (a leading sign only beyond four digits of year is not
/// required). Nullopt on anything else, also on 2026-02-30. [thread-safe]
std::optional<int64_t> ParseDate(std::string_view text);

/// A timestamp read from text: microseconds since 1970 in UTC, or, when `naive`, of a wall clock
/// whose zone the text does not say.
struct ParsedTimestamp {
  int64_t micros = 0;
  bool naive = false;
};
/// Reads ISO 8601: date, "T" or a space, hh:mm, then optionally :ss, a fraction, and Z, +hh, +hhmm
/// or +hh:mm. Nullopt on anything else: impossible times, leap seconds, fractions finer than a
/// microsecond, years beyond what 64 bits of microseconds hold. [thread-safe]
std::optional<ParsedTimestamp> ParseTimestamp(std::string_view text);

/// A time zone by its IANA name ("Europe/Berlin"), "UTC", or a fixed offset ("+02:00"). Immutable,
/// [thread-safe], cheap to copy.
class TimeZone {
 public:
  /// UTC.
  TimeZone() = default;
  /// Nullopt when the machine's tzdata does not have it.
  static std::optional<TimeZone> Load(const std::string& name);

  /// The instant of a wall clock's time, both in microseconds since 1970. A time that a clock set
  /// back shows twice is the earlier of the two; a time that a clock set forward skips is moved
  /// forward by what was skipped (02:30 becomes 03:30). Nullopt beyond 64 bits.
  std::optional<int64_t> ToUtc(int64_t wall_micros) const;
  bool utc() const { return fixed_seconds_ == 0 && !rules_; }

 private:
  struct Rules;
  int64_t fixed_seconds_ = 0;
  std::shared_ptr<const Rules> rules_;
};

}  // namespace penstock
