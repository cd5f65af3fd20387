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

std::string Transcript::Short(std::string_view body, size_t limit) {
  std::string text(body.substr(0, limit));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t') c = ' ';
  }
  if (body.size() > limit) text += "... (" + std::to_string(body.size()) + " bytes)";
  return text;
}

std::string Transcript::text() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return text_;
}

}  // namespace penstock::kit
