// A small HTTP/1.1 client for what the kit itself asks: sandboxes on loopback, and a real account
// with --live. Connections are kept and reused. The connector never sees it.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "penstock/testing/fixture.hpp"

namespace penstock::kit {

/// Where a base URL leads.
struct Address {
  bool tls = false;
  std::string host;
  std::string port;
  std::string path;  // before every request's own, without a slash at the end
};

/// KIT-URL when it is no http or https URL.
sdk::Result<Address> ParseBaseUrl(const std::string& url);

/// [thread-safe]
class HttpClient {
 public:
  explicit HttpClient(Address address);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// One attempt. Without an answer: NOT_SENT before the first byte, LOST after it.
  PeerAnswer Send(const PeerRequest& request);
  /// Connections are not shared with a parent process: forgets those that are open.
  void Forget();

 private:
  class Connection;
  std::unique_ptr<Connection> Take(bool* reused);

  Address address_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace penstock::kit
