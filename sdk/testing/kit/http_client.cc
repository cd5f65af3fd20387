#include "sdk/testing/kit/http_client.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "sdk/testing/kit/tls.h"

namespace penstock::kit {
namespace {

constexpr int kTimeoutSeconds = 30;
constexpr size_t kMaxBody = size_t{256} << 20;

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string Trim(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

int Connect(const Address& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (::getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &list) != 0) return -1;
  int descriptor = -1;
  for (const addrinfo* it = list; it != nullptr && descriptor < 0; it = it->ai_next) {
    descriptor = ::socket(it->ai_family, it->ai_socktype | SOCK_CLOEXEC, it->ai_protocol);
    if (descriptor < 0) continue;
    const timeval limit{kTimeoutSeconds, 0};
    const int on = 1;
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (::connect(descriptor, it->ai_addr, it->ai_addrlen) != 0) {
      ::close(descriptor);
      descriptor = -1;
    }
  }
  ::freeaddrinfo(list);
  return descriptor;
}

}  // namespace

sdk::Result<Address> ParseBaseUrl(const std::string& url) {
  Address address;
  const size_t scheme = url.find("://");
  const std::string name = url.substr(0, scheme);
  if (scheme == std::string::npos || (name != "http" && name != "https")) {
    return sdk::Failure{PENSTOCK_E_INVALID_ARGUMENT, "KIT-URL", url + " is no http or https URL",
                        0};
  }
  address.tls = name == "https";
  const size_t begin = scheme + 3;
  const size_t slash = std::min(url.find('/', begin), url.size());
  address.host = url.substr(begin, slash - begin);
  address.path = url.substr(slash);
  while (address.path.ends_with('/')) address.path.pop_back();
  address.port = address.tls ? "443" : "80";
  const size_t colon = address.host.rfind(':');
  if (colon != std::string::npos && address.host.back() != ']') {
    address.port = address.host.substr(colon + 1);
    address.host.resize(colon);
  }
  return address;
}

// One connection. Not ok after any failure.
class HttpClient::Connection {
 public:
  explicit Connection(const Address& address) : descriptor_(Connect(address)) {
    if (descriptor_ < 0 || !address.tls) return;
    tls_ = TlsSession::Start(descriptor_, address.host, &error_);
    if (tls_ == nullptr) Close();
  }
  ~Connection() { Close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool open() const { return descriptor_ >= 0; }
  const std::string& error() const { return error_; }

  bool Write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = tls_ != nullptr
                            ? tls_->Write(text.data(), text.size())
                            : ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      text.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }

  // Reads a whole answer. `keep`: the connection may be used again. `any`: a byte came.
  bool Read(const std::string& method, PeerAnswer* answer, bool* keep, bool* any) {
    std::string line;
    do {
      if (!Line(&line, any) || line.size() < 12 || !line.starts_with("HTTP/1.")) return false;
      answer->status = std::atoi(line.c_str() + 9);  // NOLINT(cert-err34-c): 0 is no status either
      answer->headers.clear();
      while (Line(&line, any) && !line.empty()) {
        const size_t colon = line.find(':');
        if (colon == std::string::npos) return false;
        answer->headers.emplace_back(line.substr(0, colon), Trim(line.substr(colon + 1)));
      }
    } while (answer->status >= 100 && answer->status < 200);
    *keep = true;
    return Body(method, answer, keep);
  }

 private:
  void Close() {
    tls_.reset();
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }

  bool Fill() {
    char block[16384];
    const ssize_t n = tls_ != nullptr ? tls_->Read(block, sizeof(block))
                                      : ::recv(descriptor_, block, sizeof(block), 0);
    if (n <= 0) return false;
    buffer_.append(block, static_cast<size_t>(n));
    return true;
  }

