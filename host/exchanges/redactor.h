// Takes known secrets out of text before anybody keeps or shows it.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/exchanges/word_finder.h"

namespace penstock::exchanges {

/// What stands in place of a secret.
inline constexpr std::string_view kSecretMark = "«secret»";

/// Knows the secrets of a destination in the forms in which they turn up: as they are, escaped in
/// JSON, percent-encoded, and in base64 (also in the middle of a longer text, as in Basic
/// credentials). Copies stay one: each knows what any of them was told, before or after it was
/// copied, since a token may come in the middle of a run. [thread-safe]
class Redactor {
 public:
  Redactor();

  /// Secrets shorter than this cannot be told from ordinary text and are not looked for.
  static constexpr size_t kShortest = WordFinder::kShortest;

  void Add(std::string_view secret);
  /// A header whose value is always secret, besides Authorization, cookies and the like.
  void AddHeader(std::string_view name);

  /// The text without the secrets it knows, and without the values of well-known secret members
  /// ("access_token": "…", access_token=…).
  std::string Text(std::string_view text) const;
  /// The text without the secrets it knows, if it holds any: what a destination echoes must not
  /// reach a connector. Members that are only called like secrets stay: they may be data.
  std::optional<std::string> WithoutKnown(std::string_view text) const;
  /// No secret that it knows is longer in any of its forms: who looks at a text part by part keeps
  /// so many bytes back.
  size_t LongestKnown() const;
  /// The value of a header as it may be kept.
  std::string Header(std::string_view name, std::string_view value) const;
  /// The beginning of a text, at most `cap` bytes: a secret that the cut goes through does not
  /// leave its first half behind.
  std::string Beginning(std::string_view text, size_t cap) const;

 private:
  struct Known {
    std::vector<std::string> forms;    // longest first
    std::vector<std::string> headers;  // lower case
    WordFinder suspects;               // all forms, and the names of secret members

    void AddForm(std::string form);
    std::string Replace(std::string_view text) const;
    std::string Text(std::string_view text) const;
  };
  struct Shared {
    std::mutex mutex;  // guards the pointer; what it points to never changes
    std::shared_ptr<const Known> known;
  };
  std::shared_ptr<const Known> known() const;

  std::shared_ptr<Shared> shared_;
};

}  // namespace penstock::exchanges
