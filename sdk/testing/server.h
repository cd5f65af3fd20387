// The HTTP server of a sandbox.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sdk/testing/vendor.h"

namespace penstock::sandbox {

// Serves a vendor on 127.0.0.1, a thread a connection, keep-alive, TLS if the options say so.
class Server {
 public:
  // Both outlive the server.
  Server(Sandbox& sandbox, Vendor& vendor);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds and starts serving. False with a sentence in `error`.
  bool Start(std::string* error);
  // Stops: no new connections, requests at work get two seconds, then they are cut.
  void Stop();
  // The port, after Start().
  std::uint16_t port() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace penstock::sandbox
