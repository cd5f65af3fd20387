// Logins against a real token endpoint: got once, shared, renewed, refused.
#include "host/oauth/login.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "core/file/file.h"
#include "tests/http/certificates.h"
#include "tests/http/fakes.h"
#include "tests/oauth/keys.h"
#include "tests/oauth/token_server.h"

namespace penstock::oauth {
namespace {

using penstock::testing::FakeClock;
using penstock::testing::KeyForm;
using penstock::testing::KeyPem;
using penstock::testing::ScratchDir;
using penstock::testing::TokenServer;
using penstock::testing::Verifies;
using sandbox::Response;

class LoginTest : public ::testing::Test {
 protected:
  // A login of its own, as another process would have it.
  std::shared_ptr<http::Login> Open(const TokenServer& server) {
    options_.account.token_host = server.url();
    options_.account.token_path = "/token";
    options_.token_directory = dir_ / "tokens";
    options_.project_secret = std::string(32, 'k');
    auto login = OpenLogin(options_);
    EXPECT_TRUE(login.ok()) << login.error().message;
    return login.ok() ? *login : nullptr;
  }
  // What one attempt sends, or the error's code. `memory`: as the gateway keeps it.
  static std::string Header(http::Login* login, std::string* memory = nullptr) {
    const http::Request request;
    std::string own;
    const auto headers = login->Headers({request, 0, memory == nullptr ? &own : memory});
    if (!headers.ok()) return headers.error().code;
    EXPECT_EQ(headers->size(), 1u);
    EXPECT_EQ(headers->front().name, "Authorization");
    EXPECT_TRUE(headers->front().secret);
    return headers->front().value;
  }
  static Status Renew(http::Login* login, std::string memory) {
    const http::Request request;
    return login->Renew({request, 0, &memory});
  }
  static std::string Base(http::Login* login) {
    const http::Request request;
    std::string memory;
    const auto base = login->BaseUrl({request, 0, &memory});
    return base.ok() ? *base : base.error().code + " " + base.error().message;
  }
  // As another process that asks for a token has it.
  file::Lock HoldLock() const {
    std::string path;
    for (const auto& entry : std::filesystem::directory_iterator(dir_.path() / "tokens")) {
      if (entry.path().extension() == ".lock") path = entry.path();
    }
    auto lock = file::Lock::Open(path);
    EXPECT_TRUE(*lock->TryLock());
    return *std::move(lock);
  }
  void UseRefreshToken() {
    options_.account.grant = "refresh_token";
    options_.account.refresh_token = "refresh-0";
  }

