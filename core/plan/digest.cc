#include "core/plan/digest.h"

#include <openssl/evp.h>

#include "core/plan/block.h"

namespace penstock::plan {

struct Digest::Context {
  EVP_MD_CTX* evp = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(evp); }
};

Digest::Digest() : context_(std::make_unique<Context>()) {
  EVP_DigestInit_ex(context_->evp, EVP_sha256(), nullptr);
}
Digest::~Digest() = default;

void Digest::Update(std::string_view bytes) {
  EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size());
}

std::string Digest::Finish() {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  EVP_DigestFinal_ex(context_->evp, reinterpret_cast<unsigned char*>(out.data()), &size);
  out.resize(size);
  return out;
}

std::string PlanHash(std::string_view changes_digest, std::string_view marks_digest,
                     std::string_view covered) {
  Digest digest;
  digest.Update(kMagic);
  digest.Update(changes_digest);
  digest.Update(marks_digest);
  digest.Update(covered);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string hex;
  for (const char c : digest.Finish()) {
    const auto byte = static_cast<unsigned char>(c);
    hex.push_back(kHex[byte >> 4]);
    hex.push_back(kHex[byte & 15]);
  }
  return hex;
}

}  // namespace penstock::plan
