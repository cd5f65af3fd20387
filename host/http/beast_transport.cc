// The only file that knows Boost.Beast. Everything but Start and AbortUnsent runs on the io thread.
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <chrono>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "host/http/transport.h"
#include "host/http/url.h"

namespace penstock::http {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
namespace bhttp = boost::beast::http;
using boost::beast::flat_buffer;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr auto kForgetAfter = std::chrono::seconds(60);
constexpr size_t kIdleConnections = 32;
constexpr size_t kChunkBytes = 64 << 10;
constexpr uint32_t kHeaderBytes = 64 << 10;

int64_t NowUs() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             SteadyClock::now().time_since_epoch())
      .count();
}

struct Connection {
  // Beast reads as much at a time as the buffer has room for, and never makes more room than it
  // needs: without this a large answer comes in hundreds of small reads.
  explicit Connection(asio::io_context& io) : socket(io) { buffer.reserve(kChunkBytes); }
  tcp::socket socket;
  std::optional<ssl::stream<tcp::socket&>> tls;
  flat_buffer buffer;
  bool reused = false;
  SteadyClock::time_point idle_since;
};

// Anything to read on an idle connection is a goodbye or worse.
bool IsQuiet(Connection& connection) {
  char byte;
  ssize_t got =
      recv(connection.socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT | MSG_NOSIGNAL);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

struct Shared {
  explicit Shared(ssl::context context) : io(1), tls_context(std::move(context)) {}

  std::unique_ptr<Connection> TakeIdle(const std::string& key, milliseconds most_idle) {
    auto& list = idle[key];
    while (!list.empty()) {
      if (SteadyClock::now() - list.back()->idle_since > most_idle) return nullptr;
      std::unique_ptr<Connection> connection = std::move(list.back());
      list.pop_back();
      if (IsQuiet(*connection)) return connection;
    }
    return nullptr;
  }

  void KeepIdle(const std::string& key, std::unique_ptr<Connection> connection) {
    connection->reused = true;
    connection->idle_since = SteadyClock::now();
    auto& list = idle[key];
    list.push_back(std::move(connection));
    // Oldest first: those that no longer count as usable go.
    while (list.size() > kIdleConnections ||
           SteadyClock::now() - list.front()->idle_since > kForgetAfter) {
      list.erase(list.begin());
    }
  }

  asio::io_context io;
  ssl::context tls_context;
  std::map<std::string, std::vector<std::unique_ptr<Connection>>> idle;  // by scheme, host, port
};

// One attempt on its way through connect, write and read.
class Flight : public std::enable_shared_from_this<Flight> {
 public:
  Flight(Shared& shared, Attempt attempt, HttpTransport::Done done, std::function<void()> gone)
      : shared_(shared),
        attempt_(std::move(attempt)),
        done_(std::move(done)),
        gone_(std::move(gone)),
        key_((attempt_.https ? "https://" : "http://") + attempt_.host + ":" + attempt_.port),
        resolver_(shared.io),
        timer_(shared.io),
        started_(SteadyClock::now()) {}

  void Start() {
    int64_t connect_ms = std::min(attempt_.connect_timeout_ms, attempt_.timeout_ms);
    if (!attempt_.fresh_connection)
      connection_ = shared_.TakeIdle(key_, milliseconds(attempt_.most_idle_ms));
    if (connection_) {
      SetTimer(attempt_.timeout_ms);
      return Send();
    }
    SetTimer(connect_ms);
    connection_ = std::make_unique<Connection>(shared_.io);
    resolving_ = true;
    resolver_.async_resolve(attempt_.host, attempt_.port,
                            [self = shared_from_this()](error_code error, auto endpoints) {
                              self->OnResolved(error, endpoints);
                            });
  }

  void AbortUnsent() {
    if (finished_ || sent_us_ != 0) return;
    aborted_ = true;
    Break();
  }

 private:
  void SetTimer(int64_t after_start_ms) {
    timer_.expires_at(started_ + milliseconds(after_start_ms));
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (error || self->finished_ || self->timer_.expiry() > SteadyClock::now()) return;
      self->timed_out_ = true;
      self->Break();
    });
  }

  // Makes the operation under way fail. Looking up a name cannot be interrupted: its answer is
  // ignored when it comes.
  void Break() {
    if (resolving_) return Fail("PS-HTTP-DNS", "The host " + attempt_.host + " was not found", {});
    error_code ignored;
    if (connection_) connection_->socket.close(ignored);
  }

  template <typename F>
  void OnStream(F operation) {
    if (connection_->tls) {
      operation(*connection_->tls);
    } else {
      operation(connection_->socket);
    }
  }

  void OnResolved(error_code error, const tcp::resolver::results_type& resolved) {
    if (finished_) return;
    resolving_ = false;
    if (error) return Fail("PS-HTTP-DNS", "The host " + attempt_.host + " was not found", error);
    std::vector<tcp::endpoint> endpoints;
    for (const auto& entry : resolved) {
      if (attempt_.https || entry.endpoint().address().is_loopback()) {
        endpoints.push_back(entry.endpoint());
      }
    }
    if (endpoints.empty()) {
      result_.transport = Transport::kForbidden;
      return Finish(
          UsageError("PS-HTTP-HOST",
                     "Plain http is refused: " + attempt_.host + " is not this machine itself.",
                     "Use https://."));
    }
    endpoints_ = std::move(endpoints);
    asio::async_connect(
        connection_->socket, endpoints_,
        [self = shared_from_this()](error_code e, const tcp::endpoint&) { self->OnConnected(e); });
  }

  void OnConnected(error_code error) {
    if (error || timed_out_ || aborted_) {
      return Fail("PS-HTTP-CONNECT", "No connection to " + Where(), error);
    }
    error_code ignored;
    connection_->socket.set_option(tcp::no_delay(true), ignored);
    if (!attempt_.https) return OnReady();
    auto& tls = connection_->tls.emplace(connection_->socket, shared_.tls_context);
    SSL* native = tls.native_handle();
    error_code not_address;
    asio::ip::make_address(attempt_.host, not_address);
    bool named;
    if (not_address) {
      named = SSL_set_tlsext_host_name(native, attempt_.host.c_str()) == 1 &&
              SSL_set1_host(native, attempt_.host.c_str()) == 1;
    } else {
      named = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(native), attempt_.host.c_str()) == 1;
    }
    if (!named) return Fail("PS-HTTP-TLS", "The name of " + Where() + " cannot be verified", {});
    tls.async_handshake(ssl::stream_base::client,
                        [self = shared_from_this()](error_code e) { self->OnHandshake(e); });
  }

  void OnHandshake(error_code error) {
    if (!error && !timed_out_ && !aborted_) return OnReady();
    long verified = SSL_get_verify_result(connection_->tls->native_handle());
    if (verified == X509_V_OK) {
      return Fail("PS-HTTP-TLS", "The secure connection to " + Where() + " failed", error);
    }
    result_.hopeless = true;
    Finish(MakeError("PS-HTTP-CERTIFICATE",
                     "The certificate of " + Where() +
                         " was refused: " + X509_verify_cert_error_string(verified) + ".",
                     "Nothing was sent. Check the address, or name the authority that signed it "
                     "in ca_file."));
  }

  void OnReady() {
    SetTimer(attempt_.timeout_ms);
    Send();
  }

  void Send() {
    if (aborted_ || timed_out_) return Fail("PS-HTTP-CONNECT", "No connection to " + Where(), {});
    sent_us_ = NowUs();
    result_.sent_us = sent_us_;
    std::array<asio::const_buffer, 2> buffers = {asio::buffer(attempt_.head),
                                                 asio::buffer(attempt_.body)};
    OnStream([&](auto& stream) {
      asio::async_write(stream, buffers,
                        [self = shared_from_this()](error_code error, size_t written) {
                          self->OnWritten(error, written);
                        });
    });
  }

  void OnWritten(error_code error, size_t written) {
    written_ += written;
    if (error && !timed_out_ && written_ > 0) {
      write_error_ = error;  // the destination may have answered before it closed
      return ReadHeader();
    }
    if (error) return Fail("PS-HTTP-SEND", "The request to " + Where() + " broke off", error);
    if (attempt_.body_reader != nullptr && body_sent_ < attempt_.body_reader->size()) {
      return SendChunk();
    }
    ReadHeader();
  }

  void SendChunk() {
    chunk_.resize(kChunkBytes);
    uint64_t left = attempt_.body_reader->size() - body_sent_;
    size_t wanted = static_cast<size_t>(std::min<uint64_t>(left, chunk_.size()));
    auto got = attempt_.body_reader->Read(body_sent_, std::span<char>(chunk_.data(), wanted));
    if (!got.ok()) return Finish(got.error());
    if (*got == 0) {
      return Finish(MakeError("PS-HTTP-BODY", "The body of the request ended too early."));
    }
    body_sent_ += *got;
    OnStream([&](auto& stream) {
      asio::async_write(stream, asio::buffer(chunk_.data(), *got),
                        [self = shared_from_this()](error_code error, size_t written) {
                          self->OnWritten(error, written);
                        });
    });
  }

  void ReadHeader() {
    parser_.emplace();
    parser_->header_limit(kHeaderBytes);
    parser_->body_limit(boost::none);
    if (attempt_.head_method) parser_->skip(true);
    OnStream([&](auto& stream) {
      bhttp::async_read_header(stream, connection_->buffer, *parser_,
                               [self = shared_from_this()](error_code error, size_t bytes) {
                                 self->OnHeader(error, bytes);
                               });
    });
  }

  void OnHeader(error_code error, size_t bytes) {
    answer_began_ = answer_began_ || bytes > 0 || connection_->buffer.size() > 0;
    if (error) {
      if (write_error_) error = write_error_;
      return Fail("PS-HTTP-ANSWER", "There is no answer from " + Where(), error);
    }
    auto& message = parser_->get();
    if (message.result_int() >= 100 && message.result_int() < 200) return ReadHeader();
    result_.status = static_cast<int32_t>(message.result_int());
    for (const auto& field : message) {
      result_.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    bool good = result_.status >= 200 && result_.status < 300;
    sink_ = good ? attempt_.body_sink : nullptr;
    if (sink_ != nullptr) {
      Status started = sink_->Start(result_.status);
      if (!started.ok()) return Finish(started.error());
    }
    ReadBody();
  }

  void ReadBody() {
    if (parser_->is_done()) return Answered();
    chunk_.resize(kChunkBytes);
    auto& body = parser_->get().body();
    body.data = chunk_.data();
    body.size = chunk_.size();
    body.more = true;
    OnStream([&](auto& stream) {
      bhttp::async_read(
          stream, connection_->buffer, *parser_,
          [self = shared_from_this()](error_code error, size_t) { self->OnBody(error); });
    });
  }

  void OnBody(error_code error) {
    if (error == bhttp::error::need_buffer) error = {};
    std::string_view got(chunk_.data(), chunk_.size() - parser_->get().body().size);
    if (error) return Fail("PS-HTTP-ANSWER", "The answer of " + Where() + " broke off", error);
    result_.body_bytes += got.size();
    if (sink_ != nullptr) {
      Status written = sink_->Write(got);
      if (!written.ok()) return Finish(written.error());
    } else if (result_.body_bytes > attempt_.max_answer_bytes) {
      result_.hopeless = true;
      return Finish(MakeError("PS-HTTP-TOO-LARGE", "The answer of " + Where() +
                                                       " is larger than the " +
                                                       std::to_string(attempt_.max_answer_bytes) +
                                                       " bytes that are taken."));
    } else {
      result_.body.append(got);
    }
    ReadBody();
  }

  void Answered() {
    result_.transport = Transport::kAnswered;
    result_.answered_us = NowUs();
    bool keep = parser_->keep_alive() && !write_error_ && connection_->buffer.size() == 0;
    if (keep) shared_.KeepIdle(key_, std::move(connection_));
    End();
  }

  // Ends the attempt without an answer; what is known of the reason becomes one sentence.
  void Fail(const char* code, const std::string& what, error_code error) {
    bool closed = error == asio::error::eof || error == asio::error::connection_reset ||
                  error == asio::error::broken_pipe || error == bhttp::error::end_of_stream ||
                  error == ssl::error::stream_truncated;
    if (aborted_) {
      return Finish(
          MakeError("PS-HTTP-CANCELLED", "The request was cancelled before it was sent."));
    }
    if (timed_out_) {
      bool connecting = sent_us_ == 0;
      return Finish(MakeError(
          "PS-HTTP-TIMEOUT",
          std::string(connecting ? "No connection to " : "No answer from ") + Where() + " within " +
              std::to_string(connecting ? std::min(attempt_.connect_timeout_ms, attempt_.timeout_ms)
                                        : attempt_.timeout_ms) +
              " ms."));
    }
    result_.stale = closed && connection_ && connection_->reused && !answer_began_;
    std::string reason = closed ? "the connection was closed" : error ? error.message() : "";
    Finish(MakeError(code, what + (reason.empty() ? "" : ": " + reason) + "."));
  }

  void Finish(Error error) {
    if (result_.transport != Transport::kForbidden) {
      result_.transport = sent_us_ == 0 ? Transport::kNotSent : Transport::kLost;
    }
    result_.status = 0;
    result_.headers.clear();
    result_.body.clear();
    result_.error = std::move(error);
    End();
  }

  void End() {
    if (std::exchange(finished_, true)) return;
    timer_.cancel();
    connection_.reset();
    gone_();
    HttpTransport::Done done = std::move(done_);
    done(std::move(result_));
  }

  std::string Where() const {
    bool v6 = attempt_.host.find(':') != std::string::npos;
    return (v6 ? "[" + attempt_.host + "]" : attempt_.host) + ":" + attempt_.port;
  }

  Shared& shared_;
  const Attempt attempt_;
  HttpTransport::Done done_;
  std::function<void()> gone_;
  const std::string key_;
  tcp::resolver resolver_;
  asio::steady_timer timer_;
  const SteadyClock::time_point started_;
  std::vector<tcp::endpoint> endpoints_;
  std::unique_ptr<Connection> connection_;
  std::optional<bhttp::response_parser<bhttp::buffer_body>> parser_;
  std::vector<char> chunk_;
  BodySink* sink_ = nullptr;
  AttemptResult result_;
  error_code write_error_;
  uint64_t written_ = 0;
  uint64_t body_sent_ = 0;
  int64_t sent_us_ = 0;
  bool answer_began_ = false;
  bool resolving_ = false;
  bool timed_out_ = false;
  bool aborted_ = false;
  bool finished_ = false;
};

