// The ids that a run has learned: a delete that was decided before would take away what it wrote.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace penstock {

/// Destination ids by their hashes, in bounded memory.
class LearnedIds {
 public:
  /// An empty id is none.
  void Add(std::string_view id);
  /// kUnknown: there were too many to keep (4 million).
  enum class Found : uint8_t { kNo, kYes, kUnknown };
  Found Find(std::string_view id);

 private:
  static constexpr size_t kMax = 4u << 20;  // 32 MiB

  std::vector<uint64_t> hashes_;
  bool sorted_ = true, all_ = true;
};

}  // namespace penstock
