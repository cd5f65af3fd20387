#include "host/limits/shared_dir.h"

#include <openssl/sha.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <vector>

namespace penstock::limits {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string HomeDir() {
  std::string home = Environment("HOME");
  if (!home.empty()) return home;
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(16384);
  if (getpwuid_r(getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return found->pw_dir;
  }
  return {};
}

void AppendSized(std::string& out, std::string_view text) {
  uint64_t size = text.size();
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(size >> (8 * i)));
  out.append(text);
}

}  // namespace

Result<std::filesystem::path> SharedLimitsDir() {
  if (std::string dir = Environment("PENSTOCK_SHARED_DIR"); !dir.empty()) {
    return std::filesystem::path(dir) / "limits";
  }
  if (std::string dir = Environment("XDG_STATE_HOME"); !dir.empty()) {
    return std::filesystem::path(dir) / "penstock" / "limits";
  }
  std::string home = HomeDir();
  if (home.empty()) {
    return UsageError("PS-LIMITS-DIR", "There is no place for the shared rate limits: no HOME.",
                      "Set PENSTOCK_SHARED_DIR to a directory that all your projects share.");
  }
  return std::filesystem::path(home) / ".local" / "state" / "penstock" / "limits";
}

std::string BudgetDigest(std::string_view connector, std::string_view base_host,
                         std::string_view credential) {
  std::string text = "penstock.limits/1";
  AppendSized(text, connector);
  AppendSized(text, base_host);
  AppendSized(text, credential);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string name;
  for (int i = 0; i < 16; ++i) {
    name.push_back(kHex[digest[i] >> 4]);
    name.push_back(kHex[digest[i] & 15]);
  }
  return name;
}

}  // namespace penstock::limits
