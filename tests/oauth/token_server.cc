#include "tests/oauth/token_server.h"

#include <gtest/gtest.h>

namespace penstock::testing {

TokenServer::TokenServer(Answer answer, const std::string& certificate, const std::string& key)
    : answer_(std::move(answer)) {
  sandbox_.options.tls_certificate = certificate;
  sandbox_.options.tls_key = key;
  std::string error;
  EXPECT_TRUE(Start(sandbox_, &error)) << error;
  server_ = std::make_unique<sandbox::Server>(sandbox_, *this);
  EXPECT_TRUE(server_->Start(&error)) << error;
}

TokenServer::~TokenServer() { server_->Stop(); }

bool TokenServer::Start(sandbox::Sandbox& sandbox, std::string*) {
  sandbox.router.Add("POST", "/token",
                     [this](const sandbox::Request& request) { return Reply(request); });
  return true;
}

sandbox::Response TokenServer::Reply(const sandbox::Request& request) {
  Form form;
  for (size_t at = 0; at < request.body.size();) {
    const size_t end = std::min(request.body.find('&', at), request.body.size());
    const std::string pair = request.body.substr(at, end - at);
    const size_t equals = pair.find('=');
    form[pair.substr(0, equals)] = sandbox::UrlDecode(pair.substr(equals + 1), true);
    at = end + 1;
  }
  form["content-type"] = request.Header("Content-Type");
  int number = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    forms_.push_back(form);
    number = static_cast<int>(forms_.size());
  }
  return answer_(form, number);
}

sandbox::Response TokenServer::Token(int number, const std::string& more) {
  return sandbox::Response::Json(200, "{\"access_token\": \"token-" + std::to_string(number) +
                                          "\", \"expires_in\": 1800" +
                                          (more.empty() ? "" : ", " + more) + "}");
}

std::string TokenServer::url() const {
  return (sandbox_.options.tls_certificate.empty() ? "http" : "https") +
         ("://127.0.0.1:" + std::to_string(server_->port()));
}

int TokenServer::requests() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<int>(forms_.size());
}

std::vector<TokenServer::Form> TokenServer::forms() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return forms_;
}

}  // namespace penstock::testing
