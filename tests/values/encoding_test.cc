#include "core/value/encoding.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>

using namespace std::string_view_literals;

namespace penstock {
namespace {

std::string Encoded(const Value& v) {
  std::string out;
  EncodeValue(v, &out);
  return out;
}

TEST(Encoding, BytesAreFixedForVersionOne) {
  const Value items[] = {IntValue(1), NullValue()};
  EXPECT_EQ(kEncodingVersion, 1u);
  EXPECT_EQ(Encoded(AbsentValue()), "\x00"sv);
  EXPECT_EQ(Encoded(NullValue()), "\x01"sv);
  EXPECT_EQ(Encoded(BoolValue(true)), "\x02\x01\0\0\0\0\0\0\0"sv);
  EXPECT_EQ(Encoded(IntValue(-2)), "\x03\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF"sv);
  EXPECT_EQ(Encoded(DoubleValue(1)), "\x04\0\0\0\0\0\0\xF0\x3F"sv);
  EXPECT_EQ(Encoded(TextValue(ValueType::kDecimal, "1.5")),
            "\x05\x03"
            "1.5"sv);
  EXPECT_EQ(Encoded(StringValue("a\0b"sv)),
            "\x06\x03"
            "a\0b"sv);
  EXPECT_EQ(Encoded(DateValue(258)), "\x08\x02\x01\0\0\0\0\0\0"sv);
  EXPECT_EQ(Encoded(ListValue(items)), "\x0B\x02\x03\x01\0\0\0\0\0\0\0\x01"sv);
}

Value RandomValue(std::mt19937_64* random, Arena* arena, int depth) {
  const auto text = [&] {
    std::string out((*random)() % 300, '\0');
    for (char& c : out) c = static_cast<char>((*random)());
    return arena->Copy(out);
  };
  const auto type = static_cast<ValueType>((*random)() % (depth > 0 ? 12 : 11));
  switch (type) {
    case ValueType::kAbsent:
    case ValueType::kNull:
      return MakeScalar(type);
    case ValueType::kBool:
      return BoolValue((*random)() % 2 == 0);
    case ValueType::kList: {
      const std::span<Value> items = arena->Values((*random)() % 5);
      for (Value& item : items) item = RandomValue(random, arena, depth - 1);
      return ListValue(items);
    }
    case ValueType::kInt64:
    case ValueType::kDouble:
    case ValueType::kDate:
    case ValueType::kTimestamp:
      return MakeScalar(type, static_cast<int64_t>((*random)()));
    default:
      return TextValue(type, text());
  }
}

TEST(Encoding, RandomValuesComeBack) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    Arena arena;
    std::vector<Value> values;
    std::string bytes;
    for (int n = 0; n < 5; ++n) {
      values.push_back(RandomValue(&random, &arena, 3));
      EncodeValue(values.back(), &bytes);
    }
    std::string_view left = bytes;
    for (const Value& value : values) {
      auto decoded = DecodeValue(&left, &arena);
      ASSERT_TRUE(decoded.ok());
      EXPECT_TRUE(SameValue(*decoded, value));
    }
    EXPECT_TRUE(left.empty());
  }
}

// What decodes must be what encodes to the same bytes: nothing else can have been written.
TEST(Encoding, AnyBytesAreRefusedOrReadExactly) {
  std::mt19937_64 random(2);
  Arena arena;
  int decoded_count = 0;
  for (int i = 0; i < 300'000; ++i) {
    std::string bytes;
    if (i % 2 == 0) {  // a good value with a few bytes changed
      Arena source;
      EncodeValue(RandomValue(&random, &source, 3), &bytes);
      for (int flips = static_cast<int>(random() % 4); flips > 0 && !bytes.empty(); --flips) {
        bytes[random() % bytes.size()] = static_cast<char>(random());
      }
      bytes.resize(bytes.size() - random() % (bytes.size() + 1) / 4);
    } else {
      bytes.resize(random() % 24);
      for (char& c : bytes) c = static_cast<char>(random() % 4 == 0 ? random() : random() % 14);
    }
    arena.Clear();
    std::string_view left = bytes;
    auto decoded = DecodeValue(&left, &arena);
    if (!decoded.ok()) {
      EXPECT_EQ(decoded.error().code, "PS-DATA-CORRUPT");
      continue;
    }
    ++decoded_count;
    ASSERT_EQ(Encoded(*decoded), bytes.substr(0, bytes.size() - left.size()));
  }
  EXPECT_GT(decoded_count, 1000);
}

