#include "penstock/testing/imposter.hpp"

#include <algorithm>

#include "sdk/testing/kit/answers.h"
#include "sdk/testing/kit/fake_host.h"

namespace penstock::kit {

Imposter::Rule& Imposter::Rule::Containing(std::string text) {
  containing_ = std::move(text);
  return *this;
}

Imposter::Rule& Imposter::Rule::Then(int status, std::string body) {
  PeerAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  answer.headers = {{"Content-Type", "application/json"}};
  return Then(std::move(answer));
}

Imposter::Rule& Imposter::Rule::Then(PeerAnswer answer) {
  return Then([answer = std::move(answer)](const PeerRequest&) { return answer; });
}

Imposter::Rule& Imposter::Rule::Then(std::function<PeerAnswer(const PeerRequest&)> answer) {
  answers_.push_back(std::move(answer));
  return *this;
}

Imposter::Rule& Imposter::Rule::Lost() {
  return Then(NoAnswer(PENSTOCK_TRANSPORT_LOST, "the answer got lost"));
}

Imposter::Rule& Imposter::Rule::NotSent() {
  return Then(NoAnswer(PENSTOCK_TRANSPORT_NOT_SENT, "there is no connection"));
}

Imposter::Rule& Imposter::Rule::Times(size_t n) {
  times_ = n;
  return *this;
}

Imposter::Rule& Imposter::When(std::string method, std::string path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Rule& rule = rules_.emplace_back();
  rule.method_ = std::move(method);
  rule.path_ = std::move(path);
  return rule;
}

std::vector<PeerRequest> Imposter::requests() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return requests_;
}

size_t Imposter::Count(const std::string& pattern) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<size_t>(
      std::count_if(requests_.begin(), requests_.end(), [&](const PeerRequest& request) {
        return Fits(pattern, request.method + " " + request.url);
      }));
}

sdk::Status Imposter::Reset() {
  const std::lock_guard<std::mutex> lock(mutex_);
  requests_.clear();
  for (Rule& rule : rules_) rule.used_ = 0;
  return {};
}

PeerAnswer Imposter::Answer(const PeerRequest& request) {
  const std::lock_guard<std::mutex> lock(mutex_);
  requests_.push_back(request);
  for (Rule& rule : rules_) {
    const bool fits = (rule.method_ == "*" || rule.method_ == request.method) &&
                      Fits(rule.path_, request.url) && rule.used_ < rule.times_ &&
                      request.body.find(rule.containing_) != std::string::npos;
    if (!fits || rule.answers_.empty()) continue;
    const size_t turn = std::min(rule.used_++, rule.answers_.size() - 1);
    return rule.answers_[turn](request);
  }
  return Answered(404, R"({"message": "The imposter has no rule for this request."})");
}

}  // namespace penstock::kit