  ScratchDir dir_;
  LoginOptions options_ = [] {
    LoginOptions options;
    options.account.grant = "client_credentials";
    options.account.client_id = "the client";
    options.account.client_secret = "its+secret&";
    options.account.scope = "api";
    return options;
  }();
};

TEST_F(LoginTest, ATokenIsGotOnceForAllProcesses) {
  TokenServer server([](const auto&, int number) { return TokenServer::Token(number); });
  const auto first = Open(server), second = Open(server);
  EXPECT_EQ(server.requests(), 0);
  EXPECT_EQ(Base(first.get()), "");
  EXPECT_EQ(Header(first.get()), "Bearer token-1");
  EXPECT_EQ(Header(first.get()), "Bearer token-1");
  EXPECT_EQ(Header(second.get()), "Bearer token-1");
  ASSERT_EQ(server.requests(), 1);
  const TokenServer::Form expected = {{"grant_type", "client_credentials"},
                                      {"client_id", "the client"},
                                      {"client_secret", "its+secret&"},
                                      {"scope", "api"},
                                      {"content-type", "application/x-www-form-urlencoded"}};
  EXPECT_EQ(server.forms()[0], expected);
  // Known to whoever shares the redactor, also to copies made before.
  EXPECT_EQ(options_.redactor.Text("x token-1 x its+secret& x"), "x «secret» x «secret» x");
  // Another client asks for itself.
  options_.account.client_secret = "changed-secret";
  EXPECT_EQ(Header(Open(server).get()), "Bearer token-2");
}

TEST_F(LoginTest, AnAssertionIsSigned) {
  TokenServer server([](const auto&, int number) { return TokenServer::Token(number); });
  options_.account.grant = "jwt_bearer";
  options_.account.private_key = KeyPem(KeyForm::kPkcs1);
  options_.account.user = "ana@example.com";
  options_.account.audience = "https://login.example.com";
  FakeClock clock;
  clock.SetUnixNow(int64_t{1795348800} * 1000000);
  options_.clock = &clock;
  EXPECT_EQ(Header(Open(server).get()), "Bearer token-1");
  auto form = server.forms()[0];
  EXPECT_EQ(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
  EXPECT_FALSE(form.contains("client_secret"));
  std::string payload;
  EXPECT_TRUE(Verifies(form["assertion"], &payload));
  EXPECT_EQ(payload,
            R"({"iss":"the client","sub":"ana@example.com","aud":"https://login.example.com",)"
            R"("exp":1795348980})");
  options_.account.private_key = KeyPem(KeyForm::kElliptic);
  const auto refused = OpenLogin(options_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, "PS-OAUTH-KEY");
}

TEST_F(LoginTest, IsRenewedBeforeItsEndAndOnceForAllWhoWereRefused) {
  TokenServer server([](const auto&, int number) { return TokenServer::Token(number); });
  FakeClock clock;
  options_.clock = &clock;
  const auto login = Open(server);
  EXPECT_EQ(Header(login.get()), "Bearer token-1");
  clock.Advance(int64_t{1619} * 1000000);  // of 1800 s less a tenth
  EXPECT_EQ(Header(login.get()), "Bearer token-1");
  clock.Advance(int64_t{2} * 1000000);
  std::string memory;
  EXPECT_EQ(Header(login.get(), &memory), "Bearer token-2");
  const auto other = Open(server);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back(
        [&, i] { EXPECT_TRUE(Renew(i % 2 == 0 ? login.get() : other.get(), memory).ok()); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(server.requests(), 3);
  EXPECT_EQ(Header(login.get()), "Bearer token-3");
  EXPECT_EQ(Header(other.get()), "Bearer token-3");
}

TEST_F(LoginTest, ARotatedRefreshTokenIsUsedFromThenOn) {
  // Strict: each refresh token is good once.
  TokenServer server([](const auto& form, int number) {
    if (form.at("refresh_token") != "refresh-" + std::to_string(number - 1)) {
      return Response::Json(400, R"({"error": "invalid_grant", "error_description": "expired"})");
    }
    return TokenServer::Token(number,
                              "\"refresh_token\": \"refresh-" + std::to_string(number) + "\"");
  });
  UseRefreshToken();
  std::string memory;
  EXPECT_EQ(Header(Open(server).get(), &memory), "Bearer token-1");
  const auto second = Open(server);
  ASSERT_TRUE(Renew(second.get(), memory).ok());
  EXPECT_EQ(Header(second.get(), &memory), "Bearer token-2");
  ASSERT_TRUE(Renew(Open(server).get(), memory).ok());
  EXPECT_EQ(server.requests(), 3);
  EXPECT_EQ(options_.redactor.Text("refresh-0 refresh-1 refresh-2"), "«secret» «secret» «secret»");
  // Consent given anew: the new token of the project, not the kept one.
  options_.account.refresh_token = "refresh-3";
  EXPECT_EQ(Header(Open(server).get()), "Bearer token-4");
}

TEST_F(LoginTest, WithoutAFolderTheNewestRefreshTokenIsRemembered) {
  TokenServer server([](const auto& form, int number) {
    EXPECT_EQ(form.at("refresh_token"), "refresh-" + std::to_string(number - 1));
    return TokenServer::Token(number,
                              "\"refresh_token\": \"refresh-" + std::to_string(number) + "\"");
  });
  UseRefreshToken();
  options_.account.token_host = server.url();
  options_.account.token_path = "/token";
  const auto login = *OpenLogin(options_);
  std::string memory;
  EXPECT_EQ(Header(login.get(), &memory), "Bearer token-1");
  ASSERT_TRUE(Renew(login.get(), memory).ok());
  EXPECT_EQ(Header(login.get()), "Bearer token-2");
}

TEST_F(LoginTest, ATokenThatCannotBeKeptIsUsedAndToldOf) {
  TokenServer server([](const auto&, int number) { return TokenServer::Token(number); });
  EXPECT_EQ(Header(Open(server).get()), "Bearer token-1");
  for (const auto& entry : std::filesystem::directory_iterator(dir_.path() / "tokens")) {
    if (entry.path().extension() != ".token") continue;
    std::filesystem::remove(entry.path());
    std::filesystem::create_directories(entry.path() / "in the way");
    break;
  }
  std::string warned;
  options_.warn = [&](std::string_view sentence) { warned += sentence; };
  EXPECT_EQ(Header(Open(server).get()), "Bearer token-2");
  EXPECT_TRUE(warned.starts_with("A token could not be kept for other processes: ")) << warned;
  EXPECT_EQ(warned.find("token-2"), std::string::npos) << warned;
}

TEST_F(LoginTest, AServerThatIsDownIsNotAskedByEachWhoWaits) {
  TokenServer server([](const auto&, int) { return Response::Json(503, "{}"); });
  FakeClock clock;
  options_.clock = &clock;
  const auto login = Open(server);
  EXPECT_EQ(Header(login.get()), "PS-OAUTH-UNAVAILABLE");
  const int asked = server.requests();
  EXPECT_EQ(Header(login.get()), "PS-OAUTH-UNAVAILABLE");
  EXPECT_EQ(server.requests(), asked);
  clock.Advance(int64_t{11} * 1000000);
  EXPECT_EQ(Header(login.get()), "PS-OAUTH-UNAVAILABLE");
  EXPECT_GT(server.requests(), asked);
}

TEST_F(LoginTest, ADamagedFileIsMadeAnewAndTellsNothing) {
  TokenServer server([](const auto&, int number) { return TokenServer::Token(number); });
  EXPECT_EQ(Header(Open(server).get()), "Bearer token-1");
  const auto files = [&] {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(dir_.path() / "tokens")) {
      std::ifstream in(entry.path());
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      for (const char* secret : {"token-", "its+secret", "the client"}) {
        EXPECT_EQ(bytes.find(secret), std::string::npos);
      }
      if (entry.path().extension() == ".token") found.insert(entry.path());
    }
    return found;
  };
  ASSERT_EQ(files().size(), 1u);
  std::ofstream(*files().begin()) << "rubbish";
  EXPECT_EQ(Header(Open(server).get()), "Bearer token-2");
  EXPECT_EQ(Header(Open(server).get()), "Bearer token-2");
  EXPECT_EQ(files().size(), 1u);
}

TEST_F(LoginTest, TheAddressOfTheApiMustBeAllowed) {
  std::string base;
  TokenServer server([&](const auto&, int number) {
    return TokenServer::Token(number, "\"instance_url\": \"" + base + "\"");
  });
  options_.base_url_from = "instance_url";
  options_.allowed_hosts = {"*.example.com"};
  const auto told = [&](const std::string& address) {
    base = address;
    std::filesystem::remove_all(dir_ / "tokens");
    return Base(Open(server).get());
  };
  EXPECT_EQ(told("https://eu7.example.com"), "https://eu7.example.com");
  EXPECT_EQ(told(server.url()), server.url());
  for (const auto& [address, why] :
       {std::pair{"https://example.org", "none of the hosts that the connector's manifest allows"},
        std::pair{"https://example.com.evil.org", "none of the hosts"},
        std::pair{"http://eu7.example.com", "which is not encrypted"},
        std::pair{"ftp://eu7.example.com", "which is not valid"},
        std::pair{"https://ana@eu7.example.com", "which is not valid"},
        std::pair{"https://x.example.org/token-1", "none of the hosts"},
        std::pair{"https://x.example.org/\\u001b[2J", "which is not valid"}}) {
    const std::string said = told(address);
    EXPECT_EQ(said.find("token-"), std::string::npos) << said;
    EXPECT_EQ(said.find('\x1b'), std::string::npos) << said;
    EXPECT_TRUE(said.starts_with("PS-OAUTH-BASE The login at 127.0.0.1:")) << said;
    EXPECT_NE(said.find(why), std::string::npos) << said;
  }
  EXPECT_LT(told("https://example.org/" + std::string(5000, 'x')).size(), 1000u);
  // A kept token is judged by the rules of today.
  EXPECT_EQ(told("https://eu7.example.com"), "https://eu7.example.com");
  options_.allowed_hosts.clear();
  EXPECT_TRUE(Base(Open(server).get()).starts_with("PS-OAUTH-BASE"));
}

TEST_F(LoginTest, RefusalsAndServersThatAreDownAreToldApart) {
  UseRefreshToken();
  TokenServer refusing([](const auto&, int) {
    return Response::Json(
        400, R"({"error": "invalid_grant", "error_description": "refresh-0 is revoked"})");
  });
  const auto refused = Open(refusing);
  const http::Request request;
  std::string memory;
  const auto headers = refused->Headers({request, 0, &memory});
  ASSERT_FALSE(headers.ok());
  EXPECT_EQ(headers.error().code, "PS-OAUTH-GRANT");
  EXPECT_NE(headers.error().message.find(": «secret» is revoked"), std::string::npos)
      << headers.error().message;
  EXPECT_EQ(refusing.requests(), 1);  // it is not asked again and again

  TokenServer redirecting([](const auto&, int) {
    Response response = Response::Empty(307);
    response.headers.emplace_back("Location", "https://elsewhere.example.com/token");
    return response;
  });
  EXPECT_EQ(Header(Open(redirecting).get()), "PS-OAUTH-ANSWER");
  EXPECT_EQ(redirecting.requests(), 1);
}

TEST_F(LoginTest, WhileTheTokenLastsAServerThatIsDownHarmsNobody) {
  TokenServer server([](const auto&, int number) {
    return number == 1 ? TokenServer::Token(1) : Response::Json(503, "{}");
  });
  FakeClock clock;
  options_.clock = &clock;
  const auto login = Open(server);
  std::string memory;
  EXPECT_EQ(Header(login.get(), &memory), "Bearer token-1");
  clock.Advance(int64_t{1700} * 1000000);
  EXPECT_EQ(Header(login.get()), "Bearer token-1");
  const int asked = server.requests();
  EXPECT_GT(asked, 1);
  EXPECT_EQ(Header(login.get()), "Bearer token-1");
  EXPECT_EQ(server.requests(), asked);  // after a pause only
  EXPECT_EQ(Renew(login.get(), memory).error().code, "PS-OAUTH-UNAVAILABLE");
  clock.Advance(int64_t{200} * 1000000);
  EXPECT_EQ(Header(login.get()), "PS-OAUTH-UNAVAILABLE");
}

TEST_F(LoginTest, WhileTheTokenLastsAProcessThatDoesNotEndToAskHarmsNobody) {
  TokenServer server([](const auto&, int number) { return TokenServer::Token(number); });
  FakeClock clock;
  options_.clock = &clock;
  const auto login = Open(server);
  EXPECT_EQ(Header(login.get()), "Bearer token-1");
  const file::Lock lock = HoldLock();
  clock.Advance(int64_t{1700} * 1000000);
  const http::Request request;
  const auto ask = [&] {
    std::string memory;
    const auto time_goes_by = [&] {
      clock.Advance(int64_t{30} * 1000000);
      return false;
    };
    const auto headers = login->Headers({request, 0, &memory, time_goes_by});
    return headers.ok() ? headers->front().value : headers.error().code;
  };
  EXPECT_EQ(ask(), "Bearer token-1");
  clock.Advance(int64_t{200} * 1000000);
  EXPECT_EQ(ask(), "PS-OAUTH-BUSY");
  EXPECT_EQ(server.requests(), 1);
}

TEST_F(LoginTest, AnAssertionThatIsSentBackIsNotShown) {
  TokenServer server([](const auto& form, int) {
    return Response::Json(400, R"({"error": "invalid_request", "error_description": "no )" +
                                   form.at("assertion") + "\"}");
  });
  options_.account.grant = "jwt_bearer";
  options_.account.private_key = KeyPem(KeyForm::kPkcs8);
  const http::Request request;
  std::string memory;
  const auto headers = Open(server)->Headers({request, 0, &memory});
  ASSERT_FALSE(headers.ok());
  EXPECT_TRUE(headers.error().message.ends_with(": no «secret».")) << headers.error().message;
}

TEST_F(LoginTest, OverTlsWithACertificateThatVerifiesOnly) {
  const auto authority = penstock::testing::MakeAuthority();
  const auto identity = penstock::testing::MakeServer("IP:127.0.0.1", 3600, &authority);
  WritePem(authority, dir_ / "ca.pem");
  WritePem(identity, dir_ / "cert.pem");
  std::FILE* key = std::fopen((dir_ / "key.pem").c_str(), "w");
  PEM_write_PrivateKey(key, identity.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(key);
  TokenServer server([](const auto&, int number) { return TokenServer::Token(number); },
                     dir_ / "cert.pem", dir_ / "key.pem");
  EXPECT_EQ(Header(Open(server).get()), "PS-OAUTH-UNAVAILABLE");  // nobody vouches for it
  options_.ca_file = dir_ / "ca.pem";
  EXPECT_EQ(Header(Open(server).get()), "Bearer token-1");
  EXPECT_EQ(server.requests(), 1);

  options_.account.token_host = "http://login.example.com";
  EXPECT_EQ(OpenLogin(options_).error().code, "PS-HTTP-HOST");
}

TEST_F(LoginTest, WhoWaitsForAnotherProcessCanBeCancelled) {
  TokenServer server([](const auto&, int number) { return TokenServer::Token(number); });
  EXPECT_EQ(Header(Open(server).get()), "Bearer token-1");
  const file::Lock lock = HoldLock();
  const http::Request request;
  std::string memory = "token-1";
  EXPECT_EQ(Open(server)->Renew({request, 0, &memory, [] { return true; }}).error().code,
            "PS-HTTP-CANCELLED");
  EXPECT_EQ(Open(server)->Renew({request, 0, &memory, {}, 1}).error().code, "PS-HTTP-DEADLINE");
  EXPECT_EQ(server.requests(), 1);
}

}  // namespace
}  // namespace penstock::oauth
