#include "host/engine/shown_request.h"

#include "host/engine/exchange_text.h"

namespace penstock::engine {
namespace {
constexpr size_t kBodyShown = 1u << 20;
}  // namespace

ShownRequest ShownRequestOf(const http::Attempt& attempt, const std::string& body,
                            const exchanges::Redactor& redactor) {
  ShownRequest out;
  size_t at = attempt.head.find("\r\n");
  const std::string first = attempt.head.substr(0, at);
  const size_t space = first.find(' ');
  out.method = first.substr(0, space);
  const size_t target_end = first.rfind(' ');
  out.url = std::string(attempt.https ? "https://" : "http://") + attempt.host + ":" +
            attempt.port + first.substr(space + 1, target_end - space - 1);
  while (at != std::string::npos) {
    const size_t begin = at + 2;
    at = attempt.head.find("\r\n", begin);
    const std::string line = attempt.head.substr(begin, at - begin);
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::string name = line.substr(0, colon);
    const size_t value = line.find_first_not_of(' ', colon + 1);
    out.headers.emplace_back(
        name, value == std::string::npos ? "" : redactor.Header(name, line.substr(value)));
  }
  out.body = ExcerptOf(redactor.Text(body), {}, {}, kBodyShown).text;
  return out;
}

}  // namespace penstock::engine
