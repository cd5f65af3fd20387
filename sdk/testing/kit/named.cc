#include "sdk/testing/kit/named.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace penstock::kit {
namespace {

constexpr size_t kMostRecords = 2;
constexpr size_t kMostExchanges = 6;
constexpr size_t kBefore = 200, kWindow = 600;

struct Named {
  uint64_t seq;
  std::string key;
};

bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

// Where `key` stands as a word of its own: kit1 is not in kit10.
size_t FindWord(std::string_view text, std::string_view key) {
  if (key.empty()) return std::string_view::npos;
  for (size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
    const size_t end = at + key.size();
    if ((at == 0 || !IsWord(text[at - 1])) && (end == text.size() || !IsWord(text[end]))) return at;
  }
  return std::string_view::npos;
}

// The records behind "record 12" and "record ann@example.com".
std::vector<Named> NamedIn(const std::vector<std::string>& seen,
                           const std::map<uint64_t, std::string>& keys) {
  constexpr std::string_view kRecord = "record ";
  std::vector<Named> named;
  for (const std::string& sentence : seen) {
    for (size_t at = sentence.find(kRecord); at != std::string::npos;
         at = sentence.find(kRecord, at + 1)) {
      const std::string_view rest = std::string_view(sentence).substr(at + kRecord.size());
      const auto is_it = [&](const auto& known) {
        return FindWord(rest, std::to_string(known.first)) == 0 ||
               FindWord(rest, known.second) == 0;
      };
      const auto it = std::find_if(keys.begin(), keys.end(), is_it);
      if (it == keys.end() || named.size() == kMostRecords) continue;
      const bool known = std::any_of(named.begin(), named.end(),
                                     [&](const Named& n) { return n.seq == it->first; });
      if (!known) named.push_back({it->first, it->second});
    }
  }
  return named;
}

std::string Excerpt(std::string_view body, const std::string& key) {
  const size_t at = FindWord(body, key);
  if (at == std::string_view::npos || at + key.size() <= kWindow) return Transcript::Short(body);
  const size_t from = at - std::min(at, kBefore);
  return "... " + Transcript::Short(body.substr(from));
}

bool Concerns(const Exchange& exchange, const Named& record) {
  const std::vector<uint64_t>& seqs = exchange.request.seqs;
  return std::find(seqs.begin(), seqs.end(), record.seq) != seqs.end() ||
         FindWord(exchange.request.body, record.key) != std::string_view::npos ||
         FindWord(exchange.answer.body, record.key) != std::string_view::npos;
}

std::string Show(const Exchange& exchange, const std::string& key) {
  const PeerAnswer& answer = exchange.answer;
  std::string text = "  > " + exchange.request.method + " " + exchange.request.url + "\n";
  if (!exchange.request.body.empty()) {
    text += "  >   " + Excerpt(exchange.request.body, key) + "\n";
  }
  return text +
         (answer.transport == PENSTOCK_TRANSPORT_OK
              ? "  < " + std::to_string(answer.status) + " " + Excerpt(answer.body, key)
              : "  < no answer: " + answer.error) +
         "\n";
}

}  // namespace

std::string NamedExchanges(const std::vector<std::string>& seen,
                           const std::map<uint64_t, std::string>& keys,
                           const std::vector<Exchange>& exchanges) {
  std::string text;
  for (const Named& record : NamedIn(seen, keys)) {
    std::vector<const Exchange*> its;
    for (const Exchange& exchange : exchanges) {
      if (Concerns(exchange, record)) its.push_back(&exchange);
    }
    if (its.empty()) continue;
    const size_t skipped = its.size() - std::min(its.size(), kMostExchanges);
    text += "requests and answers of record " + std::to_string(record.seq) + ", " +
            Transcript::Short(record.key, 60) +
            (skipped == 0 ? "" : " (the last " + std::to_string(kMostExchanges) + ")") + ":\n";
    for (size_t i = skipped; i < its.size(); ++i) text += Show(*its[i], record.key);
  }
  return text;
}

}  // namespace penstock::kit
