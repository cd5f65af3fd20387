// The text of a request's head, and what an answer's headers say; private to this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/base/result.h"
#include "host/http/credentials.h"
#include "host/http/types.h"
#include "host/http/url.h"
#include "host/limits/budget.h"
#include "penstock/documents.hpp"

namespace penstock::http {

/// Refuses (PS-HTTP-HEADER) a method or header that is not well-formed, or that is the host's to
/// set: Host, Content-Length, Connection and the like, and Authorization unless `no_auth`.
Status CheckRequest(const Request& request);

/// All headers of a request as they are sent, those of the credential last. They replace those of
/// the same name.
Headers CompleteHeaders(const Request& request, const Url& url, const std::string& user_agent,
                        std::span<const CredentialHeader> credential);

/// Request line, headers and the empty line.
std::string HeadText(const std::string& method, const Url& url, const Headers& headers);

/// What the limiter's headers tell.
limits::Told ReadTold(const sdk::Limiter& limiter, const Headers& headers);

/// Retry-After in milliseconds, in either form.
std::optional<int64_t> ReadRetryAfter(const Headers& headers, int64_t now_unix_us);

/// 301, 302, 303, 307 or 308 with a Location.
const std::string* RedirectTarget(int32_t status, const Headers& headers);

}  // namespace penstock::http
