#include "core/value/text.h"

#include <gtest/gtest.h>

using namespace std::string_view_literals;

namespace penstock {
namespace {

TEST(Text, ValidUtf8) {
  for (const auto good : {""sv, "plain ascii, longer than a word"sv, "a\0b"sv, "Grüße"sv,
                          "日本語"sv, "\xF0\x9F\x8C\x8A wave"sv, "12345678é"sv}) {
    EXPECT_TRUE(ValidUtf8(good)) << good;
  }
  for (const auto bad : {"\xFF"sv, "\xC3"sv, "abcdefgh\xC3("sv, "\xC0\x80"sv, "\xED\xA0\x80"sv,
                         "\xF4\x90\x80\x80"sv, "\x80"sv, "\xE2\x82"sv}) {
    EXPECT_FALSE(ValidUtf8(bad));
  }
}

TEST(Text, CountsCharactersNotBytes) {
  EXPECT_EQ(CodePoints(""), 0u);
  EXPECT_EQ(CodePoints("Grüße"), 5u);
  EXPECT_EQ(CodePoints("\xF0\x9F\x8C\x8A\xF0\x9F\x8C\x8A"), 2u);
}

TEST(Text, Base64BothWays) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {""sv, ""sv},        {"f"sv, "Zg=="sv},          {"fo"sv, "Zm8="sv},
      {"foo"sv, "Zm9v"sv}, {"foobar"sv, "Zm9vYmFy"sv}, {"\0\xFF\x80"sv, "AP+A"sv},
  };
  for (const auto& [bytes, text] : cases) {
    std::string out;
    AppendBase64(bytes, &out);
    EXPECT_EQ(out, text);
    EXPECT_TRUE(DecodeBase64(text, &out));
    EXPECT_EQ(out, bytes);
  }
}

TEST(Text, Base64IsStrict) {
  std::string out;
  for (const auto bad :
       {"Z", "Zg", "Zg=", "Zg==Zg==", "Zh==", "Zm9=", "Zm9v\n", "====", "Z===", "Zg=a", "Zm-v"}) {
    EXPECT_FALSE(DecodeBase64(bad, &out)) << bad;
  }
}

}  // namespace
}  // namespace penstock
