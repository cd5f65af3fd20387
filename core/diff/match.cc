#include "core/diff/match.h"

#include <algorithm>
#include <bit>
#include <tuple>

namespace penstock::diff {

void Matcher::IndexEntries(std::span<const MainEntry> main) {
  found_.assign(main.size(), 0);
  starts_.clear();
  if (main.empty()) return;
  lowest_ = main.front().key_hash.hi;
  const uint64_t width = main.back().key_hash.hi - lowest_;
  // About one bucket an entry; keys are spread evenly.
  const auto wanted = static_cast<int>(std::bit_width(main.size()));
  shift_ = std::max(0, static_cast<int>(std::bit_width(width)) - wanted);
  const uint64_t buckets = (width >> shift_) + 1;
  starts_.resize(buckets + 1);
  size_t i = 0;
  for (uint64_t bucket = 0; bucket <= buckets; ++bucket) {
    while (i < main.size() && (main[i].key_hash.hi - lowest_) >> shift_ < bucket) ++i;
    starts_[bucket] = static_cast<uint32_t>(i);
  }
}

uint32_t Matcher::Find(std::span<const MainEntry> main, const Hash128& key) const {
  if (main.empty() || key.hi < lowest_) return kNone;
  const uint64_t bucket = (key.hi - lowest_) >> shift_;
  if (bucket + 1 >= starts_.size()) return kNone;
  for (uint32_t i = starts_[bucket]; i < starts_[bucket + 1]; ++i) {
    if (main[i].key_hash == key) return i;
  }
  return kNone;
}

void Matcher::FindRows(std::span<const MainEntry> main, std::span<const Row> rows) {
  for (uint32_t r = 0; r < rows.size(); ++r) {
    const Row& row = rows[r];
    const uint32_t i = Find(main, row.key);
    if (i == kNone) {
      unmatched_.push_back({row.key.hi, r});
    } else if (found_[i] == 0) {
      const bool plain = !row.invalid() && main[i].PlainlyUnchanged(row.fingerprint, listed_too_);
      found_[i] = (r + 1) | (plain ? kPlain : 0);
    } else {
      found_[i] |= kTwice;
      again_.push_back({i, r});
    }
  }
}

void Matcher::SortUnmatched(std::span<const Row> rows) {
  std::sort(unmatched_.begin(), unmatched_.end(), [&](const Unmatched& a, const Unmatched& b) {
    if (a.key != b.key) return a.key < b.key;
    return std::tie(rows[a.row].key.lo, a.row) < std::tie(rows[b.row].key.lo, b.row);
  });
  std::sort(again_.begin(), again_.end(), [](const Again& a, const Again& b) {
    return std::tie(a.entry, a.row) < std::tie(b.entry, b.row);
  });
}

void Matcher::TakeTwice(uint32_t i, std::span<const Row> rows) {
  const size_t from = again_at_;
  while (again_at_ < again_.size() && again_[again_at_].entry == i) ++again_at_;
  const auto count = static_cast<uint32_t>(again_at_ - from + 1);
  const uint32_t before = (found_[i] & kRowMask) - 1;
  if (!rows[before].invalid()) items_.push_back({before, first_ + i, count});
  for (size_t at = from; at < again_at_; ++at) {
    if (!rows[again_[at].row].invalid()) items_.push_back({again_[at].row, first_ + i, count});
  }
}

void Matcher::TakeEntry(std::span<const MainEntry> main, uint32_t i, std::span<const Row> rows,
                        MatchCounts* counts) {
  const uint8_t flags =
      main[i].flags & (MainEntry::kAcknowledged | MainEntry::kDeparted | MainEntry::kPending);
  const bool acknowledged = (flags & MainEntry::kAcknowledged) != 0;
  if (acknowledged && (flags & MainEntry::kDeparted) == 0) ++counts->entries;
  const uint32_t found = found_[i];
  if (found == 0) {
    if (keep_departed_ && flags == (MainEntry::kAcknowledged | MainEntry::kDeparted)) {
      ++counts->departed;
    } else {
      items_.push_back({kNone, first_ + i, 0});
    }
  } else if ((found & kTwice) != 0) {
    TakeTwice(i, rows);
  } else if ((found & kPlain) != 0) {
    ++counts->unchanged;
  } else if (!rows[found - 1].invalid()) {
    items_.push_back({found - 1, first_ + i, 0});
  }
}

void Matcher::TakeUnmatched(size_t from, size_t to, std::span<const Row> rows) {
  const auto count = static_cast<uint32_t>(to - from);
  for (size_t at = from; at < to; ++at) {
    const uint32_t row = unmatched_[at].row;
    if (!rows[row].invalid()) items_.push_back({row, kNone, count > 1 ? count : 0});
  }
}

MatchCounts Matcher::Match(std::span<const MainEntry> main, uint32_t first,
                           std::span<const Row> rows) {
  MatchCounts counts;
  first_ = first;
  items_.clear();
  unmatched_.clear();
  again_.clear();
  again_at_ = 0;
  IndexEntries(main);
  FindRows(main, rows);
  SortUnmatched(rows);
  uint32_t i = 0;
  for (size_t from = 0; from < unmatched_.size();) {
    const Hash128 key = rows[unmatched_[from].row].key;
    size_t to = from + 1;
    while (to < unmatched_.size() && rows[unmatched_[to].row].key == key) ++to;
    for (; i < main.size() && main[i].key_hash < key; ++i) TakeEntry(main, i, rows, &counts);
    TakeUnmatched(from, to, rows);
    from = to;
  }
  for (; i < main.size(); ++i) TakeEntry(main, i, rows, &counts);
  return counts;
}

}  // namespace penstock::diff
