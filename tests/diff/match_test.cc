// Matching against the obvious way, with keys that collide in their high halves.
#include "core/diff/match.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace penstock::diff {
namespace {

struct Sides {
  std::vector<uint32_t> entries, rows;
};

/// Items as Match should give them.
std::vector<Item> Expected(const std::vector<MainEntry>& main, const std::vector<Row>& rows,
                           bool keep_departed) {
  std::map<Hash128, Sides> keys;
  for (uint32_t i = 0; i < main.size(); ++i) keys[main[i].key_hash].entries.push_back(i);
  for (uint32_t r = 0; r < rows.size(); ++r) keys[rows[r].key].rows.push_back(r);
  std::vector<Item> items;
  for (const auto& [key, sides] : keys) {
    const uint32_t entry = sides.entries.empty() ? kNone : sides.entries[0];
    const auto count = static_cast<uint32_t>(sides.rows.size());
    if (count == 0) {
      const bool kept =
          main[entry].flags == (MainEntry::kAcknowledged | MainEntry::kDeparted) && keep_departed;
      if (!kept) items.push_back({kNone, entry, 0});
    }
    for (const uint32_t row : sides.rows) {
      if (rows[row].invalid()) continue;
      const bool plain =
          entry != kNone && count == 1 && main[entry].PlainlyUnchanged(rows[row].fingerprint, true);
      if (!plain) items.push_back({row, entry, count > 1 ? count : 0});
    }
  }
  return items;
}

TEST(Matcher, AgreesWithAMap) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 400; ++round) {
    const bool keep_departed = round % 2 == 0;
    // Few high halves, so that keys are told apart by their low halves, or all of them anywhere.
    const uint64_t highs = round % 3 == 0 ? 4 : UINT64_MAX;
    std::map<Hash128, MainEntry> entries;
    std::vector<Row> rows;
    const size_t n = random() % 60;
    for (size_t i = 0; i < n; ++i) {
      const Hash128 key{random() % highs, random() % 50};
      if (random() % 3 != 0) {
        MainEntry& entry = entries[key];
        entry.key_hash = key;
        entry.fingerprint = {1, random() % 2};
        entry.flags = static_cast<uint8_t>(random() % 8);
      }
      for (uint64_t copies = random() % 6; copies > 0 && copies < 4; --copies) {
        const uint64_t flags = random() % 5 == 0 ? Row::kInvalid : 0;
        rows.push_back({key, {1, random() % 2}, Row::MetaOf(i, flags, 0)});
      }
    }
    std::shuffle(rows.begin(), rows.end(), random);
    std::vector<MainEntry> main;
    for (const auto& [key, entry] : entries) main.push_back(entry);
    Matcher matcher(keep_departed, true);
    matcher.Match(main, 0, rows);
    const std::vector<Item> expected = Expected(main, rows, keep_departed);
    ASSERT_EQ(matcher.items().size(), expected.size()) << "round " << round;
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(matcher.items()[i].row, expected[i].row);
      EXPECT_EQ(matcher.items()[i].entry, expected[i].entry);
      EXPECT_EQ(matcher.items()[i].duplicates, expected[i].duplicates);
    }
  }
}

TEST(Row, HoldsWhatItIsGiven) {
  const Row row{{1, 2}, {3, 4}, Row::MetaOf(123'456'789'012, Row::kHasAbsent, Row::kLengthMask)};
  EXPECT_EQ(row.number(), Row::kMaxNumber);
  EXPECT_EQ(row.length(), Row::kLengthMask);
  EXPECT_TRUE(row.has_absent());
  EXPECT_FALSE(row.invalid());
  EXPECT_FALSE(row.known());
  EXPECT_EQ(Row({}, {}, Row::MetaOf(77, Row::kInvalid | Row::kKnown, 5)).number(), 77u);
}

}  // namespace
}  // namespace penstock::diff
