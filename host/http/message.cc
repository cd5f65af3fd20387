#include "host/http/message.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstring>

#include "host/http/http_date.h"

namespace penstock::http {
namespace {

constexpr std::array<std::string_view, 11> kOwnedByHost = {"host",
                                                           "content-length",
                                                           "transfer-encoding",
                                                           "connection",
                                                           "te",
                                                           "trailer",
                                                           "upgrade",
                                                           "expect",
                                                           "keep-alive",
                                                           "proxy-authorization",
                                                           "proxy-connection"};

bool SameName(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || (c != 0 && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr);
  });
}

bool IsValue(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c == '\t' || (c >= 0x20 && c != 0x7F); });
}

Error HeaderError(const std::string& what) {
  return UsageError("PS-HTTP-HEADER", what, "This is a fault of the connector.");
}

std::optional<int64_t> ReadNumber(const Headers& headers, const std::string& name) {
  if (name.empty()) return std::nullopt;
  const std::string* text = FindHeader(headers, name);
  if (text == nullptr) return std::nullopt;
  int64_t value = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

// The first "USED/ALLOWED" of a header such as "api-usage=18/15000; other=1/2".
void ReadUsage(const Headers& headers, const std::string& name, limits::Told* told) {
  const std::string* text = name.empty() ? nullptr : FindHeader(headers, name);
  if (text == nullptr) return;
  const size_t slash = text->find('/');
  if (slash == std::string::npos) return;
  size_t begin = slash;
  while (begin > 0 && text->at(begin - 1) >= '0' && text->at(begin - 1) <= '9') --begin;
  if (begin == slash) return;
  int64_t used = 0, allowed = 0;
  const char* end = text->data() + text->size();
  const auto before = std::from_chars(text->data() + begin, text->data() + slash, used);
  const auto behind = std::from_chars(text->data() + slash + 1, end, allowed);
  if (before.ec != std::errc() || behind.ec != std::errc() || allowed <= 0) return;
  told->daily_max = allowed;
  told->daily_remaining = std::max<int64_t>(0, allowed - used);
}

}  // namespace

Status CheckRequest(const Request& request) {
  if (!IsToken(request.method)) return HeaderError("A request has no valid method.");
  for (const auto& header : request.headers) {
    const std::string& name = header.first;
    if (!IsToken(name)) return HeaderError("A request has a header without a valid name.");
    if (!IsValue(header.second)) {
      return HeaderError("The header " + name + " holds a control character.");
    }
    bool owned = std::any_of(kOwnedByHost.begin(), kOwnedByHost.end(),
                             [&](std::string_view own) { return SameName(own, name); });
    if (owned || (SameName(name, "authorization") && !request.no_auth)) {
      return HeaderError("The header " + name + " is the host's to set.");
    }
  }
  return {};
}

Headers CompleteHeaders(const Request& request, const Url& url, const std::string& user_agent,
                        std::span<const CredentialHeader> credential) {
  Headers headers;
  headers.emplace_back("Host", url.HostAndPort());
  for (const auto& header : request.headers) {
    const bool replaced =
        std::any_of(credential.begin(), credential.end(),
                    [&](const CredentialHeader& own) { return SameName(header.first, own.name); });
    if (!replaced) headers.push_back(header);
  }
  if (FindHeader(headers, "User-Agent") == nullptr) headers.emplace_back("User-Agent", user_agent);
  if (FindHeader(headers, "Accept-Encoding") == nullptr) {
    headers.emplace_back("Accept-Encoding", "identity");
  }
  uint64_t size =
      request.body_reader != nullptr ? request.body_reader->size() : request.body.size();
  bool takes_body =
      request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (size > 0 || takes_body) headers.emplace_back("Content-Length", std::to_string(size));
  for (const CredentialHeader& own : credential) headers.emplace_back(own.name, own.value);
  return headers;
}

std::string HeadText(const std::string& method, const Url& url, const Headers& headers) {
  std::string head = method + " " + url.target + " HTTP/1.1\r\n";
  for (const auto& [name, value] : headers) {
    head.append(name).append(": ").append(value).append("\r\n");
  }
  return head.append("\r\n");
}

limits::Told ReadTold(const sdk::Limiter& limiter, const Headers& headers) {
  limits::Told told;
  told.max = ReadNumber(headers, limiter.header_max);
  told.remaining = ReadNumber(headers, limiter.header_remaining);
  told.window_ms = ReadNumber(headers, limiter.header_window_ms);
  told.daily_max = ReadNumber(headers, limiter.header_daily_max);
  told.daily_remaining = ReadNumber(headers, limiter.header_daily_remaining);
  ReadUsage(headers, limiter.header_daily_usage, &told);
  return told;
}

std::optional<int64_t> ReadRetryAfter(const Headers& headers, int64_t now_unix_us) {
  const std::string* value = FindHeader(headers, "Retry-After");
  if (value == nullptr) return std::nullopt;
  const std::string* date = FindHeader(headers, "Date");
  return ParseRetryAfter(*value, date != nullptr ? *date : std::string_view(), now_unix_us);
}

const std::string* RedirectTarget(int32_t status, const Headers& headers) {
  bool redirect = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  return redirect ? FindHeader(headers, "Location") : nullptr;
}

}  // namespace penstock::http
