// The error that people see: a stable code, one sentence, a hint, and where it happened.
#pragma once

#include <string>
#include <utility>

namespace penstock {

/// How the process ends for an error (DESIGN 7).
enum class ExitCode : int {
  kDone = 0,
  kFailed = 1,
  kUsage = 2,  // wrong usage or configuration
  kOutcomes = 3,
  kHeld = 4,
  kCancelled = 5,
};

/// `code` is stable and documented by `penstock explain CODE`; `message` is one sentence that says
/// what and where; `hint` says what to do. Never holds a secret.
struct Error {
  std::string code;  // "PS-AREA-NAME"
  std::string message;
  std::string hint;
  std::string file = {};  // empty: not about a file
  int line = 0;           // 1-based, 0: unknown
  int column = 0;         // 1-based, 0: unknown
  ExitCode exit = ExitCode::kFailed;
};

/// An error that ends the process with exit 1.
inline Error MakeError(std::string code, std::string message, std::string hint = {}) {
  Error e;
  e.code = std::move(code);
  e.message = std::move(message);
  e.hint = std::move(hint);
  return e;
}

/// An error of usage or configuration: exit 2.
inline Error UsageError(std::string code, std::string message, std::string hint = {}) {
  Error e = MakeError(std::move(code), std::move(message), std::move(hint));
  e.exit = ExitCode::kUsage;
  return e;
}

}  // namespace penstock
