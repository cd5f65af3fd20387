// The C header means the same in every language standard that it promises. That each compiles
// without a warning, and every C++ header alone, is shown by this program's having been built.
#include <gtest/gtest.h>

#include <cstddef>

extern "C" {
size_t SizesC11(size_t which);
size_t SizesCxx11(size_t which);
size_t SizesCxx14(size_t which);
size_t SizesCxx17(size_t which);
size_t SizesCxx20(size_t which);
}

TEST(AbiHeader, HasTheSameLayoutInEveryStandard) {
  for (size_t which = 0; which < 14; ++which) {
    EXPECT_EQ(SizesC11(which), SizesCxx11(which)) << which;
    EXPECT_EQ(SizesC11(which), SizesCxx14(which)) << which;
    EXPECT_EQ(SizesC11(which), SizesCxx17(which)) << which;
    EXPECT_EQ(SizesC11(which), SizesCxx20(which)) << which;
  }
}

TEST(AbiHeader, ValueIsSixteenBytes) { EXPECT_EQ(SizesC11(0), 16u); }
