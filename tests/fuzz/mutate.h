// Inputs for things that read bytes: good ones, made bad at random.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace penstock::fuzz {

/// Flips, cuts, repeats, splices; sometimes several of them.
class Mutator {
 public:
  Mutator(uint64_t seed, std::vector<std::string> corpus)
      : random_(seed), corpus_(std::move(corpus)) {}

  std::string Next() {
    std::string input = Any();
    const uint64_t times = 1 + Below(4);
    for (uint64_t i = 0; i < times; ++i) Mutate(&input);
    return input;
  }
  uint64_t Below(uint64_t n) { return n == 0 ? 0 : random_() % n; }

 private:
  const std::string& Any() { return corpus_[Below(corpus_.size())]; }

  void Mutate(std::string* input) {
    static const std::vector<std::string> kWords = {std::string("\0\0\0\0\0\0\0\0", 8),
                                                    "\xFF\xFF\xFF\xFF",
                                                    "\x7F\xFF\xFF\xFF",
                                                    "-1",
                                                    "18446744073709551616",
                                                    "1e999",
                                                    "null",
                                                    "\xC3\x28",
                                                    "[[[[[[[[",
                                                    "{\"a\":",
                                                    "\\u0000",
                                                    "\"\""};
    const uint64_t at = Below(input->size() + 1);
    switch (Below(7)) {
      case 0:
        if (at < input->size()) (*input)[at] = static_cast<char>((*input)[at] ^ (1 << Below(8)));
        break;
      case 1:
        if (at < input->size()) (*input)[at] = static_cast<char>(random_());
        break;
      case 2:
        input->erase(at, Below(16));
        break;
      case 3:
        input->insert(at, kWords[Below(kWords.size())]);
        break;
      case 4:
        input->insert(at, input->substr(Below(input->size() + 1), Below(64)));
        break;
      case 5:
        input->resize(at);
        break;
      default: {
        const std::string& other = Any();
        *input = input->substr(0, at) + other.substr(Below(other.size()));
      }
    }
  }

  std::mt19937_64 random_;
  std::vector<std::string> corpus_;
};

/// Tries inputs for PENSTOCK_FUZZ_SECONDS (3). A finding ends the process by its sanitizer;
/// PENSTOCK_FUZZ_SEED repeats what led to it.
inline void Fuzz(const char* what, const std::vector<std::string>& corpus,
                 const std::function<void(const std::string&)>& one) {
  const char* seconds = std::getenv("PENSTOCK_FUZZ_SECONDS");
  const char* chosen = std::getenv("PENSTOCK_FUZZ_SEED");
  const uint64_t seed =
      chosen == nullptr ? std::random_device()() : std::strtoull(chosen, nullptr, 10);
  std::printf("fuzzing %s: PENSTOCK_FUZZ_SEED=%llu\n", what, static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  const auto end = std::chrono::steady_clock::now() +
                   std::chrono::seconds(seconds == nullptr ? 3 : std::atoi(seconds));
  for (const std::string& good : corpus) one(good);
  Mutator mutator(seed, corpus);
  uint64_t tried = 0;
  do {
    one(mutator.Next());
    ++tried;
  } while (std::chrono::steady_clock::now() < end);
  std::printf("%llu inputs\n", static_cast<unsigned long long>(tried));
}

}  // namespace penstock::fuzz