  bool Line(std::string* line, bool* any) {
    size_t end = 0;
    while ((end = buffer_.find('\n')) == std::string::npos) {
      if (buffer_.size() > kMaxBody || !Fill()) return false;
      *any = true;
    }
    *line = buffer_.substr(0, end);
    if (line->ends_with('\r')) line->pop_back();
    buffer_.erase(0, end + 1);
    return true;
  }

  bool Take(size_t n, std::string* out) {
    while (buffer_.size() < n) {
      if (!Fill()) return false;
    }
    out->append(buffer_, 0, n);
    buffer_.erase(0, n);
    return true;
  }

  bool Body(const std::string& method, PeerAnswer* answer, bool* keep) {
    std::string length;
    bool chunked = false;
    for (const auto& [name, value] : answer->headers) {
      const std::string lower = Lower(name);
      if (lower == "content-length") length = value;
      if (lower == "transfer-encoding") chunked = Lower(value).find("chunked") != std::string::npos;
      if (lower == "connection" && Lower(value) == "close") *keep = false;
    }
    if (method == "HEAD" || answer->status == 204 || answer->status == 304) return true;
    if (chunked) return Chunks(&answer->body);
    if (!length.empty()) {
      const size_t n = std::strtoull(length.c_str(), nullptr, 10);
      return n <= kMaxBody && Take(n, &answer->body);
    }
    *keep = false;
    while (Fill() && buffer_.size() < kMaxBody) {
    }
    answer->body = std::move(buffer_);
    return true;
  }

  bool Chunks(std::string* body) {
    std::string line;
    bool any = false;
    while (Line(&line, &any)) {
      const size_t n = std::strtoull(line.c_str(), nullptr, 16);
      if (n > kMaxBody - std::min(kMaxBody, body->size())) return false;
      if (n == 0) {
        while (Line(&line, &any) && !line.empty()) {
        }
        return true;
      }
      if (!Take(n, body) || !Line(&line, &any)) return false;
    }
    return false;
  }

  int descriptor_;
  std::unique_ptr<TlsSession> tls_;
  std::string buffer_, error_;
};

HttpClient::HttpClient(Address address) : address_(std::move(address)) {}
HttpClient::~HttpClient() = default;

std::unique_ptr<HttpClient::Connection> HttpClient::Take(bool* reused) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    *reused = !idle_.empty();
    if (*reused) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  return std::make_unique<Connection>(address_);
}

void HttpClient::Forget() {
  const std::lock_guard<std::mutex> lock(mutex_);
  idle_.clear();
}

PeerAnswer HttpClient::Send(const PeerRequest& request) {
  std::string text = request.method + " " + address_.path + request.url +
                     " HTTP/1.1\r\nHost: " + address_.host + ":" + address_.port + "\r\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
  if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD")) {
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  text += "\r\n" + request.body;
  while (true) {
    PeerAnswer answer;
    bool reused = false, keep = false, any = false;
    auto connection = Take(&reused);
    if (!connection->open()) {
      answer.transport = PENSTOCK_TRANSPORT_NOT_SENT;
      answer.error = "no connection to " + address_.host + ":" + address_.port +
                     (connection->error().empty() ? "" : ": " + connection->error());
      return answer;
    }
    if (connection->Write(text) && connection->Read(request.method, &answer, &keep, &any)) {
      if (keep) {
        const std::lock_guard<std::mutex> lock(mutex_);
        idle_.push_back(std::move(connection));
      }
      const std::string retry = [&] {
        for (const auto& [name, value] : answer.headers) {
          if (Lower(name) == "retry-after") return value;
        }
        return std::string();
      }();
      answer.retry_after_ms = std::atoll(retry.c_str()) * 1000;  // NOLINT(cert-err34-c)
      return answer;
    }
    // A kept connection that the server had closed meanwhile: once more on a new one.
    if (reused && !any) continue;
    answer = {};
    answer.transport = PENSTOCK_TRANSPORT_LOST;
    answer.error = "the connection ended before the answer was whole";
    return answer;
  }
}

}  // namespace penstock::kit
