// The queue of deletes beyond its window, with ids that live keys share.
#include "core/diff/deletes.h"

#include <gtest/gtest.h>

#include "tests/diff/world.h"

namespace penstock {
namespace {

TEST(DeleteQueue, FindsSharedIdsAmongMany) {
  World world("deletes");
  world.mode = Mode::kMirror;
  constexpr size_t kRows = 9000;  // more than a window, and more ids than fit into one pass
  std::vector<TextRow> rows;
  std::map<std::string, OutcomeSpec> outcomes;
  for (size_t i = 0; i < kRows; ++i) {
    const std::string key = "k" + std::to_string(i);
    rows.push_back({key, "v"});
    // Every tenth one has the id of the row after it.
    const size_t id = i % 10 == 0 ? i + 1 : i;
    outcomes[key] = {OutcomeKind::kCreated, ErrorClass::kNone, "id" + std::to_string(id)};
  }
  ASSERT_TRUE(world.Plan(rows).ok());
  world.Apply(outcomes);
  world.Compact();
  // Rows 0, 10, … leave, and of the first half the rows after them as well.
  std::vector<TextRow> left;
  for (size_t i = 0; i < kRows; ++i) {
    if (i % 10 == 0 || (i % 10 == 1 && i < kRows / 2) || i % 10 > 4) continue;
    left.push_back(rows[i]);
  }
  ASSERT_TRUE(world.Plan(left).ok());
  size_t shared = 0, deletes = 0, overwritten = 0;
  for (const std::string& line : world.Lines()) {
    if (line.starts_with("mark overwritten k")) {
      const size_t i = std::stoul(line.substr(18));
      EXPECT_TRUE(i % 10 == 1 && i > kRows / 2) << line;
      ++overwritten;
      continue;
    }
    ASSERT_TRUE(line.starts_with("delete k")) << line;
    ++deletes;
    const size_t i = std::stoul(line.substr(8));
    const bool expected = i % 10 == 0 && i >= kRows / 2;
    EXPECT_EQ(line.ends_with(" shared"), expected) << line;
    shared += expected ? 1 : 0;
  }
  EXPECT_EQ(deletes, kRows - left.size());
  EXPECT_EQ(shared, kRows / 20);
  EXPECT_EQ(overwritten, shared);
}

}  // namespace
}  // namespace penstock
