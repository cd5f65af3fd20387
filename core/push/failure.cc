#include "core/push/failure.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace penstock {
namespace {

/// A reason that the host found itself keeps its code, and what is to be done about it. What the
/// gateway says of an answer is the destination's doing, and of a call that failed without a word
/// (PS-CONN-CALL) the status says more.
bool IsHostsOwn(const std::string& code) {
  constexpr std::array<std::string_view, 6> kOwn = {"PS-OAUTH-", "PS-LIMITS-", "PS-FILE-",
                                                    "PS-STATE-", "PS-BLOB-",   "PS-CONN-"};
  return code != "PS-CONN-CALL" && std::any_of(kOwn.begin(), kOwn.end(), [&](std::string_view own) {
           return code.starts_with(own);
         });
}

/// What the connector's manifest says that is to be done; `otherwise` where it does not know.
std::string RemedyOf(const sdk::Failure& failure, const sdk::Manifest& manifest,
                     const char* otherwise) {
  for (const sdk::CodeMeaning& known : manifest.codes) {
    if (failure.code == manifest.id + "." + known.code && !known.remedy.empty()) {
      return known.remedy;
    }
  }
  return otherwise;
}

}  // namespace

CallFailure Explain(const sdk::Failure& failure, const std::string& destination,
                    const sdk::Manifest& manifest) {
  const std::string where = "destination " + destination + ": ";
  const bool own = IsHostsOwn(failure.code);
  const auto as = [&](const char* code, const std::string& hint) {
    return own ? MakeError(failure.code, where + failure.message)
               : MakeError(code, where + failure.message, hint);
  };
  CallFailure result;
  result.stop = true;
  switch (failure.status) {
    case PENSTOCK_E_UNAUTHENTICATED:
      result.error =
          as("PS-DEST-AUTH",
             "put a valid credential where the project file refers to it, then run again");
      break;
    case PENSTOCK_E_PERMISSION:
      result.error =
          MakeError("PS-DEST-PERMISSION", where + failure.message,
                    "grant the missing permission at the destination, then run `penstock check`");
      break;
    case PENSTOCK_E_QUOTA:
      result.error =
          as("PS-DEST-QUOTA", "run again after the quota has been reset; nothing is lost");
      break;
    case PENSTOCK_E_INVALID_CONFIG:
      result.error =
          UsageError("PS-DEST-CONFIG", where + failure.message,
                     RemedyOf(failure, manifest,
                              "correct the destination's `config:`, or `options:` and `mapping:` "
                              "of the integration, as the sentence says"));
      break;
    case PENSTOCK_E_NOT_FOUND:
      result.error = MakeError("PS-DEST-SCHEMA", where + failure.message,
                               "run `penstock check` to refresh the catalog, then plan again");
      break;
    case PENSTOCK_E_DESTINATION:
      result.stop = false;
      result.error = MakeError("PS-DEST-STOPPED", where + failure.message,
                               "find out why there, then run again: what it did not take is sent");
      break;
    case PENSTOCK_E_CANCELLED:
      result.error = MakeError("PS-RUN-CANCELLED", "the run was cancelled",
                               "run again: what is left is found anew");
      result.error.exit = ExitCode::kCancelled;
      break;
    case PENSTOCK_E_RATE_LIMITED:
    case PENSTOCK_E_UNAVAILABLE:
    case PENSTOCK_E_DEADLINE:
      result.stop = false;
      result.error = as("PS-DEST-UNREACHABLE",
                        "check the network, the address in the message and the destination's "
                        "status page, then run again; nothing is lost");
      break;
    default:
      result.stop = false;
      result.error = as("PS-CONN-FAILED",
                        RemedyOf(failure, manifest,
                                 "look at the exchange with `penstock why`, and report it to the "
                                 "connector's publisher"));
      break;
  }
  return result;
}

}  // namespace penstock
