#include "core/base/suggest.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

const std::vector<std::string> kNames = {"email", "first_name", "id", "lifecyclestage"};

TEST(Suggest, FindsWhatIsNear) {
  EXPECT_EQ(Suggest("emial", kNames), "email");
  EXPECT_EQ(Suggest("EMAIL", kNames), "email");
  EXPECT_EQ(Suggest("First-Name", kNames), "first_name");
  EXPECT_EQ(Suggest("firstname", kNames), "first_name");
  EXPECT_EQ(Suggest("livecyclestage", kNames), "lifecyclestage");
}

TEST(Suggest, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(Suggest("phone", kNames), "");
  EXPECT_EQ(Suggest("xx", kNames), "");
  EXPECT_EQ(Suggest("", kNames), "");
  EXPECT_EQ(Suggest("email", {}), "");
  EXPECT_EQ(Suggest(std::string(10000, 'a'), kNames), "");
}

TEST(Suggest, MakesAHint) {
  EXPECT_EQ(DidYouMean("emial", kNames), "Did you mean \"email\"?");
  EXPECT_EQ(DidYouMean("phone", kNames), "");
}

}  // namespace
}  // namespace penstock
