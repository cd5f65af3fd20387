// Tells in one pass whether a text holds any of many words.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::exchanges {

/// Reads only every n-th group of four bytes, where n grows with the shortest word, and compares
/// words only where such a group is also in one of them. Copyable. AnyIn is [thread-safe].
class WordFinder {
 public:
  /// No word is shorter.
  static constexpr size_t kShortest = 4;

  void Add(std::string_view word);
  bool AnyIn(std::string_view text) const;

 private:
  static constexpr size_t kSlotBits = 16;

  static size_t Slot(const char* group);
  bool AnyAround(std::string_view text, size_t at) const;

  std::vector<std::string> words_;
  size_t step_ = 1;                             // so many groups of four begin in the shortest word
  std::bitset<size_t{1} << kSlotBits> groups_;  // the first step_ groups of each word
};

}  // namespace penstock::exchanges
