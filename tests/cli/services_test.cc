// What the host does for a connector: what the journal hears of it, and whose words a failure has.
#include "host/engine/services.h"

#include "tests/http/gateway_fixture.h"

namespace penstock::engine {
namespace {

using penstock::testing::GatewayFixture;
using penstock::testing::Respond;
using Told = std::vector<std::string>;

struct FakeJournal final : RequestJournal {
  Status BeforeSend(uint64_t, std::span<const uint64_t>) override {
    told.emplace_back("send");
    return {};
  }
  void Answered(uint64_t, std::span<const uint64_t>) override { told.emplace_back("answered"); }
  void Unclear(uint64_t, std::span<const uint64_t>) override { told.emplace_back("unclear"); }
  void NotApplied(uint64_t, std::span<const uint64_t>) override {
    told.emplace_back("not applied");
  }
  Status Note(std::span<const uint64_t>, const std::string&) override { return {}; }

  Told told;
};

struct StubbornLogin final : http::Login {
  Result<std::string> BaseUrl(const http::CredentialUse&) override { return std::string(); }
  Result<std::vector<http::CredentialHeader>> Headers(const http::CredentialUse&) override {
    return std::vector<http::CredentialHeader>{{"Authorization", "Bearer t"}};
  }
  Status Renew(const http::CredentialUse&) override { return renewal; }

  Status renewal;
};

class ServicesTest : public GatewayFixture {
 protected:
  void OpenServices(Script script, std::shared_ptr<http::Login> login = nullptr) {
    http::GatewayOptions options;
    options.login = std::move(login);
    options.limiters.emplace_back().name = "default";
    Open(std::move(script), std::move(options));
    services_ = std::make_unique<GatewayServices>(std::move(gateway_), GatewayServices::Options());
  }
  sdk::Status Send(bool idempotent = false) {
    sdk::HostRequest request;
    request.method = "POST";
    request.url = "/batch";
    request.idempotent = idempotent;
    request.seqs = seqs_;
    sdk::CallContext context;
    context.user = &user_;
    return services_->Perform({&context}, {&request, 1}, [](const sdk::HostResponse&) {});
  }
  // What a connector can say that knows a status only.
  sdk::Failure Bare(penstock_status status) const {
    return services_->InHostsWords({status, "connector.SERVICE", "a number", 0});
  }
  sdk::Failure Own(penstock_status status) const {
    return services_->InHostsWords({status, "vendor.CODE", "its own words", 0});
  }

  FakeJournal requests_;
  CallUser user_{&requests_};
  std::unique_ptr<GatewayServices> services_;
};

TEST_F(ServicesTest, A401AppliedNothingWhateverTheRenewalComesTo) {
  const auto login = std::make_shared<StubbornLogin>();
  for (const char* code : {"PS-OAUTH-UNAVAILABLE", "PS-HTTP-CANCELLED", "PS-FILE-LOCK"}) {
    login->renewal = MakeError(code, "Why.");
    requests_.told.clear();
    OpenServices({Respond(401)}, login);
    EXPECT_FALSE(Send().ok());
    EXPECT_EQ(requests_.told, (Told{"send", "not applied"})) << code;
  }
  requests_.told.clear();
  OpenServices({Respond(400)});
  EXPECT_TRUE(Send().ok());
  EXPECT_EQ(requests_.told, (Told{"send", "answered"}));
  // An attempt before it may have applied something.
  requests_.told.clear();
  OpenServices({penstock::testing::NoAnswer(http::Transport::kLost), Respond(401)}, login);
  EXPECT_FALSE(Send(true).ok());
  EXPECT_EQ(requests_.told, (Told{"send", "unclear", "not applied"}));
}

TEST_F(ServicesTest, AFailedLoginIsToldByTheHostAlways) {
  const auto login = std::make_shared<StubbornLogin>();
  login->renewal = MakeError("PS-OAUTH-GRANT", "Revoked.");
  OpenServices({Respond(401)}, login);
  EXPECT_FALSE(Send().ok());
  EXPECT_EQ(Own(PENSTOCK_E_UNAUTHENTICATED).code, "PS-OAUTH-GRANT");
  EXPECT_EQ(Bare(PENSTOCK_E_UNAUTHENTICATED).message, "Revoked.");
  EXPECT_EQ(Own(PENSTOCK_E_UNAVAILABLE).code, "vendor.CODE");
}

TEST_F(ServicesTest, ALoginThatCouldNotBeReachedIsOverWhenRequestsWorkAgain) {
  const auto login = std::make_shared<StubbornLogin>();
  login->renewal = MakeError("PS-OAUTH-UNAVAILABLE", "Down.");
  OpenServices({Respond(401), Respond(200)}, login);
  EXPECT_FALSE(Send().ok());
  EXPECT_EQ(Own(PENSTOCK_E_UNAVAILABLE).code, "PS-OAUTH-UNAVAILABLE");
  EXPECT_TRUE(Send().ok());
  EXPECT_EQ(Own(PENSTOCK_E_UNAVAILABLE).code, "vendor.CODE");
}

TEST_F(ServicesTest, OtherServicesAreToldByTheHostWhereTheConnectorHasNoWords) {
  OpenServices({Respond(429, {{"Retry-After", "900"}})});
  EXPECT_TRUE(Send().ok());
  EXPECT_FALSE(Send().ok());  // nobody waits for so long
  EXPECT_EQ(Bare(PENSTOCK_E_UNAVAILABLE).code, "PS-LIMITS-WAIT");
  EXPECT_EQ(Bare(PENSTOCK_E_UNAVAILABLE).code, "PS-LIMITS-WAIT");  // also to the next writer
  EXPECT_EQ(Own(PENSTOCK_E_UNAVAILABLE).code, "vendor.CODE");
  EXPECT_EQ(Bare(PENSTOCK_E_INTERNAL).code, "connector.SERVICE");
}

TEST_F(ServicesTest, WhatADestinationEchoesDoesNotReachTheConnector) {
  GatewayServices::Options options;
  options.redactor.Add("top-secret-token");
  Open({Respond(200, {{"X-Echo", "top-secret-token"}}, "it was top-secret-token")});
  GatewayServices services(std::move(gateway_), std::move(options));
  sdk::HostRequest request;
  request.method = "GET";
  request.url = "/things";
  sdk::CallContext context;
  std::string seen;
  EXPECT_TRUE(services
                  .Perform({&context}, {&request, 1},
                           [&](const sdk::HostResponse& response) {
                             for (const auto& header : response.headers) seen += header.value;
                             seen += response.body;
                           })
                  .ok());
  EXPECT_EQ(seen, "«secret»it was «secret»");
}

TEST_F(ServicesTest, TheBlobOfAnAnswerThatIsNoneGoes) {
  OpenServices({Respond(404, {}, "{}")});
  blobs::Store store(dir_ / "blobs");
  services_->SetBlobs(&store);
  sdk::HostRequest request;
  request.method = "GET";
  request.url = "/results";
  request.body_to_blob = true;
  sdk::CallContext context;
  EXPECT_TRUE(services_
                  ->Perform({&context}, {&request, 1},
                            [](const sdk::HostResponse& response) {
                              EXPECT_EQ(response.blob, 0u);
                              EXPECT_EQ(response.body, "{}");
                            })
                  .ok());
  const auto next = store.Create();
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(store.Find(*next - 1), nullptr) << "the one of the answer";
}

}  // namespace
}  // namespace penstock::engine
