// A sandbox over TLS, with a certificate made on the spot.
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/StreamCopier.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "sdk/testing/process.h"

namespace penstock::sandbox {
namespace {

// Writes a self-signed certificate of 127.0.0.1 and its key into a folder.
void MakeCertificate(const std::filesystem::path& folder) {
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("127.0.0.1"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  ASSERT_GT(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);
  std::FILE* out = std::fopen((folder / "cert.pem").c_str(), "w");
  PEM_write_X509(out, certificate.get());
  std::fclose(out);
  out = std::fopen((folder / "key.pem").c_str(), "w");
  PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(out);
}

TEST(TlsTest, AnswersOverTls) {
  auto folder =
      std::filesystem::temp_directory_path() / ("sandbox-tls-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  MakeCertificate(folder);
  std::string error;
  auto sandbox = SandboxProcess::Start(
      std::string(PENSTOCK_TEST_CONNECTOR_DIR) + "/loopback-sandbox",
      {"--tls-cert", folder / "cert.pem", "--tls-key", folder / "key.pem"}, &error);
  ASSERT_NE(sandbox, nullptr) << error;
  EXPECT_TRUE(sandbox->url().starts_with("https://127.0.0.1:"));
  Poco::Net::Context::Ptr context = new Poco::Net::Context(Poco::Net::Context::TLS_CLIENT_USE, "",
                                                           Poco::Net::Context::VERIFY_NONE);
  Poco::Net::HTTPSClientSession session("127.0.0.1", sandbox->port(), context);
  for (int i = 0; i < 3; ++i) {
    Poco::Net::HTTPRequest request("GET", "/v1/account", Poco::Net::HTTPMessage::HTTP_1_1);
    request.set("Authorization", "Bearer loopback");
    session.sendRequest(request);
    Poco::Net::HTTPResponse response;
    std::string body;
    Poco::StreamCopier::copyToString(session.receiveResponse(response), body);
    EXPECT_EQ(response.getStatus(), 200);
    EXPECT_EQ(body, R"({"id":"loopback","name":"Loopback sandbox"})");
  }
  std::filesystem::remove_all(folder);
}

TEST(TlsTest, BothFilesAreNeeded) {
  std::string error;
  EXPECT_EQ(SandboxProcess::Start(std::string(PENSTOCK_TEST_CONNECTOR_DIR) + "/loopback-sandbox",
                                  {"--tls-cert", "/nowhere"}, &error),
            nullptr);
}

}  // namespace
}  // namespace penstock::sandbox
