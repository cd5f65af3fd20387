#include "host/oauth/login.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <utility>

#include "host/http/gateway.h"
#include "host/http/url.h"
#include "host/oauth/answer.h"
#include "host/oauth/assertion.h"
#include "host/oauth/form.h"
#include "host/oauth/token_file.h"

namespace penstock::oauth {
namespace {

constexpr int64_t kSecond = 1000000;
constexpr auto kPoll = std::chrono::milliseconds(50);
constexpr int64_t kPauseUs = 10 * kSecond;  // after the token server could not be reached
constexpr uint32_t kAttempts = 4;
constexpr int64_t kPatienceMs = 30000;  // with a server that asks for more time, between attempts
constexpr uint64_t kMostAnswer = 1 << 20;

class TokenLogin final : public http::Login {
 public:
  TokenLogin(LoginOptions options, http::Url host, std::optional<TokenFile> file)
      : options_(std::move(options)),
        clock_(options_.clock != nullptr ? *options_.clock : limits::SystemClock()),
        host_(std::move(host)),
        file_(std::move(file)) {}

  Result<std::string> BaseUrl(const http::CredentialUse& use) override {
    if (options_.base_url_from.empty()) return std::string();
    PENSTOCK_ASSIGN_OR_RETURN(const Token token, Current(use, {}));
    return token.base_url;
  }

  Result<std::vector<http::CredentialHeader>> Headers(const http::CredentialUse& use) override {
    PENSTOCK_ASSIGN_OR_RETURN(const Token token, Current(use, {}));
    *use.memory = token.access_token;
    return std::vector<http::CredentialHeader>{{"Authorization", "Bearer " + token.access_token}};
  }

  Status Renew(const http::CredentialUse& use) override {
    return Current(use, *use.memory).status();
  }

 private:
  // A token that is good for a while, and is not `refused`.
  Result<Token> Current(const http::CredentialUse& use, const std::string& refused) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (Good(token_, refused)) return *token_;
    if (file_ && Adopt(file_->Read(), refused)) return *token_;
    auto got = Ask(use, refused);
    if (got.ok()) return got;
    // While the old one lasts, a token server that is down harms nobody.
    if (!IsForNow(got.error()) || !Lasts(refused)) return got;
    token_->renew_at_us = std::min(token_->expires_at_us, clock_.UnixUs() + kPauseUs);
    return *token_;
  }

  bool Good(const std::optional<Token>& token, const std::string& refused) const {
    return token && token->access_token != refused && clock_.UnixUs() < token->renew_at_us;
  }

  bool Lasts(const std::string& refused) const {
    return token_ && token_->access_token != refused && clock_.UnixUs() < token_->expires_at_us;
  }

  // Takes what another process got. A base URL is judged anew: the allowed hosts may have changed.
  bool Adopt(std::optional<Token> token, const std::string& refused) {
    if (!Good(token, refused) || !CheckBase(*token).ok()) return false;
    token_ = std::move(token);
    Learn(*token_);
    return true;
  }

  void Learn(const Token& token) {
    options_.redactor.Add(token.access_token);
    options_.redactor.Add(token.refresh_token);
  }

  Result<Token> Ask(const http::CredentialUse& use, const std::string& refused) {
    if (failed_ && clock_.MonotonicUs() < failed_until_us_) return *failed_;
    std::optional<file::Lock> lock;
    if (file_) {
      PENSTOCK_ASSIGN_OR_RETURN(file::Lock opened, file_->OpenLock());
      PENSTOCK_RETURN_IF_ERROR(WaitFor(&opened, use, Lasts(refused) ? 0 : LockPatienceUs()));
      lock = std::move(opened);
      if (Adopt(file_->Read(), refused)) return *token_;
    }
    auto token = Request(use);
    failed_.reset();
    if (!token.ok()) {
      if (token.error().code == "PS-OAUTH-UNAVAILABLE") {
        failed_ = token.error();
        failed_until_us_ = clock_.MonotonicUs() + kPauseUs;
      }
      return token;
    }
    token_ = *std::move(token);
    if (file_) {
      const Status kept = file_->Write(*token_);
      if (!kept.ok() && options_.warn) {
        options_.warn("A token could not be kept for other processes: " + kept.error().message);
      }
    }
    return *token_;
  }

  // No process asks for longer.
  int64_t LockPatienceUs() const {
    return int64_t{kAttempts} * (options_.timeout_ms + kPatienceMs) * 1000;
  }

  Status WaitFor(file::Lock* lock, const http::CredentialUse& use, int64_t patience_us) const {
    const int64_t until_us = clock_.MonotonicUs() + patience_us;
    while (true) {
      PENSTOCK_ASSIGN_OR_RETURN(const bool locked, lock->LockWithin(kPoll));
      if (locked) return {};
      if (use.cancelled && use.cancelled()) {
        return MakeError("PS-HTTP-CANCELLED", "The request was cancelled before it was sent.");
      }
      const int64_t now_us = clock_.MonotonicUs();
      if (use.deadline_us != 0 && now_us >= use.deadline_us) {
        return MakeError("PS-HTTP-DEADLINE", "The time for this request is over; it was not sent.");
      }
      if (now_us < until_us) continue;
      return MakeError("PS-OAUTH-BUSY", "Another process has been asking for a token for " +
                                            std::to_string(patience_us / kSecond) + " s.");
    }
  }

