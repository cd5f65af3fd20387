#include "sdk/testing/server.h"

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/NetSSL.h>
#include <Poco/Net/SecureServerSocket.h>
#include <Poco/ThreadPool.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>

#include "sdk/testing/answer.h"
#include "sdk/testing/control.h"

namespace penstock::sandbox {
namespace {

constexpr int kMaxConnections = 1024;
constexpr int kBacklog = 1024;
constexpr std::int64_t kMaxControlBody = 2LL << 30;
constexpr auto kGrace = std::chrono::seconds(2);

Request ReadHead(const Poco::Net::HTTPServerRequest& from, std::int64_t now_ms) {
  Request request;
  request.method = from.getMethod();
  std::string_view uri = from.getURI();
  std::size_t question = uri.find('?');
  request.path = uri.substr(0, question);
  if (question != uri.npos) request.query = ReadForm(uri.substr(question + 1));
  for (const auto& [name, value] : from) request.headers.emplace_back(name, value);
  request.now_ms = now_ms;
  return request;
}

enum class BodyEnd { kWhole, kTooLarge, kCut };

// Reads the body piece by piece.
BodyEnd ReadBody(Poco::Net::HTTPServerRequest& from, std::int64_t limit,
                 const std::function<void(const char*, std::size_t)>& take) {
  std::int64_t length = from.getContentLength64();
  if (length > limit) return BodyEnd::kTooLarge;
  // Without a length there is no body; Poco would wait for the connection's end.
  if (length < 0 && !from.getChunkedTransferEncoding()) return BodyEnd::kWhole;
  std::istream& in = from.stream();
  std::int64_t size = 0;
  char piece[16 * 1024];
  while (in.read(piece, sizeof piece) || in.gcount() > 0) {
    take(piece, static_cast<std::size_t>(in.gcount()));
    size += in.gcount();
    if (size > limit) return BodyEnd::kTooLarge;
  }
  return length >= 0 && size < length ? BodyEnd::kCut : BodyEnd::kWhole;
}

BodyEnd ReadBody(Poco::Net::HTTPServerRequest& from, std::int64_t limit, std::string* body) {
  std::int64_t length = from.getContentLength64();
  if (length > 0 && length <= limit) body->reserve(static_cast<std::size_t>(length));
  return ReadBody(from, limit,
                  [&](const char* piece, std::size_t size) { body->append(piece, size); });
}

// The same into a new file of the directory, whose name *file becomes.
BodyEnd SpoolBody(Poco::Net::HTTPServerRequest& from, const Vendor::Body& plan, std::string* file) {
  std::string name = plan.spool + "/body-XXXXXX";
  const int descriptor = mkstemp(name.data());
  std::FILE* out = descriptor < 0 ? nullptr : fdopen(descriptor, "w");
  if (out == nullptr) throw Poco::FileException("a body cannot be spooled", plan.spool);
  *file = name;
  const BodyEnd end = ReadBody(from, plan.limit, [&](const char* piece, std::size_t size) {
    std::fwrite(piece, 1, size, out);
  });
  const bool failed = std::ferror(out) != 0;
  if (std::fclose(out) != 0 || failed) throw Poco::WriteFileException(name);
  return end;
}

}  // namespace

class Server::Impl {
 public:
  Impl(Sandbox& sandbox, Vendor& vendor) : sandbox_(sandbox), vendor_(vendor) {}

  bool Start(std::string* error);
  void Stop();
  std::uint16_t port() const { return port_; }

 private:
  class Handler : public Poco::Net::HTTPRequestHandler {
   public:
    explicit Handler(Impl& impl) : impl_(impl) {}
    void handleRequest(Poco::Net::HTTPServerRequest& request,
                       Poco::Net::HTTPServerResponse& response) override {
      impl_.Handle(static_cast<Poco::Net::HTTPServerRequestImpl&>(request), response);
    }

   private:
    Impl& impl_;
  };
  class Factory : public Poco::Net::HTTPRequestHandlerFactory {
   public:
    explicit Factory(Impl& impl) : impl_(impl) {}
    Poco::Net::HTTPRequestHandler* createRequestHandler(
        const Poco::Net::HTTPServerRequest& /*request*/) override {
      return new Handler(impl_);
    }

   private:
    Impl& impl_;
  };

