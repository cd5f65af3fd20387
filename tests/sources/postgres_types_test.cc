#include "host/sources/postgres_types.h"

#include <gtest/gtest.h>

#include <random>

namespace penstock::sources {
namespace {

constexpr uint32_t kOids[] = {25,   20, 23,   21,   26,   16,   700, 701, 1700, 1043,
                              1042, 19, 1082, 1114, 1184, 2950, 17,  114, 3802};

TEST(PostgresTypes, AnyBytesAreRefusedOrRead) {
  std::mt19937_64 random(5);
  const TimeZone zone = TimeZone::Load("Europe/Berlin").value();
  Arena arena;
  const DecodeContext context{&arena, &zone};
  int read = 0;
  for (int i = 0; i < 200'000; ++i) {
    const PostgresType* type = FindPostgresType(kOids[random() % std::size(kOids)]);
    ASSERT_NE(type, nullptr);
    ASSERT_EQ(FindPostgresArray(type->array_oid), type);
    const size_t sizes[] = {0, 1, 2, 4, 8, 10, 12, 16, 20, 28, 40};
    std::string bytes(sizes[random() % std::size(sizes)], '\0');
    for (char& c : bytes) {
      const uint64_t r = random();
      c = static_cast<char>(r % 3 == 0 ? r >> 8 : r % 3 == 1 ? 0 : r >> 8 & 3);
    }
    arena.Clear();
    Value value;
    if (type->decode(bytes, context, &value)) {
      ++read;
      ToText(value);
    }
    // An array of it: dimensions, flags, element type, then sizes and items.
    std::string array(12, '\0');
    array[3] = static_cast<char>(random() % 8);
    array[10] = static_cast<char>(type->oid >> 8);
    array[11] = static_cast<char>(type->oid);
    array += bytes;
    if (DecodePostgresArray(array, *type, context, &value)) {
      ++read;
      ToText(value);
    }
  }
  EXPECT_GT(read, 10'000);
}

TEST(PostgresTypes, HugeArraysOfNothingAreRefused) {
  const TimeZone zone;
  Arena arena;
  const DecodeContext context{&arena, &zone};
  std::string bytes(12 + 8 * 6, '\0');
  bytes[3] = 6;
  bytes[11] = 23;
  for (size_t i = 0; i < 6; ++i) bytes[12 + 8 * i] = '\x7F';
  Value value;
  EXPECT_FALSE(DecodePostgresArray(bytes, *FindPostgresType(23), context, &value));
}

TEST(PostgresTypes, UnknownTypes) {
  EXPECT_EQ(FindPostgresType(0), nullptr);
  EXPECT_EQ(FindPostgresType(869), nullptr);
  EXPECT_EQ(FindPostgresArray(25), nullptr);
}

}  // namespace
}  // namespace penstock::sources
