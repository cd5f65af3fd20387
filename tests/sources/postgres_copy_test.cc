#include "host/sources/postgres_copy.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::sources {
namespace {

const std::string kHeader("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);

TEST(PostgresCopy, HeaderIsDropped) {
  const std::string row("\0\1\377\377\377\377", 6);
  const std::string all = kHeader + row;
  std::string_view bytes = all;
  EXPECT_TRUE(TakeCopyHeader(&bytes));
  EXPECT_EQ(bytes, row);
}

TEST(PostgresCopy, AnExtensionOfTheHeaderIsPassedOver) {
  const std::string all = kHeader.substr(0, 15) + std::string("\0\0\0\3", 4) + "abcrest";
  std::string_view bytes = all;
  EXPECT_TRUE(TakeCopyHeader(&bytes));
  EXPECT_EQ(bytes, "rest");
}

TEST(PostgresCopy, OtherHeadersAreRefused) {
  for (size_t n = 0; n < kHeader.size(); ++n) {
    std::string_view shorter = std::string_view(kHeader).substr(0, n);
    EXPECT_FALSE(TakeCopyHeader(&shorter)) << n;
  }
  for (const size_t changed : {size_t{0}, size_t{10}, size_t{12}, size_t{18}}) {
    std::string other = kHeader;
    ++other[changed];
    std::string_view bytes = other;
    EXPECT_FALSE(TakeCopyHeader(&bytes)) << changed;
  }
}

TEST(PostgresCopy, FieldsOfARow) {
  const std::string bytes("\0\3\0\0\0\2ab\377\377\377\377\0\0\0\0", 16);
  CopiedRow row(bytes);
  EXPECT_FALSE(row.last());
  std::string_view field;
  EXPECT_EQ(row.Next(&field), CopiedRow::Field::kBytes);
  EXPECT_EQ(field, "ab");
  EXPECT_EQ(row.Next(&field), CopiedRow::Field::kNull);
  EXPECT_FALSE(row.Ended(3));
  EXPECT_EQ(row.Next(&field), CopiedRow::Field::kBytes);
  EXPECT_EQ(field, "");
  EXPECT_TRUE(row.Ended(3));
  EXPECT_FALSE(row.Ended(2));
  EXPECT_EQ(row.Next(&field), CopiedRow::Field::kBroken);
}

TEST(PostgresCopy, TheMarkAfterTheLastRow) {
  EXPECT_TRUE(CopiedRow(std::string_view("\377\377", 2)).last());
  EXPECT_FALSE(CopiedRow(std::string_view("\377\377\0", 3)).last());
  EXPECT_FALSE(CopiedRow(std::string_view("\377", 1)).last());
  EXPECT_FALSE(CopiedRow(std::string_view("\0\0", 2)).last());
}

TEST(PostgresCopy, CutRowsAreBroken) {
  const std::string whole("\0\2\0\0\0\2ab\0\0\0\1c", 13);
  for (size_t n = 0; n < whole.size(); ++n) {
    CopiedRow row(std::string_view(whole).substr(0, n));
    std::string_view field;
    const bool read = row.Next(&field) != CopiedRow::Field::kBroken &&
                      row.Next(&field) != CopiedRow::Field::kBroken && row.Ended(2);
    EXPECT_FALSE(read) << n;
  }
  CopiedRow longer(std::string_view("\0\1\377\377\377\377x", 7));
  std::string_view field;
  EXPECT_EQ(longer.Next(&field), CopiedRow::Field::kNull);
  EXPECT_FALSE(longer.Ended(1));
}

}  // namespace
}  // namespace penstock::sources