  Poco::Net::ServerSocket Listen();
  void Handle(Poco::Net::HTTPServerRequestImpl& from, Poco::Net::HTTPServerResponse& response);
  std::string Serve(Connection& connection, Request& request);
  Response Dispatch(Request& request);
  Response FaultAnswer(const Request& request, const Fault& fault);
  std::string RouteName(const Request& request) const;

  Sandbox& sandbox_;
  Vendor& vendor_;
  std::unique_ptr<Poco::ThreadPool> threads_;
  std::unique_ptr<Poco::Net::HTTPServer> server_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> at_work_{0};
};

Poco::Net::ServerSocket Server::Impl::Listen() {
  Poco::Net::SocketAddress address("127.0.0.1", sandbox_.options.port);
  // Not shared: two sandboxes on one port would each get some of the requests.
  const auto listen = [&](Poco::Net::ServerSocket socket) {
    socket.bind(address, /*reuseAddress=*/true, /*reusePort=*/false);
    socket.listen(kBacklog);
    return socket;
  };
  if (sandbox_.options.tls_certificate.empty()) return listen(Poco::Net::ServerSocket());
  Poco::Net::initializeSSL();
  Poco::Net::Context::Ptr context =
      new Poco::Net::Context(Poco::Net::Context::TLS_SERVER_USE, sandbox_.options.tls_key,
                             sandbox_.options.tls_certificate, "", Poco::Net::Context::VERIFY_NONE);
  return listen(Poco::Net::SecureServerSocket(context));
}

bool Server::Impl::Start(std::string* error) {
  // OpenSSL writes to a socket without MSG_NOSIGNAL: a client that hangs up must not end us.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    Poco::Net::ServerSocket socket = Listen();
    port_ = socket.address().port();
    Poco::Net::HTTPServerParams::Ptr params = new Poco::Net::HTTPServerParams;
    params->setKeepAlive(true);
    params->setMaxKeepAliveRequests(0);
    params->setKeepAliveTimeout(Poco::Timespan(120, 0));
    params->setTimeout(Poco::Timespan(120, 0));
    params->setMaxThreads(kMaxConnections);
    params->setMaxQueued(kMaxConnections);
    threads_ = std::make_unique<Poco::ThreadPool>(2, kMaxConnections);
    server_ =
        std::make_unique<Poco::Net::HTTPServer>(new Factory(*this), *threads_, socket, params);
    server_->start();
    return true;
  } catch (const Poco::Exception& failure) {
    *error = "The sandbox cannot listen on 127.0.0.1:" + std::to_string(sandbox_.options.port) +
             ": " + failure.displayText() + ".";
    return false;
  }
}

