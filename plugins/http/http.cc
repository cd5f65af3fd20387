// The connector of everything that speaks HTTP: what a vendor's connector has in code, this one has
// in its configuration. The rooms: config (with config_reader, operation, rules, template),
// account, catalog; writer, which uses request and body on the way out, answer on the way back.
#include "penstock/connector.hpp"
#include "penstock_manifest.h"
#include "plugins/http/account.h"
#include "plugins/http/catalog.h"
#include "plugins/http/config.h"
#include "plugins/http/writer.h"

namespace penstock::http_plugin {
namespace {

class HttpConnector {
 public:
  using Writer = RecordWriter;

  HttpConnector(sdk::Host host, Config config) : http_(host), config_(std::move(config)) {}

  static sdk::Result<std::unique_ptr<HttpConnector>> Open(sdk::Host host, sdk::Call,
                                                          std::string_view config_json) {
    sdk::Result<Config> config = ReadConfig(config_json);
    if (!config.ok()) return config.failure();
    return std::make_unique<HttpConnector>(host, *std::move(config));
  }

  sdk::Result<sdk::CheckReport> Check(sdk::Call call) { return CheckAccount(http_, call, config_); }

  sdk::Result<sdk::Catalog> Discover(sdk::Call, const std::vector<std::string>& objects) {
    return CatalogOf(config_, objects);
  }

  sdk::Result<std::unique_ptr<RecordWriter>> Begin(sdk::Call, const sdk::Assignment& assignment,
                                                   std::span<const sdk::Note>) {
    return RecordWriter::Begin(http_, config_, assignment);
  }

 private:
  sdk::Http http_;
  const Config config_;
};

}  // namespace
}  // namespace penstock::http_plugin

PENSTOCK_CONNECTOR(penstock::http_plugin::HttpConnector, kManifest)
