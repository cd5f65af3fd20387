// The comparing half of the diff: the rows of one range of keys against its entries.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/diff/row.h"
#include "core/state/state.h"

namespace penstock::diff {

inline constexpr uint32_t kNone = UINT32_MAX;

/// A key that needs a decision, or a row that is one of several of its key.
struct Item {
  uint32_t row = kNone;     // index into the rows
  uint32_t entry = kNone;   // index into the partition's main entries
  uint32_t duplicates = 0;  // how many rows have this key, if more than one
  bool operator==(const Item&) const = default;
};

/// What a match found besides its items.
struct MatchCounts {
  uint64_t unchanged = 0;  // rows that equal what was acknowledged
  uint64_t departed = 0;   // entries that had left before, and for which nothing is to be done
  uint64_t entries = 0;    // acknowledged and not departed
};

/// Finds rows by key, duplicates on the way. Memory is reused: 36 bytes a row, 8 an entry. Not
/// thread-safe.
class Matcher {
 public:
  /// `keep_departed`: entries that departed earlier and have nothing pending need no decision.
  /// `listed_too`: as MainEntry::PlainlyUnchanged.
  Matcher(bool keep_departed, bool listed_too)
      : keep_departed_(keep_departed), listed_too_(listed_too) {}

  /// `main`: ascending; `first`: index of main[0] in its partition. Every key of `rows` lies in
  /// the range of keys that `main` covers. Items come in ascending order of key, valid rows only.
  MatchCounts Match(std::span<const MainEntry> main, uint32_t first, std::span<const Row> rows);
  const std::vector<Item>& items() const { return items_; }

 private:
  static constexpr uint32_t kPlain = 1u << 31, kTwice = 1u << 30, kRowMask = kTwice - 1;

  struct Unmatched {
    uint64_t key = 0;  // high half
    uint32_t row = 0;
  };
  struct Again {
    uint32_t entry = 0, row = 0;
  };

  void IndexEntries(std::span<const MainEntry> main);
  uint32_t Find(std::span<const MainEntry> main, const Hash128& key) const;
  void FindRows(std::span<const MainEntry> main, std::span<const Row> rows);
  void SortUnmatched(std::span<const Row> rows);
  void TakeEntry(std::span<const MainEntry> main, uint32_t i, std::span<const Row> rows,
                 MatchCounts* counts);
  void TakeTwice(uint32_t i, std::span<const Row> rows);
  void TakeUnmatched(size_t from, size_t to, std::span<const Row> rows);

  bool keep_departed_;
  bool listed_too_;
  uint32_t first_ = 0;
  int shift_ = 0;
  uint64_t lowest_ = 0;
  std::vector<uint32_t> starts_;  // by bucket of the key's high half
  std::vector<uint32_t> found_;   // by entry: row + 1, kPlain, kTwice
  std::vector<Unmatched> unmatched_;
  std::vector<Again> again_;  // second and later rows of an entry
  size_t again_at_ = 0;
  std::vector<Item> items_;
};

}  // namespace penstock::diff
