// A gateway over a scripted network, with everything it reports kept.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/exchanges/reader.h"
#include "host/http/gateway.h"
#include "tests/http/fakes.h"

namespace penstock::testing {

struct Journal final : http::SendObserver {
  Status BeforeSend(std::span<const http::Sending> requests) override {
    std::vector<uint64_t> ids;
    for (const auto& request : requests) ids.push_back(request.request_id);
    groups.push_back(ids);
    if (on_send) on_send();
    return answer;
  }
  void AfterAnswer(const http::Answered& answered) override { ended.push_back(answered); }

  Status answer;
  std::function<void()> on_send;
  std::vector<std::vector<uint64_t>> groups;
  std::vector<http::Answered> ended;
};

class GatewayFixture : public ::testing::Test {
 protected:
  using Script = std::deque<ScriptedTransport::Answer>;

  void Open(Script script, http::GatewayOptions options = {}) {
    if (options.base_url.empty()) options.base_url = "https://api.example.com";
    options.clock = &clock_;
    options.seed = 3;
    options.limits_directory = dir_.path() / "limits";
    options.transport = std::make_unique<ScriptedTransport>(clock_, std::move(script), log_);
    auto gateway = http::Gateway::Create(std::move(options));
    ASSERT_TRUE(gateway.ok()) << gateway.error().message;
    gateway_ = *std::move(gateway);
    context_.observer = &journal_;
  }

  http::Request Post(std::span<const uint64_t> seqs, bool idempotent = false) {
    http::Request request;
    request.method = "POST";
    request.url = "/batch";
    request.body = "{}";
    request.seqs = seqs;
    request.idempotent = idempotent;
    return request;
  }

  static http::Request Get(const std::string& url = "/things") {
    http::Request request;
    request.method = "GET";
    request.url = url;
    return request;
  }

  // Performs and keeps responses in order.
  Status Perform(const std::vector<http::Request>& requests) {
    responses_.clear();
    return gateway_->Perform(requests, context_, [&](const http::Response& response) {
      responses_.push_back(response);
    });
  }

  http::Response Send(const http::Request& request) {
    status_ = Perform({request});
    EXPECT_EQ(responses_.size(), 1u);
    return responses_.empty() ? http::Response() : responses_[0];
  }

  ScratchDir dir_;
  FakeClock clock_;
  std::shared_ptr<ScriptedTransport::Log> log_ = std::make_shared<ScriptedTransport::Log>();
  std::unique_ptr<http::Gateway> gateway_;
  Journal journal_;
  http::PerformContext context_;
  std::vector<http::Response> responses_;
  Status status_;
  std::vector<uint64_t> seqs_ = {1, 2, 3};
};

}  // namespace penstock::testing
