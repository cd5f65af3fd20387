#include "host/http/http_date.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <vector>

namespace penstock::http {
namespace {

constexpr int64_t kLongestMs = int64_t{366} * 86400 * 1000;

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    size_t start = text.find_first_not_of(" ,-\t");
    if (start == std::string_view::npos) return words;
    text.remove_prefix(start);
    size_t end = std::min(text.find_first_of(" ,-\t"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::optional<int> Number(std::string_view text) {
  int value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::optional<unsigned> Month(std::string_view name) {
  static constexpr std::array<std::string_view, 12> kNames = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<unsigned>(found - kNames.begin()) + 1;
}

std::optional<int64_t> TimeOfDay(std::string_view text) {
  if (text.size() != 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
  auto hours = Number(text.substr(0, 2));
  auto minutes = Number(text.substr(3, 2));
  auto seconds = Number(text.substr(6, 2));
  if (!hours || !minutes || !seconds) return std::nullopt;
  if (*hours > 23 || *minutes > 59 || *seconds > 60) return std::nullopt;
  return int64_t{*hours} * 3600 + *minutes * 60 + *seconds;
}

int FullYear(std::string_view text, int year, int64_t now_unix_s) {
  if (text.size() != 2) return year;
  int now_year = 1970 + static_cast<int>(now_unix_s / 31556952);
  int guess = now_year / 100 * 100 + year;
  return guess > now_year + 50 ? guess - 100 : guess;
}

}  // namespace

std::optional<int64_t> ParseHttpDate(std::string_view text, int64_t now_unix_s) {
  std::vector<std::string_view> words = Words(text);
  if (words.size() < 5) return std::nullopt;
  bool month_first = Month(words[1]).has_value();  // asctime
  std::string_view day_word = words[month_first ? 2 : 1];
  std::string_view month_word = words[month_first ? 1 : 2];
  std::string_view year_word = words[month_first ? 4 : 3];
  auto day = Number(day_word);
  auto month = Month(month_word);
  auto year = Number(year_word);
  auto time = TimeOfDay(words[month_first ? 3 : 4]);
  if (!day || !month || !year || !time) return std::nullopt;
  std::chrono::year_month_day date(std::chrono::year(FullYear(year_word, *year, now_unix_s)),
                                   std::chrono::month(*month),
                                   std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * 86400 + *time;
}

std::optional<int64_t> ParseRetryAfter(std::string_view value, std::string_view date,
                                       int64_t now_unix_us) {
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
  if (value.empty()) return std::nullopt;
  if (std::isdigit(static_cast<unsigned char>(value.front())) != 0) {
    double seconds = 0;
    auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (end != value.data() + value.size()) return std::nullopt;
    if (error != std::errc() || seconds * 1000 > static_cast<double>(kLongestMs)) return kLongestMs;
    return static_cast<int64_t>(seconds * 1000);
  }
  int64_t now_s = now_unix_us / 1000000;
  auto until = ParseHttpDate(value, now_s);
  if (!until) return std::nullopt;
  auto from = ParseHttpDate(date, now_s);
  int64_t wait_ms = from ? (*until - *from) * 1000 : *until * 1000 - now_unix_us / 1000;
  return std::clamp<int64_t>(wait_ms, 0, kLongestMs);
}

}  // namespace penstock::http
