// Request bodies: what HubSpot's batch endpoints take.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/documents.hpp"
#include "penstock/json.hpp"
#include "penstock/records.hpp"

namespace penstock::hubspot {

// A value as the text that HubSpot takes; "" clears the property. Exact, but for timestamps, which
// HubSpot keeps in milliseconds.
std::string ValueText(const penstock_value& value);

// An e-mail address as HubSpot compares it: trimmed, ASCII lower case. Other keys as they are.
std::string NormalKey(std::string_view property, std::string_view key);

// What a writer needs to know of its assignment.
struct Shape {
  std::string object;
  std::string key_property;  // empty: the key is the record id
  size_t key_field = 0;      // index of the key among the fields
  std::vector<std::string> fields;
};

// Appends {"name": "text", …} of one record: ABSENT is left out.
void AppendProperties(const Shape& shape, const sdk::Batch& batch, size_t record,
                      sdk::JsonWriter* json);

}  // namespace penstock::hubspot