void Server::Impl::Stop() {
  if (!server_) return;
  stopping_.store(true);
  try {
    server_->stop();
    auto end = std::chrono::steady_clock::now() + kGrace;
    while (at_work_.load() > 0 && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    server_->stopAll(true);
    threads_->joinAll();
  } catch (const Poco::Exception&) {  // a connection that ended by itself meanwhile
  }
  server_.reset();
  sandbox_.store.Flush();
}

std::string Server::Impl::RouteName(const Request& request) const {
  if (request.route.empty()) return request.method + " (unknown)";
  std::string name = request.route;
  if (std::size_t place = name.find("{object}"); place != name.npos) {
    name.replace(place, 8, vendor_.TableName(request.Param("object")));
  }
  return request.method + " " + name;
}

Response Server::Impl::Dispatch(Request& request) {
  bool path_known = false;
  const auto* handler = sandbox_.router.Find(&request, &path_known);
  Response answer;
  if (auto refused = vendor_.Admit(request)) {
    answer = std::move(*refused);
  } else if (handler == nullptr) {
    answer = vendor_.Error(request, path_known ? 405 : 404,
                           path_known ? "The method is not allowed here." : "No such path.");
  } else {
    try {
      answer = (*handler)(request);
    } catch (const std::exception& failure) {
      answer = vendor_.Error(request, 500, failure.what());
    }
  }
  vendor_.Finish(request, &answer);
  return answer;
}

// What a fault answers if the request did not take effect.
Response Server::Impl::FaultAnswer(const Request& request, const Fault& fault) {
  using Kind = Fault::Kind;
  Response answer;
  switch (fault.kind) {
    case Kind::kUnauthorized:
      answer = vendor_.Error(request, fault.status != 0 ? fault.status : 401, "");
      break;
    case Kind::kStatus:
      answer = vendor_.Error(request, fault.status, "The sandbox was asked for this fault.");
      break;
    case Kind::kRedirect:
      answer = Response::Empty(fault.status != 0 ? fault.status : 307);
      answer.headers.emplace_back("Location", fault.location);
      break;
    case Kind::kGarbage:
      answer = Response::Json(fault.status != 0 ? fault.status : 200,
                              "<html><body><h1>Please try again later</h1></body></html>");
      answer.content_type = "text/html";
      break;
    default:
      answer = Response::Json(fault.status != 0 ? fault.status : 200, vendor_.EmptyBody(request));
  }
  vendor_.Finish(request, &answer);
  return answer;
}

// Answers one request of the vendor's API; returns what to count it as.
std::string Server::Impl::Serve(Connection& connection, Request& request) {
  std::optional<Fault> fault;
  bool body_first = sandbox_.faults.needs_body();
  const Vendor::Body plan = vendor_.BodyOf(request);
  auto read_body = [&] {
    if (!plan.spool.empty()) return SpoolBody(connection.request, plan, &request.body_file);
    return ReadBody(connection.request, plan.limit, &request.body);
  };
  BodyEnd end = body_first ? read_body() : BodyEnd::kWhole;
  fault = sandbox_.faults.Hit(request);
  bool path_known = false;
  sandbox_.router.Find(&request, &path_known);  // the name to count by, also of what is dropped
  if (fault && fault->kind == Fault::Kind::kDropBefore) {
    Sleep(connection, fault->delay_ms);
    Drop(connection, fault->reset);
    return "dropped";
  }
  if (!body_first) end = read_body();
  if (end == BodyEnd::kCut) {
    Drop(connection, false);
    return "dropped";
  }
  if (end == BodyEnd::kTooLarge) {
    connection.response.setKeepAlive(false);
    Send(connection, vendor_.Error(request, 413, "The body is too large."));
    return "413";
  }
  Sleep(connection, sandbox_.latency_ms.load() + (fault ? fault->delay_ms : 0));
  Response answer;
  if (!fault || fault->apply) {
    answer = Dispatch(request);
    sandbox_.store.Flush();
  }
  if (!fault || fault->kind == Fault::Kind::kDelay) {
    Send(connection, answer);
    return std::to_string(answer.status);
  }
  using Kind = Fault::Kind;
  bool own_answer = fault->kind == Kind::kTruncate || fault->kind == Kind::kContentType ||
                    fault->kind == Kind::kDrip || fault->kind == Kind::kOmit;
  if (!fault->apply || !own_answer) answer = FaultAnswer(request, *fault);
  if (fault->kind == Kind::kContentType && fault->content_type.empty()) {
    answer.content_type = "text/plain";
  }
  return SendFaulty(connection, *fault, std::move(answer), request.now_ms);
}

void Server::Impl::Handle(Poco::Net::HTTPServerRequestImpl& from,
                          Poco::Net::HTTPServerResponse& response) {
  ++at_work_;
  Connection connection{from, response, [this] { return stopping_.load(); }};
  Request request = ReadHead(from, sandbox_.clock.NowMs());
  response.setDate(Poco::Timestamp(request.now_ms * 1000));  // clients tell the skew from it
  try {
    if (IsControlPath(request.path)) {
      if (ReadBody(from, kMaxControlBody, &request.body) == BodyEnd::kWhole) {
        Send(connection, HandleControl(sandbox_, vendor_, request));
      } else {
        Send(connection, Response::Empty(413));
      }
    } else {
      sandbox_.stats.Arrive(request.now_ms);
      std::string counted = "dropped";  // unless it is answered: the client went away
      try {
        counted = Serve(connection, request);
      } catch (const Poco::Exception&) {
        connection.response.setKeepAlive(false);
      }
      sandbox_.stats.Finish(RouteName(request), counted);
      if (!request.body_file.empty()) std::remove(request.body_file.c_str());
    }
  } catch (const Poco::Exception&) {
    connection.response.setKeepAlive(false);
  }
  --at_work_;
}

Server::Server(Sandbox& sandbox, Vendor& vendor) : impl_(new Impl(sandbox, vendor)) {}
Server::~Server() { impl_->Stop(); }
bool Server::Start(std::string* error) { return impl_->Start(error); }
void Server::Stop() { impl_->Stop(); }
std::uint16_t Server::port() const { return impl_->port(); }

}  // namespace penstock::sandbox
