#include "plugins/http/catalog.h"

#include <algorithm>

namespace penstock::http_plugin {

namespace {

constexpr uint32_t kLeastBatch = 100, kMostBatch = 10000, kRequestsOfABatch = 10;

sdk::Object ObjectOf(const ObjectConfig& config) {
  sdk::Object object;
  object.name = config.name;
  object.label = config.label.empty() ? config.name : config.label;
  object.fields = config.fields;
  uint32_t most = 1;
  for (const auto& [name, operation] : config.operations) {
    most = std::max(most, operation.max_records);
    sdk::Operation& declared = object.operations[name];
    const bool by_id = operation.uses_id && name != "upsert" && name != "insert";
    declared.identifiers = {{by_id ? std::string("id") : config.key}};
    // Later runs put other records together, so that only a single record's key comes again.
    declared.idempotent =
        operation.idempotent || (operation.key_of == KeyOf::kContent && operation.max_records == 1);
  }
  object.limits.max_request_records = most;
  object.limits.max_batch_records = std::clamp(kRequestsOfABatch * most, kLeastBatch, kMostBatch);
  object.limits.max_parallel_writers = config.parallel;
  return object;
}

}  // namespace

sdk::Catalog CatalogOf(const Config& config, const std::vector<std::string>& objects) {
  sdk::Catalog catalog;
  for (const ObjectConfig& object : config.objects) {
    const bool wanted =
        objects.empty() || std::find(objects.begin(), objects.end(), object.name) != objects.end();
    if (wanted) catalog.objects.push_back(ObjectOf(object));
  }
  return catalog;
}

}  // namespace penstock::http_plugin
