#include "plugins/salesforce/sandbox/ids.h"

#include <algorithm>

namespace penstock::sandbox::salesforce {
namespace {

constexpr std::string_view kDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kChecks = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
constexpr std::string_view kPod = "5g0";  // where the org lives
constexpr std::size_t kShort = 15, kLong = 18, kCounter = 9;

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

}  // namespace

std::string LongId(std::string_view id) {
  std::string out(id.substr(0, kShort));
  for (std::size_t block = 0; block < kShort; block += 5) {
    std::size_t bits = 0;
    for (std::size_t i = 0; i < 5; ++i) bits |= (IsUpper(id[block + i]) ? 1U : 0U) << i;
    out += kChecks[bits];
  }
  return out;
}

std::string WriteId(std::string_view prefix, std::uint64_t number) {
  std::string counter(kCounter, '0');
  for (std::size_t i = kCounter; i-- > 0; number /= kDigits.size()) {
    counter[i] = kDigits[number % kDigits.size()];
  }
  return LongId(std::string(prefix) + std::string(kPod) + counter);
}

std::optional<std::uint64_t> ReadId(std::string_view prefix, std::string_view id) {
  if (!IsId(id) || !id.starts_with(prefix) || id.substr(3, 3) != kPod) return std::nullopt;
  if (id.size() == kLong && LongId(id) != id) return std::nullopt;
  std::uint64_t number = 0;
  for (char c : id.substr(kShort - kCounter, kCounter)) {
    number = number * kDigits.size() + kDigits.find(c);
  }
  return number;
}

bool IsId(std::string_view text) {
  return (text.size() == kShort || text.size() == kLong) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return kDigits.find(c) != std::string_view::npos; });
}

}  // namespace penstock::sandbox::salesforce
