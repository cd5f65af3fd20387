// Every struct, field and constant of a frozen header has the same place, size and value in
// today's, whichever of the two compilers builds it.
#include "tests/sdk/abi/layout_test.h"

#include <gtest/gtest.h>

#include <span>
#include <string>

extern "C" {
const layout_entry* FrozenLayout(size_t* n);
const layout_entry* TodaysLayout(size_t* n);
const layout_entry* ClangsLayout(size_t* n);
const layout_entry* LaterLayout(size_t* n);
}

namespace {

using Layout = std::span<const layout_entry>;

Layout Of(const layout_entry* (*function)(size_t*)) {
  size_t n = 0;
  const layout_entry* entries = function(&n);
  return {entries, n};
}

void ExpectKept(Layout frozen, Layout now, bool may_grow) {
  ASSERT_EQ(frozen.size(), now.size());
  ASSERT_GT(frozen.size(), 200u);
  for (size_t i = 0; i < frozen.size(); ++i) {
    const std::string name = frozen[i].name;
    ASSERT_EQ(name, now[i].name);
    EXPECT_EQ(frozen[i].place, now[i].place) << name;
    if (may_grow && frozen[i].grows != 0) {
      EXPECT_LT(frozen[i].size, now[i].size) << name;
    } else {
      EXPECT_EQ(frozen[i].size, now[i].size) << name;
    }
  }
}

TEST(AbiLayout, TodaysHeaderKeepsTheFrozenOne) {
  ExpectKept(Of(FrozenLayout), Of(TodaysLayout), false);
}

TEST(AbiLayout, TheOtherCompilerSeesTheSame) {
  ExpectKept(Of(FrozenLayout), Of(ClangsLayout), false);
}

TEST(AbiLayout, ALaterHeaderOnlyAppends) { ExpectKept(Of(FrozenLayout), Of(LaterLayout), true); }

}  // namespace
