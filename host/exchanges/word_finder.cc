#include "host/exchanges/word_finder.h"

#include <algorithm>
#include <cstring>

namespace penstock::exchanges {

size_t WordFinder::Slot(const char* group) {
  uint32_t bytes;
  std::memcpy(&bytes, group, sizeof(bytes));
  return bytes * 2654435761u >> (32 - kSlotBits);
}

void WordFinder::Add(std::string_view word) {
  if (word.size() < kShortest) return;
  words_.emplace_back(word);
  size_t shortest = word.size();
  for (const std::string& other : words_) shortest = std::min(shortest, other.size());
  step_ = shortest - kShortest + 1;
  groups_.reset();
  for (const std::string& each : words_) {
    for (size_t i = 0; i < step_; ++i) groups_.set(Slot(each.data() + i));
  }
}

// A word of the text begins at most step_ - 1 bytes before one of the positions looked at, so one
// of its first step_ groups is there.
bool WordFinder::AnyIn(std::string_view text) const {
  for (size_t at = 0; at + kShortest <= text.size(); at += step_) {
    if (groups_[Slot(text.data() + at)] && AnyAround(text, at)) return true;
  }
  return false;
}

bool WordFinder::AnyAround(std::string_view text, size_t at) const {
  for (size_t before = 0; before < step_ && before <= at; ++before) {
    std::string_view rest = text.substr(at - before);
    for (const std::string& word : words_) {
      if (rest.starts_with(word)) return true;
    }
  }
  return false;
}

}  // namespace penstock::exchanges
