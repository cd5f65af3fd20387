#include "core/value/value.h"

#include <gtest/gtest.h>

#include <limits>

using namespace std::string_view_literals;

namespace penstock {
namespace {

TEST(Value, CanonicalText) {
  const Value inner[] = {StringValue("x\"y"), NullValue(), TextValue(ValueType::kDecimal, "1.5")};
  const Value items[] = {IntValue(1),
                         DoubleValue(0.5),
                         BoolValue(true),
                         DateValue(0),
                         ListValue(inner),
                         TextValue(ValueType::kJson, "{\"a\":1}"),
                         TextValue(ValueType::kBytes, "foo"),
                         DoubleValue(std::numeric_limits<double>::infinity())};
  const std::pair<Value, std::string> cases[] = {
      {AbsentValue(), ""},
      {NullValue(), ""},
      {BoolValue(true), "true"},
      {BoolValue(false), "false"},
      {IntValue(-5), "-5"},
      {IntValue(std::numeric_limits<int64_t>::min()), "-9223372036854775808"},
      {DoubleValue(0.1), "0.1"},
      {TextValue(ValueType::kDecimal, "12.5"), "12.5"},
      {StringValue("a\0b"sv), std::string("a\0b"sv)},
      {TextValue(ValueType::kBytes, "foo"), "Zm9v"},
      {DateValue(20'779), "2026-11-22"},
      {TimestampValue(1'795'341'600'123'456), "2026-11-22T10:00:00.123456Z"},
      {TextValue(ValueType::kJson, "[1]"), "[1]"},
      {ListValue({}), "[]"},
      {ListValue(items),
       R"([1,0.5,true,"1970-01-01",["x\"y",null,1.5],{"a":1},"Zm9v","Infinity"])"},
  };
  for (const auto& [value, text] : cases) EXPECT_EQ(ToText(value), text);
}

TEST(Value, SameMeansTypeAndContent) {
  const Value a[] = {IntValue(1), StringValue("x")};
  const Value b[] = {IntValue(1), StringValue("x")};
  const Value c[] = {IntValue(1), StringValue("y")};
  EXPECT_TRUE(SameValue(ListValue(a), ListValue(b)));
  EXPECT_FALSE(SameValue(ListValue(a), ListValue(c)));
  EXPECT_FALSE(SameValue(ListValue(a), ListValue(std::span(b, 1))));
  EXPECT_FALSE(SameValue(IntValue(1), BoolValue(true)));
  EXPECT_FALSE(SameValue(StringValue("1"), TextValue(ValueType::kDecimal, "1")));
  EXPECT_FALSE(SameValue(DoubleValue(0.0), DoubleValue(-0.0)));
  EXPECT_TRUE(SameValue(NullValue(), NullValue()));
  EXPECT_FALSE(SameValue(NullValue(), AbsentValue()));
}

TEST(Arena, OwnsDeepCopies) {
  Arena arena;
  Value copy;
  {
    std::string text(100'000, 'x');
    const Value inner[] = {StringValue(text), NullValue()};
    const Value items[] = {ListValue(inner), IntValue(3)};
    copy = arena.Own(ListValue(items));
    text.assign(text.size(), 'y');
  }
  ASSERT_EQ(ItemsOf(copy).size(), 2u);
  EXPECT_EQ(TextOf(ItemsOf(ItemsOf(copy)[0])[0]), std::string(100'000, 'x'));
}

TEST(Arena, AddressesStayUntilClear) {
  Arena arena;
  for (int round = 0; round < 3; ++round) {
    std::vector<std::string_view> kept;
    for (int i = 0; i < 5000; ++i) {
      kept.push_back(
          arena.Copy(std::string(static_cast<size_t>(i % 97), static_cast<char>(i % 128))));
      for (const Value& v : arena.Values(3)) EXPECT_EQ(v.type, PENSTOCK_ABSENT);
    }
    for (int i = 0; i < 5000; ++i) {
      EXPECT_EQ(kept[static_cast<size_t>(i)],
                std::string(static_cast<size_t>(i % 97), static_cast<char>(i % 128)));
    }
    arena.Copy(std::string(3 << 20, 'z'));
    arena.Clear();
  }
}

}  // namespace
}  // namespace penstock
