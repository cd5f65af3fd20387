// The HubSpot connector: contacts. The rooms: check (account), catalog (properties), writer,
// lookup; answers and verdict read what HubSpot says.
#include "penstock/connector.hpp"
#include "penstock_manifest.h"
#include "plugins/hubspot/catalog.h"
#include "plugins/hubspot/check.h"
#include "plugins/hubspot/lookup.h"
#include "plugins/hubspot/writer.h"

namespace penstock::hubspot {
namespace {

class HubSpot {
 public:
  using Writer = ContactWriter;

  explicit HubSpot(sdk::Host host) : http_(host) {}

  static sdk::Result<std::unique_ptr<HubSpot>> Open(sdk::Host host, sdk::Call, std::string_view) {
    return std::make_unique<HubSpot>(host);
  }

  sdk::Result<sdk::CheckReport> Check(sdk::Call call) { return CheckAccount(http_, call); }

  sdk::Result<sdk::Catalog> Discover(sdk::Call call, const std::vector<std::string>& objects) {
    return DiscoverObjects(http_, call, objects);
  }

  sdk::Result<std::unique_ptr<ContactWriter>> Begin(sdk::Call, const sdk::Assignment& assignment,
                                                    std::span<const sdk::Note>) {
    return ContactWriter::Begin(http_, assignment);
  }

  sdk::Status Lookup(sdk::Call call, const sdk::Assignment& assignment, const sdk::Keys& keys,
                     sdk::Found& found) {
    if (assignment.identifier.size() != 1 || keys.n_fields() != 1) {
      return sdk::Failure{PENSTOCK_E_UNSUPPORTED, "hubspot.UNSUPPORTED",
                          "HubSpot identifies a contact by one property", 0};
    }
    const std::string property = assignment.identifier[0] == "id" ? "" : assignment.identifier[0];
    std::vector<std::string> texts, names;
    for (size_t i = 0; i < keys.size(); ++i) texts.push_back(ValueText(keys.value(i, 0)));
    for (const auto& field : assignment.fields) names.push_back(field.name);
    auto contacts = FindByKey(http_, call, assignment.object, property, texts, names);
    if (!contacts.ok()) return contacts.failure();
    for (size_t i = 0; i < contacts->size(); ++i) Answer(i, (*contacts)[i], found);
    return {};
  }

 private:
  static void Answer(size_t index, const std::optional<FoundContact>& contact, sdk::Found& found) {
    if (!contact.has_value()) {
      found.Nothing(index);
      return;
    }
    std::vector<penstock_value> values;
    for (const std::optional<std::string>& value : contact->values) {
      values.push_back(value.has_value() ? sdk::StringValue(*value) : sdk::NullValue());
    }
    found.At(index, contact->id, values);
  }

  sdk::Http http_;
};

}  // namespace
}  // namespace penstock::hubspot

PENSTOCK_CONNECTOR(penstock::hubspot::HubSpot, kManifest)
