#include "host/http/gateway.h"

#include <strings.h>

#include <random>

#include "host/http/gateway_parts.h"

namespace penstock::http {
namespace {

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
