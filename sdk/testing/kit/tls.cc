#include "sdk/testing/kit/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <climits>

namespace penstock::kit {

struct TlsSession::Parts {
  SSL_CTX* context = nullptr;
  SSL* session = nullptr;
};

std::unique_ptr<TlsSession> TlsSession::Start(int descriptor, const std::string& host,
                                              std::string* error) {
  std::unique_ptr<TlsSession> tls(new TlsSession);
  tls->parts_ = std::make_unique<Parts>();
  Parts& parts = *tls->parts_;
  parts.context = SSL_CTX_new(TLS_client_method());
  if (parts.context == nullptr) {
    *error = "TLS cannot be set up";
    return nullptr;
  }
  SSL_CTX_set_default_verify_paths(parts.context);
  SSL_CTX_set_verify(parts.context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_min_proto_version(parts.context, TLS1_2_VERSION);
  parts.session = SSL_new(parts.context);
  const bool ready = parts.session != nullptr && SSL_set_fd(parts.session, descriptor) == 1 &&
                     SSL_set1_host(parts.session, host.c_str()) == 1 &&
                     SSL_set_tlsext_host_name(parts.session, host.c_str()) == 1;
  if (!ready || SSL_connect(parts.session) != 1) {
    char text[256] = "the handshake fails";
    if (const unsigned long code = ERR_get_error(); code != 0) {
      ERR_error_string_n(code, text, sizeof(text));
    }
    *error = std::string("TLS: ") + text;
    return nullptr;
  }
  return tls;
}

TlsSession::~TlsSession() {
  if (parts_ == nullptr) return;
  SSL_free(parts_->session);
  SSL_CTX_free(parts_->context);
}

ssize_t TlsSession::Read(char* bytes, size_t n) {
  return SSL_read(parts_->session, bytes, static_cast<int>(n > INT_MAX ? INT_MAX : n));
}

ssize_t TlsSession::Write(const char* bytes, size_t n) {
  return SSL_write(parts_->session, bytes, static_cast<int>(n > INT_MAX ? INT_MAX : n));
}

}  // namespace penstock::kit
