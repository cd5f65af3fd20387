// The gateway against a real server on loopback, well-behaved and not.
#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "host/http/gateway.h"
#include "tests/http/fakes.h"
#include "tests/http/test_server.h"

namespace penstock::http {
namespace {

using penstock::testing::FreePort;
using penstock::testing::ScratchDir;
using penstock::testing::ServerConnection;
using penstock::testing::TestServer;

class NetworkTest : public ::testing::Test {
 protected:
  void Serve(TestServer::Handler handler) { server_ = std::make_unique<TestServer>(handler); }

  void Open(GatewayOptions options = {}) {
    if (options.base_url.empty()) options.base_url = server_->url();
    options.limits_directory = dir_.path() / "limits";
    auto gateway = Gateway::Create(std::move(options));
    ASSERT_TRUE(gateway.ok()) << gateway.error().message;
    gateway_ = *std::move(gateway);
  }

  static GatewayOptions OneAttempt() {
    GatewayOptions options;
    options.retry.attempts = 1;
    return options;
  }

  static Request Make(const std::string& method, std::string_view body = {},
                      bool idempotent = false) {
    Request request;
    request.method = method;
    request.url = "/x";
    request.body = body;
    request.idempotent = idempotent;
    return request;
  }

  Response Send(const Request& request) {
    Response kept;
    int calls = 0;
    status_ = gateway_->Perform({&request, 1}, context_, [&](const Response& response) {
      kept = response;
      ++calls;
    });
    EXPECT_EQ(calls, 1);
    return kept;
  }

  ScratchDir dir_;
  std::unique_ptr<TestServer> server_;
  std::unique_ptr<Gateway> gateway_;
  PerformContext context_;
  Status status_;
};

// Answers every request of a connection with its own body.
void Echo(ServerConnection& connection) {
  for (std::string request; !(request = connection.ReadRequest()).empty();) {
    connection.Answer(request.substr(request.find("\r\n\r\n") + 4));
  }
}

TEST_F(NetworkTest, KeepsConnections) {
  Serve(Echo);
  Open();
  for (int i = 0; i < 20; ++i) {
    std::string body = "body " + std::to_string(i);
    Response response = Send(Make("POST", body));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, body);
  }
  EXPECT_EQ(server_->connections(), 1);
}

TEST_F(NetworkTest, SendsManyAtOnceAndAnswersOnTheCallingThread) {
  Serve(Echo);
  Open();
  std::vector<std::string> bodies;
  for (int i = 0; i < 50; ++i) bodies.push_back(std::string(1000, static_cast<char>('a' + i % 26)));
  std::vector<Request> requests;
  for (size_t i = 0; i < bodies.size(); ++i) {
    requests.push_back(Make("POST", bodies[i]));
    requests.back().tag = i;
  }
  std::vector<bool> seen(bodies.size());
  auto self = std::this_thread::get_id();
  Status status = gateway_->Perform(requests, context_, [&](const Response& response) {
    EXPECT_EQ(std::this_thread::get_id(), self);
    EXPECT_EQ(response.body, bodies[response.tag]);
    EXPECT_FALSE(seen[response.tag]);
    seen[response.tag] = true;
  });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), 50);
}