  // The newest refresh token there is: servers may give another one with each answer.
  std::string RefreshToken() const {
    if (options_.account.grant != "refresh_token") return {};
    std::optional<Token> newest = file_ ? file_->Read() : std::nullopt;
    if (token_ && (!newest || newest->expires_at_us < token_->expires_at_us)) newest = token_;
    return newest ? newest->refresh_token : options_.account.refresh_token;
  }

  Result<Token> Request(const http::CredentialUse& use) {
    const std::string refresh_token = RefreshToken();
    PENSTOCK_ASSIGN_OR_RETURN(
        const std::string form,
        TokenForm(options_.account, refresh_token, clock_.UnixUs() / kSecond, &options_.redactor));
    if (!gateway_) {
      PENSTOCK_ASSIGN_OR_RETURN(gateway_, OpenGateway());
    }
    http::Request request;
    request.method = "POST";
    request.url = options_.account.token_path;
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                       {"Accept", "application/json"}};
    request.body = form;
    request.idempotent = true;  // a token too many harms nobody
    http::PerformContext context;
    context.cancelled = use.cancelled;
    context.deadline_us = use.deadline_us;
    Result<Token> token = MakeError("PS-OAUTH-ANSWER", "There was no answer.");
    const auto read = [&](const http::Response& response) {
      token = ReadAnswer(response, {options_.account, options_.base_url_from, options_.token_life_s,
                                    clock_.UnixUs(), options_.redactor});
    };
    PENSTOCK_RETURN_IF_ERROR(gateway_->Perform({&request, 1}, context, read));
    if (!token.ok()) return token;
    if (token->refresh_token.empty()) token->refresh_token = refresh_token;
    Learn(*token);
    PENSTOCK_RETURN_IF_ERROR(CheckBase(*token));
    return token;
  }

  Result<std::unique_ptr<http::Gateway>> OpenGateway() const {
    http::GatewayOptions gateway;
    gateway.base_url = options_.account.token_host;
    gateway.ca_file = options_.ca_file;
    gateway.user_agent = options_.user_agent;
    gateway.timeout_ms = options_.timeout_ms;
    gateway.max_answer_bytes = kMostAnswer;
    gateway.retry.attempts = kAttempts;
    gateway.patience_ms = kPatienceMs;
    gateway.spent_rules.clear();
    return http::Gateway::Create(std::move(gateway));
  }

  Status CheckBase(const Token& token) const {
    if (options_.base_url_from.empty()) return {};
    const auto refused = [&](const std::string& why) {
      const std::string& key = options_.account.host_key;
      return MakeError("PS-OAUTH-BASE", "The login at " + host_.HostAndPort() +
                                            (key.empty() ? "" : " (" + key + ")") + " names " +
                                            AsSaid(token.base_url, options_.redactor) +
                                            " as the address of the API, " + why + ".");
    };
    const auto url = http::ParseUrl(token.base_url);
    if (!url.ok()) return refused("which is not valid");
    if (http::IsLoopback(url->host)) {
      return http::IsLoopback(host_.host) ? Status() : refused("which is this machine");
    }
    if (!url->https) return refused("which is not encrypted");
    if (!http::CheckAllowed(*url, host_, options_.allowed_hosts).ok()) {
      return refused("which is none of the hosts that the connector's manifest allows");
    }
    return {};
  }

  LoginOptions options_;
  limits::Clock& clock_;
  const http::Url host_;

  std::mutex mutex_;  // guards what follows
  std::optional<TokenFile> file_;
  std::unique_ptr<http::Gateway> gateway_;  // to the token server; made when it is needed
  std::optional<Token> token_;
  std::optional<Error> failed_;  // of the token server that could not be reached
  int64_t failed_until_us_ = 0;
};

}  // namespace

bool IsForNow(const Error& error) {
  return error.code == "PS-OAUTH-UNAVAILABLE" || error.code == "PS-OAUTH-BUSY";
}

Result<std::shared_ptr<http::Login>> OpenLogin(LoginOptions options) {
  PENSTOCK_ASSIGN_OR_RETURN(http::Url host, http::ParseUrl(options.account.token_host));
  PENSTOCK_RETURN_IF_ERROR(http::CheckAllowed(host, host, {}));
  if (options.account.grant == "jwt_bearer") {
    PENSTOCK_RETURN_IF_ERROR(CheckKey(options.account.private_key));
  }
  const Account& account = options.account;
  for (const std::string* secret :
       {&account.client_secret, &account.private_key, &account.refresh_token}) {
    options.redactor.Add(*secret);
  }
  std::optional<TokenFile> file;
  if (!options.token_directory.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(
        file, TokenFile::Open(options.token_directory, options.project_secret, account));
  }
  return std::shared_ptr<http::Login>(
      std::make_shared<TokenLogin>(std::move(options), std::move(host), std::move(file)));
}

}  // namespace penstock::oauth
