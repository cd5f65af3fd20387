// What went over the wire during a check, kept where a crash does not take it along.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

namespace penstock::kit {

/// [thread-safe] after construction.
class Transcript {
 public:
  /// `descriptor`: a file that another process reads afterwards; -1: memory only.
  explicit Transcript(int descriptor = -1) : descriptor_(descriptor) {}

  void Add(std::string_view line);
  /// Bodies are cut to what a person reads.
  static std::string Short(std::string_view body, size_t limit = 600);
  std::string text() const;

 private:
  static constexpr size_t kMax = 64u << 10;
  mutable std::mutex mutex_;
  int descriptor_;
  size_t written_ = 0;
  std::string text_;
};

}  // namespace penstock::kit
