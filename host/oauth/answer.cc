#include "host/oauth/answer.h"

#include <rapidjson/document.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include "core/value/time.h"
#include "host/http/http_date.h"

namespace penstock::oauth {
namespace {

using Json = rapidjson::Value;

constexpr int64_t kSecond = 1000000;
constexpr int64_t kToldSkew_s = 150;  // an assertion lives for 180 s
constexpr int64_t kShortestLife_s = 1;
constexpr int64_t kLongestLife_s = int64_t{365} * 24 * 3600;
constexpr int64_t kMostMargin_s = 300;
constexpr int64_t kLeastUse_s = 60;  // of a token that was old when we got it
constexpr size_t kMostSaid = 300;

const Json* Find(const Json& object, const std::string& name) {
  if (!object.IsObject()) return nullptr;
  const auto found = object.FindMember(name.c_str());
  return found == object.MemberEnd() ? nullptr : &found->value;
}

std::string Text(const Json& object, const std::string& name) {
  const Json* value = Find(object, name);
  if (value == nullptr || !value->IsString()) return {};
  return {value->GetString(), value->GetStringLength()};
}

// A number, or a text that is one.
std::optional<int64_t> Number(const Json& object, const std::string& name) {
  const Json* value = Find(object, name);
  if (value == nullptr) return std::nullopt;
  if (value->IsInt64()) return value->GetInt64();
  if (!value->IsString()) return std::nullopt;
  int64_t number = 0;
  const char* end = value->GetString() + value->GetStringLength();
  const auto [at, failed] = std::from_chars(value->GetString(), end, number);
  if (failed != std::errc() || at != end) return std::nullopt;
  return number;
}

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool Contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

// Seconds that our clock is ahead of the server's; nothing when its answer has no date.
std::optional<int64_t> Ahead(const http::Response& response, int64_t now_unix_us,
                             int64_t* server_s) {
  const std::string* date = http::FindHeader(response.headers, "Date");
  if (date == nullptr) return std::nullopt;
  const auto server = http::ParseHttpDate(*date, now_unix_us / kSecond);
  if (!server) return std::nullopt;
  *server_s = *server;
  return now_unix_us / kSecond - *server;
}

std::string TimeText(int64_t unix_s) {
  char text[kMaxTimestampText];
  return {text, WriteTimestamp(unix_s * kSecond, text)};
}

class Reader {
 public:
  Reader(const http::Response& response, const Reading& reading)
      : response_(response), reading_(reading), server_("The login at " + Host()) {
    json_.Parse<rapidjson::kParseIterativeFlag>(response.body.data(), response.body.size());
    if (json_.HasParseError()) json_.SetNull();
  }

  Result<Token> Read() const {
    if (response_.transport != http::Transport::kAnswered) {
      if (response_.transport == http::Transport::kForbidden) {
        return MakeError("PS-OAUTH-ANSWER", server_ + ": " + response_.error.message);
      }
      return MakeError("PS-OAUTH-UNAVAILABLE",
                       server_ + " cannot be reached: " + response_.error.message);
    }
    const int status = response_.status;
    if (status >= 200 && status < 300) return Success();
    if (status == 429 || status >= 500) {
      return MakeError("PS-OAUTH-UNAVAILABLE", server_ + " answers " + std::to_string(status) +
                                                   ": it may do so for a while.");
    }
    return Refusal();
  }

 private:
  // With the key that says so, since that is where a wrong address is mended.
  std::string Host() const {
    const Account& account = reading_.account;
    const size_t scheme = account.token_host.find("://");
    const std::string host =
        scheme == std::string::npos ? account.token_host : account.token_host.substr(scheme + 3);
    return account.host_key.empty() ? host : host + " (" + account.host_key + ")";
  }

  Error Strange(const std::string& what) const {
    return MakeError("PS-OAUTH-ANSWER",
                     server_ + " " + what + "; something else than a token endpoint may be there.");
  }

  Result<Token> Success() const {
    Token token;
    token.access_token = Text(json_, "access_token");
    const bool sendable = std::all_of(token.access_token.begin(), token.access_token.end(),
                                      [](unsigned char c) { return c > 0x20 && c < 0x7F; });
    if (token.access_token.empty() || !sendable) return Strange("answers without a token");
    const std::string type = Text(json_, "token_type");
    if (!type.empty() && Lower(type) != "bearer") {
      return Strange("answers with a token that is none of type Bearer");
    }
    if (reading_.account.grant == "refresh_token") {
      token.refresh_token = Text(json_, "refresh_token");
    }
    if (!reading_.base_url_from.empty()) {
      token.base_url = Text(json_, reading_.base_url_from);
      if (token.base_url.empty()) {
        return Strange("answers without \"" + reading_.base_url_from +
                       "\", the address of the API");
      }
    }
    SetTimes(&token);
    return token;
  }

