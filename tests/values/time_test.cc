#include "core/value/time.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

std::string DateText(int64_t days) {
  char text[kMaxDateText];
  return {text, WriteDate(days, text)};
}
std::string TimestampText(int64_t micros) {
  char text[kMaxTimestampText];
  return {text, WriteTimestamp(micros, text)};
}

TEST(Time, EveryDayOfTenThousandYearsReadsBack) {
  const int64_t first = DaysFromCivil(1, 1, 1);
  const int64_t last = DaysFromCivil(9999, 12, 31);
  EXPECT_EQ(first, -719162);
  EXPECT_EQ(last, 2932896);
  for (int64_t day = first; day <= last; day += 13) {
    ASSERT_EQ(ParseDate(DateText(day)), day) << DateText(day);
  }
}

TEST(Time, DatesOnTheEdges) {
  EXPECT_EQ(DateText(0), "1970-01-01");
  EXPECT_EQ(DateText(-1), "1969-12-31");
  EXPECT_EQ(DateText(DaysFromCivil(2000, 2, 29)), "2000-02-29");
  EXPECT_EQ(DateText(DaysFromCivil(12026, 3, 1)), "+12026-03-01");
  EXPECT_EQ(DateText(DaysFromCivil(-43, 3, 15)), "-0043-03-15");
  EXPECT_EQ(ParseDate("+12026-03-01"), DaysFromCivil(12026, 3, 1));
  EXPECT_EQ(ParseDate("-0043-03-15"), DaysFromCivil(-43, 3, 15));
  for (const char* bad : {"", "2026", "2026-1-1", "2026-02-29", "1900-02-29", "2026-13-01",
                          "2026-00-10", "2026-04-31", "2026-01-01 ", " 2026-01-01", "20260101",
                          "12026-01-01", "infinity", "2026-01-01T00:00:00"}) {
    EXPECT_FALSE(ParseDate(bad).has_value()) << bad;
  }
}

TEST(Time, TimestampsReadBack) {
  EXPECT_EQ(TimestampText(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(TimestampText(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(TimestampText(1'795'341'600'123'456), "2026-11-22T10:00:00.123456Z");
  for (const int64_t micros :
       {int64_t{0}, int64_t{-1}, int64_t{1'795'341'600'120'000}, int64_t{-62'135'596'800'000'000},
        int64_t{253'402'300'799'999'999}}) {
    const auto parsed = ParseTimestamp(TimestampText(micros));
    ASSERT_TRUE(parsed.has_value()) << TimestampText(micros);
    EXPECT_EQ(parsed->micros, micros);
    EXPECT_FALSE(parsed->naive);
  }
}

TEST(Time, FormsOfATimestamp) {
  const int64_t ten = 1'795'341'600'000'000;
  for (const char* text :
       {"2026-11-22T10:00:00Z", "2026-11-22 10:00:00Z", "2026-11-22T10:00Z", "2026-11-22t10:00:00z",
        "2026-11-22T12:00:00+02:00", "2026-11-22T12:00:00+0200", "2026-11-22T12:00:00+02",
        "2026-11-22T04:30:00-05:30", "2026-11-22T10:00:00.000000000Z"}) {
    const auto parsed = ParseTimestamp(text);
    ASSERT_TRUE(parsed.has_value()) << text;
    EXPECT_EQ(parsed->micros, ten) << text;
    EXPECT_FALSE(parsed->naive);
  }
  EXPECT_TRUE(ParseTimestamp("2026-11-22 10:00:00")->naive);
  EXPECT_EQ(ParseTimestamp("2026-11-22 10:00:00.5")->micros, ten + 500'000);
  for (const char* bad :
       {"", "2026-11-22", "2026-11-22T", "2026-11-22T10", "2026-11-22T24:00:00Z",
        "2026-11-22T10:60Z", "2026-11-22T10:00:60Z", "2026-11-22T10:00:00.Z",
        "2026-11-22T10:00:00.1234567Z", "2026-11-22T10:00:00 Z", "2026-11-22T10:00:00+2",
        "2026-11-22T10:00:00+24:00", "2026-11-22T10:00:00Europe/Berlin", "2026-02-30T10:00:00Z",
        "+9999999-01-01T00:00:00Z"}) {
    EXPECT_FALSE(ParseTimestamp(bad).has_value()) << bad;
  }
}

std::string Utc(const char* zone, const char* wall) {
  const auto loaded = TimeZone::Load(zone);
  if (!loaded) return "no such zone";
  const auto utc = loaded->ToUtc(ParseTimestamp(wall)->micros);
  return utc ? TimestampText(*utc) : "beyond";
}

TEST(TimeZone, ConvertsWallClocks) {
  EXPECT_EQ(Utc("UTC", "2026-07-01 12:00:00"), "2026-07-01T12:00:00Z");
  EXPECT_EQ(Utc("Europe/Berlin", "2026-07-01 12:00:00"), "2026-07-01T10:00:00Z");
  EXPECT_EQ(Utc("Europe/Berlin", "2026-01-01 12:00:00.25"), "2026-01-01T11:00:00.250000Z");
  EXPECT_EQ(Utc("America/St_Johns", "2026-01-01 12:00:00"), "2026-01-01T15:30:00Z");
  EXPECT_EQ(Utc("+05:30", "2026-01-01 00:00:00"), "2025-12-31T18:30:00Z");
  EXPECT_EQ(Utc("-08", "2026-01-01 00:00:00"), "2026-01-01T08:00:00Z");
  EXPECT_EQ(Utc("Europe/Berlin", "1960-07-01 12:00:00.000001"), "1960-07-01T11:00:00.000001Z");
  EXPECT_EQ(Utc("Europe/Berlin", "2200-07-01 12:00:00"), "2200-07-01T10:00:00Z");
}

TEST(TimeZone, ATimeThatOccursTwiceIsTheEarlier) {
  EXPECT_EQ(Utc("Europe/Berlin", "2026-10-25 02:30:00"), "2026-10-25T00:30:00Z");
  EXPECT_EQ(Utc("Europe/Berlin", "2026-10-25 03:00:00"), "2026-10-25T02:00:00Z");
}

TEST(TimeZone, ASkippedTimeMovesForward) {
  // 02:30 does not exist: it is read as 03:30.
  EXPECT_EQ(Utc("Europe/Berlin", "2026-03-29 02:30:00"), "2026-03-29T01:30:00Z");
  EXPECT_EQ(Utc("Europe/Berlin", "2026-03-29 03:30:00"), "2026-03-29T01:30:00Z");
}

TEST(TimeZone, UnknownNamesAndPathsAreRefused) {
  for (const char* bad : {"", "Europe/Berlim", "/etc/passwd", "../../etc/passwd", "+2", "+25:00",
                          "localtime", "file:/etc/passwd", "berlin"}) {
    EXPECT_FALSE(TimeZone::Load(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace penstock
