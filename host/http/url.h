// Addresses of requests, and which of them a connector may reach.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace penstock::http {

struct Url {
  bool https = true;
  std::string host;    // lower case; IPv6 without brackets
  std::string port;    // always there
  std::string target;  // path and query, at least "/"

  bool SameHost(const Url& other) const {
    return https == other.https && host == other.host && port == other.port;
  }
  /// "example.com" or "127.0.0.1:8080", as in a Host header.
  std::string HostAndPort() const;
  /// The whole address.
  std::string Text() const;
};

/// An absolute http or https address. No user information, no control characters; a fragment is
/// dropped. PS-HTTP-URL.
Result<Url> ParseUrl(std::string_view text);

/// `text` absolute, or below `base`: "/a" and "a" are appended to the base's path. PS-HTTP-URL.
Result<Url> ResolveUrl(const Url& base, std::string_view text);

/// Where a redirect leads: like ResolveUrl, but a path counts from the host's root. PS-HTTP-URL.
Result<Url> ResolveRedirect(const Url& from, std::string_view location);

/// "localhost", 127.0.0.0/8 and ::1.
bool IsLoopback(std::string_view host);

/// Refuses (PS-HTTP-HOST) plain http off loopback, and hosts that are neither the base URL's nor
/// allowed: "api.example.com", or "*.example.com" for any name below it, optionally with ":port"
/// (443 otherwise).
Status CheckAllowed(const Url& url, const Url& base, const std::vector<std::string>& allowed);

}  // namespace penstock::http
