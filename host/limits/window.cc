#include "host/limits/window.h"

#include <algorithm>
#include <limits>

namespace penstock::limits {

int64_t SlidingLog::Earliest(uint32_t cost, int64_t max, int64_t window_us, int64_t now_us) const {
  int64_t wanted = std::min<int64_t>(cost, max);
  int64_t counted = 0;
  for (uint32_t i = size; i > 0; --i) {
    counted += marks[i - 1].count;
    if (counted + wanted > max) return std::max(now_us, marks[i - 1].at_us + window_us);
  }
  return now_us;
}

void SlidingLog::Add(int64_t at_us, uint32_t count, uint32_t id, int64_t keep_us) {
  uint32_t old = 0;
  while (old < size && marks[old].at_us < at_us - keep_us) ++old;
  if (old > 0) {
    std::move(marks.begin() + old, marks.begin() + size, marks.begin());
    size -= old;
  }
  if (size == kMarks) MergeClosest();
  Insert({at_us, count, id});
}

void SlidingLog::Move(uint32_t id, int64_t at_us) {
  for (uint32_t i = size; i > 0; --i) {
    if (marks[i - 1].id != id) continue;
    Mark mark = marks[i - 1];
    mark.at_us = at_us;
    Erase(i - 1);
    Insert(mark);
    return;
  }
}

void SlidingLog::Remove(uint32_t id) {
  for (uint32_t i = size; i > 0; --i) {
    if (marks[i - 1].id == id) return Erase(i - 1);
  }
}

int64_t SlidingLog::CountSince(int64_t since_us) const {
  int64_t counted = 0;
  for (uint32_t i = size; i > 0 && marks[i - 1].at_us >= since_us; --i)
    counted += marks[i - 1].count;
  return counted;
}

void SlidingLog::RemoveForeign(int64_t count) {
  for (uint32_t i = size; i > 0 && count > 0; --i) {
    Mark& mark = marks[i - 1];
    if (mark.id != kForeign) continue;
    int64_t taken = std::min<int64_t>(mark.count, count);
    count -= taken;
    mark.count -= static_cast<uint32_t>(taken);
    if (mark.count == 0) Erase(i - 1);
  }
}

void SlidingLog::Erase(uint32_t index) {
  std::move(marks.begin() + index + 1, marks.begin() + size, marks.begin() + index);
  --size;
}

void SlidingLog::Insert(const Mark& mark) {
  uint32_t place = size;
  while (place > 0 && marks[place - 1].at_us > mark.at_us) --place;
  std::move_backward(marks.begin() + place, marks.begin() + size, marks.begin() + size + 1);
  marks[place] = mark;
  ++size;
}

void SlidingLog::MergeClosest() {
  uint32_t best = 0;
  int64_t gap = std::numeric_limits<int64_t>::max();
  for (uint32_t i = 0; i + 1 < size; ++i) {
    if (marks[i + 1].at_us - marks[i].at_us >= gap) continue;
    gap = marks[i + 1].at_us - marks[i].at_us;
    best = i;
  }
  marks[best + 1].count += marks[best].count;
  if (marks[best].id != marks[best + 1].id) marks[best + 1].id = 0;
  Erase(best);
}

}  // namespace penstock::limits
