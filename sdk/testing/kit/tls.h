// TLS of the kit's own client, on OpenSSL.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

namespace penstock::kit {

/// One session over a connected socket, which it does not own.
class TlsSession {
 public:
  /// Verifies the server's certificate against the system's authorities and its name. Null with a
  /// sentence in `error`.
  static std::unique_ptr<TlsSession> Start(int descriptor, const std::string& host,
                                           std::string* error);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ssize_t Read(char* bytes, size_t n);
  ssize_t Write(const char* bytes, size_t n);

 private:
  TlsSession() = default;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace penstock::kit
