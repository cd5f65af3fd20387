// Everything that a network or a vendor may do to a request, and what has to come of it.
#pragma once

#include <ostream>
#include <string>

#include "tests/e2e/e2e.h"

namespace penstock::e2e {

struct FaultCase {
  const char* name;
  const char* fault;
  bool endless = false;  // hits every request, until it is taken away
};

inline std::ostream& operator<<(std::ostream& out, const FaultCase& fault) {
  return out << fault.name;
}

inline constexpr FaultCase kFaultCases[] = {
    {"drop_before", R"({"kind":"drop_before"})"},
    {"drop_before_rst", R"({"kind":"drop_before","reset":true})"},
    {"drop_after", R"({"kind":"drop_after"})"},
    {"drop_after_rst", R"({"kind":"drop_after","reset":true})"},
    {"status_500", R"({"status":500})"},
    {"status_500_applied", R"({"status":500,"apply":true})"},
    {"status_502", R"({"status":502})"},
    {"status_503", R"({"status":503})"},
    {"status_503_retry_after", R"({"status":503,"retry_after":1})"},
    {"status_503_retry_after_date", R"({"status":503,"retry_after_date":2})"},
    {"status_504_applied", R"({"status":504,"apply":true})"},
    {"status_423", R"({"status":423,"retry_after":1})"},
    {"status_429", R"({"status":429})"},
    {"status_429_retry_after", R"({"status":429,"retry_after":1})"},
    {"status_429_retry_after_date", R"({"status":429,"retry_after_date":2})"},
    {"status_477", R"({"status":477,"retry_after":1})"},
    {"truncate", R"({"kind":"truncate"})"},
    {"garbage", R"({"kind":"garbage"})"},
    {"content_type", R"({"kind":"content_type"})"},
    {"empty", R"({"kind":"empty"})"},
    {"omit", R"({"kind":"omit","array":"results","count":7})"},
    {"drip", R"({"kind":"drip","bytes":4096,"interval_ms":5})"},
    {"stall", R"({"kind":"stall","seconds":3})"},
    {"redirect", R"({"kind":"redirect","location":"https://elsewhere.example.com/"})"},
    {"endless_500", R"({"status":500})", true},
    {"endless_drop_after", R"({"kind":"drop_after"})", true},
    {"endless_garbage", R"({"kind":"garbage"})", true},
    {"endless_unauthorized", R"({"kind":"unauthorized"})", true},
};

/// Each time the account equals the model after one more sync at most, or the run ends with a clear
/// error and nothing is lost.
class FaultsFixture : public E2eTest {
 protected:
  using E2eTest::E2eTest;

  /// `match`: the requests that are hit, as a fault's "match". The account is started and empty,
  /// the mode is mirror, and requests have two seconds.
  void Converge(const FaultCase& fault, const std::string& match) {
    project_.FillCustomers(400);
    SyncDone();
    project_.Sql("UPDATE customers SET phone = '+1' || n; DELETE FROM customers WHERE n < 10;");
    project_.FillCustomers(150, 400);
    account_.Faults(Rules(match, fault));

    const Output first = project_.Sync();
    const Json run = OnlyRun(first);
    ExpectAddsUp(run);
    const std::string status = run["status"].Text();
    EXPECT_TRUE(status == "succeeded" || status == "completed_with_errors" || status == "failed")
        << first.Text();
    EXPECT_EQ(first.exit == 0, status == "succeeded") << first.Text();
    if (first.exit != 0) {
      // Says why: an error of the run, or the reasons of its records.
      const bool says = !run["error"]["message"].Text().empty() || run["errors"].size() > 0;
      EXPECT_TRUE(says) << first.Text();
    }
    EXPECT_EQ(run["outcomes"]["rejected"].Int(), 0) << first.Text();
    if (fault.endless) {
      EXPECT_NE(first.exit, 0) << first.Text();
    }

    account_.Faults("[]");
    SyncDone();
    ExpectHoldsCustomers(account_, project_);
    account_.ResetStats();
    SyncDone();
    EXPECT_EQ(account_.Calls(), 0);
  }

 private:
  static std::string Rules(const std::string& match, const FaultCase& fault) {
    return R"([{"match":)" + match + R"(,"fault":)" + fault.fault +
           (fault.endless ? R"(,"times":-1)" : R"(,"after":1,"times":2)") + "}]";
  }
};

}  // namespace penstock::e2e
