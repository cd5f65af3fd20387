#include "core/value/decimal.h"

#include <gtest/gtest.h>

#include <charconv>
#include <cstring>
#include <limits>
#include <random>

namespace penstock {
namespace {

std::string Canonical(std::string_view text) {
  Arena arena;
  std::string_view out;
  switch (CanonicalDecimal(text, &arena, &out)) {
    case DecimalText::kOk:
      return std::string(out);
    case DecimalText::kNotANumber:
      return "not a number";
    case DecimalText::kTooLong:
      return "too long";
  }
  return "";
}

TEST(Decimal, CanonicalForm) {
  const std::pair<const char*, const char*> cases[] = {
      {"0", "0"},
      {"-0", "0"},
      {"-0.000", "0"},
      {"000", "0"},
      {"1.10", "1.1"},
      {"1.0", "1"},
      {"100", "100"},
      {"0100.00100", "100.001"},
      {"+5", "5"},
      {".5", "0.5"},
      {"5.", "5"},
      {"-.5", "-0.5"},
      {"1e3", "1000"},
      {"1.5E+3", "1500"},
      {"1.5e-3", "0.0015"},
      {"123.456e1", "1234.56"},
      {"123.456e2", "12345.6"},
      {"123.456e3", "123456"},
      {"100e-2", "1"},
      {"120e-2", "1.2"},
      {"0.00120e2", "0.12"},
      {"0e999999999999", "0"},
      {"12345678901234567890123456789012345678", "12345678901234567890123456789012345678"},
      {"-0.12345678901234567890123456789012345678", "-0.12345678901234567890123456789012345678"},
      {"1e200000", "too long"},
      {"1e-200000", "too long"},
      {"1e99999999999999999999", "too long"},
      {"", "not a number"},
      {"-", "not a number"},
      {".", "not a number"},
      {"e5", "not a number"},
      {"1e", "not a number"},
      {"1e+", "not a number"},
      {"1 ", "not a number"},
      {" 1", "not a number"},
      {"1,5", "not a number"},
      {"--1", "not a number"},
      {"0x10", "not a number"},
      {"NaN", "not a number"},
      {"1.2.3", "not a number"},
  };
  for (const auto& [in, out] : cases) EXPECT_EQ(Canonical(in), out) << in;
}

TEST(Decimal, CanonicalIsAFixedPoint) {
  std::mt19937_64 random(7);
  const std::string_view alphabet = "0123456789.-+eE";
  for (int i = 0; i < 200'000; ++i) {
    std::string text;
    for (size_t n = random() % 12; text.size() < n;) text += alphabet[random() % alphabet.size()];
    const std::string once = Canonical(text);
    if (once != "not a number" && once != "too long") {
      ASSERT_EQ(Canonical(once), once) << text;
      ASSERT_TRUE(IsPlainNumber(once)) << text;
    }
  }
}

TEST(Decimal, PlainNumbers) {
  for (const char* yes : {"0", "-0", "7", "-7", "10", "0.5", "-12.50", "12345678901234567890"}) {
    EXPECT_TRUE(IsPlainNumber(yes)) << yes;
  }
  for (const char* no : {"", "-", "042", "00", "+1", "1.", ".5", "1e3", " 1", "1 ", "1,5", "0x1",
                         "NaN", "-01", "1_000", "\xD9\xA1"}) {
    EXPECT_FALSE(IsPlainNumber(no)) << no;
  }
}

TEST(Decimal, Integers) {
  int64_t out = 0;
  EXPECT_EQ(DecimalToInt64("9223372036854775807", &out), IntegerOf::kOk);
  EXPECT_EQ(out, std::numeric_limits<int64_t>::max());
  EXPECT_EQ(DecimalToInt64("-9223372036854775808", &out), IntegerOf::kOk);
  EXPECT_EQ(out, std::numeric_limits<int64_t>::min());
  EXPECT_EQ(DecimalToInt64("9223372036854775808", &out), IntegerOf::kOverflow);
  EXPECT_EQ(DecimalToInt64("1.5", &out), IntegerOf::kFraction);
  EXPECT_EQ(DecimalToInt64("99999999999999999999.5", &out), IntegerOf::kFraction);
}

std::string DoubleText(double d) {
  char text[kMaxDoubleText];
  return {text, WriteDouble(d, text)};
}

TEST(Decimal, DoublesReadAsPeopleWriteThem) {
  const std::pair<double, const char*> cases[] = {
      {0.0, "0"},
      {-0.0, "0"},
      {0.1, "0.1"},
      {-0.5, "-0.5"},
      {100000, "100000"},
      {1234567.25, "1234567.25"},
      {9007199254740993.0, "9007199254740992"},
      {1e20, "100000000000000000000"},
      {1e21, "1e+21"},
      {1e-7, "0.0000001"},
      {1e-8, "1e-08"},
      {123e-7, "0.0000123"},
      {-1.7976931348623157e308, "-1.7976931348623157e+308"},
      {5e-324, "5e-324"},
      {std::numeric_limits<double>::quiet_NaN(), "NaN"},
      {std::numeric_limits<double>::infinity(), "Infinity"},
      {-std::numeric_limits<double>::infinity(), "-Infinity"},
  };
  for (const auto& [d, text] : cases) EXPECT_EQ(DoubleText(d), text);
}

TEST(Decimal, DoublesReadBack) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 100'000; ++i) {
    double d = 0;
    const uint64_t bits = random();
    std::memcpy(&d, &bits, sizeof d);
    if (!(d - d == 0)) continue;
    const std::string text = DoubleText(d);
    double back = 0;
    std::from_chars(text.data(), text.data() + text.size(), back);
    ASSERT_EQ(back, d) << text;
    Arena arena;
    const std::string_view decimal = DecimalOfDouble(d, &arena);
    std::from_chars(decimal.data(), decimal.data() + decimal.size(), back);
    ASSERT_EQ(back, d) << decimal;
  }
}

}  // namespace
}  // namespace penstock
