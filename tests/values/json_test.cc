#include "core/value/json.h"

#include <gtest/gtest.h>

#include <random>

using namespace std::string_view_literals;

namespace penstock {
namespace {

std::string Canonical(std::string_view text) {
  std::string out = "before:";
  if (!CanonicalJson(text, &out)) {
    EXPECT_EQ(out, "before:");  // nothing is left behind
    return "not JSON";
  }
  return out.substr(7);
}

TEST(Json, OneTextADocument) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"1"sv, "1"sv},
      {" { \"b\" : 1 , \"a\" : [ 1 , 2 ] } "sv, R"({"a":[1,2],"b":1})"sv},
      {R"({"a":{"z":1,"y":{"d":null,"c":true}},"B":false})"sv,
       R"({"B":false,"a":{"y":{"c":true,"d":null},"z":1}})"sv},
      {R"({"a":1,"b":2,"a":3})"sv, R"({"a":3,"b":2})"sv},
      {R"([])"sv, "[]"sv},
      {R"({})"sv, "{}"sv},
      {R"([[],{},[{}]])"sv, "[[],{},[{}]]"sv},
      {R"("a\/b\u0041\u00e9\ud83c\udf0a\u0000")"sv, "\"a/bA\xC3\xA9\xF0\x9F\x8C\x8A\\u0000\""sv},
      {R"("\"\\\b\f\n\r\t\u001f")"sv, R"("\"\\\b\f\n\r\t\u001f")"sv},
  };
  for (const auto& [in, out] : cases) EXPECT_EQ(Canonical(in), out) << in;
}

TEST(Json, NumbersAreKeptAsWritten) {
  const std::string_view numbers =
      "[1.0,1,1e5,1E+5,-0,12345678901234567890123456789.123456789,1e300]";
  EXPECT_EQ(Canonical(numbers), numbers);
}

TEST(Json, WhatIsNotJson) {
  for (const auto bad :
       {""sv,         " "sv,   "{"sv,     "[1,]"sv,        "{\"a\"}"sv,   "nul"sv,       "01"sv,
        "1 2"sv,      "'a'"sv, "[1] x"sv, "\"\\ud83c\""sv, "\"\xFF\""sv,  "NaN"sv,       "1e400"sv,
        "Infinity"sv, "1\0"sv, "1\0 2"sv, "\"a\nb\""sv,    "/* c */ 1"sv, "{\"a\":1,}"sv}) {
    EXPECT_EQ(Canonical(bad), "not JSON") << bad;
  }
}

TEST(Json, NestingIsBounded) {
  const auto nested = [](int depth) {
    return std::string(static_cast<size_t>(depth), '[') +
           std::string(static_cast<size_t>(depth), ']');
  };
  EXPECT_EQ(Canonical(nested(kMaxJsonDepth)), nested(kMaxJsonDepth));
  EXPECT_EQ(Canonical(nested(kMaxJsonDepth + 1)), "not JSON");
  EXPECT_EQ(Canonical(std::string(1'000'000, '[')), "not JSON");
}

TEST(Json, AnyTextIsTakenOrRefused) {
  std::mt19937 random(11);
  const std::string_view alphabet = "{}[]\",:0123456789.eE-+ \\untrfalse\x01\xC3\xA9";
  int taken = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text;
    for (size_t n = random() % 10; text.size() < n;) text += alphabet[random() % alphabet.size()];
    const std::string once = Canonical(text);
    if (once == "not JSON") continue;
    ++taken;
    ASSERT_EQ(Canonical(once), once) << text;
  }
  EXPECT_GT(taken, 100);
}

}  // namespace
}  // namespace penstock