TEST_F(NetworkTest, ServesManyCallersUnderOneLimit) {
  Serve(Echo);
  GatewayOptions options;
  options.limiters.resize(1);
  options.limiters[0].name = "default";
  options.limiters[0].max_concurrent = 3;
  Open(std::move(options));
  std::vector<std::thread> callers;
  std::atomic<int> good{0};
  for (int i = 0; i < 6; ++i) {
    callers.emplace_back([&, i] {
      for (int n = 0; n < 20; ++n) {
        std::string body = std::to_string(i * 1000 + n);
        Request request = Make("POST", body);
        Status status = gateway_->Perform({&request, 1}, {}, [&](const Response& response) {
          if (response.body == body) ++good;
        });
        EXPECT_TRUE(status.ok());
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(good, 120);
  EXPECT_LE(server_->connections(), 3);
}

TEST_F(NetworkTest, ReadsChunkedAndUnsizedAnswers) {
  Serve([](ServerConnection& connection) {
    connection.ReadRequest();
    connection.Write("HTTP/1.1 100 Continue\r\n\r\n");
    connection.Write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    connection.Write("7\r\n, world\r\n0\r\n\r\n");
    connection.ReadRequest();
    connection.Write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end");
  });
  Open();
  EXPECT_EQ(Send(Make("GET")).body, "hello, world");
  EXPECT_EQ(Send(Make("GET")).body, "until the end");
}

TEST_F(NetworkTest, AnswersWithoutABody) {
  Serve([](ServerConnection& connection) {
    connection.ReadRequest();
    connection.Write("HTTP/1.1 204 No Content\r\n\r\n");
    connection.ReadRequest();
    connection.Write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");  // to HEAD
    connection.ReadRequest();
    connection.Answer("after");
  });
  Open();
  EXPECT_EQ(Send(Make("DELETE")).status, 204);
  EXPECT_EQ(Send(Make("HEAD")).status, 200);
  EXPECT_EQ(Send(Make("GET")).body, "after");
  EXPECT_EQ(server_->connections(), 1);
}

TEST_F(NetworkTest, ARefusedConnectionIsNotSent) {
  GatewayOptions options = OneAttempt();
  options.base_url = "http://127.0.0.1:" + std::to_string(FreePort());
  Open(std::move(options));
  Response response = Send(Make("POST", "x"));
  EXPECT_EQ(response.transport, Transport::kNotSent);
  EXPECT_EQ(response.error.code, "PS-HTTP-CONNECT");
  EXPECT_NE(response.error.message.find("127.0.0.1"), std::string::npos);
}

TEST_F(NetworkTest, AnUnknownHostIsNotSent) {
  GatewayOptions options = OneAttempt();
  options.base_url = "https://no-such-host.invalid";
  Open(std::move(options));
  Response response = Send(Make("POST", "x"));
  EXPECT_EQ(response.transport, Transport::kNotSent);
  EXPECT_EQ(response.error.code, "PS-HTTP-DNS");
}

TEST_F(NetworkTest, ClosedAfterReadingTheRequestIsLost) {
  for (bool reset : {false, true}) {
    Serve([reset](ServerConnection& connection) {
      connection.ReadRequest();
      if (reset) connection.ResetOnClose();
    });
    Open(OneAttempt());
    Response response = Send(Make("POST", "x"));
    EXPECT_EQ(response.transport, Transport::kLost);
    EXPECT_EQ(response.error.code, "PS-HTTP-ANSWER");
    EXPECT_EQ(response.status, 0);
  }
}

TEST_F(NetworkTest, ClosedInTheMiddleOfTheAnswerIsLost) {
  Serve([](ServerConnection& connection) {
    connection.ReadRequest();
    connection.Write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
  });
  Open(OneAttempt());
  Response response = Send(Make("POST", "x"));
  EXPECT_EQ(response.transport, Transport::kLost);
  EXPECT_TRUE(response.body.empty());
}

TEST_F(NetworkTest, GarbageIsLost) {
  Serve([](ServerConnection& connection) {
    connection.ReadRequest();
    connection.Write("SSH-2.0-OpenSSH_9.2\r\n\r\n");
  });
  Open(OneAttempt());
  EXPECT_EQ(Send(Make("POST", "x")).transport, Transport::kLost);
}

TEST_F(NetworkTest, HeadersThatDoNotEndAreLost) {
  Serve([](ServerConnection& connection) {
    connection.ReadRequest();
    connection.Write("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 3000; ++i) connection.Write("X-Filler: " + std::string(50, 'x') + "\r\n");
    connection.WaitForClose();
  });
  Open(OneAttempt());
  EXPECT_EQ(Send(Make("POST", "x")).transport, Transport::kLost);
}

TEST_F(NetworkTest, NoAnswerInTimeIsLost) {
  Serve([](ServerConnection& connection) {
    connection.ReadRequest();
    connection.WaitForClose();
  });
  Open(OneAttempt());
  Request request = Make("POST", "x");
  request.timeout_ms = 50;
  Response response = Send(request);
  EXPECT_EQ(response.transport, Transport::kLost);
  EXPECT_EQ(response.error.code, "PS-HTTP-TIMEOUT");
}

TEST_F(NetworkTest, TheDeadlineCutsAnAttemptShort) {
  Serve([](ServerConnection& connection) {
    connection.ReadRequest();
    connection.WaitForClose();
  });
  Open();
  context_.deadline_us = limits::SystemClock().MonotonicUs() + 100000;
  Response response = Send(Make("POST", "x", true));
  EXPECT_EQ(response.transport, Transport::kLost);
}

TEST_F(NetworkTest, CancellingWaitsForWhatIsUnderWay) {
  std::mutex mutex;
  std::condition_variable changed;
  bool arrived = false;
  bool release = false;
  Serve([&](ServerConnection& connection) {
    connection.ReadRequest();
    std::unique_lock<std::mutex> lock(mutex);
    arrived = true;
    changed.wait(lock, [&] { return release; });
    connection.Answer("done");
  });
  Open();
  int polls_after = 0;
  context_.cancelled = [&] {
    std::lock_guard<std::mutex> lock(mutex);
    if (!arrived) return false;
    if (++polls_after >= 1) release = true;
    changed.notify_all();
    return true;
  };
  Response response = Send(Make("POST", "x"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(status_.error().code, "PS-HTTP-CANCELLED");
}

TEST_F(NetworkTest, AKeptConnectionClosedWithoutAnAnswer) {
  // Each connection answers one request and closes at the next, having read it.
  Serve([](ServerConnection& connection) {
    if (connection.ReadRequest().empty()) return;
    connection.Answer("first");
    connection.ReadRequest();
  });
  GatewayOptions options;
  options.careful_idle_ms = 60000;
  Open(std::move(options));
  EXPECT_EQ(Send(Make("POST", "1")).status, 200);
  Response response = Send(Make("POST", "2", true));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.attempts, 2u);
  response = Send(Make("POST", "3", false));
  EXPECT_EQ(response.transport, Transport::kLost);
}

TEST_F(NetworkTest, AKeptConnectionThatWasClosedMeanwhileIsNotUsed) {
  std::mutex mutex;
  std::condition_variable changed;
  int closed = 0;
  Serve([&](ServerConnection& connection) {
    connection.ReadRequest();
    connection.Answer("one");
    // Closed on return; the client sees it before it sends again.
    std::lock_guard<std::mutex> lock(mutex);
    ++closed;
    changed.notify_all();
  });
  Open();
  for (int i = 1; i <= 5; ++i) {
    EXPECT_EQ(Send(Make("POST", "x", true)).status, 200);
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return closed >= i; });
  }
}

TEST_F(NetworkTest, AnAnswerAboveTheCapIsAnError) {
  Serve([](ServerConnection& connection) {
    while (!connection.ReadRequest().empty()) connection.Answer(std::string(300000, 'x'));
  });
  GatewayOptions options;
  options.max_answer_bytes = 200000;
  Open(std::move(options));
  Response response = Send(Make("GET"));
  EXPECT_EQ(response.transport, Transport::kLost);
  EXPECT_EQ(response.error.code, "PS-HTTP-TOO-LARGE");
  EXPECT_EQ(response.attempts, 1u);
}

struct CountingSink final : BodySink {
  Status Start(int) override {
    bytes = 0;
    return {};
  }
  Status Write(std::string_view piece) override {
    bytes += piece.size();
    largest = std::max(largest, piece.size());
    return fail_after != 0 && bytes > fail_after ? Status(MakeError("PS-TEST-FULL", "Full."))
                                                 : Status();
  }
  size_t bytes = 0;
  size_t largest = 0;
  size_t fail_after = 0;
};

TEST_F(NetworkTest, AHugeAnswerGoesToASink) {
  Serve([](ServerConnection& connection) {
    connection.ReadRequest();
    connection.Answer(std::string(20 << 20, 'x'));
    connection.ReadRequest();
    connection.Write("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone");
  });
  GatewayOptions options;
  options.max_answer_bytes = 1 << 20;
  Open(std::move(options));
  CountingSink sink;
  Request request = Make("GET");
  request.body_sink = &sink;
  Response response = Send(request);
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.body.empty());
  EXPECT_EQ(sink.bytes, size_t{20} << 20);
  EXPECT_LE(sink.largest, size_t{1} << 20);
  response = Send(request);  // what is not a success is read as usual
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, "none");
}

TEST_F(NetworkTest, ASinkThatFailsEndsTheRequest) {
  Serve([](ServerConnection& connection) {
    connection.ReadRequest();
    connection.Answer(std::string(1 << 20, 'x'));
  });
  Open(OneAttempt());
  CountingSink sink;
  sink.fail_after = 100000;
  Request request = Make("POST", "x");
  request.body_sink = &sink;
  Response response = Send(request);
  EXPECT_EQ(response.transport, Transport::kLost);
  EXPECT_EQ(response.error.code, "PS-TEST-FULL");
}

struct PatternReader final : BodyReader {
  explicit PatternReader(size_t total) : bytes(total, '\0') {
    for (size_t i = 0; i < total; ++i) bytes[i] = static_cast<char>('a' + i * 7 % 26);
  }
  uint64_t size() const override { return bytes.size(); }
  Result<size_t> Read(uint64_t offset, std::span<char> out) override {
    size_t n = std::min({out.size(), bytes.size() - static_cast<size_t>(offset), size_t{10007}});
    std::copy_n(bytes.begin() + static_cast<long>(offset), n, out.begin());
    return n;
  }
  std::string bytes;
};

TEST_F(NetworkTest, ABodyComesFromAReader) {
  Serve(Echo);
  Open();
  PatternReader reader(3 << 20);
  Request request = Make("PUT");
  request.body_reader = &reader;
  Response response = Send(request);
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.body == reader.bytes);
  EXPECT_EQ(Send(Make("POST", "small")).body, "small");
}

TEST_F(NetworkTest, AnAnswerBeforeTheWholeBodyWasReadCounts) {
  Serve([](ServerConnection& connection) {
    connection.ReadHead();
    connection.Write("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig");
    connection.WaitForClose();
  });
  Open(OneAttempt());
  PatternReader reader(8 << 20);
  Request request = Make("PUT");
  request.body_reader = &reader;
  Response response = Send(request);
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(response.body, "big");
}

}  // namespace
}  // namespace penstock::http