TEST(Encoding, DeepAndHugeListsAreRefused) {
  Arena arena;
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "\x0B\x01"sv;
  std::string_view left = deep;
  EXPECT_FALSE(DecodeValue(&left, &arena).ok());
  left = "\x0B\xFF\xFF\xFF\xFF\x0F\x01"sv;
  EXPECT_FALSE(DecodeValue(&left, &arena).ok());
  left = "\x06\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"sv;
  EXPECT_FALSE(DecodeValue(&left, &arena).ok());
}

TEST(Encoding, Varints) {
  for (const uint64_t n : {uint64_t{0}, uint64_t{127}, uint64_t{128}, uint64_t{300},
                           uint64_t{1} << 35, std::numeric_limits<uint64_t>::max()}) {
    std::string bytes;
    AppendVarint(n, &bytes);
    std::string_view left = bytes;
    uint64_t back = 0;
    EXPECT_TRUE(ReadVarint(&left, &back));
    EXPECT_EQ(back, n);
    EXPECT_TRUE(left.empty());
    left = std::string_view(bytes).substr(0, bytes.size() - 1);
    EXPECT_FALSE(ReadVarint(&left, &back));
  }
  uint64_t n = 0;
  for (std::string_view bad :
       {"\x80\x00"sv, "\x80\x80\x00"sv, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"sv,
        "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"sv}) {
    EXPECT_FALSE(ReadVarint(&bad, &n));
  }
}

const std::string kSecret(32, 's');

// These must never change: states hold them.
TEST(Hasher, FingerprintsAreFixedForVersionOne) {
  const Hasher hasher(kSecret);
  EXPECT_EQ(ToHex(hasher.Bytes("")), "13d4c2d026627e22dd66b445207ed2c1");
  EXPECT_EQ(ToHex(hasher.Bytes("penstock")), "63a7e810ee35dd6a0a74cfa5f8f32361");
  EXPECT_EQ(ToHex(hasher.Bytes(std::string(1000, 'p'))), "3ae65eef33f63c453329c159017bb57c");
  EXPECT_EQ(hasher.Field(StringValue("penstock")), 4284073698u);
}

TEST(Hasher, AnotherSecretAnotherFingerprint) {
  const Hasher a(kSecret), b(std::string(32, 't'));
  std::set<std::string> seen;
  for (const size_t size : {0, 1, 8, 16, 17, 128, 129, 240, 241, 5000}) {
    const std::string bytes(size, 'x');
    seen.insert(ToHex(a.Bytes(bytes)));
    seen.insert(ToHex(b.Bytes(bytes)));
  }
  EXPECT_EQ(seen.size(), 20u);
}

TEST(Hasher, FieldsKeepTheTwoReservedNumbers) {
  const Hasher hasher(kSecret);
  EXPECT_EQ(hasher.Field(AbsentValue()), kFieldAbsent);
  EXPECT_EQ(hasher.Field(NullValue()), kFieldNull);
  for (int64_t i = 0; i < 100'000; ++i) ASSERT_GT(hasher.Field(IntValue(i)), kFieldUnknown);
  EXPECT_NE(hasher.Field(StringValue("1")), hasher.Field(IntValue(1)));
  EXPECT_NE(hasher.Field(StringValue("")), hasher.Field(NullValue()));
}

}  // namespace
}  // namespace penstock
