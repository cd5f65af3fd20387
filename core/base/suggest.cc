#include "core/base/suggest.h"

#include <algorithm>
#include <cstddef>

namespace penstock {
namespace {

constexpr size_t kLongestName = 200;

std::string Folded(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '-' || c == ' ') c = '_';
  }
  return out;
}

// Edits (insert, drop, replace, swap of neighbours) that turn `a` into `b`.
size_t Distance(const std::string& a, const std::string& b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string Suggest(std::string_view wrong, const std::vector<std::string>& known) {
  if (wrong.empty() || wrong.size() > kLongestName) return {};
  const std::string folded = Folded(wrong);
  const std::string* best = nullptr;
  size_t best_distance = 0;
  for (const std::string& name : known) {
    if (name.empty() || name.size() > kLongestName) continue;
    const size_t longest = std::max(name.size(), folded.size());
    const size_t allowed = std::max<size_t>(1, longest / 3);
    const size_t distance = Distance(folded, Folded(name));
    if (distance > allowed || distance >= longest) continue;
    if (best == nullptr || distance < best_distance) {
      best = &name;
      best_distance = distance;
    }
  }
  return best == nullptr ? std::string() : *best;
}

std::string DidYouMean(std::string_view wrong, const std::vector<std::string>& known) {
  const std::string name = Suggest(wrong, known);
  return name.empty() ? std::string() : "Did you mean \"" + name + "\"?";
}

}  // namespace penstock
