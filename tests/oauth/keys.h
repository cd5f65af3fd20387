// Keys made on the spot, as PEM.
#pragma once

#include <string>
#include <string_view>

namespace penstock::testing {

enum class KeyForm { kPkcs8, kPkcs1, kEncrypted, kPublic, kElliptic };

/// A key; all but kElliptic are forms of the same RSA key.
std::string KeyPem(KeyForm form);

/// Whether `jwt` is signed (RS256) with that key; `payload` gets its claims, decoded.
bool Verifies(std::string_view jwt, std::string* payload);

}  // namespace penstock::testing
