// What a failed call comes to: code, whether the run stops, and what is to be done.
#include "core/push/failure.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

struct Case {
  penstock_status status;
  const char* code;
  const char* told;
  bool stop;
};

TEST(FailureTest, ItsCodeIsOfTheStatusUnlessTheHostFoundItItself) {
  const Case cases[] = {
      {PENSTOCK_E_UNAUTHENTICATED, "acme.401", "PS-DEST-AUTH", true},
      {PENSTOCK_E_UNAUTHENTICATED, "PS-OAUTH-REFUSED", "PS-OAUTH-REFUSED", true},
      {PENSTOCK_E_UNAUTHENTICATED, "PS-CONN-CALL", "PS-DEST-AUTH", true},
      {PENSTOCK_E_PERMISSION, "acme.403", "PS-DEST-PERMISSION", true},
      {PENSTOCK_E_QUOTA, "acme.429", "PS-DEST-QUOTA", true},
      {PENSTOCK_E_QUOTA, "PS-LIMITS-QUOTA", "PS-LIMITS-QUOTA", true},
      {PENSTOCK_E_INVALID_CONFIG, "acme.BAD_OPTION", "PS-DEST-CONFIG", true},
      {PENSTOCK_E_NOT_FOUND, "acme.GONE", "PS-DEST-SCHEMA", true},
      {PENSTOCK_E_DESTINATION, "acme.ABORTED", "PS-DEST-STOPPED", false},
      {PENSTOCK_E_CANCELLED, "PS-HTTP-CANCELLED", "PS-RUN-CANCELLED", true},
      {PENSTOCK_E_UNAVAILABLE, "PS-HTTP-CONNECT", "PS-DEST-UNREACHABLE", false},
      {PENSTOCK_E_UNAVAILABLE, "PS-OAUTH-UNAVAILABLE", "PS-OAUTH-UNAVAILABLE", false},
      {PENSTOCK_E_RATE_LIMITED, "PS-LIMITS-WAIT", "PS-LIMITS-WAIT", false},
      {PENSTOCK_E_DEADLINE, "PS-CONN-CALL", "PS-DEST-UNREACHABLE", false},
      {PENSTOCK_E_INTERNAL, "acme.ODD", "PS-CONN-FAILED", false},
      {PENSTOCK_E_INTERNAL, "PS-FILE-FULL", "PS-FILE-FULL", false},
      {PENSTOCK_E_INTERNAL, "PS-CONN-CALL", "PS-CONN-FAILED", false},
  };
  sdk::Manifest manifest;
  manifest.id = "acme";
  for (const Case& c : cases) {
    const CallFailure told = Explain({c.status, c.code, "it failed", 0}, "crm", manifest);
    EXPECT_EQ(told.error.code, c.told) << c.code;
    EXPECT_EQ(told.stop, c.stop) << c.code;
    const bool cancelled = c.status == PENSTOCK_E_CANCELLED;
    EXPECT_EQ(told.error.message,
              cancelled ? "the run was cancelled" : "destination crm: it failed");
  }
}

TEST(FailureTest, TheManifestSaysWhatToDoAboutAConfiguration) {
  sdk::Manifest manifest;
  manifest.id = "acme";
  manifest.codes = {{"BAD_OPTION", "An option is bad.", "Set serial.", false}};
  const sdk::Failure known{PENSTOCK_E_INVALID_CONFIG, "acme.BAD_OPTION", "bad", 0};
  EXPECT_EQ(Explain(known, "crm", manifest).error.hint, "Set serial.");
  const sdk::Failure other{PENSTOCK_E_INVALID_CONFIG, "acme.OTHER", "bad", 0};
  EXPECT_NE(Explain(other, "crm", manifest).error.hint, "Set serial.");
}

}  // namespace
}  // namespace penstock