class BeastTransport final : public HttpTransport {
 public:
  explicit BeastTransport(ssl::context context)
      : shared_(std::move(context)),
        work_(shared_.io.get_executor()),
        thread_([this] { shared_.io.run(); }) {}

  ~BeastTransport() override {
    shared_.io.stop();
    thread_.join();
  }

  uint64_t Start(Attempt attempt, Done done) override {
    uint64_t number = ++last_number_;
    auto flight = std::make_shared<Flight>(shared_, std::move(attempt), std::move(done),
                                           [this, number] { flights_.erase(number); });
    asio::post(shared_.io, [this, number, flight] {
      flights_[number] = flight;
      flight->Start();
    });
    return number;
  }

  void AbortUnsent(uint64_t number) override {
    asio::post(shared_.io, [this, number] {
      auto found = flights_.find(number);
      if (found == flights_.end()) return;
      std::shared_ptr<Flight> flight = found->second;
      flight->AbortUnsent();
    });
  }

 private:
  Shared shared_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::unordered_map<uint64_t, std::shared_ptr<Flight>> flights_;  // io thread only
  std::atomic<uint64_t> last_number_{0};
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<HttpTransport>> MakeBeastTransport(const std::string& ca_file) {
  error_code error;
  std::error_code ignored;
  ssl::context context(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  context.set_verify_mode(ssl::verify_peer, error);
  if (ca_file.empty()) {
    context.set_default_verify_paths(error);
  } else if (std::filesystem::is_fifo(ca_file, ignored)) {  // would be waited for
    error = make_error_code(boost::system::errc::invalid_argument);
  } else {
    context.load_verify_file(ca_file, error);
  }
  if (error) {
    return UsageError("PS-HTTP-CA",
                      "The certificates of the trusted authorities cannot be read" +
                          (ca_file.empty() ? std::string() : " from " + ca_file) + ": " +
                          error.message() + ".",
                      "ca_file names a file with certificates in PEM form.");
  }
  return std::unique_ptr<HttpTransport>(new BeastTransport(std::move(context)));
}

}  // namespace penstock::http
