#include "host/oauth/form.h"

#include <cctype>
#include <string_view>

#include "host/oauth/assertion.h"

namespace penstock::oauth {
namespace {

void Put(std::string_view name, std::string_view value, std::string* form) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  if (!form->empty()) *form += '&';
  form->append(name).append("=");
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~') {
      *form += c;
    } else {
      *form += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
}

}  // namespace

Result<std::string> TokenForm(const Account& account, const std::string& refresh_token,
                              int64_t now_unix_s, exchanges::Redactor* redactor) {
  std::string form;
  if (account.grant == "jwt_bearer") {
    const Claims claims = {account.client_id, account.user, account.audience,
                           now_unix_s + kAssertionLife};
    PENSTOCK_ASSIGN_OR_RETURN(const std::string assertion,
                              SignedAssertion(claims, account.private_key));
    redactor->Add(assertion);
    Put("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", &form);
    Put("assertion", assertion, &form);
  } else {
    Put("grant_type", account.grant, &form);
    Put("client_id", account.client_id, &form);
    Put("client_secret", account.client_secret, &form);
    if (account.grant == "refresh_token") {
      redactor->Add(refresh_token);
      Put("refresh_token", refresh_token, &form);
    }
  }
  if (!account.scope.empty()) Put("scope", account.scope, &form);
  return form;
}

}  // namespace penstock::oauth
