// A destination that answers what a test has written down, without sockets.
//
//   Imposter imposter;
//   imposter.When("GET", "/v1/account").Then(200, R"({"id": "acme"})");
//   imposter.When("POST", "/v1/*/batch").Containing("poison").Then(400, "{}").Once();
//   imposter.When("POST", "/v1/*/batch").Then([](const PeerRequest& r) { return Answer(r); });
//   imposter.When("GET", "/v1/jobs/1").Then(200, "pending").Then(200, "done");  // in turn
//   imposter.When("*", "*").Lost();                                            // no answer comes
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "penstock/testing/fixture.hpp"

namespace penstock::kit {

/// Rules are tried in the order in which they were made. [thread-safe] once they are made.
class Imposter : public Destination {
 public:
  class Rule {
   public:
    /// Only requests whose body contains this text.
    Rule& Containing(std::string text);
    /// One more answer: they are given in turn, the last one again and again.
    Rule& Then(int status, std::string body = "{}");
    Rule& Then(PeerAnswer answer);
    Rule& Then(std::function<PeerAnswer(const PeerRequest&)> answer);
    /// The request takes effect as far as anybody knows, and no answer comes.
    Rule& Lost();
    /// The request is never sent.
    Rule& NotSent();
    /// The rule holds for so many requests, then the next one that fits does.
    Rule& Times(size_t n);
    Rule& Once() { return Times(1); }

   private:
    friend class Imposter;
    std::string method_, path_, containing_;
    std::vector<std::function<PeerAnswer(const PeerRequest&)>> answers_;
    size_t times_ = SIZE_MAX;
    size_t used_ = 0;
  };

  /// `method` may be "*"; in `path` (with the query, if it has one) a star stands for any text. The
  /// rule lives as long as the imposter.
  Rule& When(std::string method, std::string path);

  /// What came, in order.
  std::vector<PeerRequest> requests() const;
  /// How many requests fit "METHOD path", stars as above.
  size_t Count(const std::string& pattern) const;

  /// Forgets the requests, and that rules were used; the rules stay.
  sdk::Status Reset() override;
  /// 404 where no rule fits.
  PeerAnswer Answer(const PeerRequest& request) override;

 private:
  mutable std::mutex mutex_;
  std::deque<Rule> rules_;
  std::vector<PeerRequest> requests_;
};

}  // namespace penstock::kit