  void SetTimes(Token* token) const {
    const auto expires_in = Number(json_, "expires_in");
    const int64_t life_s =
        std::clamp(expires_in.value_or(reading_.life_s), kShortestLife_s, kLongestLife_s);
    int64_t left_s = life_s;
    int64_t server_s = 0;
    const auto issued_ms = Number(json_, "issued_at");
    // Of a session that goes on, the token may be old already; by the server's own clock.
    if (!expires_in && issued_ms && Ahead(response_, reading_.now_unix_us, &server_s)) {
      const int64_t age_s = std::clamp<int64_t>(server_s - *issued_ms / 1000, 0, life_s);
      left_s = std::max(life_s - age_s, std::min(life_s, kLeastUse_s));
    }
    const int64_t margin_us = std::min(kMostMargin_s * kSecond, left_s * kSecond / 10);
    token->expires_at_us = reading_.now_unix_us + left_s * kSecond;
    token->renew_at_us = token->expires_at_us - margin_us;
  }

  Error Refusal() const {
    const Account& account = reading_.account;
    // The names of RFC 6749; else a status and a message, as some have them.
    std::string error = Text(json_, "error");
    if (error.empty()) error = Text(json_, "status");
    std::string said = Text(json_, "error_description");
    if (said.empty()) said = Text(json_, "message");
    if (error.empty() && response_.status != 401) {
      return Strange("answers " + std::to_string(response_.status) + " and does not say why");
    }
    const std::string name = Lower(error), words = Lower(said);
    const std::string clean = AsSaid(said.empty() ? error : said, reading_.redactor);
    const std::string reason = clean.empty() ? "" : ": " + clean;
    if (account.grant == "jwt_bearer") {
      if (Contains(words, "audience") || Contains(name, "audience")) {
        return MakeError("PS-OAUTH-AUDIENCE", server_ + " does not accept " + account.audience +
                                                  " as the audience of an assertion" + reason +
                                                  ".");
      }
      int64_t server_s = 0;
      const auto ahead = Ahead(response_, reading_.now_unix_us, &server_s);
      if (ahead && (*ahead > kToldSkew_s || *ahead < -kToldSkew_s)) {
        return MakeError("PS-OAUTH-CLOCK",
                         server_ + " refuses the assertion" + reason + "; its clock says " +
                             TimeText(server_s) + ", this machine's " +
                             TimeText(reading_.now_unix_us / kSecond) +
                             ", and an assertion is good for three minutes only.");
      }
    }
    if (name.empty() || Contains(name, "client") || Contains(words, "invalid client")) {
      return MakeError("PS-OAUTH-CLIENT",
                       server_ + " does not accept the client id or its secret" + reason + ".");
    }
    const bool grant = Contains(name, "invalid_grant") || Contains(name, "refresh_token") ||
                       Contains(name, "access") || Contains(name, "inactive");
    if (grant) {
      const bool signature = Contains(words, "assertion") || Contains(words, "signature");
      const std::string what =
          account.grant == "refresh_token" ? "the refresh token, which may be revoked or expired"
          : signature                      ? "the assertion: the app may have another certificate"
          : account.grant == "jwt_bearer"  ? "that user " + account.user + " lets this app in"
                                           : "the grant client_credentials of this app";
      return MakeError("PS-OAUTH-GRANT", server_ + " does not accept " + what + reason + ".");
    }
    return MakeError("PS-OAUTH-REQUEST", server_ + " refuses to give a token (" +
                                             AsSaid(error, reading_.redactor) + ")" + reason + ".");
  }

  const http::Response& response_;
  const Reading& reading_;
  rapidjson::Document json_;
  std::string server_;
};

}  // namespace

std::string AsSaid(const std::string& text, const exchanges::Redactor& redactor) {
  std::string line = redactor.Text(text);
  if (line.size() > kMostSaid) {
    size_t end = kMostSaid;
    while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
    line = line.substr(0, end) + "…";
  }
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  while (!line.empty() && (line.back() == ' ' || line.back() == '.')) line.pop_back();
  return line;
}

Result<Token> ReadAnswer(const http::Response& response, const Reading& reading) {
  return Reader(response, reading).Read();
}

}  // namespace penstock::oauth
