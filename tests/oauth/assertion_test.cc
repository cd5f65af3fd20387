// Signed assertions: every form of an RSA key works, everything else is told apart.
#include "host/oauth/assertion.h"

#include <gtest/gtest.h>

#include "tests/oauth/keys.h"

namespace penstock::oauth {
namespace {

using penstock::testing::KeyForm;
using penstock::testing::KeyPem;
using penstock::testing::Verifies;

const Claims kClaims = {"client \"1\"", "us\u00e9r@example.com", "https://login.example.com", 42};

std::string OneLine(std::string pem) {
  for (size_t at = pem.find('\n'); at != std::string::npos; at = pem.find('\n', at)) {
    pem.replace(at, 1, "\\n");
  }
  return pem;
}

TEST(AssertionTest, IsSignedWithEveryFormOfAnRsaKey) {
  const std::string crlf = [] {
    std::string pem = KeyPem(KeyForm::kPkcs8);
    for (size_t at = pem.find('\n'); at != std::string::npos; at = pem.find('\n', at + 2)) {
      pem.insert(at, "\r");
    }
    return pem;
  }();
  for (const std::string& pem :
       {KeyPem(KeyForm::kPkcs8), KeyPem(KeyForm::kPkcs1), OneLine(KeyPem(KeyForm::kPkcs8)), crlf,
        "\n  \n" + KeyPem(KeyForm::kPkcs8) + "\n"}) {
    const auto jwt = SignedAssertion(kClaims, pem);
    ASSERT_TRUE(jwt.ok()) << jwt.error().message;
    std::string payload;
    EXPECT_TRUE(Verifies(*jwt, &payload)) << *jwt;
    EXPECT_EQ(payload,
              "{\"iss\":\"client \\\"1\\\"\",\"sub\":\"us\u00e9r@example.com\","
              "\"aud\":\"https://login.example.com\",\"exp\":42}");
    EXPECT_EQ(jwt->find('='), std::string::npos);
  }
}

TEST(AssertionTest, OtherKeysAreToldApart) {
  std::string cut = KeyPem(KeyForm::kPkcs8);
  cut.erase(cut.size() / 2);
  for (const auto& [pem, says] : {
           std::pair{KeyPem(KeyForm::kElliptic), "is no RSA key"},
           std::pair{KeyPem(KeyForm::kEncrypted), "protected by a pass phrase"},
           std::pair{KeyPem(KeyForm::kPublic), "is a public key or a certificate"},
           std::pair{cut, "cannot be read"},
           std::pair{std::string("secret"), "cannot be read"},
           std::pair{std::string(), "cannot be read"},
       }) {
    const Status status = CheckKey(pem);
    ASSERT_FALSE(status.ok()) << says;
    EXPECT_EQ(status.error().code, "PS-OAUTH-KEY");
    EXPECT_NE(status.error().message.find(says), std::string::npos) << status.error().message;
    EXPECT_FALSE(SignedAssertion(kClaims, pem).ok());
  }
}

}  // namespace
}  // namespace penstock::oauth
