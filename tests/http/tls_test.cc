// TLS as it must be refused and as it must work.
#include "host/http/gateway.h"
#include "tests/http/fakes.h"
#include "tests/http/test_server.h"

namespace penstock::http {
namespace {

using penstock::testing::Identity;
using penstock::testing::MakeAuthority;
using penstock::testing::MakeServer;
using penstock::testing::ScratchDir;
using penstock::testing::ServerConnection;
using penstock::testing::TestServer;

class TlsTest : public ::testing::Test {
 protected:
  void SetUp() override { WritePem(authority_, ca_file()); }
  std::string ca_file() const { return dir_ / "ca.pem"; }

  // One POST to `host` on a server with that certificate.
  Response Send(const Identity& identity, const std::string& host = "127.0.0.1") {
    std::atomic<int> requests{0};
    TestServer server(
        [&](ServerConnection& connection) {
          while (!connection.ReadRequest().empty()) {
            ++requests;
            connection.Answer("secure");
          }
        },
        &identity);
    GatewayOptions options;
    options.base_url = "https://" + host + ":" + std::to_string(server.port());
    options.ca_file = ca_file();
    options.limits_directory = dir_.path() / "limits";
    auto gateway = Gateway::Create(std::move(options));
    EXPECT_TRUE(gateway.ok());
    Response kept;
    for (int i = 0; i < 3; ++i) {
      Request request;
      request.method = "POST";
      request.url = "/x";
      request.body = "body";
      Status status = (*gateway)->Perform({&request, 1}, {}, [&](const Response& r) { kept = r; });
      EXPECT_TRUE(status.ok());
      if (kept.transport != Transport::kAnswered) break;
    }
    if (kept.transport == Transport::kAnswered) {
      EXPECT_EQ(server.connections(), 1);
      EXPECT_EQ(requests, 3);
    } else {
      EXPECT_EQ(requests, 0);
    }
    return kept;
  }

  void ExpectRefused(const Response& response, const std::string& reason) {
    EXPECT_EQ(response.transport, Transport::kNotSent);
    EXPECT_EQ(response.attempts, 1u);
    EXPECT_EQ(response.error.code, "PS-HTTP-CERTIFICATE");
    EXPECT_NE(response.error.message.find(reason), std::string::npos) << response.error.message;
  }

  ScratchDir dir_;
  Identity authority_ = MakeAuthority();
};

TEST_F(TlsTest, AGoodCertificateByAddressAndByName) {
  Identity good = MakeServer("DNS:localhost,IP:127.0.0.1", 3600, &authority_);
  EXPECT_EQ(Send(good).body, "secure");
  EXPECT_EQ(Send(good, "localhost").body, "secure");
}

TEST_F(TlsTest, AnotherHostsCertificateIsRefused) {
  Identity other = MakeServer("DNS:example.com,IP:127.0.0.9", 3600, &authority_);
  ExpectRefused(Send(other), "IP address mismatch");
  ExpectRefused(Send(other, "localhost"), "hostname mismatch");
}

TEST_F(TlsTest, ASelfSignedCertificateIsRefused) {
  ExpectRefused(Send(MakeServer("IP:127.0.0.1", 3600, nullptr)), "self-signed");
}

TEST_F(TlsTest, AnUnknownAuthorityIsRefused) {
  Identity stranger = MakeAuthority();
  ExpectRefused(Send(MakeServer("IP:127.0.0.1", 3600, &stranger)), "certificate");
}

TEST_F(TlsTest, AnExpiredCertificateIsRefused) {
  ExpectRefused(Send(MakeServer("IP:127.0.0.1", -60, &authority_)), "expired");
}

TEST_F(TlsTest, PlainHttpOnTheOtherSideIsNotSent) {
  TestServer server([](ServerConnection& connection) {
    connection.ReadHead();
    connection.Answer("plain");
  });
  GatewayOptions options;
  options.base_url = "https://127.0.0.1:" + std::to_string(server.port());
  options.ca_file = ca_file();
  options.retry.attempts = 1;
  options.timeout_ms = 2000;
  auto gateway = Gateway::Create(std::move(options));
  ASSERT_TRUE(gateway.ok());
  Request request;
  request.method = "POST";
  request.url = "/x";
  Response kept;
  Status status = (*gateway)->Perform({&request, 1}, {}, [&](const Response& r) { kept = r; });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(kept.transport, Transport::kNotSent);
}

TEST_F(TlsTest, AReadyRequestIsCancelledWhileItConnects) {
  // The other side never answers the handshake: nothing was sent, so it can be taken back.
  TestServer server([](ServerConnection& connection) { connection.WaitForClose(); });
  GatewayOptions options;
  options.base_url = "https://127.0.0.1:" + std::to_string(server.port());
  auto gateway = Gateway::Create(std::move(options));
  ASSERT_TRUE(gateway.ok());
  PerformContext context;
  context.cancelled = [&] { return server.connections() > 0; };
  Request request;
  request.method = "POST";
  request.url = "/x";
  Response kept;
  Status status = (*gateway)->Perform({&request, 1}, context, [&](const Response& r) { kept = r; });
  EXPECT_EQ(status.error().code, "PS-HTTP-CANCELLED");
  EXPECT_EQ(kept.transport, Transport::kNotSent);
}

}  // namespace
}  // namespace penstock::http
