// Damaged generations: always a named error, never a wrong entry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file/file.h"
#include "tests/state/history.h"

namespace penstock::test {
namespace {

using ::testing::HasSubstr;

/// Opens the state and reads all of it.
Status ReadWholly(const std::string& directory) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto view, StateView::Open(directory, {}, directory, 1u << 20));
  return view->ForEach([](const Entry&) { return Status(); });
}

class Damage : public ::testing::Test {
 protected:
  void SetUp() override {
    History history(directory_.path(), 3, 60);
    for (int i = 0; i < 2; ++i) {
      history.Run(200);
      history.Compact();
    }
    path_ = directory_ / "state-000000000002.pst";
    const auto content = file::ReadAll(path_);
    ASSERT_TRUE(content.ok());
    content_ = *content;
    ASSERT_TRUE(ReadWholly(directory_.path()).ok());
  }

  TemporaryDirectory directory_;
  std::string path_, content_;
};

TEST_F(Damage, AFlippedBitIsNamed) {
  for (size_t at = 0; at < content_.size(); at += 97) {
    std::string flipped = content_;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
    PutFile(path_, flipped);
    const Status status = ReadWholly(directory_.path());
    ASSERT_FALSE(status.ok()) << "byte " << at;
    ASSERT_EQ(status.error().code, "PS-STATE-CORRUPT");
    EXPECT_EQ(status.error().file, path_);
    EXPECT_THAT(status.error().message, HasSubstr("at byte"));
    EXPECT_THAT(status.error().hint, HasSubstr("state-000000000001.pst"));
  }
}

TEST_F(Damage, ACutFileIsNamed) {
  for (size_t size = 0; size < content_.size(); size += 211) {
    PutFile(path_, content_.substr(0, size));
    const Status status = ReadWholly(directory_.path());
    ASSERT_FALSE(status.ok()) << size;
    ASSERT_EQ(status.error().code, "PS-STATE-CORRUPT");
  }
  PutFile(path_, content_ + "more");
  EXPECT_EQ(ReadWholly(directory_.path()).error().code, "PS-STATE-CORRUPT");
}

TEST_F(Damage, ARenamedGenerationIsNoticed) {
  PutFile(directory_ / "state-000000000003.pst", content_);
  const Status status = ReadWholly(directory_.path());
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, HasSubstr("somebody renamed it"));
}

TEST_F(Damage, ADamagedPartitionLeavesTheOthersReadable) {
  const size_t at = content_.find("key-");
  ASSERT_NE(at, std::string::npos);
  std::string flipped = content_;
  flipped[at] = 'K';
  PutFile(path_, flipped);
  const auto view = StateView::Open(directory_.path(), {}, directory_.path(), 1u << 20);
  ASSERT_TRUE(view.ok());
  size_t good = 0, damaged = 0;
  for (uint64_t key = 0; key < 60; ++key) {
    const auto found = (*view)->Find(HashOf(key));
    if (!found.ok()) {
      EXPECT_EQ(found.error().code, "PS-STATE-CORRUPT");
      ++damaged;
    } else if (found->has_value()) {
      EXPECT_EQ((*found)->key, "key-" + std::to_string(key));
      ++good;
    }
  }
  EXPECT_GT(good, 0u);
  EXPECT_EQ(damaged, 1u);
}

}  // namespace
}  // namespace penstock::test
