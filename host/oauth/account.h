// Who logs in, and where.
#pragma once

#include <string>

namespace penstock::oauth {

/// Everything that a token is bound to: a change of any of it never uses an old token.
struct Account {
  std::string grant;  // client_credentials | jwt_bearer | refresh_token
  std::string client_id;
  std::string client_secret;  // client_credentials, refresh_token
  std::string private_key;    // jwt_bearer: PEM, PKCS#8 or PKCS#1
  std::string user;           // jwt_bearer
  std::string refresh_token;  // refresh_token: the first one, as the project has it
  std::string scope;          // empty: none is asked for
  std::string audience;       // jwt_bearer: the login address
  std::string token_host;     // "https://login.example.com": where tokens are asked for
  std::string token_path;     // "/oauth/token", below token_host
  std::string host_key;       // of the project file, which token_host comes from: "login_url"
};

}  // namespace penstock::oauth
