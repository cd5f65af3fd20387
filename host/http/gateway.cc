#include "host/http/gateway.h"

#include <openssl/evp.h>
#include <strings.h>

#include <random>

#include "host/http/gateway_parts.h"

namespace penstock::http {
namespace {

std::string Base64(const std::string& bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                             reinterpret_cast<const unsigned char*>(bytes.data()),
                             static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}

class PooledGateway final : public Gateway {
 public:
  explicit PooledGateway(std::unique_ptr<GatewayParts> parts) : parts_(std::move(parts)) {}

  Status Perform(std::span<const Request> requests, const PerformContext& context,
                 const OnResponse& on_response) override {
    return RunPerformance(*parts_, requests, context, on_response);
  }

 private:
  std::unique_ptr<GatewayParts> parts_;
};

Status OpenBudgets(GatewayParts& parts) {
  for (const sdk::Limiter& limiter : parts.options.limiters) {
    limits::Budget::Options options;
    options.directory = parts.options.limits_directory;
    options.limiter = limiter;
    options.daily_share = parts.options.daily_share;
    options.clock = parts.clock;
    options.seed = parts.options.seed;
    PENSTOCK_ASSIGN_OR_RETURN(parts.budgets[limiter.name],
                              limits::Budget::Open(std::move(options)));
    parts.limiters[limiter.name] = limiter;
  }
  return {};
}

}  // namespace

const std::string* FindHeader(const Headers& headers, std::string_view name) {
  for (const auto& [header, value] : headers) {
    if (header.size() == name.size() && strncasecmp(header.data(), name.data(), name.size()) == 0) {
      return &value;
    }
  }
  return nullptr;
}

Result<CredentialProvider> FixedCredential(const sdk::Auth& auth, std::string secret) {
  if (auth.type == "none") return CredentialProvider();
  if (secret.empty()) {
    return UsageError("PS-HTTP-AUTH", "The secret " + auth.secret + " is empty.",
                      "Set it in the environment or where the destination's configuration says.");
  }
  if (secret.find_first_of(std::string("\r\n\0", 3)) != std::string::npos) {
    return UsageError("PS-HTTP-AUTH", "The secret " + auth.secret + " holds a line break.",
                      "Remove the line break at its end.");
  }
  std::pair<std::string, std::string> header;
  if (auth.type == "bearer") {
    header = {"Authorization", "Bearer " + secret};
  } else if (auth.type == "basic") {
    header = {"Authorization", "Basic " + Base64(secret)};
  } else if (auth.type == "header" && !auth.header.empty()) {
    header = {auth.header, std::move(secret)};
  } else {
    return UsageError("PS-HTTP-AUTH",
                      "The manifest names an unknown way of authentication: " + auth.type + ".",
                      "Known are none, bearer, basic and header.");
  }
  return CredentialProvider(
      [header]() -> Result<std::pair<std::string, std::string>> { return header; });
}

void GatewayParts::WakeWaiting() {
  std::lock_guard<std::mutex> lock(mutex);
  for (const auto& mailbox : waiting_for_slots) mailbox->Wake();
}

Result<std::unique_ptr<Gateway>> Gateway::Create(GatewayOptions options) {
  auto parts = std::make_unique<GatewayParts>();
  PENSTOCK_ASSIGN_OR_RETURN(parts->base, ParseUrl(options.base_url));
  PENSTOCK_RETURN_IF_ERROR(CheckAllowed(parts->base, parts->base, {}));
  parts->clock = options.clock != nullptr ? options.clock : &limits::SystemClock();
  parts->random.seed(options.seed != 0 ? options.seed : std::random_device{}());
  parts->next_request_id = options.first_request_id;
  parts->transport = std::move(options.transport);
  parts->options = std::move(options);
  if (!parts->transport) {
    PENSTOCK_ASSIGN_OR_RETURN(parts->transport, MakeBeastTransport(parts->options.ca_file));
  }
  PENSTOCK_RETURN_IF_ERROR(OpenBudgets(*parts));
  return std::unique_ptr<Gateway>(new PooledGateway(std::move(parts)));
}

}  // namespace penstock::http
