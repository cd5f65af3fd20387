// A server on 127.0.0.1 that does exactly what a test tells it, well-behaved or not.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/http/certificates.h"

namespace penstock::testing {

/// One accepted connection, blocking. Used by one thread.
class ServerConnection {
 public:
  ServerConnection(int fd, SSL* tls) : fd_(fd), tls_(tls) {}

  /// The next whole request (head and body), or empty when the client closed.
  std::string ReadRequest();
  /// Only the head of the next request.
  std::string ReadHead();
  void Write(std::string_view bytes);
  /// 200 with a Content-Length.
  void Answer(std::string_view body, std::string_view extra_headers = {});
  /// Blocks until the client closes.
  void WaitForClose();
  /// Makes the close a reset.
  void ResetOnClose();

 private:
  bool Fill();

  int fd_;
  SSL* tls_;
  std::string buffer_;
};

/// Calls the handler for each connection on a thread of its own; closes it when that returns.
class TestServer {
 public:
  using Handler = std::function<void(ServerConnection&)>;
  /// `identity` null: plain http. It must outlive the server.
  explicit TestServer(Handler handler, const Identity* identity = nullptr);
  ~TestServer();

  int port() const { return port_; }
  /// "http://127.0.0.1:PORT", or https.
  std::string url() const;
  int connections() const { return connections_; }

 private:
  void Accept();
  void Serve(int fd);

  Handler handler_;
  SSL_CTX* tls_ = nullptr;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::vector<int> open_;  // closed by shutting them down when the server ends
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// A port of 127.0.0.1 on which nobody listens.
int FreePort();

}  // namespace penstock::testing
