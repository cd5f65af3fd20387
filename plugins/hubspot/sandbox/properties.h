// The properties of a HubSpot object: definitions, and what makes a value valid.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/testing/http.h"

namespace penstock::sandbox::hubspot {

// A choice of an enumeration.
struct PropertyOption {
  std::string value;
  std::string label;
};

// The definition of a property.
struct Property {
  std::string name;
  std::string label;
  std::string type = "string";  // string, number, bool, enumeration, date, datetime, phone_number
  std::string field_type = "text";
  std::string group;
  std::string description;
  std::vector<PropertyOption> options;
  bool read_only = false;
  bool unique = false;
  bool hubspot_defined = false;
  bool external_options = false;
  std::int64_t created_ms = 0;
};

// Why a value is refused: the vendor's code and a sentence.
struct ValueError {
  std::string name;
  std::string code;
  std::string message;
};

// The properties of one object, by name. Needs the object's table lock.
class Schema {
 public:
  const Property* Find(std::string_view name) const;
  const std::map<std::string, Property, std::less<>>& all() const { return properties_; }
  // Adds or replaces a definition.
  void Put(Property property) { properties_[property.name] = std::move(property); }
  void Remove(const std::string& name) { properties_.erase(name); }
  // How many properties users made unique.
  int CountUnique() const;

  // Checks a value and brings it into the form that HubSpot keeps; "" clears and is always valid.
  std::optional<ValueError> Normalise(std::string_view name, std::string_view value,
                                      std::string* normal) const;

 private:
  std::map<std::string, Property, std::less<>> properties_;
};

// An e-mail address as HubSpot keeps it: trimmed, lower case.
std::string NormalEmail(std::string_view value);
// The message of one or more refused values: their JSON in a sentence.
std::string ValueErrorMessage(const std::vector<ValueError>& errors, std::int64_t portal);
// The definition as the API shows it.
void WriteProperty(JsonWriter& json, const Property& property);
// Reads a definition, of a request or of the data directory. False with a sentence in `error`.
bool ReadProperty(const JsonValue& json, Property* property, std::string* error);

// What an account has from the start: "contacts", "companies", "deals".
std::vector<Property> DefaultProperties(std::string_view object);

}  // namespace penstock::sandbox::hubspot
