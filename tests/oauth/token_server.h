// A token endpoint for tests, in this process, on the sandbox server.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sdk/testing/server.h"

namespace penstock::testing {

/// Answers POST /token as it is told, and keeps the forms that came.
class TokenServer final : public sandbox::Vendor {
 public:
  using Form = std::map<std::string, std::string>;
  /// Of one request; the number counts from 1. Called on the server's threads.
  using Answer = std::function<sandbox::Response(const Form& form, int number)>;

  /// With both files: TLS. The port is a free one.
  explicit TokenServer(Answer answer, const std::string& certificate = "",
                       const std::string& key = "");
  ~TokenServer() override;

  /// {"access_token": "token-NUMBER", "expires_in": 1800, MORE}.
  static sandbox::Response Token(int number, const std::string& more = "");

  std::string url() const;
  int requests() const;
  std::vector<Form> forms() const;

  std::string Name() const override { return "token"; }
  bool Start(sandbox::Sandbox& sandbox, std::string* error) override;

 private:
  sandbox::Response Reply(const sandbox::Request& request);

  Answer answer_;
  sandbox::Sandbox sandbox_;
  std::unique_ptr<sandbox::Server> server_;
  mutable std::mutex mutex_;
  std::vector<Form> forms_;
};

}  // namespace penstock::testing
