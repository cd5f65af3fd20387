// Small things about texts.
#pragma once

#include <string>
#include <vector>

namespace penstock::kit {

/// "a, b and 3 more".
inline std::string JoinSome(const std::vector<std::string>& texts, size_t limit = 5) {
  std::string joined;
  for (size_t i = 0; i < texts.size() && i < limit; ++i) joined += (i == 0 ? "" : ", ") + texts[i];
  if (texts.size() > limit) joined += " and " + std::to_string(texts.size() - limit) + " more";
  return joined;
}

inline std::string Quote(const std::string& text) { return "\"" + text + "\""; }

}  // namespace penstock::kit
