// Values as text and JSON: exact.
#include "penstock/values.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "penstock/json.hpp"
#include "penstock/records.hpp"
#include "tests/sdk/scripted_host.h"

namespace penstock::sdk {
namespace {

std::string Json(const penstock_value& value) {
  std::string json;
  AppendJson(value, &json);
  return json;
}

TEST(Values, DatesFromBeforeTheEpochToFarAhead) {
  EXPECT_EQ(DateText(0), "1970-01-01");
  EXPECT_EQ(DateText(-1), "1969-12-31");
  EXPECT_EQ(DateText(11016), "2000-02-29");
  EXPECT_EQ(DateText(20779), "2026-11-22");
  EXPECT_EQ(DateText(-719162), "0001-01-01");
  EXPECT_EQ(DateText(2932896), "9999-12-31");
}

TEST(Values, TimestampsCutTowardsThePast) {
  EXPECT_EQ(TimestampText(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(TimestampText(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(TimestampText(-1, 3), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(TimestampText(1795341600123456, 3), "2026-11-22T10:00:00.123Z");
  EXPECT_EQ(TimestampText(1795341600123456, 0), "2026-11-22T10:00:00Z");
}

TEST(Values, JsonKeepsEveryDigit) {
  TestBatch texts(1);
  EXPECT_EQ(Json(TestBatch::Number(PENSTOCK_INT64, 9007199254740993)), "9007199254740993");
  EXPECT_EQ(Json(texts.Text("99999999999999999999999999999999999999.01", PENSTOCK_DECIMAL)),
            "99999999999999999999999999999999999999.01");
  EXPECT_EQ(Json(texts.Text(R"({"a": [1, 2]})", PENSTOCK_JSON)), R"({"a": [1, 2]})");
  penstock_value tenth = TestBatch::Number(PENSTOCK_DOUBLE, 0);
  tenth.v.f64 = 0.1;
  EXPECT_EQ(Json(tenth), "0.1");
  EXPECT_EQ(Json(TestBatch::Number(PENSTOCK_BOOL, 1)), "true");
  EXPECT_EQ(Json(TestBatch::Null()), "null");
  EXPECT_EQ(Json(TestBatch::Number(PENSTOCK_DATE, 20779)), "\"2026-11-22\"");
}

TEST(Values, ListsAreJoined) {
  const std::vector<penstock_value> items = {StringValue("a b"), StringValue(""), NullValue()};
  penstock_value list{};
  list.type = PENSTOCK_LIST;
  list.len = 3;
  list.v.list = items.data();
  EXPECT_EQ(JoinedText(list, ';'), "a b;;");
  list.len = 0;
  EXPECT_EQ(JoinedText(list, ';'), "");
  penstock_value time{};
  time.type = PENSTOCK_TIMESTAMP;
  time.v.i64 = 1999;
  EXPECT_EQ(JoinedText(time, ',', 3), "1970-01-01T00:00:00.001Z");
  EXPECT_EQ(JoinedText(StringValue("x"), ','), "x");
}

TEST(Values, UrlTextLeavesNothingToRead) {
  EXPECT_EQ(UrlText("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(UrlText(std::string_view("a b/?&=+%'\xc3\xa9\0", 13)),
            "a%20b%2F%3F%26%3D%2B%25%27%C3%A9%00");
}

TEST(Values, TrimsAndLowersAscii) {
  EXPECT_EQ(Trimmed(" \ta b\r\n"), "a b");
  EXPECT_EQ(Trimmed(" \n"), "");
  EXPECT_EQ(AsciiLower("AzZ\xc3\x89"), "azz\xc3\x89");
}

TEST(Values, PlainTextIsExact) {
  const auto number = [](uint8_t type, int64_t n) {
    penstock_value value{};
    value.type = type;
    value.v.i64 = n;
    return PlainText(value);
  };
  EXPECT_EQ(number(PENSTOCK_BOOL, 0), "false");
  EXPECT_EQ(number(PENSTOCK_INT64, INT64_MIN), "-9223372036854775808");
  EXPECT_EQ(number(PENSTOCK_DATE, 0), "1970-01-01");
  EXPECT_EQ(number(PENSTOCK_TIMESTAMP, 1), "1970-01-01T00:00:00.000001Z");
  EXPECT_EQ(number(PENSTOCK_NULL, 0), "");
  EXPECT_EQ(PlainText(StringValue("a\"b")), "a\"b");
  penstock_value value = StringValue("1.10");
  value.type = PENSTOCK_DECIMAL;
  EXPECT_EQ(PlainText(value), "1.10");
  value.type = PENSTOCK_BYTES;
  EXPECT_EQ(PlainText(value), "MS4xMA==");
  value.type = PENSTOCK_DOUBLE;
  value.v.f64 = 0.1;
  EXPECT_EQ(PlainText(value), "0.1");
}

TEST(Values, JsonStringsEscapeControlsAndPassUtf8) {
  TestBatch texts(1);
  EXPECT_EQ(Json(texts.Text(std::string("a\0b\"\\\n\x1f", 7))), R"("a\u0000b\"\\\n\u001f")");
  EXPECT_EQ(Json(texts.Text("žluťoučký 🐎")), "\"žluťoučký 🐎\"");
}

TEST(Values, Base64Pads) {
  EXPECT_EQ(Base64(""), "");
  EXPECT_EQ(Base64("f"), "Zg==");
  EXPECT_EQ(Base64("fo"), "Zm8=");
  EXPECT_EQ(Base64("foo"), "Zm9v");
  EXPECT_EQ(Base64(std::string("\xff\x00\xfe", 3)), "/wD+");
}

TEST(Values, ChunksCoverEverythingOnce) {
  const std::vector<Range> ranges = Chunk(250, 100);
  ASSERT_EQ(ranges.size(), 3u);
  EXPECT_EQ(ranges[2].begin, 200u);
  EXPECT_EQ(ranges[2].end, 250u);
  EXPECT_TRUE(Chunk(0, 100).empty());
  EXPECT_EQ(Chunk(3, 0).size(), 3u);
}

TEST(Values, JsonWriterNests) {
  JsonWriter json;
  json.BeginObject().Key("a").BeginArray().String("x").BeginObject().EndObject().EndArray();
  json.Key("b").Raw("1").EndObject();
  EXPECT_EQ(json.text(), R"({"a":["x",{}],"b":1})");
}

}  // namespace
}  // namespace penstock::sdk
