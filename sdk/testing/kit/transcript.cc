#include "sdk/testing/kit/transcript.h"

#include <unistd.h>

namespace penstock::kit {

void Transcript::Add(std::string_view line) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (written_ > kMax) return;
  std::string text(line);
  text += '\n';
  written_ += text.size();
  if (written_ > kMax) text = "... and more, not shown\n";
  if (descriptor_ < 0) {
    text_ += text;
  } else if (::write(descriptor_, text.data(), text.size()) < 0) {
    descriptor_ = -1;
  }
}

// How many bytes the UTF-8 character at `i` has; 0 when there is none.
static size_t CharacterAt(std::string_view text, size_t i) {
  const auto first = static_cast<unsigned char>(text[i]);
  const size_t n = first < 0x80   ? 1
                   : first < 0xC2 ? 0
                   : first < 0xE0 ? 2
                   : first < 0xF0 ? 3
                   : first < 0xF5 ? 4
                                  : 0;
  if (n == 0 || n > text.size() - i) return 0;
  for (size_t k = 1; k < n; ++k) {
    if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return 0;
  }
  return n;
}

std::string Transcript::Short(std::string_view body, size_t limit) {
  std::string text;
  size_t i = 0;
  while (i < body.size() && text.size() < limit) {
    const size_t n = CharacterAt(body, i);
    const bool plain = n > 1 || (n == 1 && (static_cast<unsigned char>(body[i]) >= 0x20));
    if (plain) {
      text += body.substr(i, n);
    } else {
      text += n == 0 ? '?' : ' ';
    }
    i += n == 0 ? 1 : n;
  }
  if (i < body.size()) text += "... (" + std::to_string(body.size()) + " bytes)";
  return text;
}

std::string Transcript::text() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return text_;
}

}  // namespace penstock::kit
