#include "host/http/url.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace penstock::http {
namespace {

Error UrlError(const std::string& why) {
  return UsageError("PS-HTTP-URL", "The address of a request is not valid: " + why + ".",
                    "Expected is https://host/path.");
}

bool IsDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool ValidHost(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == ':';
  });
}

Status CheckCharacters(std::string_view text) {
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7F || c == '\\') {
      return UrlError("it holds a space, a backslash or a control character");
    }
  }
  return {};
}

bool HasScheme(std::string_view text) {
  size_t colon = text.find("://");
  return colon != std::string_view::npos && text.find_first_of("/?#") > colon;
}

std::string Target(std::string_view rest) {
  rest = rest.substr(0, rest.find('#'));
  if (rest.empty() || rest.front() != '/') return "/" + std::string(rest);
  return std::string(rest);
}

// Splits "host:port" or "[v6]:port" into the URL's parts.
Status SplitAuthority(std::string_view authority, Url& url) {
  if (authority.find('@') != std::string_view::npos) {
    return UrlError("it holds user information");
  }
  std::string_view host = authority;
  std::string_view port;
  if (!authority.empty() && authority.front() == '[') {
    size_t close = authority.find(']');
    if (close == std::string_view::npos) return UrlError("a bracket is not closed");
    host = authority.substr(1, close - 1);
    std::string_view rest = authority.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return UrlError("the port is not a number");
    if (!rest.empty()) port = rest.substr(1);
  } else if (size_t colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
    if (host.find(':') != std::string_view::npos) return UrlError("the host is not valid");
    if (port.empty()) return UrlError("the port is missing");
  }
  if (!ValidHost(host)) return UrlError("the host is missing or not valid");
  if (!port.empty() && (!IsDigits(port) || port.size() > 5)) {
    return UrlError("the port is not a number");
  }
  if (!port.empty() &&
      (std::stoi(std::string(port)) > 65535 || std::stoi(std::string(port)) == 0)) {
    return UrlError("the port is not one from 1 to 65535");
  }
  url.host.resize(host.size());
  std::transform(host.begin(), host.end(), url.host.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  url.port = port.empty() ? (url.https ? "443" : "80") : std::string(port);
  return {};
}

bool Matches(const Url& url, std::string_view pattern) {
  std::string_view port = "443";
  size_t colon = pattern.rfind(':');
  if (colon != std::string_view::npos && IsDigits(pattern.substr(colon + 1))) {
    port = pattern.substr(colon + 1);
    pattern = pattern.substr(0, colon);
  }
  if (url.port != port) return false;
  if (pattern.size() > 2 && pattern.substr(0, 2) == "*.") {
    std::string_view suffix = pattern.substr(1);
    return url.host.size() > suffix.size() && url.host.ends_with(suffix);
  }
  return url.host == pattern;
}

}  // namespace

std::string Url::HostAndPort() const {
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (https ? "443" : "80")) text += ":" + port;
  return text;
}

std::string Url::Text() const { return (https ? "https://" : "http://") + HostAndPort() + target; }

Result<Url> ParseUrl(std::string_view text) {
  PENSTOCK_RETURN_IF_ERROR(CheckCharacters(text));
  Url url;
  if (text.starts_with("https://")) {
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    url.https = false;
    text.remove_prefix(7);
  } else {
    return UrlError("it begins with neither https:// nor http://");
  }
  size_t end = text.find_first_of("/?#");
  PENSTOCK_RETURN_IF_ERROR(SplitAuthority(text.substr(0, end), url));
  url.target = Target(end == std::string_view::npos ? "" : text.substr(end));
  return url;
}

Result<Url> ResolveUrl(const Url& base, std::string_view text) {
  if (HasScheme(text)) return ParseUrl(text);
  if (text.starts_with("//")) return UrlError("it names a host without a scheme");
  PENSTOCK_RETURN_IF_ERROR(CheckCharacters(text));
  Url url = base;
  std::string path = base.target.substr(0, base.target.find('?'));
  while (!path.empty() && path.back() == '/') path.pop_back();
  std::string_view rest = text.substr(0, text.find('#'));
  bool joined = rest.empty() || rest.front() == '/' || rest.front() == '?';
  url.target = path + (joined ? "" : "/") + std::string(rest);
  if (url.target.empty() || url.target.front() != '/') url.target = "/" + url.target;
  return url;
}

Result<Url> ResolveRedirect(const Url& from, std::string_view location) {
  if (HasScheme(location)) return ParseUrl(location);
  if (location.starts_with("//")) {
    return ParseUrl((from.https ? "https:" : "http:") + std::string(location));
  }
  Url root = from;
  root.target = "/";
  if (!location.starts_with("/")) {
    std::string path = from.target.substr(0, from.target.find('?'));
    root.target = path.substr(0, path.rfind('/') + 1);
  }
  return ResolveUrl(root, location);
}

bool IsLoopback(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  if (!host.starts_with("127.")) return false;
  return std::count(host.begin(), host.end(), '.') == 3 &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

Status CheckAllowed(const Url& url, const Url& base, const std::vector<std::string>& allowed) {
  if (!url.https && !IsLoopback(url.host)) {
    return UsageError("PS-HTTP-HOST",
                      "Plain http to " + url.HostAndPort() + " is refused: only https is allowed.",
                      "Use https://; plain http works only to this machine itself.");
  }
  if (url.SameHost(base)) return {};
  bool listed = url.https && std::any_of(allowed.begin(), allowed.end(),
                                         [&](const std::string& p) { return Matches(url, p); });
  if (listed) return {};
  return UsageError("PS-HTTP-HOST",
                    "A request to " + url.HostAndPort() + " is refused: it is neither " +
                        base.HostAndPort() + " nor an allowed host of the connector.",
                    "The connector's manifest lists the hosts it may reach in allowed_hosts.");
}

}  // namespace penstock::http
