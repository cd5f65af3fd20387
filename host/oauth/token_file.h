// The file that the processes of a project share a token by: encrypted, and only of use for exactly
// the account that it was got for.
#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/file/file.h"
#include "host/oauth/account.h"
#include "host/oauth/answer.h"

namespace penstock::oauth {

/// AES-256-GCM with a key that HKDF makes from the project's secret and the account. The name tells
/// nothing of the account. Not thread-safe.
class TokenFile {
 public:
  /// `directory` is made when it is missing. PS-FILE-…, PS-OAUTH-CACHE (no encryption here).
  static Result<TokenFile> Open(const std::string& directory, const std::string& project_secret,
                                const Account& account);

  /// Nothing when there is no file, or one that is cut, changed, or another account's: it is made
  /// anew then.
  std::optional<Token> Read() const;
  /// Atomically, 0600. PS-FILE-…, PS-OAUTH-CACHE.
  Status Write(const Token& token) const;
  /// Held while a token is asked for; not locked yet. PS-FILE-CREATE.
  Result<file::Lock> OpenLock() const;
  const std::string& path() const { return path_; }

 private:
  TokenFile(std::string path, std::string key) : path_(std::move(path)), key_(std::move(key)) {}
  std::string path_, key_;
};

}  // namespace penstock::oauth
