// The Salesforce connector: standard and custom objects. The rooms: check (organization), schema
// and catalog (describe), shape and bodies (requests), collections (writing), soql (finding);
// answers and verdict read what Salesforce says.
#include "penstock/connector.hpp"
#include "penstock/settings.hpp"
#include "penstock_manifest.h"
#include "plugins/salesforce/bodies.h"
#include "plugins/salesforce/catalog.h"
#include "plugins/salesforce/check.h"
#include "plugins/salesforce/soql.h"
#include "plugins/salesforce/writer.h"

namespace penstock::salesforce {
namespace {

class Salesforce {
 public:
  using Writer = RecordWriter;

  Salesforce(sdk::Host host, Api api)
      : host_(host), http_(host), api_(api), schemas_(http_, std::move(api)) {}

  static sdk::Result<std::unique_ptr<Salesforce>> Open(sdk::Host host, sdk::Call,
                                                       std::string_view config_json) {
    sdk::Settings config(config_json, "config");
    Api api(config.Text("api_version", "v62.0"));
    if (!config.status().ok()) return config.status().failure();
    return std::make_unique<Salesforce>(host, std::move(api));
  }

  sdk::Result<sdk::CheckReport> Check(sdk::Call call) {
    return CheckAccount(http_, api_, &schemas_, call);
  }

  sdk::Result<sdk::Catalog> Discover(sdk::Call call, const std::vector<std::string>& objects) {
    return DiscoverObjects(&schemas_, call, objects);
  }

  sdk::Result<std::unique_ptr<RecordWriter>> Begin(sdk::Call call,
                                                   const sdk::Assignment& assignment,
                                                   std::span<const sdk::Note> notes) {
    auto object = schemas_.Get(call, assignment.object);
    if (!object.ok()) return object.failure();
    return RecordWriter::Begin(host_, call, api_, *object, assignment, notes);
  }

  sdk::Status Lookup(sdk::Call call, const sdk::Assignment& assignment, const sdk::Keys& keys,
                     sdk::Found& found) {
    if (assignment.identifier.size() != 1 || keys.n_fields() != 1) {
      return Unsupported("Salesforce records are found by one field");
    }
    auto object = schemas_.Get(call, assignment.object);
    if (!object.ok()) return object.failure();
    KeyField key{(*object)->name, nullptr};
    if (assignment.identifier[0] != "id") {
      key.field = (*object)->Find(assignment.identifier[0]);
      if (key.field == nullptr || !key.field->identifies()) {
        return Unsupported(assignment.object + " cannot be found by " + assignment.identifier[0]);
      }
    }
    std::vector<std::string> names, texts;
    for (const auto& field : assignment.fields) {
      const auto relation = ParseRelation(field.name);
      if (relation ? !relation->object.empty() : !IsApiName(field.name)) {
        return Unsupported(field.name + " cannot be read");
      }
      names.push_back(field.name);
    }
    for (size_t i = 0; i < keys.size(); ++i) texts.push_back(ValueText(keys.value(i, 0)));
    auto records = FindByKey(http_, call, api_, key, texts, names);
    if (!records.ok()) return records.failure();
    for (size_t i = 0; i < records->size(); ++i) Answer(i, (*records)[i], found);
    return {};
  }

 private:
  static sdk::Failure Unsupported(std::string sentence) {
    return {PENSTOCK_E_UNSUPPORTED, "salesforce.UNSUPPORTED", std::move(sentence), 0};
  }

  static void Answer(size_t index, const std::optional<FoundRecord>& record, sdk::Found& found) {
    if (!record.has_value()) {
      found.Nothing(index);
      return;
    }
    if (record->others > 0) {
      found.Several(index);
      return;
    }
    std::vector<penstock_value> values;
    for (const std::optional<std::string>& value : record->values) {
      values.push_back(value.has_value() ? sdk::StringValue(*value) : sdk::NullValue());
    }
    found.At(index, record->id, values);
  }

  sdk::Host host_;
  sdk::Http http_;
  Api api_;
  Schemas schemas_;
};

}  // namespace
}  // namespace penstock::salesforce

PENSTOCK_CONNECTOR(penstock::salesforce::Salesforce, kManifest)
