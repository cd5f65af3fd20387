// Takes secrets out of what is recorded: those of the configuration, and those that an account's
// answers hold.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/json.hpp"
#include "penstock/result.hpp"
#include "sdk/testing/kit/exact_json.h"

namespace penstock::kit {

/// Whether a member, header or parameter of that name holds a credential: "access_token".
bool IsSecretName(std::string_view name);

/// Learn from everything first, then ask for texts: a secret becomes the same word everywhere, so
/// that a token of one answer and the request that repeats it still fit each other.
class Redactor {
 public:
  /// `secrets` by name. KIT-RECORD when one of them is too short to be told from other text.
  static sdk::Result<Redactor> For(const std::map<std::string, std::string>& secrets);

  /// From now on `from` stands as `to`.
  void Replace(const std::string& from, const std::string& to);
  /// What a request says, before the answers that repeat it are learnt from: connectors have no
  /// secrets, so that none is in it.
  void Said(const std::string& text) { said_ += text + '\n'; }
  /// Learns secrets from an answer's body: members with a secret's name, what follows "Bearer",
  /// signed tokens.
  void Learn(const std::string& body);

  /// The text without secrets.
  std::string Text(std::string text) const;
  /// JSON text of the value without secrets. `by_name`: what members with a secret's name hold is
  /// one whatever it is.
  std::string Value(const Json& json, bool by_name = true) const;
  /// Name of a secret of the configuration that is in the text nevertheless, or empty.
  std::string Left(std::string_view text) const;

 private:
  bool IsSaid(std::string_view text) const;
  void Put(const Json& json, bool by_name, bool secret, sdk::JsonWriter* out) const;
  void LearnValue(const Json& json, bool secret);
  void LearnText(std::string_view text);
  void Keep(std::string_view secret);

  std::vector<std::pair<std::string, std::string>> words_;  // secret -> what stands for it
  std::vector<std::pair<std::string, std::string>> names_;  // secret -> its name
  std::string said_;
  size_t learnt_ = 0;
};

}  // namespace penstock::kit
